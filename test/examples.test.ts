import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { main } from '../src/cli.ts';
import { testIo } from './support/test-io.ts';

const root = join(import.meta.dirname, '..');
const files = globSync(['runbooks/**/*.{yaml,yml}', 'examples/*.{yaml,yml}'], { cwd: root }).toSorted();

test('there are runbooks and examples to check', () => {
  assert.ok(files.includes('runbooks/cron-mail-storm.yaml'));
  assert.ok(files.filter((file) => file.startsWith('examples/')).length >= 3);
});

for (const file of files) {
  test(`\`firebreak check ${file}\` finds nothing wrong`, async () => {
    const { io, out, err } = testIo({ cwd: root });
    assert.deepEqual([await main(['check', file], io), err()], [0, '']);
    assert.match(out(), /^ok {2}/);
  });
}

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CHECKOUT } from '../support/lab/lab.ts';

/** With the flags of the launcher. */
const FLAGS = (
  /exec "\$node" (.*) "\$entry"/.exec(readFileSync(join(CHECKOUT, 'bin/firebreak'), 'utf8'))?.[1] ?? ''
).split(' ');

test('what V8 has compiled for the build is taken: it was made under the flags of the launcher', () => {
  assert.ok(existsSync(join(CHECKOUT, 'dist/firebreak.cache')), 'npm run build');
  const script = `const { Script } = require('vm'), { readFileSync } = require('fs');
    const { cachedDataRejected } = new Script(readFileSync('dist/firebreak.cjs', 'latin1'), { cachedData: readFileSync('dist/firebreak.cache') });
    process.exit(cachedDataRejected ? 1 : 0);`;
  execFileSync(process.execPath, [...FLAGS, '-e', script], { cwd: CHECKOUT });
});

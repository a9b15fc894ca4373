import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { main } from '../../src/cli.ts';
import { testIo } from '../support/test-io.ts';

const work = mkdtempSync(join(tmpdir(), 'firebreak-prepare-'));
after(() => rmSync(work, { recursive: true }));
const state = join(work, 'state');
const folder = join(state, 'ready/runs/.prepared');

async function prepare(...argv: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const { io, out, err } = testIo({ env: { FIREBREAK_STATE: state } });
  const code = await main(['prepare', ...argv], io);
  return { code, out: out(), err: err() };
}

test('prepare says what it made, what is there already, and what it gave back', async () => {
  const room = `room for one run: a journal and 32 records, 6 MiB in ${folder}\n`;
  assert.deepEqual(await prepare(), { code: 0, out: `prepared: ${room}`, err: '' });
  assert.deepEqual(await prepare(), { code: 0, out: `already prepared: ${room}`, err: '' });
  const { code, out } = await prepare('--json');
  assert.deepEqual([code, JSON.parse(out)], [0, { state: 'already-prepared', folder, bytes: 6 << 20, records: 32 }]);
  assert.deepEqual(await prepare('--remove'), { code: 0, out: 'removed: nothing is prepared any more\n', err: '' });
  assert.equal(existsSync(join(state, 'ready')), false);
  assert.deepEqual(await prepare('--remove'), { code: 0, out: 'nothing was prepared\n', err: '' });
  assert.deepEqual(JSON.parse((await prepare('--remove', '--json')).out), { state: 'nothing-prepared' });
});

test('where nothing can be made the failure is exit 73 and says why', async () => {
  const { io, err } = testIo({ env: { FIREBREAK_STATE: '/proc/nothing' } });
  assert.equal(await main(['prepare'], io), 73);
  assert.match(err(), /^firebreak: \/proc(\/nothing\/ready)? /);
});

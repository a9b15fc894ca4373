import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Holder, takeLock } from '../../src/journal/lock.ts';

const holder: Holder = { run: '20261123-165504-cron-mail-storm-3f2a', who: 'alice (sudo)', pid: 4711, since: '2026-11-23T16:55:04.000Z' };
const scope = (name: string) => ({ uid: 12345, name: `${name}-${process.pid}` });

test('the first takes the lock, the second is told who holds it and since when, and after the release it is free', async () => {
  const first = await takeLock(scope('one'), holder);
  assert.ok(first.ok);
  assert.deepEqual(await takeLock(scope('one'), holder), {
    ok: false,
    code: 'locked',
    message:
      'another run holds this host: 20261123-165504-cron-mail-storm-3f2a, started by alice (sudo) at 2026-11-23T16:55:04.000Z, pid 4711; nothing was touched',
  });
  first.lock.release();
  const third = await takeLock(scope('one'), holder);
  assert.ok(third.ok);
  third.lock.release();
});

test('of many at once one gets it', async () => {
  const taken = await Promise.all(Array.from({ length: 50 }, () => takeLock(scope('many'), holder)));
  const winners = taken.filter((one) => one.ok);
  assert.deepEqual([winners.length, taken.filter((one) => !one.ok && one.message.includes('alice')).length], [1, 49]);
  for (const winner of winners) winner.lock.release();
});

test('a holder that was killed with -9 leaves no lock behind', async () => {
  const name = scope('killed');
  const module = fileURLToPath(new URL('../../src/journal/lock.ts', import.meta.url));
  const script = `const { takeLock } = await import(${JSON.stringify(module)}); const taken = await takeLock(${JSON.stringify(name)}, ${JSON.stringify(holder)}); console.log(taken.ok); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  assert.equal(said.toString(), 'true\n');
  assert.equal((await takeLock(name, holder)).ok, false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const after = await takeLock(name, holder);
  assert.ok(after.ok);
  after.lock.release();
});

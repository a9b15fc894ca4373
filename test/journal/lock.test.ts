import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { addressOf, answerWith, ask, claim, claimsOf } from '../../src/journal/claim.ts';
import { holderIn } from '../../src/journal/holder.ts';
import { type Holder, takeLock, whoHolds } from '../../src/journal/lock.ts';

const holder: Holder = {
  run: '20261123-165504-cron-mail-storm-3f2a',
  who: 'alice (sudo)',
  pid: 4711,
  since: '2026-11-23T16:55:04.000Z',
};
const uid = process.getuid?.() ?? 0;
const scope = (name: string) => ({ uid, name: `${name}-${process.pid}` });
const module = fileURLToPath(new URL('../../src/journal/lock.ts', import.meta.url));

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

test('of many that try at once one gets the lock', async () => {
  const taken = await Promise.all(Array.from({ length: 50 }, () => takeLock(scope('many'), holder)));
  const winners = taken.filter((one) => one.ok);
  assert.deepEqual([winners.length, taken.filter((one) => !one.ok && one.message.includes('alice')).length], [1, 49]);
  for (const winner of winners) winner.lock.release();
});

/** Another process that takes the lock and keeps it. */
async function elsewhere(name: ReturnType<typeof scope>, inside: readonly string[] = []): Promise<ChildProcess> {
  const script = `const { takeLock } = await import(${JSON.stringify(module)}); const taken = await takeLock(${JSON.stringify(name)}, ${JSON.stringify(holder)}); console.log(taken.ok); setInterval(() => {}, 1000);`;
  const [program = '', ...argv] = [...inside, process.execPath, '--input-type=module', '-e', script];
  const child = spawn(program, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  if (said.toString() === 'true\n') return child;
  child.kill('SIGKILL');
  throw new Error(said.toString());
}

test('a run in another network namespace (PrivateNetwork=, ip netns) is seen, and sees, though neither can be asked', {
  skip: spawnSync('unshare', ['--net', 'true']).status !== 0 && 'only root can have one',
}, async () => {
  const name = scope('apart');
  const child = await elsewhere(name, ['unshare', '--net']);
  const message = `another run holds this host: pid ${child.pid}, in another network namespace; nothing was touched`;
  assert.deepEqual(await takeLock(name, holder), { ok: false, code: 'locked', message });
  assert.equal(await whoHolds(name), 'silent');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const own = await takeLock(name, holder);
  assert.ok(own.ok);
  await assert.rejects(elsewhere(name, ['unshare', '--net']), /false/);
  own.lock.release();
});

/** The number of a rehearsal's lock, as lock.ts makes it. */
const lockOf = (name: string): number =>
  createHash('sha256')
    .update(`${readlinkSync('/proc/self/ns/pid')} ${name} `)
    .digest()
    .readUInt32BE() %
  2 ** 23;

test('whoever sees a second claim of its own user on the lock does not take it, whatever the port of that claim', async () => {
  const name = scope('beside');
  const beside = await claim(lockOf(name.name), 0);
  assert.ok('socket' in beside);
  answerWith(beside, '');
  const taken = await takeLock(name, holder);
  beside.socket.close();
  assert.deepEqual([taken.ok, taken.ok || taken.code], [false, 'locked']);
  const free = await takeLock(name, holder);
  assert.ok(free.ok);
  free.lock.release();
});

test('a claim of another user keeps root neither waiting nor away', async (context) => {
  if (uid !== 0) return context.diagnostic('only root can be somebody else');
  const name = scope('stranger');
  const bind = `const socket = require('node:dgram').createSocket('udp4'); socket.bind({ address: '${addressOf(lockOf(name.name))}', port: 28_259 }, () => console.log('bound'))`;
  const child = spawn(process.execPath, ['-e', bind], { uid: 65_534, cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] });
  context.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  assert.deepEqual(
    claimsOf(lockOf(name.name)).map((seen) => seen.uid),
    [65_534],
  );
  assert.equal(await whoHolds(name), null);
  const taken = await takeLock(name, holder);
  assert.ok(taken.ok, JSON.stringify(taken));
  taken.lock.release();
});

test('a holder that was killed with -9 leaves no lock behind', async () => {
  const name = scope('killed');
  const child = await elsewhere(name);
  assert.equal((await takeLock(name, holder)).ok, false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const after = await takeLock(name, holder);
  assert.ok(after.ok);
  after.lock.release();
});

test('a holder that is stopped holds the lock all the same, and nobody waits for its answer', async (context) => {
  const name = scope('stopped');
  const child = await elsewhere(name);
  context.after(() => child.kill('SIGKILL'));
  child.kill('SIGSTOP');
  assert.deepEqual(await takeLock(name, holder), {
    ok: false,
    code: 'locked',
    message: 'another run holds this host: it does not answer just now (busy or stopped); nothing was touched',
  });
  assert.equal(await whoHolds(name), 'silent');
});

test('nothing is left of a lock that was let go: no claim, no socket', async () => {
  const taken = await takeLock(scope('left'), holder);
  assert.ok(taken.ok);
  assert.deepEqual(await whoHolds(scope('left')), holder);
  taken.lock.release();
  assert.equal(await whoHolds(scope('left')), null);
});

test('an answer that is too long, endless or missing is ignored', async (context) => {
  const lock = 4_000_000 + process.pid;
  const mine = await claim(lock, 0);
  assert.ok('socket' in mine);
  context.after(() => mine.socket.close());
  assert.deepEqual(
    claimsOf(lock).map(({ port, uid: owner }) => [port, owner]),
    [[mine.port, uid]],
  );
  const flood =
    (text: string) =>
    (_: Buffer, { address, port }: { address: string; port: number }) => {
      for (let count = 0; count < 1000; count += 1) mine.socket.send(text, port, address, () => {});
    };
  mine.socket.on('message', flood('x'.repeat(5000)));
  assert.equal(await ask(lock, mine.port), null);
  mine.socket.removeAllListeners('message');
  assert.equal(await ask(lock, mine.port), null, 'without an answer it is not waited for');
});

test('an answer must have the exact form of a holder, and long texts are cut', async () => {
  const long = { ...holder, run: 'r'.repeat(100_000), who: 'w'.repeat(100_000) };
  const taken = await takeLock(scope('long'), long);
  assert.ok(taken.ok);
  assert.deepEqual(await whoHolds(scope('long')), { ...holder, run: 'r'.repeat(200), who: 'w'.repeat(200) });
  taken.lock.release();
  const odd = [
    null,
    '',
    '[]',
    'x',
    '{"run":1}',
    JSON.stringify({ ...holder, since: '\u001b[2J' }),
    JSON.stringify({ ...holder, pid: 1.5 }),
  ];
  assert.deepEqual(
    odd.map(holderIn),
    odd.map(() => null),
  );
});

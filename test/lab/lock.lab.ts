import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { SshConnection } from '../../src/hosts/ssh/connection.ts';
import { lockThere } from '../../src/hosts/ssh/lock.ts';
import { heldFromAfar, lockedFromAfar } from '../../src/journal/from-afar.ts';
import type { LockScope } from '../../src/journal/lock.ts';
import { takeLock, whoHolds } from '../../src/journal/lock.ts';
import { eventually } from '../support/hosts/programs.ts';
import { shellRemote } from '../support/hosts/shell-remote.ts';
import { CHECKOUT } from '../support/lab/lab.ts';
import { setStage } from '../support/stage.ts';

/** Root, two ordinary users, and what one of them does to keep others waiting. Real processes with other uids. */
const NOBODY = 65534;
const BIN = 2;
const HOLDER = { run: 'r', who: 'root', pid: process.pid, since: '2026-11-23T16:55:04.000Z' };

/**
 * A process of that user that runs a script with the lock's own modules, prints `ready`, and goes on until the test
 * ends.
 */
async function as(context: TestContext, uid: number, script: string): Promise<ChildProcess> {
  const head = `const { takeLock } = await import('${CHECKOUT}/src/journal/lock.ts'); const { claim, claimsOf, addressOf } = await import('${CHECKOUT}/src/journal/claim.ts');`;
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', `${head}${script};console.log('ready'); setInterval(() => {}, 1000)`],
    {
      uid,
      gid: uid,
      cwd: '/',
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  context.after(() => child.kill('SIGKILL'));
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  assert.equal(said.toString(), 'ready\n');
  return child;
}

const taking = (scope: LockScope): string =>
  `const taken = await takeLock(${JSON.stringify(scope)}, ${JSON.stringify({ ...HOLDER, who: 'a user' })}); if (!taken.ok) console.log(taken.message)`;

/** Every place that a claim of this lock could be at first: root's port is out of reach, the users' is not. */
const NAME = `lab-${process.pid}`;
const LOCK_OF = `const { createHash } = await import('node:crypto'); const { readlinkSync } = await import('node:fs');
  const lock = createHash('sha256').update(readlinkSync('/proc/self/ns/pid') + ' ${NAME} ').digest().readUInt32BE() % 2 ** 23;
  const taken = []; for (const port of [4, 28259, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) taken.push(await claim(lock, port));
  for (const one of taken) one.socket?.on('message', (_, { address, port }) => { for (let at = 0; at < 1e5; at += 1) one.socket.send('{"run":"\\u001b[2J"}', port, address, () => {}); });
  if (claimsOf(lock).filter(({ uid }) => uid === ${NOBODY}).length < 10) console.log('it has no claims')`;

/** The lock's name of 0.1.0, with an answer that never ends. */
const FORMER = (uid: number, name = ''): string =>
  `const { createServer } = await import('node:net'); const fs = await import('node:fs');
  const server = createServer((socket) => { socket.on('error', () => {}); setInterval(() => socket.write('x'.repeat(1000)), 5); });
  await new Promise((done) => server.listen({ path: '\\0firebreak-${uid}-' + fs.readlinkSync('/proc/self/ns/pid') + '-${name}' }, done))`;

test('another user who claims root’s lock in every way makes nobody wait, and is not believed', async (context) => {
  await as(context, NOBODY, LOCK_OF);
  await as(context, NOBODY, FORMER(0, NAME));
  for (const uid of [0, BIN]) assert.equal(await whoHolds({ uid, name: NAME }), null);
  const root = await takeLock({ uid: 0, name: NAME }, HOLDER);
  assert.ok(root.ok, JSON.stringify(root));
  const second = await takeLock({ uid: 0, name: NAME }, HOLDER);
  assert.ok(!second.ok);
  assert.match(second.message, /^another run holds this host: r, started by root at /);
  root.lock.release();
});

test('a stranger who has the users’ port and more keeps no other user waiting; that user has the lock for himself', async (context) => {
  await as(context, NOBODY, LOCK_OF);
  const first = await as(context, BIN, taking({ uid: BIN, name: NAME }));
  const again = `const taken = await takeLock({ uid: ${BIN}, name: '${NAME}' }, ${JSON.stringify(HOLDER)}); if (taken.ok || !taken.message.includes('started by a user')) console.log(JSON.stringify(taken))`;
  await as(context, BIN, again);
  first.kill('SIGKILL');
  await once(first, 'exit');
  await as(context, BIN, taking({ uid: BIN, name: NAME }));
});

test('a user waits for root, and root for no user', async (context) => {
  const name = `${NAME}-both`;
  await as(context, BIN, taking({ uid: BIN, name }));
  const root = await takeLock({ uid: 0, name }, HOLDER);
  assert.ok(root.ok, JSON.stringify(root));
  const waiting = `const taken = await takeLock({ uid: ${NOBODY}, name: '${name}' }, ${JSON.stringify(HOLDER)}); if (taken.ok || !taken.message.includes('started by root')) console.log(JSON.stringify(taken))`;
  await as(context, NOBODY, waiting);
  root.lock.release();
  await as(context, NOBODY, taking({ uid: NOBODY, name }));
});

test('a folder that a stranger has locked is no run from afar; he cannot lock root’s', async (context) => {
  const child = spawn(
    'sh',
    ['-c', 'exec 8</run 9<"$0"; flock -n 8; echo ready; flock -n 9 && echo locked; exec sleep 100', '/proc/1/fd'],
    {
      uid: NOBODY,
      gid: NOBODY,
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  context.after(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  const run = spawn('flock', ['/run', 'sleep', '100'], { uid: NOBODY, gid: NOBODY, stdio: 'ignore' });
  context.after(() => run.kill('SIGKILL'));
  await new Promise((done) => setTimeout(done, 500));
  for (const uid of [0, BIN]) assert.equal(heldFromAfar({ uid, home: '/nonexistent' }), false);
});

test('an engine of 0.1.0 that is at work is waited for, where its process is this user’s', async (context) => {
  const name = `${NAME}-former`;
  const answering = `const { createServer } = await import('node:net'); const fs = await import('node:fs');
    const text = JSON.stringify({ run: 'old', who: 'root', pid: process.pid, since: '2026-11-23T16:55:04.000Z' });
    await new Promise((done) => createServer((socket) => socket.end(text)).listen({ path: '\\0firebreak-0-' + fs.readlinkSync('/proc/self/ns/pid') + '-${name}' }, done))`;
  const old = await as(context, 0, answering);
  const waiting = await takeLock({ uid: 0, name }, HOLDER);
  assert.ok(!waiting.ok);
  assert.match(waiting.message, /^another run holds this host: old, started by root at /);
  old.kill('SIGKILL');
  await once(old, 'exit');
  await as(context, NOBODY, answering);
  const free = await takeLock({ uid: 0, name }, HOLDER);
  assert.ok(free.ok, 'a stranger with the same name and an answer is not believed');
  free.lock.release();
});

test('with all of that at once root’s own commands run to their end', async (context) => {
  const stage = setStage(context);
  mkdirSync(stage.path('home'));
  chownSync(stage.path('home'), 0, 0);
  await as(context, NOBODY, LOCK_OF);
  await as(context, NOBODY, FORMER(0, NAME));
  const env = { PATH: '/usr/bin:/bin', FIREBREAK_STATE: stage.path('state'), FIREBREAK_LOCK: NAME };
  const given = { env, home: join(stage.folder, 'home') };
  const ran = await stage.firebreak(
    ['run', stage.path('paint.yaml'), '--unattended', '--policy', stage.path('policy.yaml')],
    given,
  );
  assert.equal(ran.exit, 0, ran.err);
  assert.match((await stage.firebreak(['runs'], given)).out, /held \(exit 0\)/);
  assert.equal((await stage.firebreak(['doctor'], given)).exit, 0);
});

// ---------------------------------------------------------------- over ssh, on the real folders

const REAL = { uid: 0, tag: 'firebreak-real' };

/** Somebody else's run on this machine is let end. */
async function freeHost(): Promise<void> {
  await eventually(
    async () => (await whoHolds({ uid: 0 })) === null && !heldFromAfar({ uid: 0, home: '/root' }),
    'nobody has this host',
  );
}

function remote(context: TestContext): SshConnection {
  const made = shellRemote();
  context.after(() => made.close());
  return made;
}

test('a run that was started over there is seen, by its claim, and nothing is kept', async (test) => {
  await freeHost();
  const local = await takeLock({ uid: 0 }, HOLDER);
  assert.ok(local.ok);
  const there = remote(test);
  assert.deepEqual(await lockThere(there, REAL), {
    ok: false,
    code: 'locked',
    message: 'another run holds shell: it was started over there; nothing was touched',
  });
  local.lock.release();
  const freed = await lockThere(there, REAL);
  assert.ok(freed.ok);
  await freed.release();
});

test('a run over there in another network namespace is seen too', async (test) => {
  await freeHost();
  const script = `const { takeLock } = await import('${CHECKOUT}/src/journal/lock.ts'); ${taking({ uid: 0 })}; console.log('ready'); setInterval(() => {}, 1000)`;
  const child = spawn('unshare', ['--net', process.execPath, '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  test.after(() => child.kill('SIGKILL'));
  assert.equal(String(((await once(child.stdout, 'data')) as [Buffer])[0]), 'ready\n');
  const seen = await lockThere(remote(test), REAL);
  assert.match(seen.ok ? '' : seen.message, /another run holds shell: it was started over there/);
  child.kill('SIGKILL');
  await once(child, 'exit');
});

test('the real folders: root and every user have one that nobody else can open', async (test) => {
  await freeHost();
  const there = remote(test);
  const locked = await lockThere(there, REAL);
  assert.ok(locked.ok, JSON.stringify(locked));
  assert.equal(locked.note, null);
  assert.equal(heldFromAfar({ uid: 0, home: '/root' }), true);
  assert.equal(heldFromAfar({ uid: 4242, home: '/nonexistent' }), true, 'a user waits for root');
  await locked.release();
  assert.equal(heldFromAfar({ uid: 0, home: '/root' }), false);
  assert.deepEqual(lockedFromAfar({ uid: 4242, home: '/home/ada' }), [
    '/proc/1/fd',
    '/run/user/4242',
    '/home/ada/.ssh',
    '/home/ada',
  ]);
});

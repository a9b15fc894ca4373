import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import type { SshConnection } from '../../../src/hosts/ssh/connection.ts';
import { lockThere } from '../../../src/hosts/ssh/lock.ts';
import { heldFromAfar } from '../../../src/journal/from-afar.ts';
import { shellRemote } from '../../support/hosts/shell-remote.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'firebreak-lock-')));
after(() => rmSync(folder, { recursive: true }));
/** For a user id that nobody has, and in a folder of our own, so that real runs on this machine do not matter. */
const NOBODY = { uid: 987_654, folders: [folder], tag: 'firebreak-nobody' };
const uid = process.getuid?.() ?? 0;

/** As root in a network of its own: whoever else works on this machine meanwhile is not met. */
const APART = uid === 0 ? { login: ['unshare', '--net', '/bin/sh', '-c'] } : {};

function remote(test: TestContext): SshConnection {
  const made = shellRemote(APART);
  test.after(() => made.close());
  return made;
}

test('one run a host, from wherever: the second is told that one came over ssh, and after the first has let go it is free', async (test) => {
  const [one, other] = [remote(test), remote(test)];
  const first = await lockThere(one, NOBODY);
  assert.ok(first.ok);
  assert.equal(first.note, null);
  const second = await lockThere(other, NOBODY);
  assert.ok(!second.ok);
  assert.equal(second.code, 'locked');
  assert.match(
    second.message,
    /^another run holds shell: it came over ssh( from [\w.:%]+)?, pid \d+ over there; nothing was touched$/,
  );
  await first.release();
  const third = await lockThere(other, NOBODY);
  assert.ok(third.ok);
  await third.release();
});

test('questions do not keep the lock: it is gone with the connection, even if a started process stays', async (test) => {
  const [one, other] = [remote(test), remote(test)];
  assert.ok((await lockThere(one, NOBODY)).ok);
  // A daemon that it starts.
  const answer = await one.ask('sleep 60 >/dev/null 2>&1 & echo $!', { effect: 'write' });
  assert.ok(answer.ok);
  const daemon = Number(answer.stdout.toString());
  test.after(() => process.kill(daemon));
  assert.equal((await lockThere(other, NOBODY)).ok, false);
  await one.close();
  const after = await lockThere(other, NOBODY);
  assert.ok(after.ok, JSON.stringify(after));
  await after.release();
});

test('a shell of ours whose connection was cut without a word over there is ended, and nobody else is', async (test) => {
  const tag = `firebreak-${process.pid}`;
  const tagged = (name: string) => {
    const made = shellRemote({ ...APART, far: { tag: name } });
    test.after(() => made.close());
    return made;
  };
  const [cut, plan, again, stranger] = [tagged(tag), tagged(tag), tagged(tag), tagged('firebreak-other')];
  assert.ok((await lockThere(cut, { ...NOBODY, tag })).ok);
  // Looks only, and holds nothing.
  const before = await plan.ask('echo $$', { effect: 'read' });
  assert.equal((await lockThere(stranger, { ...NOBODY, tag: 'firebreak-other' })).ok, false);
  const second = await lockThere(again, { ...NOBODY, tag });
  assert.ok(second.ok, JSON.stringify(second));
  assert.deepEqual(await plan.ask('echo $$', { effect: 'read' }), before);
  await second.release();
});

test('a folder that others can open is not locked, since anybody could lock it and keep us waiting', async (test) => {
  const open = join(folder, 'open');
  mkdirSync(open);
  chmodSync(open, 0o755);
  const stranger = spawn('flock', [open, 'sh', '-c', 'echo locked; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  test.after(() => stranger.kill('SIGKILL'));
  await once(stranger.stdout, 'data');
  const [one, other] = [remote(test), remote(test)];
  const first = await lockThere(one, { ...NOBODY, folders: [open, folder] });
  assert.ok(first.ok);
  assert.equal(first.note, null);
  assert.equal((await lockThere(other, { ...NOBODY, folders: [open, folder] })).ok, false);
  await first.release();
  const none = await lockThere(one, { ...NOBODY, folders: [open] });
  assert.ok(none.ok);
  assert.equal(
    none.note,
    'shell could not be locked (no folder over there is so that nobody else can open it): only runs that are started from here are kept apart',
  );
  await none.release();
});

test('without flock(1) it goes on, and says so', async (test) => {
  const bare = shellRemote(APART);
  test.after(() => bare.close());
  const locked = await lockThere(
    { ...bare, hold: (script) => bare.hold(script.replaceAll('flock', 'no-such-program')) },
    NOBODY,
  );
  assert.ok(locked.ok);
  assert.equal(
    locked.note,
    'shell could not be locked (it has no flock(1)): only runs that are started from here are kept apart',
  );
});

test('a run on a machine sees, without a fork, that one from afar has it', async (test) => {
  const here = { uid, home: '/nonexistent' };
  assert.equal(heldFromAfar(here, { folders: [folder] }), false);
  const holder = spawn('flock', [folder, 'sh', '-c', 'echo locked; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  test.after(() => holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  assert.equal(heldFromAfar(here, { folders: [folder] }), true);
  assert.equal(heldFromAfar(here, { folders: ['/no/such/folder', '/proc'] }), false);
  chmodSync(folder, 0o755);
  assert.equal(heldFromAfar(here, { folders: [folder] }), false, 'anybody can lock it, so it is nobody’s word');
  chmodSync(folder, 0o700);
  holder.stdin.end();
  await once(holder, 'close');
  assert.equal(heldFromAfar(here, { folders: [folder] }), false);
});

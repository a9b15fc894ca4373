import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import type { Connection } from '../../../src/hosts/ssh/connection.ts';
import { lockThere } from '../../../src/hosts/ssh/lock.ts';
import { heldFromAfar, takeLock } from '../../../src/journal/lock.ts';
import { shellRemote } from '../../support/shell-remote.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'firebreak-lock-')));
after(() => rmSync(folder, { recursive: true }));
/** Of a user that nobody is, and on a folder of our own: a run on this very machine does not matter here. */
const NOBODY = { uid: 987_654, folder, tag: 'firebreak-nobody' };

function remote(test: TestContext): Connection {
  const made = shellRemote();
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
  assert.match(second.message, /^another run holds shell: it came over ssh( from [\w.:%]+)?, pid \d+ over there; nothing was touched$/);
  await first.release();
  const third = await lockThere(other, NOBODY);
  assert.ok(third.ok);
  await third.release();
});

test('what is asked while the lock is held cannot keep it: it is gone with the connection, and whatever was started stays', async (test) => {
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
    const made = shellRemote({ far: { tag: name } });
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

test('a run that was started over there is seen, by its socket', async (test) => {
  const scope = { uid: NOBODY.uid };
  const local = await takeLock(scope, { run: 'r', who: 'ada', pid: process.pid, since: '2026-11-23T03:00:00Z' });
  assert.ok(local.ok);
  test.after(() => local.lock.release());
  const there = remote(test);
  assert.deepEqual(await lockThere(there, NOBODY), {
    ok: false,
    code: 'locked',
    message: 'another run holds shell: it was started over there; nothing was touched',
  });
  const freed = await lockThere(there, { ...NOBODY, uid: NOBODY.uid + 1 });
  assert.ok(freed.ok, 'and nothing was kept');
  await freed.release();
});

test('without flock(1) it goes on, and says so', async (test) => {
  const bare = shellRemote();
  test.after(() => bare.close());
  const locked = await lockThere({ ...bare, hold: (script) => bare.hold(script.replaceAll('flock', 'no-such-program')) }, NOBODY);
  assert.ok(locked.ok);
  assert.equal(locked.note, 'shell could not be locked (it has no flock(1)): only runs that are started from here are kept apart');
});

test('a run on a machine sees, without a fork, that one from afar has it', async (test) => {
  assert.equal(heldFromAfar({ folders: [folder] }), false);
  const holder = spawn('flock', [folder, 'sh', '-c', 'echo locked; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  test.after(() => holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  assert.equal(heldFromAfar({ folders: [folder] }), true);
  assert.equal(heldFromAfar({ folders: ['/no/such/folder', '/proc'] }), false);
  holder.stdin.end();
  await once(holder, 'close');
  assert.equal(heldFromAfar({ folders: [folder] }), false);
});

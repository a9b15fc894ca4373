import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lockName, marksOf, ownNotes, startedIn } from '../../src/wiring/environment.ts';
import { stopFiles } from '../../src/wiring/stop-switch.ts';
import { setStage } from '../support/stage.ts';

const uid = process.getuid?.() ?? 0;
const ROOT = { uid: 0, command: 'run' };

test('root is refused a journal or a lock of his own, for every command, and told what to type', () => {
  for (const name of ['FIREBREAK_STATE', 'FIREBREAK_LOCK'])
    for (const command of [
      'run',
      'plan',
      'resume',
      'rollback',
      'runs',
      'report',
      'doctor',
      'prepare',
      'policy',
      '--help',
      undefined,
    ]) {
      const refused = startedIn({ uid: 0, env: { [name]: '/tmp/x' }, command });
      assert.ok(!refused.ok, `${name} ${command}`);
      assert.match(
        refused.message,
        new RegExp(`^${name} is set, and root's runs do not take it: .*Type: unset ${name}\\.`),
      );
    }
  assert.deepEqual(startedIn({ ...ROOT, env: { FIREBREAK_STATE: '', FIREBREAK_LOCK: '' } }), { ok: true, scene: null });
});

test('a drill may have them: what it runs acts in its scene alone', () => {
  assert.deepEqual(startedIn({ uid: 0, env: { FIREBREAK_STATE: '/tmp/x' }, command: 'drill' }), {
    ok: true,
    scene: null,
  });
});

test('an ordinary user may move both, and the journal says so', () => {
  const env = { FIREBREAK_STATE: '/home/ada/own', FIREBREAK_LOCK: 'mine' };
  assert.deepEqual(startedIn({ uid: 1000, env, command: 'run' }), { ok: true, scene: null });
  const ada = { uid: 1000, home: '/home/ada' };
  assert.deepEqual(marksOf({ ...ada, env }), { own: { state: '/home/ada/own', lock: 'mine' } });
  assert.deepEqual(marksOf({ ...ada, env: { XDG_STATE_HOME: '/srv' } }), { own: { state: '/srv/firebreak' } });
  assert.deepEqual(marksOf({ ...ada, env: {} }), {});
  assert.deepEqual(ownNotes({ ...ada, env }), [
    'the journals are in /home/ada/own, as whoever started it wanted: runs elsewhere were not counted',
    'the lock is mine, as whoever started it wanted: other runs were not kept waiting',
  ]);
  assert.deepEqual(
    marksOf({ uid: 0, home: '/root', env: { XDG_STATE_HOME: '/srv', HOME: '/srv' } }),
    {},
    'neither moves root’s',
  );
});

test('the report shows what was moved', async (context) => {
  const stage = setStage(context);
  const argv = ['run', stage.path('paint.yaml'), '--unattended', '--policy', stage.path('policy.yaml')];
  assert.equal((await stage.firebreak(argv)).exit, 0);
  const report = (await stage.firebreak(['report'])).out;
  assert.ok(
    report.includes(
      `| Own journals | in ${stage.path('state')}, as whoever started it wanted: runs elsewhere were not counted |`,
    ),
    report,
  );
  assert.match(
    report,
    /\| Own lock \| stage-\d+-\d+, as whoever started it wanted: other runs were not kept waiting \|/,
  );
});

test('only what a drill builds is a scene', (context) => {
  const made = realpathSync(mkdtempSync(join(tmpdir(), 'firebreak-drill.')));
  const other = realpathSync(mkdtempSync(join(tmpdir(), 'firebreak-other.')));
  const link = join(tmpdir(), `firebreak-drill.${String(process.pid).padStart(6, 'x').slice(-6)}`);
  symlinkSync(made, link);
  context.after(() => {
    for (const path of [made, other, link]) rmSync(path, { recursive: true });
  });
  const scene = (path: string, who = uid) => startedIn({ uid: who, env: { FIREBREAK_SCENE: path }, command: 'run' });
  assert.deepEqual(scene(made), { ok: true, scene: made });
  for (const path of ['/', '/root', '/etc', '/tmp', '/no/such', 'relative', other, link, `${made}/`, `${made}/..`])
    assert.equal(scene(path).ok, false, path);
  assert.equal(scene(made, uid + 1).ok, false, 'of somebody else');
  chmodSync(made, 0o755);
  assert.equal(scene(made).ok, false, 'open to others');
});

test('a rehearsal has a lock of its own, whatever the environment says', () => {
  assert.equal(lockName({ env: {} }), undefined);
  assert.equal(lockName({ env: { FIREBREAK_LOCK: '' } }), undefined);
  assert.equal(lockName({ env: { FIREBREAK_LOCK: 'mine' }, scene: '/mnt' }), 'drill /mnt');
});

test('the environment takes no kill switch away', () => {
  assert.deepEqual(stopFiles({ env: { XDG_CONFIG_HOME: '/nowhere' }, home: '/home/ada' }), [
    '/etc/firebreak/stop',
    '/home/ada/.config/firebreak/stop',
    '/nowhere/firebreak/stop',
  ]);
});

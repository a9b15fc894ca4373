import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { userOf } from '../../src/hosts/ssh/openssh.ts';
import { takeLock } from '../../src/journal/lock.ts';
import { setStage } from '../support/stage.ts';

/** What another process says is shown, never obeyed: no terminal gets an escape sequence, and no line is forged. */
const uid = process.getuid?.() ?? 0;
const EVIL = 'ada\u001b[2J\nfirebreak: held\u202e';
const SHOWN = 'ada\\x1b[2J\\nfirebreak: held\\u{202e}';

async function lockedStage(context: TestContext) {
  const stage = setStage(context);
  const name = `foreign-${process.pid}-${stage.folder.split('-').at(-1)}`;
  const taken = await takeLock({ uid, name }, { run: 'r', who: EVIL, pid: 7, since: '2026-11-23T03:00:00Z' });
  assert.ok(taken.ok);
  context.after(() => taken.lock.release());
  const env = { PATH: '/usr/bin:/bin', FIREBREAK_STATE: stage.path('state'), FIREBREAK_LOCK: name };
  return { stage, run: (...argv: readonly string[]) => stage.firebreak(argv, { env }) };
}

test('who holds the lock is told escaped, on one line', async (context) => {
  const { stage, run } = await lockedStage(context);
  const ran = await run('run', stage.path('paint.yaml'), '--unattended', '--policy', stage.path('policy.yaml'));
  assert.deepEqual(
    [ran.exit, ran.err],
    [
      75,
      `firebreak: another run holds this host: r, started by ${SHOWN} at 2026-11-23T03:00:00Z, pid 7; nothing was touched\n`,
    ],
  );
  for (const argv of [['doctor'], ['doctor', '--json'], ['runs'], ['report']]) {
    const { out, err } = await run(...argv);
    assert.doesNotMatch(out + err, /\u001b\[2J|\u202e|^firebreak: held/m, argv.join(' '));
  }
});

test('why the kill switch was set is told escaped', async (context) => {
  const stage = setStage(context);
  const env = { PATH: '/usr/bin:/bin', FIREBREAK_STATE: stage.path('state'), FIREBREAK_STOP: EVIL };
  const ran = await stage.firebreak(
    ['run', stage.path('paint.yaml'), '--unattended', '--policy', stage.path('policy.yaml')],
    { env },
  );
  assert.equal(
    ran.err,
    `firebreak: the kill switch is set: FIREBREAK_STOP=${SHOWN}; nothing was started. A person at a terminal may still run it\n`,
  );
  assert.equal(
    (await stage.firebreak(['runs'], { env })).err,
    `there is no run yet\nthe kill switch is set: FIREBREAK_STOP=${SHOWN}: nothing starts unattended\n`,
  );
});

test('an ssh that does not answer and does not end on TERM is ended all the same', (context) => {
  const stage = setStage(context);
  stage.write('ssh', "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 1; done\n");
  chmodSync(stage.path('ssh'), 0o755);
  const target = {
    name: 'web1',
    address: null,
    port: null,
    user: null,
    identity: null,
    groups: [],
    labels: {},
    become: null,
  };
  const sockets = { fresh: () => null, remove: () => {}, close: () => {} };
  assert.equal(userOf({ target, config: null, env: { PATH: `${stage.folder}:/usr/bin:/bin` }, sockets }), 'the user');
});

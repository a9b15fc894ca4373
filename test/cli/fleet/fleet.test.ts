import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { manualInterrupts } from '../../../src/wiring/interrupts.ts';
import { type Said, type Stage, setStage } from '../../support/stage.ts';

/**
 * Replaces ssh for many hosts: commands for a host start on this machine. While a file `down-NAME` exists, that host
 * cannot be reached.
 */
const SSH = (folder: string) => `#!/bin/sh
while [ "$1" != -- ]; do shift; done
if [ -e ${folder}/down-"$2" ]; then echo "ssh: connect to host $2 port 22: Connection refused" >&2; exit 255; fi
exec /bin/sh -c "$3"
`;

/** All hosts are this machine, so that nothing can be changed on one and not on another: they wait, and are watched. */
const WAIT = (spool: string) => `firebreak: 1
runbook: wait-a-little
version: 1.0.0
title: hosts wait
diagnose:
  - id: old
    files: {in: ${spool}, type: file}
    expect: {count: {at_least: 1}}
act:
  - id: stay
    why: it calms down by itself
    wait: {for: 50ms}
verify:
  - id: calm
    watch: {for: 100ms, every: 50ms}
    hold:
      - {of: $old, count: {at_most: 10}}
`;

const POLICY = 'firebreak_policy: 1\nallow:\n  - {id: waits, runbook: wait-a-little, cool_down: 0s}\n';
const ALONE = ['--unattended', '--policy', 'waits.yaml'];
const HOSTS = ['--hosts', 'far1,far2,far3'];

interface Far extends Stage {
  readonly fire: (...argv: readonly string[]) => Promise<Said>;
  /** Ctrl-C, so many times, in the first action of the first host. */
  readonly press: (times: number, argv: readonly string[]) => Promise<Said>;
}

let made = 0;

function setFleet(test: TestContext): Far {
  const stage = setStage(test);
  mkdirSync(stage.path('bin'));
  writeFileSync(stage.path('bin/ssh'), SSH(stage.folder));
  chmodSync(stage.path('bin/ssh'), 0o755);
  stage.write('wait.yaml', WAIT(stage.path('spool')));
  stage.write('waits.yaml', POLICY);
  const env = {
    PATH: `${stage.path('bin')}:/usr/sbin:/usr/bin:/sbin:/bin`,
    FIREBREAK_STATE: stage.path('state'),
    FIREBREAK_LOCK: `fleet-${process.pid}-${++made}`,
    XDG_RUNTIME_DIR: stage.folder,
  };
  return {
    ...stage,
    fire: (...argv) => stage.firebreak(argv, { env, columns: 200 }),
    press: (times, argv) => {
      const interrupts = manualInterrupts();
      let pressed = 0;
      const stdout = (text: string): void => {
        if (!text.includes('"action.intended"') || pressed > 0) return;
        for (; pressed < times; pressed += 1) interrupts.raise('SIGINT');
      };
      return stage.firebreak(argv, { env, columns: 200, interrupts, stdout });
    },
  };
}

test('a plan of many hosts shows those that are alike once, and writes nothing', async (test) => {
  const { fire, path } = setFleet(test);
  const { exit, out } = await fire('plan', './wait.yaml', ...HOSTS);
  assert.equal(exit, 0, out);
  assert.match(out, /^PLAN {2}wait-a-little 1\.0\.0 on 3 hosts$/m);
  assert.match(out, /^WOULD ACT {2}3 hosts$/m);
  assert.match(out, /firebreak run \.\/wait\.yaml --hosts far1,far2,far3$/m);
  assert.equal(existsSync(path('state')), false);
  const json = JSON.parse((await fire('plan', './wait.yaml', ...HOSTS, '--json')).out);
  assert.deepEqual(json.batches, [['far1'], ['far2', 'far3']]);
});

test('a host that is down is left out by name: exit 10; resume does it once it is back, and a second resume has nothing to do', async (test) => {
  const { fire, path, write } = setFleet(test);
  write('down-far2', '');
  const ran = await fire('run', './wait.yaml', ...HOSTS, ...ALONE, '--output', 'ndjson');
  assert.equal(ran.exit, 10, ran.err);
  const events = ran.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const ends = events.filter(({ type }) => type === 'host.finished').map(({ host, outcome }) => [host, outcome]);
  assert.deepEqual(ends, [
    ['far2', 'outcome-unknown'],
    ['far1', 'held'],
    ['far3', 'held'],
  ]);
  rmSync(path('down-far2'));
  const resumed = await fire('resume', ...ALONE, '--output', 'ndjson');
  assert.equal(resumed.exit, 0, resumed.err);
  assert.deepEqual(
    resumed.out
      .split('\n')
      .filter((line) => line.includes('"host.started"'))
      .map((line) => JSON.parse(line).host),
    ['far2'],
  );
  assert.match((await fire('report')).out, /^# wait-a-little on 3 hosts: held$/m);
  assert.equal((await fire('runs', '--verify', '--all')).exit, 0);
  assert.equal((await fire('resume', ...ALONE)).exit, 66);
});

test('a policy without `fleet:` allows one host after the other, and the journal tells so', async (test) => {
  const { fire } = setFleet(test);
  const { exit, out } = await fire('run', './wait.yaml', ...HOSTS, ...ALONE);
  assert.equal(exit, 0, out);
  assert.match(out, /at most 1 host at once instead of 10: rule waits has no `fleet:`/);
  const order = out
    .split('\n')
    .flatMap((line) => /^\S+ {2}(far\d) +(begins|held)/.exec(line)?.slice(1, 3).join(' ') ?? []);
  assert.deepEqual(order, ['far1 begins', 'far1 held', 'far2 begins', 'far2 held', 'far3 begins', 'far3 held']);
});

test('a host that is skipped is not reached, and an inventory of one host is a fleet too', async (test) => {
  const { fire, write } = setFleet(test);
  write('down-far2', '');
  const { exit, out } = await fire('run', './wait.yaml', ...HOSTS, '--skip', 'far2', ...ALONE);
  assert.equal(exit, 0, out);
  assert.match((await fire('report')).out, /^\| Skipped \| far2 \|$/m);
  write('one.txt', 'far1\n');
  const one = await fire('plan', './wait.yaml', '--inventory', 'one.txt');
  assert.match(one.out, /^PLAN {2}wait-a-little 1\.0\.0 on 1 host$/m);
});

test('Ctrl-C once lets the host at work come to its end, twice stops it there, and the third time says who is left half-way', async (test) => {
  const { fire, press } = setFleet(test);
  const run = ['run', './wait.yaml', ...HOSTS, ...ALONE, '--output', 'ndjson'];
  assert.equal((await press(1, run)).exit, 130);
  assert.match((await fire('runs')).out, /1 held, 2 not begun; /);
  assert.equal((await press(2, run)).exit, 130);
  assert.match((await fire('runs')).out, /^.*-fleet-.* {2}interrupted \(exit 130\)$/m);
  const third = await press(3, run);
  assert.equal(third.exit, 10);
  assert.match(
    third.err,
    /^firebreak: ended at once; left half-way: far1\n {2}firebreak resume \S+-fleet-wait-a-little-\S+ {6}goes on\n/,
  );
  const resumed = await fire('resume', ...ALONE);
  assert.equal(resumed.exit, 0, resumed.out);
});

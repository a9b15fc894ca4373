import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { assertNdjson } from '../support/event-schema.ts';
import { CHECKOUT, inStorm } from '../support/lab/lab.ts';

/**
 * Hardly a process slot is left: the storm, or nobody, shares a pids cgroup with the engine, and its limit is the
 * storm's size and a little.
 */
const CONTROLLER = ['/sys/fs/cgroup/pids', '/sys/fs/cgroup'].find((folder) => existsSync(join(folder, 'cgroup.procs')));
const FIREBREAK = join(CHECKOUT, 'bin/firebreak');
const REMEDY = `${FIREBREAK} run cron-mail-storm --unattended --policy examples/policy.yaml --param watch=8s --param ticks=2`;

const work = mkdtempSync(join(tmpdir(), 'firebreak-slots-'));
after(() => rmSync(work, { recursive: true }));

/** A cgroup for one test. */
function cgroup(t: { after(done: () => void): void }): string {
  assert.ok(CONTROLLER, 'no pids cgroup is mounted');
  const folder = join(CONTROLLER, `firebreak-lab-${process.pid}-${Math.random().toString(36).slice(2)}`);
  mkdirSync(folder);
  t.after(() => rmdirSync(folder));
  return folder;
}

/** Run in the cgroup $G, of which N slots are left, the first of them for the command itself: the shell becomes it. */
const IN_GROUP = `sh -c 'echo $$ >$G/cgroup.procs; read -r now <$G/pids.current; echo $((now - 1 + $0)) >$G/pids.max; exec "$@"'`;

/**
 * cron, its jobs and all mailers are in $G; cron has just had its minute, so that the slots that are left are left for
 * a while.
 */
const STORM_IN_GROUP = `
  move() { for pid in $(pgrep -x 'cron|sendmail|postdrop'); do echo $pid >$G/cgroup.procs; done 2>/dev/null; }
  move; beats=$(wc -l </run/heartbeat)
  while [ "$(wc -l </run/heartbeat)" = "$beats" ]; do sleep 0.1; done
  sleep 0.7; move`;
/** The rig's last words start programs too, and its processes are to be gone before the cgroup goes. */
const LEAVE_GROUP = 'echo max >$G/pids.max; pkill -KILL -x "cron|sendmail|postdrop"; sleep 0.3';

test('with 3 process slots left, its own counted, the whole founding runbook completes', {
  timeout: 180_000,
}, async (t) => {
  const group = cgroup(t);
  const { stdout, stderr } = await inStorm(
    `G=${group}; export G; ${STORM_IN_GROUP}
     ${IN_GROUP} 3 ${REMEDY} --output ndjson >/run/events; echo "exit $?"
     echo "refused $(sed -n 's/.*max //p' $G/pids.events)"
     cat /run/events >$OUT/events
     "$LAB/check-recovered"; ${LEAVE_GROUP}`,
    { out: work },
  );
  const lines = stdout.trim().split('\n');
  assert.deepEqual([lines[0], lines.at(-1)], ['exit 0', 'check-recovered: recovered'], stdout + stderr);
  // That the limit bit: a fork in the group was refused while the engine ran.
  assert.match(lines[1] ?? '', /^refused [1-9]/);
  const outcomes = assertNdjson(readFileSync(join(work, 'events'), 'utf8')).flatMap((event) =>
    event.type === 'step.finished'
      ? [[event.step, event.outcome]]
      : event.type === 'run.finished'
        ? [['run', event.outcome]]
        : [],
  );
  assert.deepEqual(outcomes.slice(-8), [
    ['stop-cron', 'done'],
    ['kill-mailers', 'done'],
    ['free-a-little', 'done'],
    ['silence-jobs', 'done'],
    ['empty-maildrop', 'done'],
    ['start-cron', 'done'],
    ['calm', 'done'],
    ['run', 'held'],
  ]);
});

test('with 2 left first aid is printed within a second, and what it says to type, typed without a slot, lets the run complete', {
  timeout: 180_000,
}, async (t) => {
  const group = cgroup(t);
  // Everything after `typed` is done by a shell that cannot start a program: a fork there would end it.
  const typed = `
    while IFS= read -r line; do case $line in '     kill -KILL '*) ;; '     kill '*) eval "$line"; echo "$line" >>/run/typed ;; esac; done </run/aid
    until read -r now <$G/pids.current && read -r max <$G/pids.max && [ $((max - now)) -ge 12 ]; do :; done`;
  writeFileSync(join(work, 'typed.sh'), typed);
  const { stdout, stderr } = await inStorm(
    `G=${group}; export G; ${STORM_IN_GROUP}
     pgrep -x 'sendmail|postdrop' | sort >/run/mailers; cron=$(pgrep -o -x cron)
     start=$(date +%s%N)
     ${IN_GROUP} 2 ${REMEDY} >/run/said 2>/run/aid; echo "exit $?"
     echo "fast $(( ($(date +%s%N) - start) / 1000000 < 1000 ))"
     echo "said $(wc -c </run/said)"
     pgrep -x 'sendmail|postdrop' | sort >/run/later
     kill -0 $cron && [ -z "$(comm -13 /run/later /run/mailers)" ] && echo 'killed nothing'
     ${IN_GROUP} 1 sh $OUT/typed.sh
     grep -q -x "     kill $cron" /run/typed && echo 'cron was named'
     sed 1d /run/typed | tr ' ' '\\n' | grep -x '[0-9][0-9]*' | sort | comm -23 - /run/later | wc -l | sed 's/^/not mailers: /'
     ${REMEDY} >/run/said; echo "exit $?"
     "$LAB/check-recovered"; ${LEAVE_GROUP}`,
    { out: work },
  );
  assert.deepEqual(
    stdout.trim().split('\n'),
    [
      'exit 69',
      'fast 1',
      'said 0',
      'killed nothing',
      'cron was named',
      'not mailers: 0',
      'exit 0',
      'check-recovered: recovered',
    ],
    stdout + stderr,
  );
});

/** On a machine that is well, in a cgroup with so many slots. */
function plainly(group: string, slots: number, args: readonly string[]) {
  const script = 'echo $$ >"$0/cgroup.procs"; echo "$1" >"$0/pids.max"; shift; exec "$@"';
  const begun = performance.now();
  const { status, stderr } = spawnSync('sh', ['-c', script, group, String(slots), FIREBREAK, ...args], {
    encoding: 'utf8',
    timeout: 20_000,
    cwd: CHECKOUT,
  });
  return { status, stderr, took: performance.now() - begun };
}

test('on a machine that is well plan works with 3 slots, and with 2 or 1 everything is first aid', {
  timeout: 60_000,
}, (t) => {
  const group = cgroup(t);
  assert.equal(plainly(group, 3, ['plan', 'cron-mail-storm']).status, 2);
  for (const slots of [2, 1]) {
    const { status, stderr, took } = plainly(group, slots, ['--version']);
    assert.deepEqual(
      [status, stderr.split('\n')[0], took < 1000],
      [
        69,
        `firebreak: too few process slots are free: ${slots} with its own, and Firebreak needs 3. Nothing was done.`,
        true,
      ],
    );
  }
});

test('the narrowest cgroup above counts, however wide our own is', { timeout: 60_000 }, (t) => {
  const outer = cgroup(t);
  const inner = join(outer, 'inner');
  mkdirSync(inner);
  t.after(() => existsSync(inner) && rmdirSync(inner));
  writeFileSync(join(outer, 'pids.max'), '2');
  const { status, stderr } = plainly(inner, 100, ['--version']);
  assert.deepEqual([status, stderr.split('\n')[1]], [69, `  ${outer}/pids.max is 2.`]);
  rmdirSync(inner);
});

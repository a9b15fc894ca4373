import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { localProcesses } from '../../../src/hosts/local/processes.ts';
import type { Host, ProcessIdentity } from '../../../src/model/host.ts';
import type { Json } from '../../../src/model/json.ts';
import { feed, startPulse } from '../../../src/model/run/pulse.ts';
import type { Act } from '../../../src/model/verb.ts';
import kill from '../../../src/verbs/processes/kill.action.ts';
import probe from '../../../src/verbs/processes/processes.probe.ts';

/**
 * Runs inside ../shared/lab/mail-storm as root and prints what it saw as one line of JSON, for ../processes.lab.ts to
 * judge. What ought to be is told by others: pgrep, ps, cron's own heartbeat.
 */
const processes = localProcesses({ machine: { users: async () => ({ 0: 'root', 65534: 'nobody' }) } });
const host = { name: 'lab', processes } as Host;
const clock = { now: Date.now, monotonic: () => performance.now(), sleep: async (ms: number) => await sleep(ms) };
const act: Act = {
  host,
  clock,
  signal: new AbortController().signal,
  progress: () => {},
  allowance: () => Number.POSITIVE_INFINITY,
  recall: async () => '',
};
const MAILERS = { name: ['sendmail', 'postdrop'], started_by: ['crond', 'cron', 'anacron'] };
const daemon = process.env.LAB_DAEMON ?? 'cron';

const sh = (command: string): string => execFileSync('/bin/sh', ['-c', command], { encoding: 'utf8' });
const pgrep = (...args: readonly string[]): readonly number[] =>
  numbers(sh(`pgrep -x 'sendmail|postdrop' ${args.join(' ')} || true`));
const numbers = (text: string): readonly number[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map(Number)
    .toSorted((a, b) => a - b);
const look = async () => await probe.look(act, MAILERS);
const pidsOf = (detail: Json): readonly number[] =>
  (detail as unknown as { processes: { pid: number }[] }).processes.map((each) => each.pid).toSorted((a, b) => a - b);

console.log(
  JSON.stringify({
    ...(await mailers()),
    reuse: await reuse(),
    elsewhere: await elsewhere(),
    pulse: [await pulse(1), await pulse(10), await pulse(60)],
    idle: await pulse(0),
  }),
);

/**
 * A user's own sendmail hangs beside cron's; then cron is stopped, two parents are killed by hand, and all that cron
 * started is ended.
 */
async function mailers() {
  spawn('/usr/bin/setsid', ['su', 'nobody', '-s', '/bin/sh', '-c', 'echo mine | /usr/sbin/sendmail root'], {
    stdio: 'ignore',
  }).unref();
  while (pgrep('-u', 'nobody').length < 1) await sleep(50);
  await sleep(300);
  const users = ofSessions(pgrep(), numbers(sh('ps -o sid= -u nobody | sort -un')));
  const running = await look();
  const runningPgrep = pgrep().filter((pid) => !users.includes(pid));
  sh(`service ${daemon} stop`);
  const stopped = await look();
  const stoppedPgrep = pgrep().filter((pid) => !users.includes(pid));
  // Their postdrops are now PID 1's: only the session tells whose they were.
  for (const pid of numbers(sh('pgrep -x sendmail -u root')).slice(0, 2)) process.kill(pid, 'SIGTERM');
  await sleep(300);
  const orphaned = await look();
  const orphanedPgrep = pgrep().filter((pid) => !users.includes(pid));
  const arg = {
    targets: { $step: 'mailers', verb: 'processes', selector: MAILERS, found: stopped.detail },
    signal: 'TERM',
    kill_after: '5s',
  };
  const observation = await kill.observe(act, arg);
  const applied = await kill.apply(act, arg, observation);
  return {
    running: {
      ours: pidsOf(running.detail),
      pgrep: runningPgrep,
      blocks: running.blocks.slice(0, 1),
      summary: running.summary,
    },
    stopped: { ours: pidsOf(stopped.detail), pgrep: stoppedPgrep },
    orphaned: { ours: pidsOf(orphaned.detail), pgrep: orphanedPgrep },
    users,
    applied,
    left: pgrep(),
  };
}

/** Those of `pids` in one of these sessions: ps is asked, not ourselves. */
function ofSessions(pids: readonly number[], sessions: readonly number[]): readonly number[] {
  return pids.filter((pid) => sessions.includes(Number(sh(`ps -o sid= -p ${pid} || echo 0`))));
}

/** The pid of a target given to another process of the same program: ns_last_pid of this pid namespace (proc(5)). */
async function reuse() {
  const first = spawn('/bin/sleep', ['100'], { stdio: 'ignore' });
  await sleep(50);
  const list = await processes.list({ name: ['sleep'], args: '^/bin/sleep 100$' });
  const target = list.ok ? list.processes.find((each) => each.pid === first.pid) : undefined;
  if (!target) throw new Error('the first sleep is not listed');
  const ended = new Promise((resolve) => first.once('exit', resolve));
  first.kill('SIGKILL');
  await ended;
  for (let tries = 0; tries < 50; tries += 1) {
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(target.pid - 1));
    const second = spawn('/bin/sleep', ['100'], { stdio: 'ignore' });
    await sleep(30);
    if (second.pid === target.pid) return await signalled(target, second.pid);
    second.kill('SIGKILL');
  }
  throw new Error('the pid was not given out again');
}

async function signalled(target: ProcessIdentity, pid: number) {
  const results = await processes.signal([target], 'KILL');
  const living = await processes.alive([target]);
  const there = sh(`ps -o args= -p ${pid}`).trim();
  process.kill(pid, 'SIGKILL');
  return { outcome: results.map((each) => each.outcome), living: living.length, there };
}

/** A container's process: seen from here, and not ours to signal. */
async function elsewhere() {
  const container = spawn('/usr/bin/unshare', ['--pid', '--fork', '--kill-child', '/bin/sleep', '300'], {
    stdio: 'ignore',
  });
  await sleep(300);
  const list = await processes.list({ name: ['sleep'], args: '^/bin/sleep 300$' });
  const found = list.ok ? list.processes : [];
  const results = await processes.signal(found, 'KILL');
  const living = await processes.alive(found);
  const ended = new Promise((resolve) => container.once('exit', resolve));
  container.kill('SIGKILL');
  await ended;
  return {
    spared: found.map((each) => each.spared),
    outcome: results.map((each) => each.outcome),
    living: living.length,
  };
}

/**
 * Silenced jobs, cron started anew, eight seconds of sampling at twenty times the speed: as the founding runbook's
 * watch does it.
 */
async function pulse(jobs: number) {
  for (const name of readdirSync(process.env.LAB_SPOOL ?? '')) unlinkSync(`${process.env.LAB_SPOOL}/${name}`);
  const lines = Array.from({ length: jobs }, (_, n) => `* * * * * /bin/echo job ${n}`);
  const heartbeat = jobs > 0 ? '* * * * * date +\\%s >> /run/pulse-heartbeat' : '# none';
  writeFileSync('/run/crontab', `MAILTO=""\n${lines.join('\n')}\n${heartbeat}\n`);
  writeFileSync('/run/pulse-heartbeat', '');
  sh(`crontab -u root /run/crontab && service ${daemon} start`);
  let state = startPulse();
  const until = performance.now() + 8000;
  while (performance.now() < until) {
    // Just after its start the file still holds the pid of the parent that has put cron into the background.
    const counters = await processes.counters(Number(readFileSync('/run/crond.pid', 'utf8')));
    if (counters) state = feed(state, { ...counters, mono: performance.now() });
    await sleep(150);
  }
  sh(`service ${daemon} stop`);
  const beats = readFileSync('/run/pulse-heartbeat', 'utf8').split('\n').filter(Boolean).length;
  return { jobs, minutes: state.minutes, beats };
}

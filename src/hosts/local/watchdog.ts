import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Failure, failure, type LeaseOrder, type MachineFacts, type Result } from '../../model/host.ts';
import { isObject, type Json } from '../../model/json.ts';
import { FIXED_PATH } from '../spawn.ts';
import { saysNoFork } from './init.ts';
import { allPids, argsOf, inContainer, livesStill, type PidStat, readPid } from './pid.ts';

/** What `ps` shows of it, and what tells it from other shells. */
const LABEL = 'firebreak-lease';

/**
 * Waits for a moment of CLOCK_BOOTTIME (/proc/uptime, hundredths of a second), then starts a service and tries again until it runs. No temporary file, no
 * log, nothing but builtins and sleep(1); its parameters: this text, `new` or `again`, the lease's id, the moment, and what starts the service but for the verb.
 * The first sleep is forked before it says `armed`, so that waiting needs no process slot any more. A shell that cannot fork ends itself, hence the EXIT
 * trap: exec needs no slot. It gives up only where the init script itself is gone. `sleep` may know whole seconds only (busybox), may be killed, or may wake early: what counts is the next look at the clock.
 */
const SCRIPT = `ulimit -S -n 1024 2>/dev/null
exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
text=$1 mode=$2; shift 2; set -- "$text" again "$@"
again='exec /bin/sh -c "$text" "$0" "$@"'
armed() { mode=again; trap "$again" EXIT; exec 9>&1 >/dev/null 2>&1; echo armed >&9; exec 9>&-; }
[ $mode = new ] || trap "$again" EXIT
while read -r up rest </proc/uptime; left=$(($4 - \${up%.*} * 100 - 1\${up#*.} + 100)); [ $left -gt 0 ]; do
  part=$((left % 100 + 100))
  sleep $((left / 100)).\${part#1} >/dev/null 2>&1 &
  [ $mode = again ] || armed
  wait $! || sleep $((left / 100 + 1))
done
[ $mode = again ] || armed
until (shift 4; exec "$@" start) || (shift 4; exec "$@" status); do
  case $5 in (/*) [ -e "$5" ] || break ;; esac
  sleep 2
done
trap - EXIT`;

/** How long the shell may take to say that it is armed; one that cannot fork says so at once, or (bash) tries for 15 s. */
const PATIENCE = 5000;
const LOOK_EVERY = 10;

/** A pid alone would be a mistake waiting to happen: start time and boot make it this process, and its arguments carry the id. */
interface Watchdog {
  readonly kind: 'process';
  readonly id: string;
  readonly pid: number;
  readonly start: number;
  readonly boot: string;
}

/** `starter`: what starts the service, without the verb at its end. The watchdog leads a session of its own and has what init gives to daemons. */
export async function armWatchdog(
  { id, within }: LeaseOrder,
  starter: readonly string[],
  { bootId, uptime }: Pick<MachineFacts, 'bootId' | 'uptime'>,
): Promise<Result<{ readonly handle: Json }>> {
  const moment = Math.ceil((uptime + within) / 10);
  const child = launch(['-c', SCRIPT, LABEL, SCRIPT, 'new', id, String(moment), ...starter]);
  const trouble = await readiness(child);
  if (trouble) return trouble;
  const leader = child.pid === undefined ? null : readPid(child.pid);
  if (leader === null) return failure('gone', 'the watchdog ended as soon as it was armed');
  return { ok: true, handle: handleOf(leader, id, bootId) };
}

function launch(args: readonly string[]): ChildProcess {
  // uv_spawn forks before it returns, so the mask is the child's and nobody else's. It also resets signals, which `&` in a shell does not: a cron that
  // ignores SIGINT would hand that on to its jobs.
  const umask = process.umask(0o022);
  try {
    return spawn('/bin/sh', args, { cwd: '/', env: { PATH: FIXED_PATH }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  } finally {
    process.umask(umask);
  }
}

/** Null: it waits, and needs us no more. Else it is ended, and why is told. */
async function readiness(child: ChildProcess): Promise<Failure | null> {
  const { end, said } = await firstWord(child);
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.unref();
  if (end === 'armed') return null;
  if (typeof end === 'object') return end;
  // Not reaped yet, so the number is still its own and its group's.
  if (end === 'late' && child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  const how = end === 'late' ? 'was not ready in time' : 'ended at once';
  return failure(saysNoFork(said) ? 'EAGAIN' : end, `the watchdog ${how}: ${said.trim().slice(-500) || 'it said nothing'}`);
}

interface Word {
  readonly end: 'armed' | 'ended' | 'late' | Failure;
  readonly said: string;
}

function firstWord(child: ChildProcess): Promise<Word> {
  return new Promise((resolve) => {
    let said = '';
    const timer = setTimeout(() => tell('late'), PATIENCE);
    const tell = (end: Word['end']): void => {
      clearTimeout(timer);
      resolve({ end, said });
    };
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (data: Buffer) => {
        said += data.toString();
        if (/^armed$/m.test(said)) tell('armed');
      });
    }
    child.once('error', (error: NodeJS.ErrnoException) =>
      tell(failure(error.code ?? 'spawn', `no watchdog could be started: ${error.message}`)),
    );
    child.once('close', () => tell('ended'));
  });
}

/**
 * KILL to the watchdog and to its sleep, and to nothing else: where it has begun to start the service, that is left to its end. It is stopped first, so
 * that it cannot fork between the look at its children and the kill.
 */
export async function releaseWatchdog(handle: Watchdog, bootId: string): Promise<Result<{ readonly state: 'released' | 'gone' }>> {
  if (handle.boot !== bootId || !isStill(handle)) return { ok: true, state: 'gone' };
  try {
    process.kill(handle.pid, 'SIGSTOP');
    await until(() => ['T', 'Z', undefined].includes(readPid(handle.pid)?.state));
    const waiting = allPids().filter(({ pid, ppid, comm }) => ppid === handle.pid && (comm === 'sleep' || idOf(pid) === handle.id));
    if (isStill(handle)) process.kill(handle.pid, 'SIGKILL');
    for (const child of waiting) if (livesStill(child)) process.kill(child.pid, 'SIGKILL');
    await until(() => ![handle, ...waiting].some(livesStill));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'kill';
    if (code !== 'ESRCH') return failure(code, `the watchdog of ${handle.id} (pid ${handle.pid}) could not be ended: ${String(error)}`);
  }
  return { ok: true, state: 'released' };
}

/** Those that wait on this machine, in no container of it. */
export function watchdogs(prefix: string, bootId: string): readonly Json[] {
  return allPids().flatMap((stat) => {
    if (stat.session !== stat.pid || !livesStill(stat)) return [];
    const id = idOf(stat.pid);
    return id?.startsWith(prefix) && !inContainer(stat.pid) ? [handleOf(stat, id, bootId)] : [];
  });
}

export function readWatchdog(handle: Json): Watchdog | null {
  if (!isObject(handle) || handle.kind !== 'process') return null;
  const { id, pid, start, boot } = handle;
  if (typeof id !== 'string' || typeof pid !== 'number' || typeof start !== 'number' || typeof boot !== 'string') return null;
  return { kind: 'process', id, pid, start, boot };
}

function handleOf({ pid, start }: PidStat, id: string, boot: string): Json {
  return { kind: 'process', id, pid, start, boot };
}

function isStill({ pid, start, id }: Watchdog): boolean {
  return pid > 1 && livesStill({ pid, start }) && idOf(pid) === id;
}

/** `/bin/sh -c TEXT firebreak-lease TEXT new ID MOMENT ...`; null: no watchdog. */
function idOf(pid: number): string | null {
  const args = argsOf(pid);
  return args[3] === LABEL ? (args[6] ?? null) : null;
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds() && tries < 100; tries += 1) await sleep(LOOK_EVERY);
}

import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { saysNoFork } from '../../model/host/no-fork.ts';
import { type Failure, failure, type LeaseOrder, type MachineFacts, type Result } from '../../model/host.ts';
import type { Json } from '../../model/json.ts';
import { allPids, argsOf, inContainer, livesStill, readPid } from '../linux/pid.ts';
import {
  handleOf,
  leaseIn,
  momentOf,
  type Watchdog,
  type WatchdogStarter,
  watchdogArgs,
} from '../linux/watchdog-script.ts';
import { FIXED_PATH } from '../spawn.ts';

/**
 * How long the shell may take to say that it is armed; one that cannot fork says so at once, or (bash) tries for 15 s.
 */
const PATIENCE = 5000;
/** Characters of what it says meanwhile. */
const LONGEST = 4096;
const LOOK_EVERY = 10;

/** The watchdog leads a session of its own and has what init gives to daemons. */
export async function armWatchdog(
  { id, within }: LeaseOrder,
  starter: WatchdogStarter,
  { bootId, uptime }: Pick<MachineFacts, 'bootId' | 'uptime'>,
): Promise<Result<{ readonly handle: Json }>> {
  const child = launch(watchdogArgs({ id, moment: momentOf(uptime, within), ...starter }));
  const trouble = await readiness(child);
  if (trouble) return trouble;
  const leader = child.pid === undefined ? null : readPid(child.pid);
  if (leader === null) return failure('gone', 'the watchdog ended as soon as it was armed');
  return { ok: true, handle: handleOf(leader, id, bootId) };
}

function launch(args: readonly string[]): ChildProcess {
  // uv_spawn forks before it returns, so the mask is the child's and nobody else's. It also resets signals, which `&`
  // in a shell does not: a cron that ignores SIGINT would hand that on to its jobs.
  const umask = process.umask(0o022);
  try {
    return spawn('/bin/sh', args, {
      cwd: '/',
      env: { PATH: FIXED_PATH },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
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
  return failure(
    saysNoFork(said) ? 'EAGAIN' : end,
    `the watchdog ${how}: ${said.trim().slice(-500) || 'it said nothing'}`,
  );
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
        said = (said + data.toString()).slice(-LONGEST);
        if (/^armed \d+$/m.test(said)) tell('armed');
      });
    }
    child.once('error', (error: NodeJS.ErrnoException) =>
      tell(failure(error.code ?? 'spawn', `no watchdog could be started: ${error.message}`)),
    );
    child.once('close', () => tell('ended'));
  });
}

/**
 * KILL to the watchdog and to its sleep, and to nothing else: where it has begun to start the service, that is left to
 * its end. It is stopped first, so that it cannot fork between the look at its children and the kill.
 */
export async function releaseWatchdog(
  handle: Watchdog,
  bootId: string,
): Promise<Result<{ readonly state: 'released' | 'gone' }>> {
  if (handle.boot !== bootId || !isStill(handle)) return { ok: true, state: 'gone' };
  try {
    process.kill(handle.pid, 'SIGSTOP');
    await until(() => ['T', 'Z', undefined].includes(readPid(handle.pid)?.state));
    const waiting = allPids().filter(
      ({ pid, ppid, comm }) => ppid === handle.pid && (comm === 'sleep' || idOf(pid) === handle.id),
    );
    if (isStill(handle)) process.kill(handle.pid, 'SIGKILL');
    for (const child of waiting) if (livesStill(child)) process.kill(child.pid, 'SIGKILL');
    await until(() => ![handle, ...waiting].some(livesStill));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'kill';
    if (code !== 'ESRCH')
      return failure(code, `the watchdog of ${handle.id} (pid ${handle.pid}) could not be ended: ${String(error)}`);
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

function isStill({ pid, start, id }: Watchdog): boolean {
  return pid > 1 && livesStill({ pid, start }) && idOf(pid) === id;
}

const idOf = (pid: number): string | null => leaseIn(argsOf(pid));

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds() && tries < 100; tries += 1) await sleep(LOOK_EVERY);
}

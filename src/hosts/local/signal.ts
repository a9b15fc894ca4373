import { closeSync, constants, openSync } from 'node:fs';
import type { Processes, ProcessIdentity, SignalResult } from '../../model/host.ts';
import { readExe, readStat, readStatus } from '../linux/proc.ts';
import type { ProcStat } from '../linux/proc-text.ts';
import { createSlices } from '../linux/slices.ts';

/**
 * Each target is looked at again at the moment of use, through a descriptor of its /proc/PID, which answers ESRCH once
 * the pid is somebody else's. Node has no pidfd_send_signal(2): between the last look and kill(2) lie some
 * microseconds, in which a pid would have to end, be reaped and be given away again, which takes a whole turn of
 * pid_max.
 */
export const signalAll: Processes['signal'] = async (targets, signal) => {
  const slices = createSlices();
  const own = ancestors(process.pid);
  const results: SignalResult[] = [];
  for (const target of childrenFirst(targets)) {
    results.push(signalOne(target, `SIG${signal}`, own));
    if (slices.due()) await slices.next();
  }
  return results;
};

/**
 * Tells whether the same process still lives. A zombie has ended. A process that we may not look at does not count as
 * gone.
 */
export function isAlive(target: ProcessIdentity): boolean {
  const found = sameProcess(`/proc/${target.pid}`, target);
  return found !== 'gone' && found !== 'other';
}

function signalOne(target: ProcessIdentity, signal: NodeJS.Signals, own: ReadonlySet<number>): SignalResult {
  const { pid } = target;
  const result = (outcome: SignalResult['outcome'], reason?: string): SignalResult => ({
    pid,
    outcome,
    ...(reason && { reason }),
  });
  // 0 and negative numbers mean whole process groups to kill(2).
  if (!Number.isSafeInteger(pid) || pid <= 1) return result('refused', 'PID 1 is never signalled');
  if (pid === process.pid) return result('refused', 'this is firebreak itself');
  if (own.has(pid)) return result('refused', 'firebreak itself runs below it');
  return withDescriptor(pid, (base) => {
    const found = check(base, target);
    if (found !== 'same')
      return found === 'gone' || found === 'other' ? result(found) : result('refused', found.reason);
    return send(pid, signal, result);
  });
}

type Found = 'same' | 'gone' | 'other' | { readonly reason: string };

/** Checks that this is the listed process and that it may be signalled. */
function check(base: string, target: ProcessIdentity): Found {
  const found = sameProcess(base, target);
  if (found !== 'same') return found;
  const status = readStatus(base);
  if (status === undefined) return 'gone';
  if (status === 'denied') return { reason: 'it may not be looked at' };
  return status.elsewhere ? { reason: 'in another pid namespace' } : 'same';
}

function sameProcess(base: string, target: ProcessIdentity): Found {
  const stat = readStat(base);
  if (stat === undefined) return 'gone';
  if (stat === 'denied') return { reason: 'it may not be looked at' };
  if (stat.start !== target.start) return 'other';
  if (stat.state === 'Z' || stat.state === 'X') return 'gone';
  if (stat.kernel) return { reason: 'a kernel thread' };
  const exe = readExe(base);
  // Null or unreadable on either side (another user's process, or one that is just ending): pid and start time must do.
  return target.exe !== null && exe !== undefined && exe !== 'denied' && exe !== target.exe ? 'other' : 'same';
}

function send(
  pid: number,
  signal: NodeJS.Signals,
  result: (outcome: SignalResult['outcome'], reason?: string) => SignalResult,
): SignalResult {
  try {
    process.kill(pid, signal);
    return result('sent');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code === 'ESRCH' ? result('gone') : result('refused', code === 'EPERM' ? 'not permitted' : String(code));
  }
}

function withDescriptor(pid: number, use: (base: string) => SignalResult): SignalResult {
  let fd: number;
  try {
    fd = openSync(`/proc/${pid}`, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code === 'ENOENT' || code === 'ESRCH'
      ? { pid, outcome: 'gone' }
      : { pid, outcome: 'refused', reason: `it cannot be looked at: ${code}` };
  }
  try {
    return use(`/proc/self/fd/${fd}`);
  } finally {
    closeSync(fd);
  }
}

/**
 * A parent that sees its child end may start the next one, so the deepest go first. Depth counts all ancestors, also
 * those that are no targets.
 */
function childrenFirst(targets: readonly ProcessIdentity[]): readonly ProcessIdentity[] {
  const known = new Map<number, ProcStat | undefined>();
  const depth = new Map(targets.map((target) => [target.pid, ancestors(target.pid, known).size]));
  return targets.toSorted((a, b) => (depth.get(b.pid) ?? 0) - (depth.get(a.pid) ?? 0));
}

function ancestors(pid: number, known = new Map<number, ProcStat | undefined>()): ReadonlySet<number> {
  const chain = new Set<number>();
  let parent = parentOf(pid, known);
  while (parent > 0 && !chain.has(parent)) {
    chain.add(parent);
    parent = parentOf(parent, known);
  }
  return chain;
}

function parentOf(pid: number, known: Map<number, ProcStat | undefined>): number {
  if (!known.has(pid)) {
    const stat = readStat(`/proc/${pid}`);
    known.set(pid, stat === 'denied' ? undefined : stat);
  }
  return known.get(pid)?.ppid ?? 0;
}

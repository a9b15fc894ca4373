import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import {
  failure,
  type Machine,
  type ProcessCounters,
  type Processes,
  type ProcessIdentity,
  type ProcessList,
  type ProcessRecord,
  type ProcessSelector,
} from '../../model/host.ts';
import type { Lineage } from '../linux/lineage.ts';
import { readArgs, readCgroup, readExe, readStat, readStatus } from '../linux/proc.ts';
import { ownerIn, type ProcStat, type Seen, TICKS_PER_SECOND } from '../linux/proc-text.ts';
import { procIsForeign, selectProcesses } from '../linux/process-records.ts';
import { createSlices } from '../linux/slices.ts';
import { resolvePath } from './pin.ts';
import { isAlive, signalAll } from './signal.ts';

/**
 * The processes of this very machine, without a fork. One read of `stat` a process tells the few that the rest is read
 * of.
 */
export function localProcesses({ machine }: { readonly machine: Pick<Machine, 'users'> }): Processes {
  return {
    list: (selector) => list(selector, machine),
    signal: signalAll,
    alive: filterAlive,
    counters: async (pid) => counters(pid),
  };
}

async function list(selector: ProcessSelector, machine: Pick<Machine, 'users'>): Promise<ProcessList> {
  const wrong = procIsNotOurs();
  if (wrong !== null) return wrong;
  const real = new Map<string, string>();
  for (const path of selector.exe ?? []) {
    const led = resolvePath(path);
    // Whoever can change the link decides which processes are selected.
    if (!led.ok && led.code === 'ELOOP') return led;
    real.set(path, led.ok ? led.real : path);
  }
  const { stats, unreadable } = await scan();
  const table = {
    stats,
    unreadable,
    uptime: uptime(),
    ticksPerSecond: TICKS_PER_SECOND,
    self: process.pid,
    uid: process.geteuid?.() ?? 0,
    lineage: lineageOf(stats),
    status: (pid: number) => readStatus(`/proc/${pid}`),
  };
  const found = await selectProcesses(table, {
    selector,
    users: await machine.users(),
    realPath: (path) => real.get(path) ?? path,
  });
  return found.ok ? { ...found, processes: found.processes.filter(isStillCalled) } : found;
}

/**
 * A process that started another program while we read it has the name of one and the path of the other. It is left
 * out.
 */
function isStillCalled({ pid, name }: ProcessRecord): boolean {
  const now = readStat(`/proc/${pid}`);
  return now === undefined || now === 'denied' || now.comm === name;
}

function procIsNotOurs() {
  try {
    return readlinkSync('/proc/self') === String(process.pid) ? null : procIsForeign();
  } catch (error) {
    return failure('ENOTSUP', `/proc cannot be read: ${(error as Error).message}`);
  }
}

async function scan(): Promise<{ readonly stats: ReadonlyMap<number, ProcStat>; readonly unreadable: number }> {
  const slices = createSlices();
  const stats = new Map<number, ProcStat>();
  let unreadable = 0;
  for (const name of readdirSync('/proc')) {
    if (!isPid(name)) continue;
    const stat = readStat(`/proc/${name}`);
    if (stat === 'denied') unreadable += 1;
    else if (stat) stats.set(stat.pid, stat);
    if (slices.due()) await slices.next();
  }
  return { stats, unreadable };
}

const isPid = (name: string): boolean => name.charCodeAt(0) >= 49 && name.charCodeAt(0) <= 57;

/** Reads each file of each process at most once. */
function lineageOf(stats: ReadonlyMap<number, ProcStat>): Lineage {
  const exe = remember((pid) => readExe(`/proc/${pid}`));
  const args = remember((pid) => readArgs(`/proc/${pid}`));
  const status = remember((pid) => readStatus(`/proc/${pid}`));
  const pathOf = (seen: Seen<string>) => (seen === undefined || seen === 'denied' ? null : seen);
  const listOf = (seen: Seen<readonly string[]>) => (seen === undefined || seen === 'denied' ? [] : seen);
  return {
    stats,
    exe: (pid) => pathOf(exe(pid)),
    exeDenied: (pid) => exe(pid) === 'denied',
    args: (pid) => listOf(args(pid)),
    cgroup: remember((pid) => readCgroup(`/proc/${pid}`)),
    owner: (pid) => ownerIn(status(pid)),
  };
}

function remember<T>(read: (pid: number) => T): (pid: number) => T {
  const known = new Map<number, T>();
  return (pid) => {
    const before = known.get(pid);
    if (before !== undefined || known.has(pid)) return before as T;
    const now = read(pid);
    known.set(pid, now);
    return now;
  };
}

function counters(pid: number): ProcessCounters | null {
  const stat = readStat(`/proc/${pid}`);
  // A zombie's counters stand still for ever; whoever watches it must look for its successor.
  if (stat === undefined || stat === 'denied' || stat.state === 'Z') return null;
  return { pid, start: stat.start, minflt: stat.minflt, cminflt: stat.cminflt };
}

/** proc_uptime(5): seconds since boot, suspend included, the clock that field 22 counts by. */
function uptime(): number {
  return Number.parseFloat(readFileSync('/proc/uptime', 'latin1')) * 1000;
}

async function filterAlive(targets: readonly ProcessIdentity[]): Promise<readonly ProcessIdentity[]> {
  const slices = createSlices();
  const alive: ProcessIdentity[] = [];
  for (const target of targets) {
    if (slices.due()) await slices.next();
    if (isAlive(target)) alive.push(target);
  }
  return alive;
}

import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
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
import { type Matches, matchesOf } from '../matches.ts';
import { ancestorsOf, type Lineage, type StartedBy, starterOf, titleOf } from './lineage.ts';
import { type ProcStat, readArgs, readCgroup, readExe, readStat, readStatus, type Seen, TICKS_PER_SECOND } from './proc.ts';
import { isAlive, signalAll } from './signal.ts';
import { createSlices } from './slices.ts';

/** The processes of this very machine, without a fork. One read of `stat` a process tells the few that the rest is read of. */
export function localProcesses({ machine }: { readonly machine: Pick<Machine, 'users'> }): Processes {
  return {
    list: (selector) => list(selector, machine),
    signal: signalAll,
    alive: async (targets) => await filterInSlices(targets, isAlive),
    counters: async (pid) => counters(pid),
  };
}

async function list(selector: ProcessSelector, machine: Pick<Machine, 'users'>): Promise<ProcessList> {
  const wrong = procIsNotOurs();
  if (wrong !== null) return failure('ENOTSUP', wrong);
  const table = await scan();
  const users = await machine.users();
  const look: LookAt = { table, users, uptime: uptime(), lineage: lineageOf(table.stats), matches: matchesOf(selector, realPath) };
  const candidates = await filterInSlices([...table.stats.values()], (stat) => isCandidate(look, stat));
  const started = selector.started_by === undefined ? undefined : starterOf(look.lineage, selector.started_by);
  return await describe(look, candidates, started, selector.exe !== undefined);
}

interface Table {
  readonly stats: ReadonlyMap<number, ProcStat>;
  readonly unreadable: number;
}

interface LookAt {
  readonly table: Table;
  readonly users: Readonly<Record<string, string>>;
  /** Milliseconds. */
  readonly uptime: number;
  readonly lineage: Lineage;
  readonly matches: Matches;
}

/** /proc of an outer pid namespace shows other numbers than kill(2) takes: a program that mixes them kills strangers. */
function procIsNotOurs(): string | null {
  try {
    if (readlinkSync('/proc/self') === String(process.pid)) return null;
    return '/proc belongs to another pid namespace: mount the right one, or enter the namespace with its own /proc';
  } catch (error) {
    return `/proc cannot be read: ${(error as Error).message}`;
  }
}

async function scan(): Promise<Table> {
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
  // Every pid namespace has a PID 1. Not seeing it means hidepid= (proc(5)): nobody can say how many others are hidden.
  return { stats, unreadable: unreadable + (stats.has(1) ? 0 : 1) };
}

const isPid = (name: string): boolean => name.charCodeAt(0) >= 49 && name.charCodeAt(0) <= 57;

function isCandidate({ matches, uptime }: LookAt, stat: ProcStat): boolean {
  return matches.cheap({ name: stat.comm, state: stat.state, age: ageOf(stat, uptime) });
}

async function describe(
  look: LookAt,
  candidates: readonly ProcStat[],
  started: ((stat: ProcStat) => StartedBy | null) | undefined,
  exeMatters: boolean,
): Promise<ProcessList> {
  const slices = createSlices();
  const mine = ownLine(look.table.stats);
  const processes: ProcessRecord[] = [];
  let unreadable = look.table.unreadable;
  for (const stat of candidates) {
    if (slices.due()) await slices.next();
    const startedBy = started?.(stat) ?? null;
    if (started && startedBy === null) continue;
    const record = readRecord(look, stat, startedBy, mine);
    if (record === 'denied' || (exeMatters && record && hasHiddenExe(look.lineage, record))) unreadable += 1;
    else if (record && look.matches.dear(record)) processes.push(record);
  }
  return { ok: true, processes, unreadable };
}

function readRecord(
  look: LookAt,
  stat: ProcStat,
  startedBy: StartedBy | null,
  mine: ReadonlyMap<number, 'self' | 'ancestor'>,
): Seen<ProcessRecord> {
  const status = readStatus(`/proc/${stat.pid}`);
  if (status === undefined || status === 'denied') return status;
  const spared = stat.pid === 1 ? 'init' : stat.kernel ? 'kernel' : status.elsewhere ? 'elsewhere' : mine.get(stat.pid);
  return {
    pid: stat.pid,
    start: stat.start,
    exe: look.lineage.exe(stat.pid),
    ppid: stat.ppid,
    session: stat.session,
    name: stat.comm,
    args: look.lineage.args(stat.pid),
    uid: status.uid,
    user: look.users[status.uid] ?? String(status.uid),
    state: stat.state,
    age: ageOf(stat, look.uptime),
    cgroup: look.lineage.cgroup(stat.pid),
    ancestry: ancestorsOf(look.table.stats, stat.pid).map((each) => ({ pid: each.pid, name: titleOf(look.lineage, each) })),
    startedBy,
    ...(spared && { spared }),
  };
}

/** A program file that is there and may not be seen: another user's process, looked at without root. */
function hasHiddenExe(lineage: Lineage, record: ProcessRecord): boolean {
  return record.exe === null && lineage.exeDenied(record.pid);
}

/** This process and those above it: killing one of them ends the run in the middle of the act. */
function ownLine(stats: ReadonlyMap<number, ProcStat>): ReadonlyMap<number, 'self' | 'ancestor'> {
  const line = new Map<number, 'self' | 'ancestor'>(ancestorsOf(stats, process.pid).map((each) => [each.pid, 'ancestor']));
  return line.set(process.pid, 'self');
}

/** Reads each file of each process at most once. */
function lineageOf(stats: ReadonlyMap<number, ProcStat>): Lineage {
  const exe = remember((pid) => readExe(`/proc/${pid}`));
  const args = remember((pid) => readArgs(`/proc/${pid}`));
  const pathOf = (seen: Seen<string>) => (seen === undefined || seen === 'denied' ? null : seen);
  const listOf = (seen: Seen<readonly string[]>) => (seen === undefined || seen === 'denied' ? [] : seen);
  return {
    stats,
    exe: (pid) => pathOf(exe(pid)),
    exeDenied: (pid) => exe(pid) === 'denied',
    args: (pid) => listOf(args(pid)),
    cgroup: remember((pid) => readCgroup(`/proc/${pid}`)),
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

const ageOf = (stat: ProcStat, uptimeNow: number): number => Math.max(0, uptimeNow - (stat.start * 1000) / TICKS_PER_SECOND);

/** proc_uptime(5): seconds since boot, suspend included, the clock that field 22 counts by. */
function uptime(): number {
  return Number.parseFloat(readFileSync('/proc/uptime', 'latin1')) * 1000;
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

async function filterInSlices<T extends ProcStat | ProcessIdentity>(
  items: readonly T[],
  keep: (item: T) => boolean,
): Promise<readonly T[]> {
  const slices = createSlices();
  const kept: T[] = [];
  for (const item of items) {
    if (slices.due()) await slices.next();
    if (keep(item)) kept.push(item);
  }
  return kept;
}

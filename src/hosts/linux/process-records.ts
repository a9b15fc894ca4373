import { failure, type ProcessList, type ProcessRecord, type ProcessSelector } from '../../model/host.ts';
import { ancestorsOf, type Lineage, type StartedBy, starterOf, titleOf } from './lineage.ts';
import { type Matches, matchesOf } from './matches.ts';
import { idsAmong } from './passwd.ts';
import type { ProcStat, ProcStatus, Seen } from './proc-text.ts';
import { createSlices } from './slices.ts';

/**
 * One look at the processes of a host, wherever it was taken. What the lineage and `status` give is read, a file a
 * process, only where it is asked for.
 */
export interface ProcessTable {
  readonly stats: ReadonlyMap<number, ProcStat>;
  /** Whose stat may not be read. */
  readonly unreadable: number;
  /** Milliseconds since boot, suspend included: the clock that field 22 counts by. */
  readonly uptime: number;
  readonly ticksPerSecond: number;
  /** The process on that host that everything we do there hangs on. */
  readonly self: number;
  /** The user that looks. */
  readonly uid: number;
  readonly lineage: Lineage;
  readonly status: (pid: number) => Seen<ProcStatus>;
}

interface Selecting {
  readonly selector: ProcessSelector;
  readonly users: Readonly<Record<string, string>>;
  /** Resolves the links in a path on that host. */
  readonly realPath: (path: string) => string;
}

/** kill(2) and /proc must use the same pids. If they differ, we would kill other processes. */
export const procIsForeign = () =>
  failure(
    'ENOTSUP',
    '/proc belongs to another pid namespace: mount the right one, or enter the namespace with its own /proc',
  );

export async function selectProcesses(
  table: ProcessTable,
  { selector, users, realPath }: Selecting,
): Promise<ProcessList> {
  const slices = createSlices();
  const matches = matchesOf(selector, realPath);
  const starters = selector.started_by;
  const started = starters && starterOf(table.lineage, starters, ownersOf(table, selector, users));
  const alike = starters && starterOf(table.lineage, starters, 'anybody');
  const strangers: ProcessRecord[] = [];
  const mine = ownLine(table);
  const processes: ProcessRecord[] = [];
  let unreadable = table.unreadable + hiddenAtLeast(table);
  for (const stat of table.stats.values()) {
    if (slices.due()) await slices.next();
    if (!isCandidate(matches, table, stat)) continue;
    const startedBy = started?.(stat) ?? null;
    if (started && startedBy === null) {
      const stranger = alike?.(stat) ?? null;
      const record = stranger && recordOf(table, stat, { startedBy: stranger, users, spared: mine.get(stat.pid) });
      if (record && record !== 'denied' && matches.dear(record)) strangers.push(record);
      continue;
    }
    const record = recordOf(table, stat, { startedBy, users, spared: mine.get(stat.pid) });
    if (record === 'denied' || (selector.exe !== undefined && record && hasHiddenExe(table.lineage, record)))
      unreadable += 1;
    else if (record && matches.dear(record)) processes.push(record);
  }
  return { ok: true, processes, unreadable, ...(strangers.length > 0 && { strangers }) };
}

/** Root, who looks, and whom the author names: daemons of anybody else only look like the ones that are meant. */
function ownersOf(
  { uid }: ProcessTable,
  { user = [] }: ProcessSelector,
  users: Selecting['users'],
): ReadonlySet<number> {
  return new Set([0, uid, ...idsAmong(users, user)]);
}

/**
 * Every pid namespace has a PID 1. Not seeing it means hidepid= (proc(5)): nobody can say how many others are hidden.
 */
const hiddenAtLeast = ({ stats }: ProcessTable): number => (stats.has(1) ? 0 : 1);

const isCandidate = ({ cheap }: Matches, table: ProcessTable, stat: ProcStat): boolean =>
  cheap({ name: stat.comm, state: stat.state, age: ageOf(table, stat) });

interface Known {
  readonly startedBy: StartedBy | null;
  readonly users: Readonly<Record<string, string>>;
  readonly spared: 'self' | 'ancestor' | undefined;
}

function recordOf(table: ProcessTable, stat: ProcStat, { startedBy, users, spared: own }: Known): Seen<ProcessRecord> {
  const { lineage } = table;
  const status = table.status(stat.pid);
  if (status === undefined || status === 'denied') return status;
  const spared = stat.pid === 1 ? 'init' : stat.kernel ? 'kernel' : status.elsewhere ? 'elsewhere' : own;
  return {
    pid: stat.pid,
    start: stat.start,
    exe: lineage.exe(stat.pid),
    ppid: stat.ppid,
    session: stat.session,
    name: stat.comm,
    args: lineage.args(stat.pid),
    uid: status.uid,
    user: users[status.uid] ?? String(status.uid),
    state: stat.state,
    age: ageOf(table, stat),
    cgroup: lineage.cgroup(stat.pid),
    ancestry: ancestorsOf(table.stats, stat.pid).map((each) => ({ pid: each.pid, name: titleOf(lineage, each) })),
    startedBy,
    ...(spared && { spared }),
  };
}

/** A program file that is there and may not be seen: another user's process, looked at without root. */
function hasHiddenExe(lineage: Lineage, record: ProcessRecord): boolean {
  return record.exe === null && lineage.exeDenied(record.pid);
}

/** This process and those above it: killing one of them ends the run in the middle of the act. */
function ownLine({ stats, self }: ProcessTable): ReadonlyMap<number, 'self' | 'ancestor'> {
  const line = new Map<number, 'self' | 'ancestor'>(ancestorsOf(stats, self).map((each) => [each.pid, 'ancestor']));
  return line.set(self, 'self');
}

const ageOf = ({ uptime, ticksPerSecond }: ProcessTable, stat: ProcStat): number =>
  Math.max(0, uptime - (stat.start * 1000) / ticksPerSecond);

import type { ProcessRecord } from '../../model/host.ts';
import type { ProcStat } from './proc-text.ts';

export type StartedBy = NonNullable<ProcessRecord['startedBy']>;

/** One look at the process table, with what must be read a file a process only where it is asked for. */
export interface Lineage {
  readonly stats: ReadonlyMap<number, ProcStat>;
  /** Path of the program, null where it cannot be known. */
  exe(pid: number): string | null;
  /** True where there is a program and permission is missing to see which. */
  exeDenied(pid: number): boolean;
  args(pid: number): readonly string[];
  cgroup(pid: number): string | null;
  /** Who started it, also where the program is set-user-id; null where that cannot be known. */
  owner(pid: number): number | null;
}

/**
 * From the parent up, without PID 1: what was re-parented to it has no parents left. Bounded, because the table is not
 * one instant and may show a cycle.
 */
export function ancestorsOf(stats: ReadonlyMap<number, ProcStat>, pid: number): readonly ProcStat[] {
  const chain: ProcStat[] = [];
  const seen = new Set([pid]);
  let parent = stats.get(stats.get(pid)?.ppid ?? 0);
  while (parent && parent.pid > 1 && !seen.has(parent.pid)) {
    chain.push(parent);
    seen.add(parent.pid);
    parent = stats.get(parent.ppid);
  }
  return chain;
}

/**
 * The name that people know a process by. Debian's cron renames its children to CRON in their arguments only; the
 * kernel still calls them cron. That is the one difference that is shown: any other argument zero is the program's own
 * claim.
 */
export function titleOf(lineage: Lineage, stat: ProcStat): string {
  const title = lineage.args(stat.pid)[0]?.replace(/^.*\//, '') ?? '';
  return title.toLowerCase() === stat.comm.toLowerCase() ? title : stat.comm;
}

/**
 * Rule 7 of the language: which daemon of these names started a process. An ancestor's program, else the session, else
 * the cgroup. The session outlives the parents: TERM to sendmail re-parents its postdrop to PID 1, whose session id
 * stays cron's. Anybody may name a program cron: a daemon is one of `owners`', or runs in the cgroup of the system's
 * service of its name.
 */
export function starterOf(
  lineage: Lineage,
  names: readonly string[],
  owners: ReadonlySet<number> | 'anybody',
): (stat: ProcStat) => StartedBy | null {
  const members = Map.groupBy(lineage.stats.values(), (stat) => stat.session);
  const programOf = (stat: ProcStat) => {
    const name = programAmong(lineage, stat, names);
    return name !== undefined && (owners === 'anybody' || isDaemons(lineage, stat, name, owners)) ? name : undefined;
  };
  return (stat) =>
    byAncestor(lineage, stat, programOf) ??
    bySession(lineage, stat, members.get(stat.session) ?? [], programOf) ??
    byCgroup(lineage, stat, names, programOf);
}

function isDaemons(lineage: Lineage, { pid }: ProcStat, name: string, owners: ReadonlySet<number>): boolean {
  const owner = lineage.owner(pid);
  return (owner !== null && owners.has(owner)) || isGroupOf(lineage.cgroup(pid), name);
}

type ProgramOf = (stat: ProcStat) => string | undefined;

/**
 * By the kernel's name or by the file it runs: a daemon may have renamed itself, and a script has its interpreter's
 * file.
 */
function programAmong(lineage: Lineage, stat: ProcStat, names: readonly string[]): string | undefined {
  if (names.includes(stat.comm)) return stat.comm;
  const exe = lineage.exe(stat.pid);
  const program = exe?.slice(exe.lastIndexOf('/') + 1);
  return program !== undefined && names.includes(program) ? program : undefined;
}

/** The topmost that matches: the daemon itself rather than its child CRON. */
function byAncestor(lineage: Lineage, stat: ProcStat, programOf: ProgramOf): StartedBy | null {
  for (const ancestor of ancestorsOf(lineage.stats, stat.pid).toReversed()) {
    const name = programOf(ancestor);
    if (name !== undefined) return { name, pid: ancestor.pid, by: 'ancestor' };
  }
  return null;
}

/**
 * Only a session that the daemon leads, or led: a cron that somebody runs in the foreground of a shell shares the
 * shell's session with everything else typed there. A session's number is not given away while a process is left in it
 * (the kernel's struct pid is counted), so where the leader has ended, a child of the daemon that is left in its
 * session (CRON, waiting for its mailer) still tells whose session it is.
 */
function bySession(
  lineage: Lineage,
  stat: ProcStat,
  members: readonly ProcStat[],
  programOf: ProgramOf,
): StartedBy | null {
  if (stat.session <= 1) return null;
  const leader = lineage.stats.get(stat.session);
  for (const each of leader ? [leader] : members) {
    const name = each.pid === stat.pid ? undefined : programOf(each);
    if (name !== undefined) return { name, pid: each.pid, by: 'session' };
  }
  return null;
}

/**
 * `cron.service` of systemd, `openrc.cron` or `/openrc/cron` of OpenRC; not in a user's own slice, where anybody names
 * units as he likes; not the daemon itself.
 */
function byCgroup(lineage: Lineage, stat: ProcStat, names: readonly string[], programOf: ProgramOf): StartedBy | null {
  const cgroup = lineage.cgroup(stat.pid);
  const name = names.find((each) => isGroupOf(cgroup, each));
  if (name === undefined || programOf(stat) !== undefined) return null;
  const daemon = [...lineage.stats.values()].find(
    (each) => programByComm(each, names) && lineage.cgroup(each.pid) === cgroup,
  );
  // 0: the daemon has ended, its cgroup still tells whose child this was.
  return { name, pid: daemon?.pid ?? 0, by: 'cgroup' };
}

const programByComm = (stat: ProcStat, names: readonly string[]): boolean => names.includes(stat.comm);

function isGroupOf(cgroup: string | null, name: string): boolean {
  const segments = cgroup?.split('/').filter((segment) => segment !== '') ?? [];
  if (segments.some((segment) => segment.startsWith('user'))) return false;
  return (
    segments.includes(`${name}.service`) ||
    segments.includes(`openrc.${name}`) ||
    segments.join('/') === `openrc/${name}`
  );
}

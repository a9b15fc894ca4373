import { withoutEnd } from '../../model/text/trim.ts';
/**
 * What /proc says of a process (proc(5), Linux Documentation/filesystems/proc.rst), as text from wherever it was read.
 * What vanished is no error but `undefined`; what may not be looked at is `denied`, because "cannot see" must never
 * pass for "is not there".
 */
export type Seen<T> = T | undefined | 'denied';

/** The fields of /proc/PID/stat that tell who a process is. Numbers in comments are proc(5)'s. */
export interface ProcStat {
  readonly pid: number;
  /** At most 15 bytes for a user's process; any byte but NUL, so also `) R 1`, newlines and escape sequences. */
  readonly comm: string;
  readonly state: string;
  readonly ppid: number;
  readonly session: number;
  /** PF_KTHREAD of field 9. */
  readonly kernel: boolean;
  readonly minflt: number;
  readonly cminflt: number;
  /** Clock ticks since boot, field 22. */
  readonly start: number;
}

/**
 * USER_HZ: the unit of field 22. 100 on every architecture that Node runs on (getauxval AT_CLKTCK,
 * include/asm-generic/param.h), whatever the kernel's own HZ.
 */
export const TICKS_PER_SECOND = 100;

const PF_KTHREAD = 0x0020_0000;

/** From the *last* `)`: comm may hold any byte, the numbers after it never hold a parenthesis. */
export function parseStat(text: string): ProcStat | undefined {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 1 || close < open) return undefined;
  const field = text.slice(close + 2).split(' ');
  if (field.length < 20) return undefined;
  // `field[n]` is proc(5)'s field n + 3.
  const stat: ProcStat = {
    pid: Number(text.slice(0, open)),
    comm: text.slice(open + 1, close),
    state: stateIn(field[0], Number(field[17])),
    ppid: Number(field[1]),
    session: Number(field[3]),
    kernel: (Number(field[6]) & PF_KTHREAD) !== 0,
    minflt: Number(field[7]),
    cminflt: Number(field[8]),
    start: Number(field[19]),
  };
  return Number.isSafeInteger(stat.pid) && Number.isSafeInteger(stat.start) ? stat : undefined;
}

/** The first thread of a process may end before the others: it shows as a zombie, and the process lives. */
const stateIn = (state = '?', threads: number): string => (state === 'Z' && threads > 1 ? 'S' : state);

/** Of /proc/PID/cmdline; empty for kernel threads and zombies. */
export function parseArgs(text: string): readonly string[] {
  // setproctitle(3) and the like leave runs of NUL behind the title.
  const joined = withoutEnd(text, '\0');
  return joined === '' ? [] : joined.split('\0');
}

/** Of the link /proc/PID/exe, without the ` (deleted)` that the kernel adds after an upgrade. */
export function parseExe(link: string): string {
  return link.replace(/ \(deleted\)$/, '');
}

export interface ProcStatus {
  /** The effective user. Not the owner of /proc/PID, which is root for a set-group-id program such as postdrop. */
  readonly uid: number;
  /** The real user: who started it, also where the program is set-user-id. */
  readonly real: number;
  /** In a pid namespace below the one that this /proc shows: a container's process. */
  readonly elsewhere: boolean;
}

export const ownerIn = (status: Seen<ProcStatus>): number | null =>
  status === undefined || status === 'denied' ? null : status.real;

export function parseStatus(text: string): ProcStatus | undefined {
  const [, real, uid] = /^Uid:\t(\d+)\t(\d+)/m.exec(text) ?? [];
  // NSpid (since Linux 4.1) lists the pid in each namespace from this /proc's inwards.
  const pids = /^NSpid:((?:\t\d+)+)$/m.exec(text)?.[1];
  return uid === undefined
    ? undefined
    : { uid: Number(uid), real: Number(real), elsewhere: pids !== undefined && pids.split('\t').length > 2 };
}

/**
 * cgroups(7): the unified hierarchy's path, else that of systemd's own (v1), else of the first that is not the root.
 */
export function parseCgroup(text: string): string | null {
  const lines = text.split('\n').map((line) => /^(\d+):([^:]*):(.*)$/.exec(line));
  const pathOf = (wanted: (id: string, names: string) => boolean) =>
    lines.find((line) => line && line[3] !== '/' && wanted(line[1] ?? '', line[2] ?? ''))?.[3];
  return (
    pathOf((id) => id === '0') ??
    pathOf((_, names) => names === 'name=systemd' || names === 'name=openrc') ??
    pathOf(() => true) ??
    (text === '' ? null : '/')
  );
}

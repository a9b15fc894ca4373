import { closeSync, constants, openSync, readlinkSync, readSync } from 'node:fs';

/**
 * Fork-free, synchronous reads of /proc (proc(5), Linux Documentation/filesystems/proc.rst). A process that vanishes while it is read is not an
 * error but `undefined`; a permission error is `denied`, because "cannot see" must never pass for "is not there".
 * `base` is `/proc/PID`, or `/proc/self/fd/N` of an open descriptor on it, which answers ESRCH once the pid belongs to somebody else.
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

/** USER_HZ: the unit of field 22. 100 on every architecture that Node runs on (getauxval AT_CLKTCK, include/asm-generic/param.h), whatever the kernel's own HZ. */
export const TICKS_PER_SECOND = 100;

const PF_KTHREAD = 0x0020_0000;
/** proc(5) says that a longer argument list can be had; none of it matters for telling what a process is, and 20 000 of them must fit in memory. */
const MOST_ARGUMENT_BYTES = 16 * 1024;
const buffer = Buffer.allocUnsafe(MOST_ARGUMENT_BYTES);

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
    state: field[0] ?? '?',
    ppid: Number(field[1]),
    session: Number(field[3]),
    kernel: (Number(field[6]) & PF_KTHREAD) !== 0,
    minflt: Number(field[7]),
    cminflt: Number(field[8]),
    start: Number(field[19]),
  };
  return Number.isSafeInteger(stat.pid) && Number.isSafeInteger(stat.start) ? stat : undefined;
}

export function readStat(base: string): Seen<ProcStat> {
  const text = readText(`${base}/stat`);
  return text === undefined || text === 'denied' ? text : parseStat(text);
}

/** Empty for kernel threads and zombies. */
export function readArgs(base: string): Seen<readonly string[]> {
  const text = readText(`${base}/cmdline`);
  if (text === undefined || text === 'denied') return text;
  // setproctitle(3) and the like leave runs of NUL behind the title.
  const joined = text.replace(/\0+$/, '');
  return joined === '' ? [] : joined.split('\0');
}

/** The real path of the program, without the ` (deleted)` that the kernel adds after an upgrade. Kernel threads have none: undefined. */
export function readExe(base: string): Seen<string> {
  try {
    return readlinkSync(`${base}/exe`).replace(/ \(deleted\)$/, '');
  } catch (error) {
    return absence(error);
  }
}

export interface ProcStatus {
  /** The effective user. Not the owner of /proc/PID, which is root for a set-group-id program such as postdrop. */
  readonly uid: number;
  /** In a pid namespace below the one that this /proc shows: a container's process. */
  readonly elsewhere: boolean;
}

export function parseStatus(text: string): ProcStatus | undefined {
  const uid = /^Uid:\t\d+\t(\d+)/m.exec(text)?.[1];
  // NSpid (since Linux 4.1) lists the pid in each namespace from this /proc's inwards.
  const pids = /^NSpid:((?:\t\d+)+)$/m.exec(text)?.[1];
  return uid === undefined ? undefined : { uid: Number(uid), elsewhere: pids !== undefined && pids.split('\t').length > 2 };
}

export function readStatus(base: string): Seen<ProcStatus> {
  const text = readText(`${base}/status`);
  return text === undefined || text === 'denied' ? text : parseStatus(text);
}

/** cgroups(7): the unified hierarchy's path, else that of systemd's own (v1), else of the first that is not the root. */
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

export function readCgroup(base: string): string | null {
  const text = readText(`${base}/cgroup`);
  return text === undefined || text === 'denied' ? null : parseCgroup(text);
}

function readText(path: string): Seen<string> {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY);
    return buffer.toString('utf8', 0, readFully(fd));
  } catch (error) {
    return absence(error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** /proc gives a page at a time where the text is longer. */
function readFully(fd: number): number {
  let length = 0;
  while (length < buffer.length) {
    const read = readSync(fd, buffer, length, buffer.length - length, length);
    length += read;
    // A short read of stat or status is the whole of it; only longer texts need the second call to see the end.
    if (read === 0 || length < 1024) break;
  }
  return length;
}

function absence(error: unknown): undefined | 'denied' {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ESRCH') return undefined;
  if (code === 'EACCES' || code === 'EPERM') return 'denied';
  // EMFILE, ENOMEM, EIO: cannot see, and must not be taken for "gone".
  return 'denied';
}

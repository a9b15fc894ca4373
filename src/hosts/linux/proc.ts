import { closeSync, constants, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import {
  type ProcStat,
  type ProcStatus,
  parseArgs,
  parseCgroup,
  parseExe,
  parseStat,
  parseStatus,
  type Seen,
} from './proc-text.ts';

/**
 * Fork-free, synchronous reads of /proc. `base` is `/proc/PID`, or `/proc/self/fd/N` of an open descriptor on it, which
 * answers ESRCH once the pid belongs to somebody else.
 */

/**
 * proc(5) says that a longer argument list can be had; none of it matters for telling what a process is, and 20 000 of
 * them must fit in memory.
 */
const MOST_ARGUMENT_BYTES = 16 * 1024;
const buffer = Buffer.allocUnsafe(MOST_ARGUMENT_BYTES);

export function readStat(base: string): Seen<ProcStat> {
  const text = readText(`${base}/stat`);
  return text === undefined || text === 'denied' ? text : parseStat(text);
}

export function readArgs(base: string): Seen<readonly string[]> {
  const text = readText(`${base}/cmdline`);
  if (text === '') return ofThread(base, (thread) => argsOf(readText(`${thread}/cmdline`))) ?? [];
  return argsOf(text);
}

const argsOf = (text: Seen<string>) => (text === undefined || text === 'denied' ? text : parseArgs(text));

/**
 * The real path of the program, without the ` (deleted)` that the kernel adds after an upgrade. Kernel threads have
 * none: undefined.
 */
export function readExe(base: string): Seen<string> {
  return exeOf(base) ?? ofThread(base, exeOf);
}

function exeOf(base: string): Seen<string> {
  try {
    return parseExe(readlinkSync(`${base}/exe`));
  } catch (error) {
    return absence(error);
  }
}

/** Where the first thread has ended the others still know what runs: of the first one that tells. */
function ofThread<T>(base: string, read: (thread: string) => Seen<T>): Seen<T> {
  try {
    const threads = readdirSync(`${base}/task`);
    for (const thread of threads.length > 1 ? threads : []) {
      const seen = read(`${base}/task/${thread}`);
      if (seen !== undefined && seen !== 'denied' && !(Array.isArray(seen) && seen.length === 0)) return seen;
    }
    return undefined;
  } catch (error) {
    return absence(error);
  }
}

export function readStatus(base: string): Seen<ProcStatus> {
  const text = readText(`${base}/status`);
  return text === undefined || text === 'denied' ? text : parseStatus(text);
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

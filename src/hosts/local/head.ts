import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from 'node:fs';
import { FIRST_HEAD, LONGEST_HEAD } from '../../model/host/holds.ts';
import type { HeadJudge, HeadVerdict } from '../files/holds.ts';
import { codeOf } from '../linux/errno.ts';
import { nameOf } from './directory.ts';

/** One buffer is enough: what is read is judged before anything else can run. */
const BUFFER = Buffer.allocUnsafe(LONGEST_HEAD);

/** Never a link, and never a wait: a FIFO may lie where a file was. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

export interface Opened {
  readonly stat: Stats;
  readonly judge: (judge: HeadJudge) => HeadVerdict;
  /** Whether the name still leads to what is open. As long as it is, no other file can have its inode. */
  readonly isStill: () => boolean;
}

/**
 * Opens an entry of the working directory once and closes it behind `use`. Null: it has gone, or is no regular file any
 * more. A word: why it cannot be opened.
 */
export function withOpened<T>(name: string, use: (opened: Opened) => T): T | null | { readonly code: string } {
  const path = nameOf(name);
  let fd: number;
  try {
    fd = openSync(path, FLAGS);
  } catch (error) {
    const code = codeOf(error);
    return code === 'ENOENT' || code === 'ELOOP' || code === 'ENXIO' ? null : { code };
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return null;
    return use({
      stat,
      judge: (judge) => verdictOf(fd, stat, judge),
      isStill: () => {
        const now = lstatSync(path, { throwIfNoEntry: false });
        return now !== undefined && now.ino === stat.ino && now.dev === stat.dev;
      },
    });
  } finally {
    closeSync(fd);
  }
}

function verdictOf(fd: number, { size, mode, uid }: Stats, judge: HeadJudge): HeadVerdict {
  try {
    for (const most of [FIRST_HEAD, LONGEST_HEAD]) {
      const verdict = judge({
        bytes: BUFFER.toString('latin1', 0, readAll(fd, Math.min(most, size))),
        size,
        mode,
        uid,
      });
      if (verdict !== 'more') return verdict;
    }
  } catch {
    return 'unreadable';
  }
  // The file is shorter than its size told: somebody truncates it while we read.
  return 'unfinished';
}

function readAll(fd: number, most: number): number {
  let read = 0;
  while (read < most) {
    const more = readSync(fd, BUFFER, read, most - read, read);
    if (more === 0) break;
    read += more;
  }
  return read;
}

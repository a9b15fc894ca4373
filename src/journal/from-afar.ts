import { statSync } from 'node:fs';
import { linesOf } from './proc-lines.ts';

interface Who {
  readonly uid: number;
  readonly home: string;
}

/**
 * What a run over ssh, started elsewhere, locks on this host: see hosts/ssh/lock.ts. Only root can open root's, only
 * root and the user a user's.
 */
const ROOTS = '/proc/1/fd';

export const lockedFromAfar = ({ uid, home }: Who): readonly string[] =>
  uid === 0 ? [ROOTS, '/root'] : [ROOTS, `/run/user/${uid}`, `${home}/.ssh`, home];

/**
 * Whether a run over ssh that this user waits for has this host: it holds flock(2) on such a folder. Read from
 * proc_locks(5), without a fork. In a container the kernel shows only locks whose process still lives, so that there a
 * run from afar may go unseen; it sees us in any case.
 */
export function heldFromAfar(who: Who, { folders = lockedFromAfar(who), locks = '/proc/locks' } = {}): boolean {
  try {
    const there = folders.flatMap((folder) => keyOf(folder, who.uid));
    for (const line of linesOf(locks))
      if (/\bFLOCK\b.*\bWRITE\b/.test(line) && there.some((key) => line.includes(key))) return true;
    return false;
  } catch {
    return false;
  }
}

/**
 * As proc_locks(5) names a file. A folder that others can open may be locked by anybody, so its lock is nobody's word.
 */
function keyOf(folder: string, uid: number): readonly string[] {
  const found = statSync(folder, { bigint: true, throwIfNoEntry: false });
  if (!found?.isDirectory() || (found.mode & 0o044n) !== 0n || ![0n, BigInt(uid)].includes(found.uid)) return [];
  return [` ${deviceOf(found.dev)}:${found.ino} `];
}

/** `00:19`, as the kernel writes what makedev(3) has put together. */
function deviceOf(dev: bigint): string {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
  return [major, minor].map((part) => part.toString(16).padStart(2, '0')).join(':');
}

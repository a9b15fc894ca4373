import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import type { Held } from '../../model/host.ts';
import { createSlices } from '../linux/slices.ts';

/** The most descriptors that are looked at. With more the answer is "unknown", never "none". */
const LONGEST = 3000;
const GONE = ' (deleted)';

interface Holding {
  readonly real: string;
  /** True: only files that are deleted and still open. */
  readonly deleted: boolean;
}

/**
 * Who holds files of a directory open, by the links of /proc/PID/fd: no fork. A file's space comes back when the last
 * who holds it closes it. Links are read and compared as texts, so that nothing is followed onto a mount that hangs;
 * only what fits is looked at.
 */
export async function holdersOf(wanted: Holding): Promise<Held> {
  const slices = createSlices();
  const deadline = performance.now() + LONGEST;
  const found = new Map<string, number>();
  const by: { pid: number; name: string; files: number }[] = [];
  let whole = true;
  for (const name of readdirSync('/proc')) {
    if (!/^[1-9]/.test(name)) continue;
    if (performance.now() > deadline) return heldOf(found, by, false);
    if (slices.due()) await slices.next();
    const files = openIn(name, wanted);
    if (files === null) whole = false;
    else if (files.size > 0) {
      by.push({ pid: Number(name), name: commOf(name), files: files.size });
      for (const [key, size] of files) found.set(key, size);
    }
  }
  return heldOf(found, by, whole);
}

function heldOf(found: ReadonlyMap<string, number>, by: Held['by'], whole: boolean): Held {
  const bytes = [...found.values()].reduce((sum, size) => sum + size, 0);
  return { files: found.size, bytes, by: by.toSorted((a, b) => b.files - a.files).slice(0, 20), whole };
}

/** Inodes with their sizes; null: it may not be looked at. */
function openIn(pid: string, { real, deleted }: Holding): ReadonlyMap<string, number> | null {
  const files = new Map<string, number>();
  let fds: readonly string[];
  try {
    fds = readdirSync(`/proc/${pid}/fd`);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EACCES' ? null : files;
  }
  for (const fd of fds) {
    try {
      const link = readlinkSync(`/proc/${pid}/fd/${fd}`, 'latin1');
      if (!isIn(link, real) || (deleted && !link.endsWith(GONE))) continue;
      const stat = statSync(`/proc/${pid}/fd/${fd}`);
      if (stat.isFile() && (!deleted || stat.nlink === 0)) files.set(`${stat.dev}:${stat.ino}`, stat.size);
    } catch {
      // It has closed it, or has ended.
    }
  }
  return files;
}

const isIn = (link: string, real: string): boolean => {
  const folder = real === '/' ? '/' : `${real}/`;
  return link.startsWith(folder) && !link.slice(folder.length).includes('/');
};

function commOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd();
  } catch {
    return '?';
  }
}

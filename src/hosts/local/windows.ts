import { lstatSync } from 'node:fs';
import type { FileType } from '../../model/host.ts';
import type { Slices } from '../linux/slices.ts';
import { type Directory, fileTypeOf, nameOf } from './directory.ts';

/**
 * Names for one window. Two million names at once would break the memory promise (this size: 75 MB, twice as many: 88
 * MB); smaller windows make the disk seek more.
 */
const WINDOW = 32_768;
/** Below this the order does not matter. */
const WORTH_SORTING = 1024;
const SAMPLE = 256;

export interface Windowed {
  readonly directory: Directory;
  readonly slices: Slices;
  /** Aborted: the stream ends early. */
  readonly signal?: AbortSignal;
  /** Which entries are wanted. Also told of those that are not: it may count them. */
  readonly wants: (name: string, type: FileType | undefined) => boolean;
}

/**
 * The wanted names of a directory, in windows, each in the order of the inodes: on ext4 the directory's own order is a
 * hash of the names, and following it touches the inode table at random, twice as slow and far worse on a cold disk.
 */
export async function* windowsOf(windowed: Windowed): AsyncGenerator<readonly string[]> {
  const entries = windowed.directory.entries();
  try {
    for (;;) {
      const names = await fill(entries, windowed);
      if (names.length > 0) yield await byInode(names, windowed);
      if (names.length < WINDOW) return;
    }
  } finally {
    entries.closeSync();
  }
}

async function fill(
  entries: ReturnType<Directory['entries']>,
  { slices, signal, wants }: Windowed,
): Promise<readonly string[]> {
  const names: string[] = [];
  for (let seen = 1; names.length < WINDOW; seen += 1) {
    const entry = entries.readSync();
    if (entry === null) break;
    if (wants(entry.name, fileTypeOf(entry))) names.push(entry.name);
    if (seen % 256 === 0 && slices.due()) {
      await slices.next();
      if (signal?.aborted) break;
    }
  }
  return names;
}

/** Calls `work` for 0 to count-1 inside the directory; the event loop gets its turn in between. */
export async function eachInside(
  directory: Directory,
  slices: Slices,
  count: number,
  work: (index: number) => void,
): Promise<void> {
  for (let at = 0; at < count; ) {
    if (slices.due()) await slices.next();
    directory.inside(() => {
      do {
        work(at);
        at += 1;
      } while (at < count && (at % 16 !== 0 || !slices.due()));
    });
  }
}

async function byInode(names: readonly string[], { directory, slices }: Windowed): Promise<readonly string[]> {
  if (names.length < WORTH_SORTING) return names;
  const inodes = directory.inside(() => namesCarryInodes(names))
    ? names.map(inodeInName)
    : await inodesByLstat(names, directory, slices);
  return sortedBy(inodes, names);
}

async function inodesByLstat(
  names: readonly string[],
  directory: Directory,
  slices: Slices,
): Promise<readonly number[]> {
  const inodes: number[] = [];
  await eachInside(directory, slices, names.length, (at) => inodes.push(inodeOf(names[at] ?? '')));
  return inodes;
}

/**
 * Postfix's queue ids (mail_queue(5), the short form): microseconds in at least five hexadecimal digits, then the inode
 * in hexadecimal.
 */
function inodeInName(name: string): number {
  return Number.parseInt(name.slice(5), 16) || 0;
}

function namesCarryInodes(names: readonly string[]): boolean {
  const step = Math.max(1, Math.floor(names.length / SAMPLE));
  const sample = names.filter((_, at) => at % step === 0);
  const right = sample.filter((name) => inodeInName(name) === inodeOf(name)).length;
  return right >= sample.length * 0.9;
}

/** 0: gone, or not ours to look at; whoever uses the name finds out again. */
function inodeOf(name: string): number {
  try {
    return lstatSync(nameOf(name), { throwIfNoEntry: false })?.ino ?? 0;
  } catch {
    return 0;
  }
}

/**
 * A numeric sort without a comparator is ten times as fast: the key holds 35 bits of the inode and the index below
 * them.
 */
function sortedBy(inodes: readonly number[], names: readonly string[]): readonly string[] {
  const keys = Float64Array.from(inodes, (inode, at) => (inode % 2 ** 35) * WINDOW + at);
  return Array.from(keys.sort(), (key) => names[key % WINDOW] ?? '');
}

import * as fs from 'node:fs';
import { join } from 'node:path';
import { isObject, type Json } from '../model/json.ts';
import type { Gone } from '../model/run/retention.ts';
import { type Disk, syncFolder, writeAll, writeDurably } from './disk.ts';
import { type JournalPlace, runsIn } from './places.ts';

/**
 * One line for each run that has gone. Synced before its folder goes: limits, cool-downs and used plans are looked up
 * here too.
 */
export const TALLY = 'tally.ndjson';
/** Above this size the lines of runs that only looked are dropped: nothing needs them. */
const LARGE = 1 << 18;
const MOST_READ = 1 << 24;
const NEWLINE = 10;

/** Throws what the system says; then nothing may go. */
export function appendTally({ path }: JournalPlace, gone: Gone, disk: Disk): void {
  const file = join(path, TALLY);
  const line = `${JSON.stringify(gone)}\n`;
  shorten(path, line.length, disk);
  const isNew = !fs.existsSync(file);
  const { O_CREAT, O_RDWR, O_APPEND, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const fd = disk.openSync(file, O_CREAT | O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK, 0o600);
  try {
    const { size } = regular(fd, file);
    // A line that was cut short before is ended, and left out by whoever reads.
    const start = size > 0 && lastByte(fd, size) !== NEWLINE ? '\n' : '';
    writeAll(fd, Buffer.from(`${start}${line}`), disk);
    disk.fsyncSync(fd);
  } finally {
    disk.closeSync(fd);
  }
  if (isNew) syncFolder(path, disk);
}

function regular(fd: number, file: string): fs.Stats {
  const found = fs.fstatSync(fd);
  if (!found.isFile() || found.nlink !== 1) throw new Error(`${file} is not a file of its own`);
  return found;
}

function lastByte(fd: number, size: number): number | undefined {
  const last = Buffer.alloc(1);
  fs.readSync(fd, last, 0, 1, size - 1);
  return last[0];
}

/**
 * The runs that were deleted from these places, each once, the newest first. Lines that cannot be read are left out.
 */
export function readTally(places: readonly JournalPlace[], uid: number): readonly Gone[] {
  const lines = places.flatMap((place) => (runsIn(place, uid).ok ? linesOf(join(place.path, TALLY)) : []));
  return [...new Map(lines.map((gone) => [gone.gone, gone])).values()].reverse();
}

function linesOf(file: string): readonly Gone[] {
  try {
    const fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
    try {
      const { size } = regular(fd, file);
      const bytes = Buffer.alloc(Math.min(size, MOST_READ));
      fs.readSync(fd, bytes, 0, bytes.length, size - bytes.length);
      return bytes.toString('utf8').split('\n').flatMap(lineOf);
    } finally {
      fs.closeSync(fd);
    }
  } catch {
    return [];
  }
}

function lineOf(text: string): readonly Gone[] {
  try {
    const gone = JSON.parse(text) as Json;
    return isObject(gone) && typeof gone.gone === 'string' && typeof gone.at === 'string'
      ? [gone as unknown as Gone]
      : [];
  } catch {
    return [];
  }
}

/**
 * Drops lines of runs that only looked and keeps those that acted. If the new file finds no room, the old one stays.
 */
function shorten(path: string, more: number, disk: Disk): void {
  const file = join(path, TALLY);
  try {
    const { size } = fs.lstatSync(file);
    // Each time that it has grown by so much: what is left may be as large.
    if (Math.floor(size / LARGE) === Math.floor((size + more) / LARGE)) return;
    const kept = linesOf(file).filter(({ acted, plan }) => acted !== null || plan !== null);
    writeDurably(path, TALLY, Buffer.from(kept.map((gone) => `${JSON.stringify(gone)}\n`).join('')), disk);
  } catch {
    // It is appended to as it is.
  }
}

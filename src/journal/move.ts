import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { failure, type Result } from '../model/host.ts';
import { createFile, type Disk, errorCode, hasRoom, messageOf, syncFolder, writeAll, writtenSize } from './disk.ts';
import { sha256 } from './line.ts';
import { type JournalPlace, makePlace } from './places.ts';

export interface Moved {
  readonly moved: boolean;
  /** Where the run's folder is now. */
  readonly folder: string;
}

interface Move {
  readonly folder: string;
  readonly home: JournalPlace;
  readonly uid: number;
  readonly disk: Disk;
  /** Whether the journal is still written to: `fd` is then open on the copy. */
  readonly write: boolean;
}

/**
 * Copies a run's folder home, syncs it, reads it back, gives it its name, and only then takes the old one away. Dying
 * at any point leaves at least one whole copy, and where there are two, `find` takes the longer, then the one at home.
 */
export function moveHome({ folder, home, uid, disk, write }: Move): Result<Moved & { readonly fd: number | null }> {
  let fd: number | null = null;
  let copy: string | null = null;
  try {
    if (!hasRoom(home.path, sizeOf(folder), disk)) return failure('ENOSPC', `${home.path} has hardly any room yet`);
    const runs = makePlace(home, uid, disk);
    const beside = join(runs, `.${basename(folder)}.moving`);
    copy = beside;
    fs.rmSync(beside, { recursive: true, force: true });
    copyFolder(folder, beside, disk);
    fd = write
      ? fs.openSync(
          join(beside, 'journal.ndjson'),
          fs.constants.O_WRONLY | fs.constants.O_APPEND | fs.constants.O_NOFOLLOW,
        )
      : null;
    const there = join(runs, basename(folder));
    disk.renameSync(beside, there);
    copy = there;
    syncFolder(runs, disk);
    removeOld(folder, disk);
    return { ok: true, moved: true, folder: there, fd };
  } catch (error) {
    takeBack(fd, copy, disk);
    return failure(errorCode(error), `the journal stays in ${folder}: ${messageOf(error)}`);
  }
}

function takeBack(fd: number | null, copy: string | null, disk: Disk): void {
  try {
    if (fd !== null) disk.closeSync(fd);
    if (copy !== null) fs.rmSync(copy, { recursive: true, force: true });
  } catch {
    // An older, shorter copy at home gives way to the longer one.
  }
}

function copyFolder(from: string, to: string, disk: Disk): void {
  disk.mkdirSync(to, { mode: 0o700 });
  for (const entry of entriesOf(from)) {
    if (entry.isDirectory()) copyFolder(join(from, entry.name), join(to, entry.name), disk);
    else if (entry.isFile()) copyFile(join(from, entry.name), join(to, entry.name), disk);
  }
  syncFolder(to, disk);
}

function copyFile(from: string, to: string, disk: Disk): void {
  const bytes = written(from);
  const fd = createFile(to, disk);
  try {
    writeAll(fd, bytes, disk);
    disk.fsyncSync(fd);
  } finally {
    disk.closeSync(fd);
  }
  if (sha256(fs.readFileSync(to)) !== sha256(bytes)) throw new Error(`${to} reads back differently`);
}

/** The copy is complete. It is no failure if the old one stays. */
function removeOld(folder: string, disk: Disk): void {
  try {
    fs.rmSync(folder, { recursive: true, force: true });
    syncFolder(dirname(folder), disk);
  } catch {
    // The next look finds the run twice and takes one of them.
  }
}

function sizeOf(folder: string): number {
  return entriesOf(folder).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    return sum + (entry.isDirectory() ? sizeOf(path) : writtenSize(path));
  }, 0);
}

/** Without blanks and what is only begun: their names start with a dot. */
function entriesOf(folder: string): readonly fs.Dirent[] {
  return fs.readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !name.startsWith('.'));
}

/** A prepared journal ends in NUL bytes that nobody wrote; a record may end in its own. */
function written(path: string): Buffer {
  const bytes = fs.readFileSync(path);
  return basename(path) === 'journal.ndjson' ? bytes.subarray(0, writtenSize(path)) : bytes;
}

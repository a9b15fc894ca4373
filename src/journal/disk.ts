import * as fs from 'node:fs';
import { dirname } from 'node:path';

/**
 * The calls that a full or failing disk answers badly; a test gives its own. Synchronous: libuv's pool may not be able
 * to start on the sick host.
 */
export type Disk = Pick<
  typeof fs,
  'mkdirSync' | 'openSync' | 'writeSync' | 'fdatasyncSync' | 'fsyncSync' | 'renameSync' | 'statfsSync' | 'closeSync'
>;

export const realDisk: Disk = fs;

/** A new file for us alone: fails where anything of that name is, a dangling link too. */
export function createFile(path: string, disk: Disk): number {
  const { O_CREAT, O_EXCL, O_WRONLY, O_APPEND, O_NOFOLLOW } = fs.constants;
  return disk.openSync(path, O_CREAT | O_EXCL | O_WRONLY | O_APPEND | O_NOFOLLOW, 0o600);
}

/**
 * write(2) may take less than it was given, and Node's writeSync does not loop. `at`: over what is there, null: at the
 * end.
 */
export function writeAll(fd: number, bytes: Uint8Array, disk: Disk, at: number | null = null): void {
  let from = 0;
  while (from < bytes.length) {
    const taken = disk.writeSync(fd, bytes, from, bytes.length - from, at === null ? null : at + from);
    if (taken <= 0) throw Object.assign(new Error('the disk took no byte'), { code: 'EIO' });
    from += taken;
  }
}

/** A name is durable only once its folder is synced: fsync(2). */
export function syncFolder(path: string, disk: Disk): void {
  const fd = disk.openSync(path, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW);
  try {
    disk.fsyncSync(fd);
  } finally {
    disk.closeSync(fd);
  }
}

/** A whole file, durable under its final name or not there: written beside, synced, renamed. */
export function writeDurably(folder: string, name: string, bytes: Uint8Array, disk: Disk): void {
  const beside = `${folder}/.${name}.new`;
  fs.rmSync(beside, { force: true });
  const fd = createFile(beside, disk);
  try {
    writeAll(fd, bytes, disk);
    disk.fsyncSync(fd);
  } finally {
    disk.closeSync(fd);
  }
  disk.renameSync(beside, `${folder}/${name}`);
  syncFolder(folder, disk);
}

/**
 * Whether a file system takes a run comfortably: a journal, its records, some headroom. Zero inodes in total: it has no
 * table to run out of (btrfs).
 */
export function hasRoom(path: string, bytes: number, disk: Disk): boolean {
  const { bavail, bsize, files, ffree } = disk.statfsSync(nearest(path));
  return bavail * bsize >= bytes + ROOM.bytes && (files === 0 || ffree >= ROOM.inodes);
}
const ROOM = { bytes: 1 << 20, inodes: 32 };

/** The path, or its nearest existing parent: asking for room must not create anything. */
export function nearest(path: string): string {
  let at = path;
  while (at !== dirname(at) && !fs.existsSync(at)) at = dirname(at);
  return at;
}

/** Size without the NUL bytes at the end: a prepared file is full of them. Throws where it cannot be read. */
export function writtenSize(path: string): number {
  const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
  try {
    const slice = Buffer.alloc(1 << 16);
    for (let end = fs.fstatSync(fd).size; end > 0; ) {
      const from = Math.max(0, end - slice.length);
      const taken = fs.readSync(fd, slice, 0, end - from, from);
      const last = slice.subarray(0, taken).findLastIndex((byte) => byte !== 0);
      if (last >= 0) return from + last + 1;
      end = from;
    }
    return 0;
  } finally {
    fs.closeSync(fd);
  }
}

export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

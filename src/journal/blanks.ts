import * as fs from 'node:fs';
import { join } from 'node:path';
import { type Disk, syncFolder, writeAll } from './disk.ts';

/**
 * A record without content, taken while the host was well: a file of NUL bytes that the next record is written over.
 */
export const BLANK = '.blank-';

export function blanksIn(records: string): readonly string[] {
  return fs
    .readdirSync(records)
    .filter((name) => name.startsWith(BLANK))
    .sort();
}

/**
 * Writes a record over a blank, cuts it to its length and gives it its name: no inode, no block. False where no blank
 * is large enough.
 */
export function writeOverBlank(records: string, name: string, bytes: Uint8Array, disk: Disk): boolean {
  const blank = blanksIn(records).find((each) => fs.lstatSync(join(records, each)).size >= bytes.length);
  if (blank === undefined) return false;
  const fd = disk.openSync(join(records, blank), fs.constants.O_WRONLY | fs.constants.O_NOFOLLOW);
  try {
    writeAll(fd, bytes, disk, 0);
    fs.ftruncateSync(fd, bytes.length);
    disk.fsyncSync(fd);
  } finally {
    disk.closeSync(fd);
  }
  disk.renameSync(join(records, blank), join(records, name));
  syncFolder(records, disk);
  return true;
}

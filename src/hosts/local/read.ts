import { closeSync, constants, fstatSync, readSync, type Stats } from 'node:fs';
import { type Failure, type FileContent, failure } from '../../model/host.ts';
import { fileContent } from '../files/content.ts';
import { borrowed, type Ground, mayBeBorrowed } from '../files/strangers.ts';
import { failureOf } from '../linux/errno.ts';
import { ours } from './ours.ts';
import { pin, reopen } from './pin.ts';

export function readFile(path: string, max: number): FileContent {
  const opened = openRegular(path, constants.O_RDONLY);
  if (!opened.ok) return opened;
  try {
    const bytes = readAll(opened.fd, max);
    if (bytes === null) return failure('EFBIG', `${path} is larger than ${max} bytes`);
    const { mode, uid, gid, nlink, mtimeMs } = fstatSync(opened.fd);
    return fileContent({ path, real: opened.path }, bytes, {
      mode,
      uid,
      gid,
      links: nlink,
      modified: Math.trunc(mtimeMs),
    });
  } catch (error) {
    return failureOf(error, path);
  } finally {
    closeSync(opened.fd);
  }
}

interface Opened {
  readonly ok: true;
  readonly fd: number;
  /** Without links. */
  readonly path: string;
  readonly stat: Stats;
  readonly ground: Ground;
}

/**
 * Opens a regular file, and nothing else: a FIFO would hang the read, a device may act on being opened. What is opened
 * is what was looked at.
 */
export function openRegular(path: string, flags: number, how: Parameters<typeof pin>[2] = {}): Opened | Failure {
  const place = pin(path, 'follow', how);
  if (!place.ok) return place;
  try {
    const { stat, real, ground } = place;
    if (!stat.isFile()) return failure('not-regular', `${path} is not a regular file`);
    if (mayBeBorrowed(ground, { uid: stat.uid, mode: stat.mode, links: stat.nlink }, ours())) return borrowed(path);
    return { ok: true, fd: reopen(place, flags | constants.O_NONBLOCK | constants.O_NOCTTY), path: real, stat, ground };
  } catch (error) {
    return failureOf(error, path);
  } finally {
    closeSync(place.fd);
  }
}

/** To the end and not to the size: files of /proc say 0. Null: more than `max`. */
export function readAll(fd: number, max: number): Buffer | null {
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(Math.min(65_536, max + 1 - total));
    const got = readSync(fd, chunk, 0, chunk.length, total);
    if (got === 0) return Buffer.concat(chunks);
    total += got;
    if (total > max) return null;
    chunks.push(chunk.subarray(0, got));
  }
}

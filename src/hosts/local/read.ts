import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from 'node:fs';
import { type Failure, type FileContent, failure } from '../../model/host.ts';
import { fileContent } from '../file-content.ts';
import { failed } from './errno.ts';
import { safePath } from './mounts.ts';

export function readFile(path: string, max: number): FileContent {
  const opened = openRegular(path, constants.O_RDONLY);
  if (!opened.ok) return opened;
  try {
    const bytes = readAll(opened.fd, max);
    if (bytes === null) return failure('EFBIG', `${path} is larger than ${max} bytes`);
    const { mode, uid, gid, nlink, mtimeMs } = fstatSync(opened.fd);
    return fileContent(path, bytes, { mode, uid, gid, links: nlink, modified: Math.trunc(mtimeMs) });
  } catch (error) {
    return failed(error, path);
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
}

/**
 * Opens a regular file, and nothing else: a FIFO would hang the read, a device may act on being opened. A link in the last component is followed only if
 * root or we made it (/etc/crontab may well be one); in a folder that others can write, theirs would make us read or overwrite what they chose.
 */
export function openRegular(path: string, flags: number): Opened | Failure {
  const kept = safePath(path, 'keep');
  if (!kept.ok) return kept;
  try {
    const seen = lstatSync(kept.path);
    if (!seen.isSymbolicLink()) return open(kept.path, path, flags);
    if (seen.uid !== 0 && seen.uid !== process.getuid?.())
      return failure('ELOOP', `${path} is a symbolic link that another user made: not followed`);
    const real = safePath(path, 'follow');
    return real.ok ? open(real.path, path, flags) : real;
  } catch (error) {
    return failed(error, path);
  }
}

function open(real: string, path: string, flags: number): Opened | Failure {
  if (!lstatSync(real).isFile()) return notRegular(path);
  // Between the look and the open it may have become a FIFO or a link all the same.
  const fd = openSync(real, flags | constants.O_NONBLOCK | constants.O_NOFOLLOW | constants.O_NOCTTY);
  const stat = fstatSync(fd);
  if (stat.isFile()) return { ok: true, fd, path: real, stat };
  closeSync(fd);
  return notRegular(path);
}

const notRegular = (path: string): Failure => failure('not-regular', `${path} is not a regular file`);

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

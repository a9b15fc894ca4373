import { accessSync, closeSync, constants } from 'node:fs';
import type { Result } from '../../model/host.ts';
import { failureOf } from '../linux/errno.ts';
import { pin } from './pin.ts';
import { openRegular } from './read.ts';

/**
 * The kernel is asked, and nothing is written: root may write whatever the mode says, but not what is immutable or on a
 * file system that is read-only.
 */
export function writable(path: string): Result<object> {
  const folder = isFolder(path);
  if (folder !== null) return folder;
  const opened = openRegular(path, constants.O_WRONLY);
  if (!opened.ok) return opened;
  closeSync(opened.fd);
  return { ok: true };
}

/** Of a folder: whether names may be made and changed in it. Null: it is none. */
function isFolder(path: string): Result<object> | null {
  const place = pin(path, 'keep');
  if (!place.ok) return place;
  try {
    if (!place.stat.isDirectory()) return null;
    accessSync(`/proc/self/fd/${place.fd}/.`, constants.W_OK);
    return { ok: true };
  } catch (error) {
    return failureOf(error, path);
  } finally {
    closeSync(place.fd);
  }
}

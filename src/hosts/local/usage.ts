import { closeSync, statfsSync } from 'node:fs';
import type { FileSystemUsage, Result } from '../../model/host.ts';
import { failureOf } from '../linux/errno.ts';
import { pin } from './pin.ts';

/**
 * statfs(2). `f_bavail` leaves out what ext4 keeps for root (5 %): df(1) and an ordinary program see it so. Inodes are
 * kept back for nobody.
 */
export function fileSystemUsage(path: string): Result<FileSystemUsage> {
  const found = pin(path, 'follow');
  if (!found.ok) return found;
  try {
    const stat = statfsSync(`/proc/self/fd/${found.fd}`);
    return {
      ok: true,
      path,
      mount: found.mount.at,
      source: found.mount.source,
      type: found.mount.type,
      space: { total: stat.blocks * stat.bsize, free: stat.bavail * stat.bsize },
      inodes: { total: stat.files, free: stat.ffree },
    };
  } catch (error) {
    return failureOf(error, path);
  } finally {
    closeSync(found.fd);
  }
}

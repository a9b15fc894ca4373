import { statfsSync } from 'node:fs';
import type { FileSystemUsage, Result } from '../../model/host.ts';
import { failed } from './errno.ts';
import { safePath } from './mounts.ts';

/** statfs(2). `f_bavail` leaves out what ext4 keeps for root (5 %): df(1) and an ordinary program see it so. Inodes are kept back for nobody. */
export function usage(path: string): Result<FileSystemUsage> {
  const found = safePath(path, 'follow');
  if (!found.ok) return found;
  try {
    const stat = statfsSync(found.path);
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
    return failed(error, path);
  }
}

import { type Failure, failure } from '../../model/host.ts';

const SAID: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'not a directory',
  ELOOP: 'a symbolic link',
  ENOSPC: 'no space left on device: no free block or no free inode',
  EDQUOT: 'the quota is used up',
  EROFS: 'the file system is read-only',
  EBUSY: 'in use: a mount point',
  EISDIR: 'a directory',
};

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'EIO';
}

export function saidOf(code: string): string {
  return SAID[code] ?? code;
}

/**
 * A system call's error as a value. Node's own message would repeat the call and the path. An error without an errno is
 * our own bug and goes up.
 */
export function failureOf(error: unknown, path: string): Failure {
  if (!(error instanceof Error && 'code' in error)) throw error;
  const code = codeOf(error);
  return failure(code, `${path}: ${saidOf(code)}`);
}

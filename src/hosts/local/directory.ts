import { closeSync, constants, type Dir, type Dirent, fstatSync, opendirSync, openSync } from 'node:fs';
import { type Failure, type FileType, failure } from '../../model/host.ts';
import { failed } from './errno.ts';
import { safePath } from './mounts.ts';

/** O_PATH of open(2), which Node has no name for: a descriptor that only marks a place needs no right to read it. */
const O_PATH = 0o10000000;

/**
 * A directory, opened once. Whatever happens to its path afterwards (renamed, a symlink swapped in, a mount laid over it), what is done through the
 * descriptor is done in this directory.
 */
export interface Directory {
  readonly ok: true;
  readonly path: string;
  readonly device: number;
  readonly inode: number;
  /** In no order, and nothing in it is followed. */
  readonly entries: () => Dir;
  /**
   * Synchronous work with this directory as the working directory, so that a bare name is all that a call has to resolve: a third less system time than
   * by /proc/self/fd/N/name. The working directory is the process's: nothing else runs in between, and it is put back before anything else can.
   */
  readonly inside: <T>(work: () => T) => T;
  readonly close: () => void;
}

export function openDirectory(path: string): Directory | Failure {
  const safe = safePath(path, 'keep');
  if (!safe.ok) return safe;
  try {
    // The kernel follows a link whose name ends with a slash in spite of O_NOFOLLOW; `safe.path` has none at its end.
    const fd = openSync(safe.path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    return pinned(fd, path);
  } catch (error) {
    return linkOrFailed(error, path);
  }
}

function pinned(fd: number, path: string): Directory {
  const { dev, ino } = fstatSync(fd);
  const home = openHome();
  return {
    ok: true,
    path,
    device: dev,
    inode: ino,
    // latin1: one character a byte, so that a name that is not UTF-8 survives. The default makes a name of it that no call finds again.
    entries: () => opendirSync(`/proc/self/fd/${fd}/`, { encoding: 'latin1', bufferSize: 512 }),
    inside: (work) => {
      process.chdir(`/proc/self/fd/${fd}`);
      try {
        return work();
      } finally {
        process.chdir(home === null ? '/' : `/proc/self/fd/${home}`);
      }
    },
    close: () => {
      closeSync(fd);
      if (home !== null) closeSync(home);
    },
  };
}

/** Null: our working directory cannot be marked; / will do, nothing of ours depends on it. */
function openHome(): number | null {
  try {
    return openSync('.', O_PATH | constants.O_DIRECTORY);
  } catch {
    return null;
  }
}

/** open(2) says ENOTDIR for a symlink when O_DIRECTORY and O_NOFOLLOW are both given. */
function linkOrFailed(error: unknown, path: string): Failure {
  const refused = failed(error, path);
  if (refused.code !== 'ENOTDIR' && refused.code !== 'ELOOP') return refused;
  return failure('ENOTDIR', `${path}: a symbolic link or not a directory; name the directory itself`);
}

/** A name as a system call takes it: ASCII as it is, else its very bytes. */
export function nameOf(latin1: string): string | Buffer {
  return /^[\x01-\x7f]*$/.test(latin1) ? latin1 : Buffer.from(latin1, 'latin1');
}

type Kinds = Pick<Dirent, 'isFile' | 'isDirectory' | 'isSymbolicLink' | 'isFIFO' | 'isSocket' | 'isBlockDevice' | 'isCharacterDevice'>;

/** Undefined: an old or odd file system that does not tell the type with the entry. */
export function typeOf(entry: Kinds): FileType | undefined {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  if (entry.isSymbolicLink()) return 'symlink';
  if (entry.isFIFO()) return 'fifo';
  if (entry.isSocket()) return 'socket';
  return entry.isBlockDevice() || entry.isCharacterDevice() ? 'device' : undefined;
}

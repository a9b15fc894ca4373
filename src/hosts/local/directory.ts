import { closeSync, constants, type Dir, type Dirent, opendirSync, openSync } from 'node:fs';
import { type Failure, type FileType, failure } from '../../model/host.ts';
import { namedLink } from '../files/strangers.ts';
import { failureOf } from '../linux/errno.ts';
import { O_PATH, type Pinned, pin, reopen, resolvePath } from './pin.ts';
import { vitalHere } from './vital-here.ts';

/**
 * A directory, opened once. Whatever happens to its path afterwards (renamed, a symlink swapped in, a mount laid over
 * it), what is done through the descriptor is done in this directory.
 */
export interface Directory {
  readonly ok: true;
  /** As it was asked for. */
  readonly path: string;
  /** Without links. */
  readonly real: string;
  /** The vital folder that it is or lies below, under whatever name; null: none. */
  readonly vital: string | null;
  readonly device: number;
  readonly inode: number;
  /** In no order, and nothing in it is followed. */
  readonly entries: () => Dir;
  /**
   * Synchronous work with this directory as the working directory, so that a bare name is all that a call has to
   * resolve: a third less system time than by /proc/self/fd/N/name. The working directory is the process's: nothing
   * else runs in between, and it is put back before anything else can.
   */
  readonly inside: <T>(work: () => T) => T;
  readonly close: () => void;
}

/** Never a link: whoever names one is told where it leads, and names that. */
export function openDirectory(path: string): Directory | Failure {
  const place = pin(path, 'keep');
  if (!place.ok) return place;
  try {
    if (place.stat.isSymbolicLink()) return namedLink(path, resolvePath(path));
    if (!place.stat.isDirectory()) return failure('ENOTDIR', `${path} is not a directory`);
    return directoryAt(path, place);
  } catch (error) {
    return failureOf(error, path);
  } finally {
    closeSync(place.fd);
  }
}

function directoryAt(path: string, place: Pinned): Directory {
  const vital = vitalHere(place);
  const fd = reopen(place, constants.O_RDONLY | constants.O_DIRECTORY);
  const home = openHome();
  return {
    ok: true,
    path,
    real: place.real,
    vital,
    device: place.stat.dev,
    inode: place.stat.ino,
    // latin1: one character a byte, so that a name that is not UTF-8 survives. The default makes a name of it that no
    // call finds again.
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

/** Null: we cannot return to our working directory. Then / is used; nothing depends on it. */
function openHome(): number | null {
  try {
    return openSync('.', O_PATH | constants.O_DIRECTORY);
  } catch {
    return null;
  }
}

/** A name as a system call takes it: ASCII as it is, else its very bytes. */
export function nameOf(latin1: string): string | Buffer {
  return /^[\x01-\x7f]*$/.test(latin1) ? latin1 : Buffer.from(latin1, 'latin1');
}

type Kinds = Pick<
  Dirent,
  'isFile' | 'isDirectory' | 'isSymbolicLink' | 'isFIFO' | 'isSocket' | 'isBlockDevice' | 'isCharacterDevice'
>;

/** Undefined: an old or odd file system that does not tell the type with the entry. */
export function fileTypeOf(entry: Kinds): FileType | undefined {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  if (entry.isSymbolicLink()) return 'symlink';
  if (entry.isFIFO()) return 'fifo';
  if (entry.isSocket()) return 'socket';
  return entry.isBlockDevice() || entry.isCharacterDevice() ? 'device' : undefined;
}

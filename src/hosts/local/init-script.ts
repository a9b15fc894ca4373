import { accessSync, closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { type DaemonAbout, pidOf, type Sight } from '../daemon-about.ts';
import { allPids, argsOf, inContainer, readPid } from './pid.ts';
import { readExe } from './proc.ts';

/** This machine, read a file at a time as it is asked for. */
export const SIGHT: Sight = {
  pidIn: readPidFile,
  stat: readPid,
  exe: (pid) => readExe(`/proc/${pid}`),
  args: argsOf,
  elsewhere: inContainer,
  all: allPids,
  realPath,
};

/** Not seeing a daemon means that there is none: its pid file may be read, or at least all processes are in sight (proc(5), hidepid). */
export function wouldBeSeen(about: DaemonAbout): boolean {
  return readPid(1) !== null || !about.pidFiles.some(isHidden);
}

function isHidden(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Not followed and not waited for: /run/NAME may belong to the daemon's user. */
export function readPidFile(path: string): number | null {
  return pidOf(readSmall(path, 256) ?? '');
}

/** Null for what is not a regular file, is a link, or cannot be read; a FIFO does not hang. */
export function readSmall(path: string, max: number, follow = false): string | null {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | (follow ? 0 : constants.O_NOFOLLOW));
    if (!fstatSync(file).isFile()) return null;
    const bytes = Buffer.alloc(max);
    return bytes.subarray(0, readSync(file, bytes, 0, max, 0)).toString('utf8');
  } catch {
    return null;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

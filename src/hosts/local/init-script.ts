import { accessSync, closeSync, constants, fstatSync, lstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { bootTime } from '../linux/boot-time.ts';
import { type DaemonAbout, pidOf } from '../linux/daemon-about.ts';
import type { PidFile, Sight } from '../linux/main-process.ts';
import { idsAmong, parsePasswd } from '../linux/passwd.ts';
import { allPids, argsOf, readPid, ticksToMilliseconds } from '../linux/pid.ts';
import { type PidFileEntry, prefixesOf, writerOf } from '../linux/pid-file.ts';
import { readExe, readStatus } from '../linux/proc.ts';

/** This machine, read a file at a time as it is asked for. */
export function sightHere(): Sight {
  const boot = bootTime();
  return {
    pidIn: readPidFile,
    stat: readPid,
    exe: (pid) => readExe(`/proc/${pid}`),
    args: argsOf,
    status: (pid) => readStatus(`/proc/${pid}`),
    all: allPids,
    realPath,
    isScript: (path) => readSmall(path, 2, true) === '#!',
    ids: (users) => new Set([process.geteuid?.() ?? 0, ...idsOf(users)]),
    startedAt: ({ start }) => boot + ticksToMilliseconds(start),
    bootTime: boot,
  };
}

function idsOf(users: readonly string[]): readonly number[] {
  const passwd = users.length === 0 ? {} : parsePasswd(readSmall('/etc/passwd', MOST_PASSWD, true) ?? '');
  return idsAmong(passwd, users);
}

const MOST_PASSWD = 4 * 1024 * 1024;

/**
 * Not seeing a daemon means that there is none: its pid file may be read, or at least all processes are in sight
 * (proc(5), hidepid).
 */
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
export function readPidFile(path: string): PidFile | null {
  const pid = pidOf(readSmall(path, 256) ?? '');
  if (pid === null) return null;
  try {
    const file = lstatSync(path);
    const folders = new Set([...prefixesOf(dirname(path)), ...prefixesOf(realpathSync(dirname(path)))]);
    return { pid, ...writerOf({ uid: file.uid, mode: file.mode }, [...folders].map(entryOf)), written: file.mtimeMs };
  } catch {
    return null;
  }
}

function entryOf(path: string): PidFileEntry {
  const { uid, mode } = lstatSync(path);
  return { uid, mode };
}

/** Null for what is not a regular file, is a link, or cannot be read; a FIFO does not hang. */
export function readSmall(path: string, max: number, follow = false): string | null {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | (follow ? 0 : constants.O_NOFOLLOW));
    if (!fstatSync(file).isFile()) return null;
    const bytes = Buffer.alloc(Math.min(max, fstatSync(file).size));
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0)).toString('utf8');
  } catch {
    return null;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

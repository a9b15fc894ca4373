import * as fs from 'node:fs';
import { codeOf, createFile, messageOf, realDisk, writeAll } from '../journal/disk.ts';
import { findRuns } from '../journal/find.ts';
import { placesFor, type Who } from '../journal/places.ts';
import { useOfPlan } from '../journal/used.ts';
import { type Failure, failure, type Result } from '../model/host.ts';

/** A plan lists every process that it would end, and the journal's largest are some 2 MiB. */
const LARGEST = 64 << 20;

/** A new file for its owner alone: never over another one, never through a link. What could not be written whole is taken away again. */
export function writeNew(path: string, text: string): Result<object> {
  let fd: number;
  try {
    fd = createFile(path, realDisk);
  } catch (error) {
    return codeOf(error) === 'EEXIST'
      ? failure('EEXIST', `${path} is there already, and a plan is never written over anything`)
      : said(path, error);
  }
  try {
    writeAll(fd, Buffer.from(text), realDisk);
    fs.fsyncSync(fd);
    return { ok: true };
  } catch (error) {
    fs.rmSync(path, { force: true });
    return said(path, error);
  } finally {
    fs.closeSync(fd);
  }
}

function said(path: string, error: unknown): Failure {
  return failure(codeOf(error), `${path} cannot be written: ${messageOf(error)}`);
}

/** Opened once and checked on the descriptor: whoever else can write to a plan would choose what is run. */
export function readOwn(path: string, uid: number): Result<{ readonly text: string }> {
  let fd: number;
  try {
    fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
  } catch (error) {
    return failure(codeOf(error) === 'ENOENT' ? 'ENOENT' : codeOf(error), `${path} cannot be read: ${messageOf(error)}`);
  }
  try {
    return suspicion(path, fs.fstatSync(fd), uid) ?? { ok: true, text: fs.readFileSync(fd, 'utf8') };
  } finally {
    fs.closeSync(fd);
  }
}

function suspicion(path: string, found: fs.Stats, uid: number): Failure | null {
  if (!found.isFile()) return failure('not-a-file', `${path} is no regular file`);
  if (found.size > LARGEST) return failure('EFBIG', `${path} is larger than any plan`);
  if (found.uid !== uid && found.uid !== 0) return failure('not-ours', `${path} belongs to uid ${found.uid}: chown ${uid} ${path}`);
  return (found.mode & 0o022) === 0 ? null : failure('writable', `others may write to ${path}: chmod 600 ${path}`);
}

/** For looking only: any plan that can be read, a colleague's too. */
export function readAny(path: string): Result<{ readonly text: string }> {
  try {
    return { ok: true, text: fs.readFileSync(path, 'utf8') };
  } catch (error) {
    return failure(codeOf(error), `${path} cannot be read: ${messageOf(error)}`);
  }
}

/** The run of this host that has carried the plan out; null: it is fresh. */
export function planUse(who: Who, plan: string): { readonly run: string; readonly finished: boolean } | null {
  return useOfPlan(findRuns({ places: placesFor(who), uid: who.uid }).runs, plan);
}

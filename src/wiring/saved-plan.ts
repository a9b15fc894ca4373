import * as fs from 'node:fs';
import { basename, dirname } from 'node:path';
import { pin } from '../hosts/local/pin.ts';
import { readPlainText, sayUnread } from '../hosts/read-text.ts';
import { createFile, errorCode, messageOf, realDisk, writeAll } from '../journal/disk.ts';
import { findRuns } from '../journal/find.ts';
import { placesFor, type Who } from '../journal/places.ts';
import { readTally } from '../journal/tally.ts';
import { useOfPlan } from '../journal/used.ts';
import { type Failure, failure, type Result } from '../model/host.ts';
import type { SavedPlan } from '../model/run/saved-plan.ts';
import { hostsHere } from './host.ts';
import type { TrustedReader } from './trusted.ts';

/**
 * A new file for its owner alone: never over another one, never through a link, nor into a folder that a stranger's link
 * leads to. What could not be written whole is taken away again.
 */
export function writeNew(path: string, text: string): Result<object> {
  const folder = pin(dirname(path), 'follow', { patient: true });
  if (!folder.ok) return folder;
  try {
    return writeAt(`/proc/self/fd/${folder.fd}/${basename(path)}`, { path, text });
  } finally {
    fs.closeSync(folder.fd);
  }
}

function writeAt(place: string, { path, text }: { readonly path: string; readonly text: string }): Result<object> {
  let fd: number;
  try {
    fd = createFile(place, realDisk);
  } catch (error) {
    return errorCode(error) === 'EEXIST'
      ? failure('EEXIST', `${path} is there already, and a plan is never written over anything`)
      : said(path, error, place);
  }
  try {
    writeAll(fd, Buffer.from(text), realDisk);
    fs.fsyncSync(fd);
    return { ok: true };
  } catch (error) {
    fs.rmSync(place, { force: true });
    return said(path, error, place);
  } finally {
    fs.closeSync(fd);
  }
}

function said(path: string, error: unknown, place = path): Failure {
  return failure(errorCode(error), `${path} cannot be written: ${messageOf(error).replace(place, path)}`);
}

/** Whoever else can write to a plan would choose what is run; so it is no link either. */
export function readOwnPlan(path: string, reader: TrustedReader): Result<{ readonly text: string }> {
  try {
    if (fs.lstatSync(path).isSymbolicLink()) return failure('ELOOP', `${path} is a link; name the plan itself`);
  } catch (error) {
    return failure(errorCode(error), sayUnread(path, errorCode(error)));
  }
  return reader.read(path);
}

/** For looking only: any plan that can be read, a colleague's too. */
export function readAny(path: string): Result<{ readonly text: string }> {
  return readPlainText(path);
}

/**
 * Who saved a plan is told by whom its file belongs to: what the file says of its author anybody can write, with an id
 * that fits. With sudo both names are root's.
 */
export async function authorOf(
  path: string,
  { by }: SavedPlan,
  me: { readonly uid: number; readonly user: string },
): Promise<string> {
  const uid = fs.statSync(path).uid;
  if (uid === me.uid && by === me.user) return by;
  const owner = (await hostsHere().host.machine.users())[String(uid)] ?? `uid ${uid}`;
  if (by === owner || (uid === 0 && by.endsWith(' (sudo)'))) return by;
  return `${owner}, whose file it is (it says ${by})`;
}

/** The run of this host that has carried the plan out; null: it is fresh. */
export function planUse(
  who: Who,
  { id: plan, at }: SavedPlan,
): { readonly run: string; readonly finished: boolean } | null {
  const places = placesFor(who);
  const { runs } = findRuns({ places, uid: who.uid });
  return useOfPlan(runs, { plan, since: Date.parse(at) - SET_BACK, tally: readTally(places, who.uid) });
}

/** A clock that was set back meanwhile makes a run look older than the plan that it used: by so much it may be. */
const SET_BACK = 32 * 24 * 3_600_000;

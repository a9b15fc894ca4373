import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { failure, type Result } from '../model/host.ts';
import { type Disk, errorCode, messageOf, syncFolder } from './disk.ts';
import type { FoundRun } from './find.ts';

/** The prefix of folders that are being deleted: their line is already in the tally. */
const GOING = '.gone-';

/**
 * Takes a run away: renamed first, so that it is there or not there whatever happens in between, and looked at once
 * more under its new name. Who has taken it up meanwhile has touched its journal (reopen.ts): then it comes back. The
 * folder is in one of ours (places.ts), and no link is followed.
 */
export function removeRun({ folder, written }: FoundRun, uid: number, disk: Disk): Result<object> {
  try {
    if (!isOwnFolder(folder, uid)) return failure('foreign', `${folder} is not a folder of ours`);
    const going = join(dirname(folder), `${GOING}${basename(folder)}`);
    disk.renameSync(folder, going);
    if (fs.lstatSync(join(going, 'journal.ndjson')).mtimeMs !== written) {
      disk.renameSync(going, folder);
      return failure('changed', `${folder} was written to meanwhile`);
    }
    syncFolder(dirname(folder), disk);
    fs.rmSync(going, { recursive: true, force: true });
    return { ok: true };
  } catch (error) {
    return failure(errorCode(error), `${folder} stays: ${messageOf(error)}`);
  }
}

/** A folder, and no link to one. */
export function isOwnFolder(folder: string, uid: number): boolean {
  const found = fs.lstatSync(folder, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === uid;
}

/** What a death in the middle has left. */
export function finishRemoving(runs: string): void {
  try {
    for (const name of fs.readdirSync(runs))
      if (name.startsWith(GOING)) fs.rmSync(join(runs, name), { recursive: true, force: true });
  } catch {
    // The next one tries again.
  }
}

import * as fs from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../model/event.ts';
import { failure, type Result } from '../model/host.ts';
import { journalOf, type LocalJournal, whatStopped } from './append.ts';
import { type Disk, realDisk, writeAll } from './disk.ts';
import type { JournalPlace } from './places.ts';
import { readJournal } from './read.ts';

export interface ReopenRequest {
  readonly found: { readonly id: string; readonly folder: string; readonly place: JournalPlace };
  readonly places: readonly JournalPlace[];
  readonly uid: number;
  readonly disk?: Disk;
}

/**
 * The journal of an earlier run, to go on with: a damaged one is refused, a torn last line is cut off, and the chain
 * goes on from what is there.
 */
export async function reopenJournal(
  request: ReopenRequest,
): Promise<Result<{ readonly journal: LocalJournal; readonly events: readonly RunEvent[] }>> {
  const { found, places, uid, disk = realDisk } = request;
  const { id, folder, place } = found;
  const read = readJournal(folder);
  if (!read.ok) return failure(read.code, read.message);
  if (read.events.length === 0)
    return failure('empty', 'nothing was written but the beginning: there is nothing to go on with');
  try {
    const { O_WRONLY, O_APPEND, O_NOFOLLOW } = fs.constants;
    const fd = disk.openSync(
      join(folder, 'journal.ndjson'),
      place.ready ? O_WRONLY | O_NOFOLLOW : O_WRONLY | O_APPEND | O_NOFOLLOW,
    );
    if (place.ready) writeAll(fd, Buffer.alloc(read.torn?.bytes ?? 0), disk, read.size);
    else fs.ftruncateSync(fd, read.size);
    disk.fsyncSync(fd);
    if (!isStill(fd, folder)) {
      disk.closeSync(fd);
      return failure('no-run', `${id} has just been removed, as too old to be kept; see: firebreak runs`);
    }
    return {
      ok: true,
      events: read.events,
      journal: journalOf({
        run: id,
        places,
        uid,
        disk,
        opened: { place, folder, fd, at: place.ready ? read.size : null },
        head: read.head,
      }),
    };
  } catch (error) {
    return failure(
      'no-journal',
      `the journal in ${folder} cannot be written: ${whatStopped(error)}; nothing was touched`,
    );
  }
}

/** Touching the journal tells the retention that the run is in use. If the retention was faster, the run is gone. */
function isStill(fd: number, folder: string): boolean {
  const now = new Date();
  fs.futimesSync(fd, now, now);
  return fs.lstatSync(join(folder, 'journal.ndjson'), { throwIfNoEntry: false })?.ino === fs.fstatSync(fd).ino;
}

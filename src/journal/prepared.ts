import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { type Failure, failure, type Result } from '../model/host.ts';
import { BLANK, blanksIn } from './blanks.ts';
import {
  createFile,
  type Disk,
  errorCode,
  hasRoom,
  messageOf,
  nearest,
  realDisk,
  syncFolder,
  writeAll,
} from './disk.ts';
import { type JournalPlace, makePlace, runsIn } from './places.ts';

/**
 * Room for one run, taken while the host is well: a journal file full of NUL bytes and blank records, in a place of
 * their own. A run takes it over by a rename inside one folder and writes over what is there, which needs neither an
 * inode nor a block. See README.md.
 */
export const READY = '.prepared';
/**
 * A journal that lists 2000 processes is some 2 MiB; records are crontabs and configuration files, before and after.
 */
export const JOURNAL_BYTES = 4 << 20;
const RECORDS = { count: 32, bytes: 64 << 10 } as const;
const ALL_BYTES = JOURNAL_BYTES + RECORDS.count * RECORDS.bytes;

interface Prepared {
  /** The folder that the next run takes over. */
  readonly folder: string;
  readonly bytes: number;
  readonly records: number;
}

interface Wanted {
  readonly places: readonly JournalPlace[];
  readonly uid: number;
  readonly disk?: Disk;
}

/** What is prepared, and whole; null: nothing. */
export function preparedIn(places: readonly JournalPlace[], uid: number): Prepared | null {
  const place = readyAmong(places);
  const runs = place && runsIn(place, uid);
  if (!runs?.ok) return null;
  const folder = join(runs.folder, READY);
  try {
    const { size } = fs.lstatSync(join(folder, 'journal.ndjson'));
    const records = blanksIn(join(folder, 'records')).length;
    return size >= JOURNAL_BYTES && records > 0 ? { folder, bytes: size + records * RECORDS.bytes, records } : null;
  } catch {
    return null;
  }
}

/** Prepares where nothing is prepared yet. What is made has its final name only once it is whole and synced. */
export function prepareJournal({
  places,
  uid,
  disk = realDisk,
}: Wanted): Result<{ readonly prepared: Prepared; readonly made: boolean }> {
  const there = preparedIn(places, uid);
  if (there !== null) return { ok: true, prepared: there, made: false };
  const place = readyAmong(places);
  if (place === undefined) return failure('no-place', 'there is no place to prepare');
  const refused = unfit(place, disk);
  if (refused !== null) return refused;
  let made: string | null = null;
  try {
    const runs = makePlace(place, uid, disk);
    made = join(runs, `${READY}.new`);
    fs.rmSync(made, { recursive: true, force: true });
    fs.rmSync(join(runs, READY), { recursive: true, force: true });
    fill(made, disk);
    leaveRoomForNames(runs, disk);
    disk.renameSync(made, join(runs, READY));
    syncFolder(runs, disk);
    for (const above of [place.path, dirname(place.path)]) syncFolder(above, disk);
  } catch (error) {
    if (made !== null) fs.rmSync(made, { recursive: true, force: true });
    return failure(errorCode(error), `${place.path} could not be prepared: ${messageOf(error)}`);
  }
  const prepared = preparedIn(places, uid);
  return prepared
    ? { ok: true, prepared, made: true }
    : failure('EIO', `${place.path} does not hold what was written to it`);
}

/** Gives the room back; runs that were written in it stay. */
export function removePrepared({ places, uid }: Wanted): Result<{ readonly removed: boolean }> {
  const place = readyAmong(places);
  if (place === undefined) return { ok: true, removed: false };
  const runs = runsIn(place, uid);
  if (!runs.ok) return runs.code === 'ENOENT' ? { ok: true, removed: false } : runs;
  try {
    const there = fs.readdirSync(runs.folder).filter((name) => name.startsWith(READY));
    for (const name of there) fs.rmSync(join(runs.folder, name), { recursive: true });
    for (const folder of [runs.folder, place.path]) if (fs.readdirSync(folder).length === 0) fs.rmdirSync(folder);
    return { ok: true, removed: there.length > 0 };
  } catch (error) {
    return failure(errorCode(error), `${place.path} could not be removed: ${messageOf(error)}`);
  }
}

export interface Taken {
  readonly folder: string;
  /** Open for writing over what is there: never for appending. */
  readonly fd: number;
}

/** Takes the prepared folder over for a run; null: nothing is prepared. Throws what the system says. */
export function takePrepared(
  place: JournalPlace,
  { uid, run, disk }: { uid: number; run: string; disk: Disk },
): Taken | null {
  const prepared = preparedIn([place], uid);
  if (prepared === null) return null;
  const folder = join(dirname(prepared.folder), run);
  disk.renameSync(prepared.folder, folder);
  const fd = disk.openSync(join(folder, 'journal.ndjson'), fs.constants.O_WRONLY | fs.constants.O_NOFOLLOW);
  return { folder, fd };
}

const readyAmong = (places: readonly JournalPlace[]): JournalPlace | undefined =>
  places.find(({ ready }) => ready === true);

/**
 * From linux/magic.h and the file systems' own sources: those that write every block to a new place, so that writing
 * over one needs a free one.
 */
const COPY_ON_WRITE: ReadonlyMap<number, string> = new Map([
  [0x9123683e, 'btrfs'],
  [0x2fc12fc1, 'zfs'],
  [0xca451a4e, 'bcachefs'],
]);

function unfit(place: JournalPlace, disk: Disk): Failure | null {
  const above = nearest(place.path);
  const type = COPY_ON_WRITE.get(disk.statfsSync(above).type);
  if (type !== undefined)
    return failure(
      'copy-on-write',
      `${above} is ${type}: it never writes over a block, so nothing can be prepared there`,
    );
  return hasRoom(above, ALL_BYTES * 2, disk)
    ? null
    : failure('ENOSPC', `${above} has no room to spare now: prepare while the host is well`);
}

/** Written, not only reserved: an unwritten extent of ext4 or xfs may need a block when it is first written to. */
function fill(folder: string, disk: Disk): void {
  disk.mkdirSync(folder, { mode: 0o700 });
  const records = join(folder, 'records');
  disk.mkdirSync(records, { mode: 0o700 });
  fillFile(join(folder, 'journal.ndjson'), JOURNAL_BYTES, disk);
  for (let each = 0; each < RECORDS.count; each += 1) {
    fillFile(join(records, `${BLANK}${String(each).padStart(2, '0')}`), RECORDS.bytes, disk);
  }
  leaveRoomForNames(records, disk);
  for (const each of [records, folder]) syncFolder(each, disk);
}

const ZEROS = Buffer.alloc(1 << 16);

function fillFile(path: string, bytes: number, disk: Disk): void {
  const fd = createFile(path, disk);
  try {
    for (let left = bytes; left > 0; left -= ZEROS.length)
      writeAll(fd, ZEROS.subarray(0, Math.min(left, ZEROS.length)), disk);
    disk.fsyncSync(fd);
  } finally {
    disk.closeSync(fd);
  }
}

/**
 * rename(2) writes the new name before it takes the old one away, and a folder that is full grows by a block: names
 * that were there leave room.
 */
function leaveRoomForNames(folder: string, disk: Disk): void {
  const names = [0, 1, 2, 3].map((each) => join(folder, `${READY}-${String(each).repeat(200)}`));
  for (const name of names) disk.closeSync(createFile(name, disk));
  for (const name of names) fs.unlinkSync(name);
}

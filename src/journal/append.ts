import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import type { Stamped } from '../model/event.ts';
import { failure, type Result } from '../model/host.ts';
import { type Journal, JournalError } from '../model/ports.ts';
import { createFile, type Disk, errorCode, hasRoom, messageOf, realDisk, syncFolder, writeAll } from './disk.ts';
import { hashOfHead, headLine, seal } from './line.ts';
import { type Moved, moveHome } from './move.ts';
import { type JournalPlace, makePlace } from './places.ts';
import { prepareJournal, takePrepared } from './prepared.ts';
import { keepRecord, recallRecord } from './records.ts';

/** A journal on this machine's disk. */
export interface LocalJournal extends Journal {
  readonly place: JournalPlace;
  /**
   * Moves the run's folder home where it lives elsewhere and home has room again. Cheap to call after every step; a
   * failure leaves all as it is.
   */
  settle(): Result<Moved>;
  /** Hash of the last line. */
  readonly head: string;
}

export interface OpenRequest {
  readonly places: readonly JournalPlace[];
  readonly uid: number;
  readonly run: string;
  readonly disk?: Disk;
}

interface Opened {
  readonly place: JournalPlace;
  readonly folder: string;
  readonly fd: number;
  /** The position at which the next line overwrites the prepared bytes; null: the end of the file. */
  readonly at: number | null;
}

/**
 * Takes the first place that really takes a run: folders, file and first line are made and synced at once, so that a
 * file system without an inode or a block is found out before anything is touched. Places with room go before places
 * with hardly any.
 */
export async function openJournal({
  places,
  uid,
  run,
  disk = realDisk,
}: OpenRequest): Promise<Result<{ readonly journal: LocalJournal }>> {
  const tried = new Map<JournalPlace, string>();
  for (const enough of [true, false]) {
    // A disk that has failed is not asked again: a success after an error proves nothing.
    for (const place of places.filter((one) => !tried.has(one))) {
      try {
        const opened = enough ? takeRoom(place, { uid, run, disk }) : takeHardly(place, { uid, run, disk });
        if (opened === null) continue;
        return { ok: true, journal: journalOf({ run, places, uid, disk, opened, head: hashOfHead(headLine(run)) }) };
      } catch (error) {
        tried.set(place, whatStopped(error));
      }
    }
  }
  const list = [...tried].map(([{ path }, why]) => `${path} (${why})`).join(', ');
  return failure('no-journal', `the journal cannot be written: tried ${list}; nothing was touched`);
}

interface Taking {
  readonly uid: number;
  readonly run: string;
  readonly disk: Disk;
}

function takeRoom(place: JournalPlace, taking: Taking): Opened | null {
  if (place.ready) return beginPrepared(place, taking);
  return hasRoom(place.path, 0, taking.disk) ? takeHardly(place, taking) : null;
}

function takeHardly(place: JournalPlace, { uid, run, disk }: Taking): Opened | null {
  return place.ready ? null : createRun(place, makePlace(place, uid, disk), run, disk);
}

/**
 * The first line is written over the prepared file's beginning. A prepared folder that fails here is not tried a second
 * time.
 */
function beginPrepared(place: JournalPlace, taking: Taking): Opened | null {
  const { run, disk } = taking;
  const taken = takePrepared(place, taking);
  if (taken === null) return null;
  try {
    const head = Buffer.from(`${headLine(run)}\n`);
    writeAll(taken.fd, head, disk, 0);
    disk.fsyncSync(taken.fd);
    syncFolder(dirname(taken.folder), disk);
    return { place, ...taken, at: head.length };
  } catch (error) {
    fs.rmSync(taken.folder, { recursive: true, force: true });
    throw error;
  }
}

/** Removes a folder that is only half made, so that no list shows it. */
function createRun(place: JournalPlace, runs: string, run: string, disk: Disk): Opened {
  const folder = join(runs, run);
  disk.mkdirSync(folder, { mode: 0o700 });
  try {
    disk.mkdirSync(join(folder, 'records'), { mode: 0o700 });
    const fd = createFile(join(folder, 'journal.ndjson'), disk);
    writeAll(fd, Buffer.from(`${headLine(run)}\n`), disk);
    disk.fsyncSync(fd);
    syncFolder(folder, disk);
    syncFolder(runs, disk);
    return { place, folder, fd, at: null };
  } catch (error) {
    fs.rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

interface Start {
  readonly run: string;
  readonly places: readonly JournalPlace[];
  readonly uid: number;
  readonly disk: Disk;
  readonly opened: Opened;
  /** Hash of the last line that is there. */
  readonly head: string;
}

/** A journal over a file that is open for appending. */
export function journalOf({ run, places, uid, disk, opened, head: start }: Start): LocalJournal {
  let { place, folder, fd, at } = opened;
  let head = start;
  let dead: JournalError | null = null;
  let closed = false;

  const alive = (): void => {
    if (dead !== null) throw dead;
    if (closed) throw new JournalError('the journal is closed');
  };

  const settle = (): Result<Moved> => {
    const home = places.find((candidate) => candidate.home);
    if (home === undefined || place.home) return { ok: true, moved: false, folder };
    if (dead !== null) return failure('dead', dead.message);
    const moved = moveHome({ folder, home, uid, disk, write: !closed });
    if (!moved.ok) return moved;
    if (moved.fd !== null) {
      disk.closeSync(fd);
      fd = moved.fd;
      at = null;
    }
    place = home;
    folder = moved.folder;
    return { ok: true, moved: true, folder };
  };

  return {
    run,
    get folder() {
      return folder;
    },
    get place() {
      return place;
    },
    get head() {
      return head;
    },
    async append(event: Stamped, { light }): Promise<void> {
      alive();
      const sealed = seal(head, event);
      try {
        const line = Buffer.from(`${sealed.line}\n`);
        writeAll(fd, line, disk, at);
        if (at !== null) at += line.length;
        if (!light) disk.fdatasyncSync(fd);
        head = sealed.hash;
        // What stays in /run is lost with the next boot: go home as soon as a step has made room there.
        if (event.type === 'step.finished' || event.type === 'batch.finished') settle();
      } catch (error) {
        // fsync reports an error once; a later success would prove nothing about the bytes that were lost.
        dead = new JournalError(`the journal in ${folder} cannot be written: ${whatStopped(error)}`);
        throw dead;
      }
    },
    async keep(bytes) {
      alive();
      return keepRecord(folder, bytes, disk);
    },
    async recall(name) {
      return recallRecord(folder, name);
    },
    settle,
    async close() {
      if (closed) return;
      closed = true;
      disk.closeSync(fd);
      // Prepares room for the next incident again, because nobody remembers to do it twice.
      if (opened.place.ready && place.home) prepareJournal({ places, uid, disk });
    },
  };
}

const MEANS: Readonly<Record<string, string>> = {
  EACCES: 'not permitted',
  EROFS: 'mounted read-only',
  EDQUOT: 'the quota is used up',
  EIO: 'input/output error',
  EEXIST: 'a run of that name is there already',
};

/** `ENOSPC: no inode or no block is free`, or the errno and the system's text. */
export function whatStopped(error: unknown): string {
  const code = errorCode(error);
  if (code === 'ENOSPC') return 'ENOSPC: no inode or no block is free';
  const means = MEANS[code];
  return means === undefined ? messageOf(error) : `${code}: ${means}`;
}

import * as fs from 'node:fs';
import { type Disk, errorCode, hasRoom, messageOf, nearest, realDisk } from './disk.ts';
import { type JournalPlace, runsIn } from './places.ts';
import { preparedIn } from './prepared.ts';

/** What a place would do with a run now, as far as can be known without making anything. */
export interface Room {
  readonly place: JournalPlace;
  /** `hardly`: it is tried once no other place has room. */
  readonly takes: 'a run' | 'hardly' | 'nothing';
  readonly why: string;
}

/** Folders, journal and one record; blocks for each of them. */
const LEAST = { inodes: 6, bytes: 32 << 10 };

export function roomIn(place: JournalPlace, uid: number, disk: Disk = realDisk): Room {
  const refused = refusal(place, uid);
  if (refused !== null) return { place, takes: 'nothing', why: refused };
  if (place.ready) {
    return preparedIn([place], uid)
      ? { place, takes: 'a run', why: 'prepared' }
      : { place, takes: 'nothing', why: 'not prepared' };
  }
  if (hasRoom(place.path, 0, disk)) return { place, takes: 'a run', why: 'has room' };
  const { bavail, bsize, files, ffree } = disk.statfsSync(nearest(place.path));
  if (files !== 0 && ffree < LEAST.inodes)
    return { place, takes: 'nothing', why: ffree === 0 ? 'no inode is free' : `${ffree} inodes are free` };
  if (bavail * bsize < LEAST.bytes) return { place, takes: 'nothing', why: 'no space is free' };
  return { place, takes: 'hardly', why: 'hardly any room' };
}

function refusal(place: JournalPlace, uid: number): string | null {
  const there = runsIn(place, uid);
  if (!there.ok && there.code !== 'ENOENT') return there.message;
  try {
    fs.accessSync(nearest(place.path), fs.constants.W_OK);
    return null;
  } catch (error) {
    return errorCode(error) === 'EROFS'
      ? 'mounted read-only'
      : errorCode(error) === 'EACCES'
        ? 'not permitted'
        : messageOf(error);
  }
}

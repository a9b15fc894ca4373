import * as fs from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { type Failure, failure, type Result } from '../model/host.ts';
import { type Disk, errorCode, messageOf } from './disk.ts';

/** Where journals may live. The first is home; the others take over while home has no inode or no block. */
export interface JournalPlace {
  readonly path: string;
  readonly home: boolean;
  /** True: only room that `firebreak prepare` has made is used here; see prepared.ts. */
  readonly ready?: true;
}

export interface Who {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  /** The home folder of the user. */
  readonly home: string;
}

/**
 * root: /var/lib/firebreak, then /run/firebreak, then /dev/shm/firebreak-0. Others: $XDG_STATE_HOME/firebreak or
 * ~/.local/state/firebreak, then /dev/shm/firebreak-<uid> (/run/firebreak is root's). FIREBREAK_STATE names the only
 * place; who may use it, and when, says wiring/environment.ts. What was prepared lies inside home and goes before the
 * rest: it is still there after a reboot.
 */
export function placesFor({ env, uid, home }: Who): readonly JournalPlace[] {
  const given = env.FIREBREAK_STATE;
  if (given !== undefined && given !== '') return withReady(given);
  const shared = { path: `/dev/shm/firebreak-${uid}`, home: false };
  if (uid === 0) return [...withReady('/var/lib/firebreak'), { path: '/run/firebreak', home: false }, shared];
  return [...withReady(join(stateHome(env, home), 'firebreak')), shared];
}

function withReady(path: string): readonly JournalPlace[] {
  return [
    { path, home: true },
    { path: join(path, 'ready'), home: false, ready: true },
  ];
}

/** The XDG base directory specification: a relative path is invalid and must be ignored. */
function stateHome(env: Who['env'], home: string): string {
  const given = env.XDG_STATE_HOME;
  return given !== undefined && isAbsolute(given) ? given : join(home, '.local', 'state');
}

/** The folder of a place's runs, made 0700 where it is missing. Throws what the system says. */
export function makePlace(place: JournalPlace, uid: number, disk: Disk): string {
  disk.mkdirSync(dirname(place.path), { recursive: true, mode: 0o700 });
  makeOwn(place.path, uid, disk);
  const runs = join(place.path, 'runs');
  makeOwn(runs, uid, disk);
  return runs;
}

function makeOwn(path: string, uid: number, disk: Disk): void {
  try {
    disk.mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    const refused = notOurs(path, uid);
    if (refused !== null) throw Object.assign(new Error(refused.message), { code: refused.code });
    fs.chmodSync(path, 0o700);
  }
}

/**
 * Why a folder that exists is not to be used: anybody can make /dev/shm/firebreak-0 before us, or lay a link there.
 * Once it is known to be ours and no link, nobody else can replace it: its parents are root's or sticky.
 */
function notOurs(path: string, uid: number): Failure | null {
  const found = fs.lstatSync(path);
  if (found.isSymbolicLink()) return failure('ELOOP', `${path} is a symbolic link`);
  if (!found.isDirectory()) return failure('ENOTDIR', `${path} is not a folder`);
  if (found.uid !== uid) return failure('EPERM', `${path} belongs to uid ${found.uid}`);
  return null;
}

/** The folder of a place's runs for reading; nothing is made. */
export function runsIn(place: JournalPlace, uid: number): Result<{ readonly folder: string }> {
  const folder = join(place.path, 'runs');
  try {
    return notOurs(place.path, uid) ?? notOurs(folder, uid) ?? { ok: true, folder };
  } catch (error) {
    return failure(errorCode(error), messageOf(error));
  }
}

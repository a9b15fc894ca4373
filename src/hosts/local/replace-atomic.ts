import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Commands } from '../../model/host.ts';
import { type Ground, isOurs } from '../files/strangers.ts';
import { ours } from './ours.ts';
import { readAll } from './read.ts';

export interface Replaced {
  readonly fd: number;
  /** Without links. */
  readonly path: string;
  /** The folder that holds it. */
  readonly ground: Ground;
  readonly stat: Stats;
  readonly old: Buffer;
  readonly bytes: Buffer;
}

/** `not-possible`: nothing was changed and nothing is left behind; overwrite it instead. */
export type Exchanged = 'done' | 'changed' | 'not-possible';

const COPY_TIMEOUT = 5000;

/**
 * Where others may make files, or may exchange a folder on the way, a name can be taken or swapped under root's feet;
 * through the descriptor of the file nothing can. A copy of the file's attributes under a name that starts with a dot
 * (cron runs `x.bak` in /etc/cron.d, and skips those), the bytes into it, and a rename over the old.
 */
export async function exchange(target: Replaced, commands: Pick<Commands, 'run'> | undefined): Promise<Exchanged> {
  if (!commands || target.stat.nlink !== 1 || !isOurs(target.ground, ours())) return 'not-possible';
  const copy = join(
    dirname(target.path),
    `.${basename(target.path).slice(0, 200)}.firebreak-${randomBytes(8).toString('hex')}`,
  );
  try {
    if (!(await copyAttributes(target.path, copy, commands))) return 'not-possible';
    if (!fill(copy, target)) return 'not-possible';
    if (!isStill(target)) return 'changed';
    renameSync(copy, target.path);
    syncFolder(dirname(target.path));
    return 'done';
  } catch {
    // No inode, no block, no right: the old file has not been touched.
    return 'not-possible';
  } finally {
    remove(copy);
  }
}

/**
 * `--preserve=all` would keep silent about a label or an ACL that it could not copy; attributes that are named make it
 * fail.
 */
async function copyAttributes(from: string, to: string, commands: Pick<Commands, 'run'>): Promise<boolean> {
  const attributes = ['mode', 'ownership', 'xattr', ...(existsSync('/sys/fs/selinux/enforce') ? ['context'] : [])];
  const argv = ['cp', '--attributes-only', `--preserve=${attributes.join(',')}`, '--', from, to];
  const result = await commands.run({ argv, effect: 'write', timeout: COPY_TIMEOUT }, new AbortController().signal);
  return result.ok && result.exit === 0;
}

function fill(copy: string, { stat, bytes }: Replaced): boolean {
  const fd = openSync(copy, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    if (!keeps(fstatSync(fd), stat)) return false;
    writeWhole(fd, bytes, 0);
    fsyncSync(fd);
    return true;
  } finally {
    closeSync(fd);
  }
}

function keeps(now: Stats, was: Stats): boolean {
  return (
    now.isFile() &&
    now.uid === was.uid &&
    now.gid === was.gid &&
    now.mode === was.mode &&
    now.nlink === 1 &&
    now.size === 0
  );
}

/** Reads the file again as late as possible: during the copy an editor could have saved it. */
function isStill({ fd, path, stat, old }: Replaced): boolean {
  const now = lstatSync(path);
  return now.ino === stat.ino && now.dev === stat.dev && (readAll(fd, old.length)?.equals(old) ?? false);
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function remove(copy: string): void {
  try {
    unlinkSync(copy);
  } catch {
    // Renamed already, or never made.
  }
}

/** write(2) may write less than asked, and writeSync does not go on by itself. */
export function writeWhole(fd: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, position + done);
}

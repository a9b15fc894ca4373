import { type Failure, failure, type Result } from '../../model/host.ts';

/** What one look tells of a folder, a link or a file on a path. */
export interface Facts {
  readonly uid: number;
  /** With the bits of the type, or without. */
  readonly mode: number;
}

/** The part of a path that was walked so far. */
export interface Ground {
  /** The folder at the end of that part. */
  readonly folder: Facts;
  /** A stranger could have put another folder into the path, further up. */
  readonly exposed: boolean;
}

const STICKY = 0o1000;
/** Written by the group or by others; an ACL for anybody shows in the group's bit too (acl(5)). */
const SHARED = 0o022;

/**
 * `ours`: the uids of root and of the running user. Anybody else who owns a folder or may write to it can put there
 * what he likes.
 */
function isClosed({ uid, mode }: Facts, ours: ReadonlySet<number>): boolean {
  return ours.has(uid) && (mode & SHARED) === 0;
}

export function startAt(root: Facts): Ground {
  return { folder: root, exposed: false };
}

/** In a sticky folder (/tmp) nobody can move what is ours. */
export function stepInto({ folder, exposed }: Ground, next: Facts, ours: ReadonlySet<number>): Ground {
  const kept = isClosed(folder, ours) || (ours.has(folder.uid) && (folder.mode & STICKY) !== 0 && ours.has(next.uid));
  return { folder: next, exposed: exposed || !kept };
}

/**
 * A link may be followed if root or we made it and nobody else can move it. In another user's folder he could move a
 * link of root's, for example from /tmp; and he could rename the folder in which it lies.
 */
export function mayFollow({ folder, exposed }: Ground, link: Facts, ours: ReadonlySet<number>): boolean {
  return ours.has(link.uid) && isOurs({ folder, exposed }, ours);
}

/** A link of ours in a sticky folder of ours, as containers have their secrets in: only its owner moves it. */
export function isKept({ folder, exposed }: Ground, link: Facts, ours: ReadonlySet<number>): boolean {
  return !exposed && ours.has(folder.uid) && (folder.mode & STICKY) !== 0 && ours.has(link.uid);
}

/** Nobody else can change what a name in this folder leads to. */
export function isOurs({ folder, exposed }: Ground, ours: ReadonlySet<number>): boolean {
  return !exposed && isClosed(folder, ours);
}

/** Whether a stranger may have given this name to a file that is not his: by a hard link, which makes him no owner. */
export function mayBeBorrowed(
  { folder, exposed }: Ground,
  file: Facts & { readonly links: number },
  ours: ReadonlySet<number>,
): boolean {
  if (file.links < 2 || isOurs({ folder, exposed }, ours)) return false;
  return (folder.mode & SHARED) !== 0 || file.uid !== folder.uid;
}

/** Lines of uid_map (user_namespaces(7)): first uid here, first uid outside, how many. */
export type UidMap = readonly (readonly [number, number, number])[];

export function parseUidMap(text: string): UidMap {
  return text.split('\n').flatMap((line) => {
    const [here, outside, count] = line.trim().split(/\s+/).map(Number);
    return here === undefined || outside === undefined || count === undefined ? [] : [[here, outside, count] as const];
  });
}

/**
 * The uids that root has here. In a user namespace of one user (a rehearsal) the machine's root is nobody, the overflow
 * uid. Where that uid is one of the namespace's own (a container), it is a stranger's.
 */
export function rootsIn(map: UidMap, overflow: number): readonly number[] {
  const isMapped = map.some(([here, , count]) => overflow >= here && overflow < here + count);
  return isMapped || map.length === 0 ? [0] : [0, overflow];
}

interface Foreign {
  readonly asked: string;
  readonly link: string;
  readonly uid: number;
  readonly leadsTo: string;
}

export function foreignLink({ asked, link, uid, leadsTo }: Foreign): Failure {
  const where = asked === link ? link : `${asked}: ${link}`;
  const who = `${where} is a symbolic link that another user made or can move (it belongs to uid ${uid}): not followed`;
  return failure('ELOOP', `${who}. It leads to ${leadsTo}: name that itself if it is meant`);
}

/** The refusal for a caller that takes only folders. `led` is the goal of the link. */
export function namedLink(path: string, led: Result<{ readonly real: string }>): Failure {
  if (!led.ok && led.code === 'ELOOP') return led;
  return failure(
    'ENOTDIR',
    `${path}: a symbolic link${led.ok ? `, which leads to ${led.real}` : ''}; name the directory itself`,
  );
}

export function kernelLink(link: string, leadsTo: string): Failure {
  return failure(
    'ELOOP',
    `${link} is a link of the kernel's, which may lead into another namespace: not followed. Name ${leadsTo} itself if that is meant`,
  );
}

export function borrowed(path: string): Failure {
  const why = `${path} has several names (hard links), and lies where another user can give one more to a file that is not his`;
  return failure('hard-link', `${why}: not opened. Name the file where only its owner can write`);
}

/** PATH_MAX, without the NUL. */
const LONGEST = 4095;

/** Why a text is no path at all; null: it is one. */
export function oddPath(path: string): Failure | null {
  if (path.includes('\0')) return failure('EINVAL', `${JSON.stringify(path)} is no path: it holds a NUL`);
  if (!path.startsWith('/'))
    return failure('EINVAL', `${JSON.stringify(path)} is not an absolute path: write it from / on`);
  if (Buffer.byteLength(path) <= LONGEST) return null;
  return failure('ENAMETOOLONG', `${path.slice(0, 60)}…: the path is longer than ${LONGEST} bytes`);
}

import { constants, lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { failure, type Result } from '../model/host.ts';
import { quoteWord } from '../model/text/quote.ts';
import { readPlainText, sayUnread } from './read-text.ts';

/** What keeps a file from being trusted, and what to type about it. */
export interface Mistrust {
  readonly path: string;
  readonly says: string;
  readonly fix: string;
}

export interface TrustedText {
  readonly text: string;
  readonly suspicions: readonly Mistrust[];
}

/** Whose files are trusted: those of root and of the user; for root only those of root. */
export interface Reader {
  readonly uid: number;
  /** Who root is in the eyes of a process in a user namespace that root is not mapped into; see `rootSeenAs`. */
  readonly root?: number;
}

const MOST_LINKS = 40;

/**
 * The text of a file and whoever else could have written it, as sshd's StrictModes has it: the file and each folder and
 * link on the way to it belong to root or to the user, and neither group nor others may write to them. In a folder of
 * everybody that is root's and sticky (/tmp) only a file's owner can put another one in its place. It is opened once;
 * what was looked at is what is read. Failures: the errno, `not-a-file`, `EFBIG`.
 */
export function readTrusted(path: string, reader: Reader): Result<TrustedText> {
  try {
    const way = walk(resolve(path), reader);
    const read = readPlainText(way.end, constants.O_NOFOLLOW);
    if (!read.ok) return failure(read.code, sayUnread(path, read.code));
    const suspicions = [...way.suspicions, ...suspect(way.end, read.found, reader)];
    return { ok: true, text: read.text, suspicions };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'EIO';
    return failure(code, sayUnread(path, code));
  }
}

/** The same of a file or a folder that is not read: of a folder, of what lies below it too, as far as that is few. */
export function suspectPlace(path: string, reader: Reader): readonly Mistrust[] {
  try {
    const way = walk(resolve(path), reader);
    const left = { entries: MOST_ENTRIES };
    return [...way.suspicions, ...suspectBelow(way.end, reader, left)].slice(0, MOST_TOLD);
  } catch {
    // What is not there, or may not be looked at, is nobody's word.
    return [];
  }
}

const MOST_ENTRIES = 2000;
const MOST_TOLD = 5;

function suspectBelow(path: string, reader: Reader, left: { entries: number }): readonly Mistrust[] {
  left.entries -= 1;
  const found = lstatSync(path);
  if (found.isSymbolicLink()) return suspectOwner(path, found, reader);
  const entries = found.isDirectory() && left.entries > 0 ? readdirSync(path) : [];
  return [...suspect(path, found, reader), ...entries.flatMap((name) => suspectBelow(join(path, name), reader, left))];
}

interface Way {
  readonly end: string;
  readonly suspicions: readonly Mistrust[];
}

/**
 * Checks every name of the path, because whoever can change a folder or a link on the way chooses the file at its end.
 */
function walk(path: string, reader: Reader): Way {
  const suspicions = new Map<string, Mistrust>();
  const note = (found: readonly Mistrust[]): void => {
    for (const one of found) suspicions.set(`${one.path} ${one.fix}`, one);
  };
  note(suspectFolder('/', reader));
  let at = '/';
  let links = 0;
  const rest = path.split('/').filter(Boolean);
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    const next = name === '..' ? dirname(at) : join(at, name);
    const found = lstatSync(next);
    if (found.isSymbolicLink()) {
      links += 1;
      if (links > MOST_LINKS) throw Object.assign(new Error('too many links'), { code: 'ELOOP' });
      note(suspectOwner(next, found, reader));
      const target = readlinkSync(next);
      if (target.startsWith('/')) at = '/';
      rest.unshift(...target.split('/').filter((part) => part !== '' && part !== '.'));
    } else {
      if (rest.length > 0) note(suspectFolder(next, reader, found));
      at = next;
    }
  }
  return { end: at, suspicions: [...suspicions.values()] };
}

function suspectFolder(path: string, reader: Reader, found = lstatSync(path)): readonly Mistrust[] {
  const { root = 0 } = reader;
  const sticky =
    found.uid === root && (found.mode & constants.S_IFMT) === constants.S_IFDIR && (found.mode & 0o1000) !== 0;
  return sticky ? [] : suspect(path, found, reader);
}

function suspect(path: string, found: Stats, reader: Reader): readonly Mistrust[] {
  return [...suspectOwner(path, found, reader), ...suspectMode(path, found)];
}

function suspectOwner(path: string, { uid: owner, mode }: Stats, { uid, root = 0 }: Reader): readonly Mistrust[] {
  if (owner === root || owner === uid) return [];
  const link = (mode & constants.S_IFMT) === constants.S_IFLNK ? '-h ' : '';
  return [{ path, says: `belongs to uid ${owner}`, fix: `chown ${link}${uid} ${quoteWord(path)}` }];
}

function suspectMode(path: string, { mode }: Stats): readonly Mistrust[] {
  if ((mode & 0o022) === 0) return [];
  const who = (mode & 0o002) === 0 ? 'its group' : 'everybody';
  return [{ path, says: `can be written by ${who}`, fix: `chmod go-w ${quoteWord(path)}` }];
}

/**
 * In a user namespace without root (a drill of an ordinary user) root's files, and everybody else's, seem to be of the
 * overflow user (user_namespaces(7)): there the modes alone decide, in a rehearsal that can touch nothing but the
 * user's own.
 */
export function rootSeenAs(): number {
  try {
    const maps = readFileSync('/proc/self/uid_map', 'utf8').trim().split('\n');
    if (maps.some((line) => line.trim().startsWith('0 '))) return 0;
    return Number(readFileSync('/proc/sys/kernel/overflowuid', 'utf8'));
  } catch {
    return 0;
  }
}

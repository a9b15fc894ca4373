import type { FileRecord, FileType } from '../../../model/host.ts';
import { Garbled } from './records.ts';
import { MODIFIED } from './shell.ts';

/** What one look tells of an entry beyond name and type. */
export interface EntryFacts extends Pick<FileRecord, 'size' | 'uid' | 'mode' | 'links' | 'modified' | 'inode'> {
  readonly type: FileType;
}

export interface FarEntry {
  /** Bytes as latin1. */
  readonly name: string;
  /** Undefined: the file system did not tell. */
  readonly type: FileType | undefined;
  /** Null: not asked for. */
  readonly facts: EntryFacts | null;
}

/** GNU find's formats. The name comes last, so that whatever it holds, it can forge nothing. */
export const BRIEF = '%y %f\\0';
export const FULL = '%y %s %U %m %n %T@ %i %f\\0';
/** stat's, one line each: busybox's find cannot print. */
export const LINE = `%f %s %u %h ${MODIFIED} %i`;

const TYPES: Readonly<Record<string, FileType>> = {
  f: 'file',
  d: 'directory',
  l: 'symlink',
  p: 'fifo',
  s: 'socket',
  b: 'device',
  c: 'device',
};
/** The first hexadecimal digit of st_mode (inode(7)). */
const KINDS: Readonly<Record<string, FileType>> = {
  '8': 'file',
  '4': 'directory',
  a: 'symlink',
  '1': 'fifo',
  c: 'socket',
  '6': 'device',
  '2': 'device',
};
export const DIGITS: Readonly<Record<FileType, string>> = {
  file: '8',
  directory: '4',
  symlink: 'a',
  fifo: '1',
  socket: 'c',
  device: '62',
};

export const kindOf = (digit: string): FileType | undefined => KINDS[digit];

const FULL_RECORD = /^([a-zA-Z?]) (\d+) (\d+) ([0-7]+) (\d+) (-?\d+)(?:\.(\d+))? (\d+) ([^/]{1,255})$/s;
const BRIEF_RECORD = /^([a-zA-Z?]) ([^/]{1,255})$/s;
const LINE_RECORD = /^([0-9a-f])([0-9a-f]{3}) (\d+) (\d+) (\d+) (-?\d+)(?:\.(\d+))? (\d+)$/;

const milliseconds = (seconds = '', fraction = ''): number =>
  Number(seconds) * 1000 + Number(fraction.slice(0, 3).padEnd(3, '0'));

function named(name: string | undefined): string {
  if (name === undefined || name === '' || name === '.' || name === '..' || name.includes('/'))
    throw new Garbled('a name that no entry has');
  return name;
}

export function fullEntry(record: string): FarEntry {
  const [, kind = '', size, uid, mode = '', links, seconds, fraction, inode, name] = FULL_RECORD.exec(record) ?? [];
  // A record in the wrong form has no name.
  const whole = named(name);
  const type = TYPES[kind] ?? 'device';
  const modified = milliseconds(seconds, fraction);
  const facts = {
    type,
    size: Number(size),
    uid: Number(uid),
    mode: Number.parseInt(mode, 8),
    links: Number(links),
    modified,
    inode: Number(inode),
  };
  return { name: whole, type, facts };
}

export function briefEntry(record: string): FarEntry {
  const [, kind = '', name] = BRIEF_RECORD.exec(record) ?? [];
  return { name: named(name), type: TYPES[kind], facts: null };
}

function lineFacts(line: string): EntryFacts {
  const [, digit = '', mode = '', size, uid, links, seconds, fraction, inode] = LINE_RECORD.exec(line) ?? [];
  if (inode === undefined) throw new Garbled('a line that stat does not print');
  const permissions = Number.parseInt(mode, 16) & 0o7777;
  const modified = milliseconds(seconds, fraction);
  return {
    type: KINDS[digit] ?? 'device',
    size: Number(size),
    uid: Number(uid),
    mode: permissions,
    links: Number(links),
    modified,
    inode: Number(inode),
  };
}

/**
 * Takes records one after the other and gives the entries that are whole. GNU's are one record each; otherwise a block
 * `#` with a line for each of the names that follow it, `./NAME`, as records of their own: however a name looks, it is
 * taken by its place. `= STATUS` is the end.
 */
export function entryReader(brief: boolean): {
  readonly take: (record: string) => FarEntry | null;
  readonly status: () => number | null;
} {
  let waiting: readonly string[] = [];
  let at = 0;
  let status: number | null = null;
  const byPlace = (record: string): FarEntry => {
    const facts = lineFacts(waiting[at] ?? '');
    at += 1;
    return { name: named(record.startsWith('./') ? record.slice(2) : undefined), type: facts.type, facts };
  };
  const take = (record: string): FarEntry | null => {
    if (status !== null) throw new Garbled('more behind the end');
    if (at < waiting.length) return byPlace(record);
    if (record.startsWith('#\n')) {
      waiting = record.slice(2).split('\n');
      at = 0;
      return null;
    }
    if (!record.startsWith('= ')) return brief ? briefEntry(record) : fullEntry(record);
    if (!/^= \d{1,3}$/.test(record)) throw new Garbled('an end that is none');
    status = Number(record.slice(2));
    return null;
  };
  return { take, status: () => status };
}

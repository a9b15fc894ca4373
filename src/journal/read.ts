import * as fs from 'node:fs';
import { join } from 'node:path';
import { EVENT_VERSION, type RunEvent } from '../model/event.ts';
import { isObject, type Json } from '../model/json.ts';
import { errorCode, messageOf } from './disk.ts';
import { FORMAT, hashOfHead, unseal } from './line.ts';

/** What a journal says. `damaged` and `newer` keep what could be read before the line. */
export type JournalRead =
  | {
      readonly ok: true;
      readonly events: readonly RunEvent[];
      readonly torn: Torn | null;
      readonly head: string;
      /** Bytes of the lines that count; what follows them was torn, or prepared and not yet written to. */
      readonly size: number;
    }
  | JournalRefused;

export interface JournalRefused {
  readonly ok: false;
  /** `damaged`: a line was changed, removed or reordered. `newer`: written by a later version. Else an errno. */
  readonly code: string;
  readonly message: string;
  /** 1 is the file's first line; 0 where the file could not be read. */
  readonly line: number;
  readonly before: readonly RunEvent[];
}

/** The end of a write that a crash or a full disk cut short; it was never reported as durable. */
export interface Torn {
  readonly line: number;
  readonly bytes: number;
}

/** Reads a run's journal from its folder, checking the chain line by line. */
export function readJournal(folder: string): JournalRead {
  try {
    return readLines(linesOf(join(folder, 'journal.ndjson')));
  } catch (error) {
    return { ok: false, code: errorCode(error), message: messageOf(error), line: 0, before: [] };
  }
}

function readLines(lines: Iterable<Line>): JournalRead {
  const events: RunEvent[] = [];
  let head = '';
  let size = 0;
  let torn: Torn | null = null;
  for (const { number, text, whole, bytes } of lines) {
    if (torn !== null) return refused('is not whole, and others follow', torn.line, events);
    if (!whole) {
      torn = { line: number, bytes };
      continue;
    }
    const read = number === 1 ? readHead(text) : readEvent(text, head, events.length + 1);
    if (typeof read === 'string') return refused(read, number, events);
    head = read.hash;
    size += bytes;
    if (read.event !== null) events.push(read.event);
  }
  return { ok: true, events, torn, head, size };
}

type Understood = { readonly hash: string; readonly event: RunEvent | null };

/** A text says what is wrong. */
function readHead(text: string): Understood | string {
  const head = parse(text);
  if (!isObject(head) || head.firebreak !== 'journal' || typeof head.format !== 'number')
    return 'is not the head of a journal';
  return head.format > FORMAT ? NEWER : { hash: hashOfHead(text), event: null };
}

function readEvent(text: string, previous: string, seq: number): Understood | string {
  const unsealed = unseal(previous, text);
  if (unsealed === null) return 'does not continue the one before: something was changed, removed or reordered';
  const event = parse(unsealed.body);
  if (!isObject(event) || typeof event.type !== 'string' || typeof event.v !== 'number') return 'is not an event';
  if (event.v > EVENT_VERSION) return NEWER;
  return event.seq === seq ? { hash: unsealed.hash, event: event as unknown as RunEvent } : `is not event ${seq}`;
}

const NEWER = 'was written by a newer firebreak';

function refused(why: string, line: number, before: readonly RunEvent[]): JournalRefused {
  return {
    ok: false,
    code: why === NEWER ? 'newer' : 'damaged',
    message: `line ${line} of the journal ${why}`,
    line,
    before,
  };
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

// ---------------------------------------------------------------- lines

interface Line {
  readonly number: number;
  readonly text: string;
  /** It ends in a newline and holds no NUL: a power cut can leave a file longer than what was written to it. */
  readonly whole: boolean;
  readonly bytes: number;
}

const SLICE = 1 << 16;
const NEWLINE = 10;

/** In slices: a journal may be larger than what is worth holding twice. */
function* linesOf(path: string): Generator<Line> {
  const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK);
  try {
    if (!fs.fstatSync(fd).isFile()) throw new Error(`${path} is not a regular file`);
    yield* splitLines(slicesOf(fd));
  } finally {
    fs.closeSync(fd);
  }
}

function* slicesOf(fd: number): Generator<Buffer> {
  for (;;) {
    const slice = Buffer.allocUnsafe(SLICE);
    const taken = fs.readSync(fd, slice, 0, SLICE, null);
    if (taken === 0) return;
    yield slice.subarray(0, taken);
  }
}

function* splitLines(slices: Iterable<Buffer>): Generator<Line> {
  let parts: Buffer[] = [];
  let number = 0;
  for (const slice of slices) {
    let from = 0;
    for (let end = slice.indexOf(NEWLINE); end >= 0; end = slice.indexOf(NEWLINE, from)) {
      parts.push(slice.subarray(from, end));
      yield lineOf(++number, Buffer.concat(parts), true);
      parts = [];
      from = end + 1;
    }
    if (from < slice.length) parts.push(slice.subarray(from));
  }
  const rest = withoutEnd(Buffer.concat(parts));
  if (rest.length > 0) yield lineOf(number + 1, rest, false);
}

/** NUL bytes at the end are not part of a line: a prepared file is full of them, and a power cut can leave some. */
function withoutEnd(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return bytes.subarray(0, end);
}

function lineOf(number: number, bytes: Buffer, ended: boolean): Line {
  return {
    number,
    text: bytes.toString('utf8'),
    whole: ended && !bytes.includes(0),
    bytes: bytes.length + (ended ? 1 : 0),
  };
}

import * as fs from 'node:fs';
import type { Stamped } from '../model/event.ts';
import { isObject, type Json } from '../model/json.ts';
import { writtenSize } from './disk.ts';
import type { FoundRun } from './find.ts';

/** The end of a run lists what stays open and which jobs were missed: it rarely is longer. */
const TAIL = 4096;
const NEWLINE = 10;
/** One buffer is enough: each read is parsed before the next one. */
const BUFFER = Buffer.alloc(TAIL);
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;

/**
 * The last event of a journal, without reading the rest or checking the chain: among thousands of runs it tells which
 * are worth reading. Null: it cannot be told that way (torn, damaged, longer than what is looked at), and the whole
 * journal must be read.
 */
export function lastEvent({ folder, place }: Pick<FoundRun, 'folder' | 'place'>): Stamped | null {
  try {
    const path = `${folder}/journal.ndjson`;
    const tail = tailOf(path, place.ready === true);
    const from = tail.lastIndexOf(NEWLINE, tail.length - 2);
    if (tail.at(-1) !== NEWLINE || from < 0) return null;
    return eventIn(tail.subarray(from + 1, -1).toString('utf8'));
  } catch {
    return null;
  }
}

function tailOf(path: string, ready: boolean): Buffer {
  const fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const found = fs.fstatSync(fd);
    if (!found.isFile()) throw new Error(`${path} is not a regular file`);
    const size = ready ? writtenSize(path) : found.size;
    const from = Math.max(0, size - TAIL);
    return BUFFER.subarray(0, fs.readSync(fd, BUFFER, 0, size - from, from));
  } finally {
    fs.closeSync(fd);
  }
}

function eventIn(text: string): Stamped | null {
  const event = JSON.parse(text) as Json;
  const { type, at, seq } = isObject(event) ? event : {};
  return typeof type === 'string' && typeof at === 'string' && typeof seq === 'number'
    ? (event as unknown as Stamped)
    : null;
}

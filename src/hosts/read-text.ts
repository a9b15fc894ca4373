import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { failure, type Result } from '../model/host.ts';

/** Larger than any runbook, policy, inventory or plan. Bytes. */
export const LARGEST_TEXT = 64 << 20;

export interface PlainText {
  readonly text: string;
  /** Of the very file that was read. */
  readonly found: Stats;
}

/**
 * The text of a file that somebody named. A FIFO, a terminal or a device would never end, so only a regular file is
 * read, and it is opened without waiting. `flags` are more of open(2)'s. Failures: the errno, `not-a-file`, `EFBIG`.
 */
export function readPlainText(path: string, flags = 0): Result<PlainText> {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY | flags);
    const found = fstatSync(file);
    if (!found.isFile()) return unread(path, 'not-a-file');
    if (found.size > LARGEST_TEXT) return unread(path, 'EFBIG');
    return { ok: true, text: readFileSync(file, 'utf8'), found };
  } catch (error) {
    return unread(path, (error as NodeJS.ErrnoException).code ?? 'EIO');
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'it is a folder',
  'not-a-file': 'it is no regular file (a pipe, a device, a folder)',
  EFBIG: 'it is larger than any runbook, policy or plan',
};

/** The failure in words, with the path as it was typed. */
export function sayUnread(path: string, code: string): string {
  return `${path} cannot be read: ${WHY[code] ?? code}`;
}

const unread = (path: string, code: string) => failure(code, sayUnread(path, code));

import { createHash } from 'node:crypto';
import type { Stamped } from '../model/event.ts';

/**
 * One line of the file: the event's JSON with `hash` put first. `hash` is SHA-256 over the hash of the line before and
 * this line's own JSON without `hash`, so a changed, removed or reordered line is found at that very line. See
 * README.md.
 */
export const FORMAT = 1;
const OPENING = '{"hash":"';
const DIGEST = 64;

interface Head {
  readonly firebreak: 'journal';
  readonly format: number;
  readonly run: string;
}

/** The first line: it proves that the disk takes a block, and starts the chain. */
export function headLine(run: string): string {
  return JSON.stringify({ firebreak: 'journal', format: FORMAT, run } satisfies Head);
}

export function hashOfHead(line: string): string {
  return sha256(line);
}

export function seal(previous: string, event: Stamped): { readonly line: string; readonly hash: string } {
  const body = JSON.stringify(event);
  const hash = chain(previous, body);
  return { line: `${OPENING}${hash}",${body.slice(1)}`, hash };
}

/** The event's JSON and the hash of a line that continues the chain; null where it does not. */
export function unseal(previous: string, line: string): { readonly body: string; readonly hash: string } | null {
  const end = OPENING.length + DIGEST;
  if (!line.startsWith(OPENING) || !line.startsWith('",', end)) return null;
  const hash = line.slice(OPENING.length, end);
  const body = `{${line.slice(end + 2)}`;
  return chain(previous, body) === hash ? { body, hash } : null;
}

export function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function chain(previous: string, body: string): string {
  return sha256(`${previous}\n${body}`);
}

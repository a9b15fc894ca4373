import type { Captured } from '../model/host.ts';

const LIMIT = 64 * 1024;

/** Keeps the first and the last 64 KiB of a stream and counts what was between: a command may print gigabytes. */
export interface Capture {
  push(chunk: Uint8Array): void;
  /** Adds to `dropped` what was thrown away before it came here. */
  skip(bytes: number): void;
  done(): Captured;
}

export function boundedCapture(limit = LIMIT): Capture {
  // One buffer that is overwritten: slices of each chunk would fill the memory before the garbage collector runs.
  let head: Buffer | null = null;
  let begun = 0;
  let ring: Buffer | null = null;
  let passed = 0;
  let skipped = 0;

  const pushTail = (chunk: Uint8Array): void => {
    ring ??= Buffer.alloc(limit);
    const last = chunk.subarray(Math.max(0, chunk.length - limit));
    const at = (passed + chunk.length - last.length) % limit;
    const room = Math.min(last.length, limit - at);
    ring.set(last.subarray(0, room), at);
    ring.set(last.subarray(room), 0);
    passed += chunk.length;
  };

  const tail = (): Buffer => {
    if (ring === null || passed <= limit) return ring?.subarray(0, passed) ?? Buffer.alloc(0);
    const at = passed % limit;
    return Buffer.concat([ring.subarray(at), ring.subarray(0, at)]);
  };

  return {
    push(chunk) {
      head ??= Buffer.alloc(limit);
      const room = Math.min(limit - begun, chunk.length);
      head.set(chunk.subarray(0, room), begun);
      begun += room;
      if (chunk.length > room) pushTail(chunk.subarray(room));
    },
    skip(bytes) {
      skipped += bytes;
    },
    done() {
      return decode(head?.subarray(0, begun) ?? Buffer.alloc(0), tail(), skipped + Math.max(0, passed - limit));
    },
  };
}

/**
 * Characters that the cut went through stay whole where nothing was dropped between, and count as dropped where
 * something was.
 */
function decode(head: Buffer, tail: Buffer, dropped: number): Captured {
  const open = unfinished(head);
  const whole = head.subarray(0, head.length - open);
  if (dropped === 0) {
    const rest = Buffer.concat([head.subarray(head.length - open), tail]);
    return { head: whole.toString('utf8'), tail: rest.toString('utf8'), dropped };
  }
  const begun = leadingContinuations(tail);
  return { head: whole.toString('utf8'), tail: tail.subarray(begun).toString('utf8'), dropped: dropped + open + begun };
}

/** How many bytes at the end are the beginning of a UTF-8 character that is not complete. */
function unfinished(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    return utf8Length(byte) > back ? back : 0;
  }
  return 0;
}

function utf8Length(lead: number): number {
  if (lead >= 0xf0 && lead < 0xf8) return 4;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  if (lead >= 0xc0 && lead < 0xe0) return 2;
  return 1;
}

function leadingContinuations(bytes: Buffer): number {
  let count = 0;
  while (count < 3 && ((bytes[count] ?? 0) & 0xc0) === 0x80) count += 1;
  return count;
}

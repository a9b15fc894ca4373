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
  let head = Buffer.alloc(0);
  const tail: Buffer[] = [];
  let held = 0;
  let dropped = 0;

  const pushTail = (chunk: Buffer): void => {
    tail.push(chunk);
    held += chunk.length;
    // One whole chunk more than the limit may stay: cutting at each push would copy 64 KiB for every small line.
    while (held - (tail[0]?.length ?? 0) >= limit) {
      const gone = tail.shift()?.length ?? 0;
      held -= gone;
      dropped += gone;
    }
  };

  return {
    push(chunk) {
      const room = limit - head.length;
      // A copy: a piece of a pooled buffer would keep the whole pool alive, or change under us.
      if (room > 0) head = Buffer.concat([head, chunk.subarray(0, room)]);
      if (chunk.length > room) pushTail(Buffer.from(chunk.subarray(Math.max(room, 0))));
    },
    skip(bytes) {
      dropped += bytes;
    },
    done() {
      const rest = Buffer.concat(tail);
      const cut = Math.max(0, rest.length - limit);
      return decode(head, rest.subarray(cut), dropped + cut);
    },
  };
}

/** Characters that the cut went through stay whole where nothing was dropped between, and count as dropped where something was. */
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

const NOTHING: Buffer = Buffer.alloc(0);
/** A status is at most three digits, and `;`. */
const STATUS = /^(\d{1,3});/;

/** What one chunk brought: bytes from outside of the frame, bytes of its body, and its end. */
export interface Scanned {
  readonly before: Buffer;
  readonly body: Buffer;
  readonly begun: boolean;
  readonly end: FrameEnd | null;
}

/** `status` null: the far side broke its own frame. `rest`: what came after it. */
export interface FrameEnd {
  readonly status: number | null;
  readonly rest: Buffer;
}

/**
 * Finds `NONCE<`, any bytes, `NONCE>STATUS;` in a stream, however it is cut into chunks. The nonce is new for each
 * frame, so no output can hold the end of its own frame, and what a profile prints or a forgotten child says late is
 * outside.
 */
export function scanFrame(nonce: string): (chunk: Buffer) => Scanned {
  const [begin, end] = [Buffer.from(`${nonce}<`), Buffer.from(`${nonce}>`)];
  let held: Buffer = NOTHING;
  let place: 'before' | 'body' | 'status' = 'before';

  /** What is before the mark; a piece of the mark at the end waits for the next chunk. */
  const upTo = (mark: Buffer, next: typeof place): Buffer => {
    const at = held.indexOf(mark);
    const cut = at === -1 ? held.length - openPiece(held, mark) : at;
    const taken = held.subarray(0, cut);
    held = held.subarray(at === -1 ? cut : at + mark.length);
    if (at !== -1) place = next;
    return taken;
  };

  const ended = (): FrameEnd | null => {
    const text = held.subarray(0, 4).toString('latin1');
    const status = STATUS.exec(text);
    if (status === null) return held.length < 4 && /^\d*$/.test(text) ? null : { status: null, rest: NOTHING };
    return { status: Number(status[1]), rest: held.subarray(status[0].length) };
  };

  return (chunk) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    const before = place === 'before' ? upTo(begin, 'body') : NOTHING;
    const body = place === 'body' ? upTo(end, 'status') : NOTHING;
    return { before, body, begun: place !== 'before', end: place === 'status' ? ended() : null };
  };
}

/**
 * How many bytes at the end may be the beginning of the mark: nothing else is held back, since somebody waits for it.
 */
function openPiece(bytes: Buffer, mark: Buffer): number {
  const longest = Math.min(mark.length - 1, bytes.length);
  for (let length = longest; length > 0; length -= 1) {
    if (bytes.subarray(bytes.length - length).equals(mark.subarray(0, length))) return length;
  }
  return 0;
}

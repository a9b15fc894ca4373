import type { Readable } from 'node:stream';
import type { Capture } from '../capture.ts';
import { scanFrame } from './frame.ts';

export type Frame =
  | { readonly kind: 'frame'; readonly status: number; readonly bytes: Buffer }
  /** The stream ended first, or the far side broke the frame; the bytes are what came of it. */
  | { readonly kind: 'cut'; readonly begun: boolean; readonly bytes: Buffer }
  | { readonly kind: 'overflow' };

/** Of a body: `fail` once it is longer, or take no more than so much of it. */
export interface Bound {
  readonly bytes: number;
  readonly beyond: 'fail' | 'drop';
  /** Gets all of it. */
  readonly into?: Pick<Capture, 'push'>;
}

/**
 * One stream of frames, which are waited for in the order in which they were asked for. What is outside is noise, of
 * which the last bytes are kept.
 */
export interface Frames {
  next(nonce: string, bound: Bound): Promise<Frame>;
  noise(): string;
}

const NOISE = 16 * 1024;

interface Waiting {
  /** What is left for whoever waits next. */
  take(chunk: Buffer): Buffer;
  readonly over: () => boolean;
  cut(): void;
}

export function framesOf(stream: Readable): Frames {
  let noise = '';
  let ended = false;
  const queue: Waiting[] = [];

  const hear = (bytes: Buffer): void => {
    if (bytes.length > 0) noise = (noise + bytes.subarray(-NOISE).toString('latin1')).slice(-NOISE);
  };
  const feed = (chunk: Buffer): void => {
    let left = chunk;
    for (let first = queue[0]; first !== undefined && left.length > 0; first = queue[0]) {
      left = first.take(left);
      if (!first.over()) return;
      queue.shift();
    }
    hear(left);
  };
  const close = (): void => {
    ended = true;
    for (const waiting of queue.splice(0)) waiting.cut();
  };
  stream.on('data', feed).once('end', close).once('close', close).once('error', close);

  return {
    noise: () => noise,
    next: (nonce, bound) =>
      new Promise<Frame>((resolve) => {
        const waiting = waitFor(nonce, { bound, hear, resolve });
        if (ended) waiting.cut();
        else queue.push(waiting);
      }),
  };
}

function waitFor(
  nonce: string,
  to: { bound: Bound; hear: (bytes: Buffer) => void; resolve: (frame: Frame) => void },
): Waiting {
  const body = boundedBody(to.bound);
  const scan = scanFrame(nonce);
  let [over, begun] = [false, false];
  const settle = (frame: Frame): void => {
    over = true;
    to.resolve(frame);
  };
  const cut = (): void => settle({ kind: 'cut', begun, bytes: body.bytes() });
  return {
    over: () => over,
    cut,
    take(chunk) {
      const { before, body: bytes, end, ...seen } = scan(chunk);
      begun = seen.begun;
      to.hear(before);
      if (!body.push(bytes)) settle({ kind: 'overflow' });
      else if (end?.status === null) cut();
      else if (end) settle({ kind: 'frame', status: end.status, bytes: body.bytes() });
      return end?.rest ?? Buffer.alloc(0);
    },
  };
}

function boundedBody({ bytes: limit, beyond, into }: Bound): { push(chunk: Buffer): boolean; bytes(): Buffer } {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    push(chunk) {
      if (chunk.length > 0) into?.push(chunk);
      const taken = beyond === 'drop' ? chunk.subarray(0, Math.max(0, limit - size)) : chunk;
      size += taken.length;
      if (taken.length > 0) chunks.push(taken);
      return size <= limit;
    },
    bytes: () => Buffer.concat(chunks),
  };
}

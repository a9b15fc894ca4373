import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { scanFrame } from '../../../src/hosts/ssh/frame.ts';
import { framesOf } from '../../../src/hosts/ssh/frames.ts';

const NONCE = '0123456789abcdef0123456789abcdef';
/** Bytes that are likely to look like pieces of the frame. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(NONCE.slice(0, 5), NONCE.slice(0, 31), NONCE, '<', '>', ';', '0', '\n', '\0'),
      fc.string({ unit: 'binary', maxLength: 5 }),
    ),
  )
  .map((parts) => Buffer.from(parts.join(''), 'latin1'));
const without = (mark: string) => hostile.filter((bytes) => !bytes.includes(mark));

function cut(bytes: Buffer, sizes: readonly number[]): readonly Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });

describe('a frame', () => {
  it('gives back its body and its status, whatever is around and inside of it and however it is cut', () => {
    fc.assert(
      fc.property(
        without(`${NONCE}<`),
        without(`${NONCE}>`),
        hostile,
        fc.integer({ min: 0, max: 255 }),
        sizes,
        (before, body, after, status, cuts) => {
          fc.pre(
            !Buffer.concat([before, Buffer.from(`${NONCE}<`)])
              .subarray(0, -1)
              .includes(`${NONCE}<`),
          );
          fc.pre(Buffer.concat([body, Buffer.from(`${NONCE}>`)]).indexOf(`${NONCE}>`) === body.length);
          const scan = scanFrame(NONCE);
          const whole = Buffer.concat([
            before,
            Buffer.from(`${NONCE}<`),
            body,
            Buffer.from(`${NONCE}>${status};`),
            after,
          ]);
          const seen = {
            before: [] as Buffer[],
            body: [] as Buffer[],
            rest: [] as Buffer[],
            status: null as number | null,
          };
          let over = false;
          for (const chunk of cut(whole, cuts)) {
            if (over) {
              seen.rest.push(chunk);
              continue;
            }
            const scanned = scan(chunk);
            seen.before.push(scanned.before);
            seen.body.push(scanned.body);
            if (scanned.end === null) continue;
            over = true;
            seen.status = scanned.end.status;
            seen.rest.push(scanned.end.rest);
          }
          assert.deepEqual(
            [Buffer.concat(seen.before), Buffer.concat(seen.body), Buffer.concat(seen.rest), seen.status],
            [before, body, after, status],
          );
        },
      ),
    );
  });

  it('passes on every byte that cannot belong to its end mark', () => {
    const scan = scanFrame(NONCE);
    scan(Buffer.from(`${NONCE}<`));
    assert.equal(String(scan(Buffer.from('12 % done\n')).body), '12 % done\n');
    assert.equal(String(scan(Buffer.from(`x${NONCE}`)).body), 'x');
    assert.equal(String(scan(Buffer.from('y')).body), `${NONCE}y`);
  });

  it('with a status that is none is broken', () => {
    for (const status of ['', 'x', '1234', '-1', '12x;']) {
      const { end } = scanFrame(NONCE)(Buffer.from(`${NONCE}<body${NONCE}>${status};`));
      assert.deepEqual([status, end?.status], [status, null]);
    }
  });
});

describe('a stream of frames', () => {
  it('whose body is longer than allowed overflows, or drops what is beyond', async () => {
    const stream = new PassThrough();
    const frames = framesOf(stream);
    const [first, second] = [
      frames.next('aa', { bytes: 4, beyond: 'drop' }),
      frames.next('bb', { bytes: 4, beyond: 'fail' }),
    ];
    stream.write('aa<123456aa>0;noise bb<12345');
    const short = await first;
    assert.deepEqual([short.kind, short.kind === 'frame' && String(short.bytes)], ['frame', '1234']);
    assert.equal((await second).kind, 'overflow');
  });

  it('fails all waiting questions, and later ones, when it ends', async () => {
    const stream = new PassThrough();
    const frames = framesOf(stream);
    const waiting = frames.next('aa', { bytes: 100, beyond: 'fail' });
    stream.end('Permission denied (publickey).\r\naa<half');
    const frame = await waiting;
    assert.deepEqual([frame.kind, frame.kind === 'cut' && String(frame.bytes)], ['cut', 'half']);
    assert.equal((await frames.next('bb', { bytes: 100, beyond: 'fail' })).kind, 'cut');
    assert.equal(frames.noise(), 'Permission denied (publickey).\r\n');
  });

  it('keeps of a gigabyte of noise the last bytes only', async () => {
    const stream = new PassThrough();
    const frames = framesOf(stream);
    const waiting = frames.next('aa', { bytes: 10, beyond: 'fail' });
    for (let i = 0; i < 64; i += 1) stream.write(Buffer.alloc(65_536, 'x'));
    stream.write('aa<ok');
    stream.end('aa>0;');
    assert.equal((await waiting).kind, 'frame');
    assert.equal(frames.noise().length, 16_384);
  });
});

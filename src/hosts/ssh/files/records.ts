/**
 * A name has 255 bytes, and a block of stat's lines is bounded by what xargs gives one process. More than this without
 * a NUL is no listing.
 */
const LONGEST = 2 ** 20;

export class Garbled extends Error {
  override readonly name = 'Garbled';
}

/**
 * What ends with a NUL, in the groups in which it comes; each byte one character. What stands behind the last NUL is an
 * answer cut off, and is dropped.
 */
export async function* recordsOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly string[]> {
  let rest = '';
  for await (const chunk of chunks) {
    const parts = (rest + chunk.toString('latin1')).split('\0');
    rest = parts.pop() ?? '';
    if (rest.length > LONGEST) throw new Garbled(`${rest.length} bytes without an end`);
    if (parts.length > 0) yield parts;
  }
}

/** Of an answer that is here as a whole. */
export function recordsIn(bytes: Buffer): readonly string[] {
  return bytes.toString('latin1').split('\0').slice(0, -1);
}

import { posix } from 'node:path';
import { type FileContent, failure } from '../../../model/host.ts';
import { fileContent } from '../../files/content.ts';
import { recordsIn } from './records.ts';
import { farRefusal, refusal, utf8 } from './said.ts';
import { MODIFIED } from './shell.ts';

/** Of stat, with the inode: what is the same before and after has not changed in between. */
export const STAT = `%d %i %f %s %u %g %h ${MODIFIED} %.3Z`;

export interface HowRead {
  readonly max: number;
  /** Also taken where it changed meanwhile. */
  readonly moving?: boolean;
}

/** What was told of one file: `+ STAT` or a refusal, its bytes, STAT again. */
interface Part {
  readonly path: string;
  readonly head: Buffer;
  readonly bytes: Buffer;
  readonly tail: Buffer;
}

/**
 * By place in `paths`. First those that were read abreast, `NUMBER...` in front of their heads, then the others in
 * their order.
 */
export function partsIn(
  stdout: Buffer,
  mark: string,
  paths: readonly string[],
  max: number,
): readonly (Part | 'changed' | undefined)[] {
  const found: (Part | 'changed' | undefined)[] = paths.map(() => undefined);
  const threes = threesIn(stdout, mark);
  const groups = threes.filter(({ head }) => /^\d/.test(head.toString('latin1', 0, 1)));
  for (const group of groups) for (const [at, part] of ungrouped(group, paths, max)) found[at] = part;
  const singles = threes.filter((three) => !groups.includes(three)).values();
  for (const [at, path] of paths.entries()) {
    const single = found[at] === undefined ? singles.next().value : undefined;
    if (single) found[at] = { path, ...single };
  }
  return found;
}

type Three = Omit<Part, 'path'>;

function threesIn(stdout: Buffer, mark: string): readonly Three[] {
  const cut: Buffer[] = [];
  for (let from = 0; ; ) {
    const end = stdout.indexOf(mark, from, 'latin1');
    if (end === -1) break;
    cut.push(stdout.subarray(from, end));
    from = end + mark.length;
  }
  const three = (at: number): Three[] => {
    const [head, bytes, tail] = cut.slice(at, at + 3);
    return head && bytes && tail ? [{ head, bytes, tail }] : [];
  };
  return Array.from({ length: Math.ceil(cut.length / 3) }, (_, at) => three(at * 3)).flat();
}

/** Where the numbers do not fit together, something was written meanwhile, or head over there has no `-q`. */
function ungrouped(
  { head, bytes, tail }: Three,
  paths: readonly string[],
  max: number,
): readonly (readonly [number, Part | 'changed'])[] {
  const [which = '', ...before] = linesOf(head);
  const members = which
    .split(' ')
    .map(Number)
    .filter((at) => paths[at] !== undefined);
  const after = linesOf(tail);
  const ends: number[] = [];
  for (const line of before) ends.push((ends.at(-1) ?? 0) + Math.min(Number(line.split(' ')[3]), max + 1));
  const fits = ends.at(-1) === bytes.length && before.length === members.length && after.length === members.length;
  return members.map((at, index) => {
    const own = bytes.subarray(ends[index - 1] ?? 0, ends[index]);
    const part = {
      path: paths[at] ?? '',
      head: Buffer.from(`+ ${before[index]}\0`),
      bytes: own,
      tail: Buffer.from(`${after[index]}\0`),
    };
    return [at, fits ? part : 'changed'];
  });
}

const linesOf = (bytes: Buffer): readonly string[] => bytes.toString('latin1').split('\n').slice(0, -1);

const STATED = /^(?:\+ )?\d+ \d+ ([0-9a-f]{4}) (\d+) (\d+) (\d+) (\d+) (-?\d+)(?:\.(\d{3}))? -?\d+(?:\.\d+)?$/;

export function contentOf({ path, head, bytes, tail }: Part, { max, moving }: HowRead): FileContent | 'changed' {
  const records = recordsIn(head);
  const refused = farRefusal(records, path);
  if (refused) return refused;
  const [before, real] = records;
  const [after] = recordsIn(tail);
  const [, mode, size, uid, gid, links, seconds, fraction] = STATED.exec(after ?? '') ?? [];
  if (before === undefined || mode === undefined) return refusal(path, 'garbled');
  if (bytes.length > max || Number(size) > max) return failure('EFBIG', `${path} is larger than ${max} bytes`);
  // Files of /proc say 0, whatever they hold, and have a new time at every look.
  if (!moving && before !== `+ ${after}` && Number(size) > 0) return 'changed';
  const modified = Number(seconds) * 1000 + Number(fraction ?? 0);
  const facts = { mode: Number.parseInt(mode, 16), uid: Number(uid), gid: Number(gid), links: Number(links), modified };
  // Those that are read abreast lie behind no link.
  return fileContent({ path, real: real === undefined ? posix.resolve('/', path) : utf8(real) }, bytes, facts);
}

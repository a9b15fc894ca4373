import { randomBytes } from 'node:crypto';
import { FIRST_HEAD, LONGEST_HEAD } from '../../../model/host/holds.ts';
import type { Failure } from '../../../model/host.ts';
import { quoteWord } from '../../../model/text/quote.ts';
import type { HeadJudge, HeadVerdict } from '../../files/holds.ts';
import type { Remote } from '../remote.ts';
import { broken, farRefusal } from './said.ts';
import { CHANGED, MODIFIED, PRELUDE } from './shell.ts';

/** A directory that was looked at: as a word of the shell, and what it must still be. */
interface Ground {
  readonly path: string;
  readonly directory: string;
  readonly device: number;
  readonly inode: number;
}

/** `gone`: it is there no more, or is no regular file any more. */
export interface FarHead {
  readonly name: string;
  readonly verdict: Exclude<HeadVerdict, 'more'> | 'gone';
  readonly uid: number;
  /** What stat says of the very file that was judged; only then it may go. */
  readonly seen: string;
}

/** So many names at a time; what is read of them stays far below what an answer may hold. */
export const HEADS_AT_ONCE = 1000;
const DEADLINE = 120_000;
const LARGEST_ANSWER = 32 * 2 ** 20;

/** `INODE:SIZE:MODIFIED:CHANGED`: no write leaves all of it as it was, and nobody can set the last back. */
export const SEEN = `%i:%s:${MODIFIED}:${CHANGED}`;
const LINE = `%f %u ${SEEN}`;

/**
 * One letter a name (f file, g gone, n no regular file, u not readable), without a process; then stat's lines of the
 * files, their beginnings one behind the other, a mark, and stat's lines again. What has changed in between is told
 * from the two; what the bytes are, by the sizes.
 */
const CHUNK = String.raw`
letters=
for name; do
  shift
  if [ -L "$name" ]; then letters=$letters'n'
  elif [ ! -e "$name" ]; then letters=$letters'g'
  elif [ ! -f "$name" ]; then letters=$letters'n'
  elif [ ! -r "$name" ]; then letters=$letters'u'
  else letters=$letters'f'; set -- "$@" "$name"; fi
done
printf 'H %s\0' "$letters"
[ $# -gt 0 ] || exit 0
stat -c '${LINE}' "$@" 2>/dev/null; printf '\0'
head -q -c "$most" "$@" 2>/dev/null
printf %s "$mark"
stat -c '${LINE}' "$@" 2>/dev/null; printf '\0'
exit 0`;

interface Asked {
  readonly most: number;
  readonly atOnce: number;
  readonly mark: string;
}

const scriptOf = ({ directory, device, inode }: Ground, { most, atOnce, mark }: Asked): string => `${PRELUDE}
enter ${directory} || exit 3
[ "$(stat -c '%d %i' .)" = '${device} ${inode}' ] || { refuse swapped; exit 3; }
most=${most} mark=${mark}
export most mark
xargs -0 -n ${atOnce} sh -c ${quoteWord(CHUNK)} sh`;

/**
 * Each file's verdict, in the order of the names. Never a round trip for one file, unless it is changed while it is
 * read.
 */
export async function judgeHeads(
  remote: Remote,
  ground: Ground,
  names: readonly string[],
  judge: HeadJudge,
): Promise<readonly FarHead[] | Failure> {
  const verdicts = new Map<string, FarHead | 'more'>();
  let rest = names;
  for (const { most, atOnce } of ROUNDS) {
    for (let at = 0; at < rest.length; ) {
      const size = Math.min(HEADS_AT_ONCE, Math.floor(LARGEST_ANSWER / most));
      const some = rest.slice(at, at + size);
      at += size;
      const heads = await readHeads(remote, ground, some, { most, atOnce });
      if (!Array.isArray(heads)) return heads as Failure;
      for (const head of heads) verdicts.set(head.name, judged(head, judge));
    }
    rest = names.filter((name) => (verdicts.get(name) ?? 'more') === 'more');
    if (rest.length === 0) break;
  }
  return names.map((name) => {
    const head = verdicts.get(name) ?? 'more';
    // The file changed during every read: somebody is writing it.
    return head === 'more' ? { name, verdict: 'unfinished', uid: 0, seen: '' } : head;
  });
}

/** The beginning of all, then more of those that it did not tell; one by one what was changed meanwhile. */
const ROUNDS = [
  { most: FIRST_HEAD, atOnce: HEADS_AT_ONCE },
  { most: LONGEST_HEAD, atOnce: HEADS_AT_ONCE },
  { most: LONGEST_HEAD, atOnce: 1 },
] as const;

function judged({ name, letter, facts, bytes }: Read, judge: HeadJudge): FarHead | 'more' {
  if (letter === 'g' || letter === 'n') return { name, verdict: 'gone', uid: 0, seen: '' };
  if (letter === 'u') return { name, verdict: 'unreadable', uid: 0, seen: '' };
  if (facts === null || bytes === null) return 'more';
  const verdict = judge({ bytes, size: facts.size, mode: facts.mode, uid: facts.uid });
  return verdict === 'more' ? 'more' : { name, verdict, uid: facts.uid, seen: facts.seen };
}

interface Facts {
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly seen: string;
}

interface Read {
  readonly name: string;
  readonly letter: string;
  /** Null: it was changed while it was read. */
  readonly facts: Facts | null;
  readonly bytes: string | null;
}

async function readHeads(
  remote: Remote,
  ground: Ground,
  names: readonly string[],
  how: Omit<Asked, 'mark'>,
): Promise<readonly Read[] | Failure> {
  const mark = randomBytes(16).toString('hex');
  const input = Buffer.from(names.map((name) => `./${name}\0`).join(''), 'latin1');
  const answer = await remote.ask(scriptOf(ground, { ...how, mark }), { effect: 'read', timeout: DEADLINE, input });
  if (!answer.ok) return answer;
  const { path } = ground;
  const text = answer.stdout.toString('latin1');
  const why = farRefusal(text.startsWith('! ') ? text.split('\0') : [], path);
  if (why) return why;
  const reads = readsIn(text, names, { ...how, mark });
  return reads === null || answer.status !== 0 ? broken(path, answer) : reads;
}

/** Null: this is no such answer. */
function readsIn(text: string, names: readonly string[], asked: Asked): readonly Read[] | null {
  const reads: Read[] = [];
  let at = 0;
  while (at < text.length) {
    const end = text.indexOf('\0', at);
    const letters = /^H ([fgnu]+)$/.exec(text.slice(at, end))?.[1];
    if (end < 0 || letters === undefined || reads.length + letters.length > names.length) return null;
    const chunk = chunkAt(text, letters.includes('f') ? end + 1 : null, asked);
    if (chunk === null) return null;
    let nth = 0;
    for (const letter of letters) {
      const name = names[reads.length] ?? '';
      reads.push(letter === 'f' ? { name, letter, ...part(chunk, nth) } : { name, letter, facts: null, bytes: null });
      if (letter === 'f') nth += 1;
    }
    at = chunk.next ?? end + 1;
  }
  return reads.length === names.length ? reads : null;
}

interface Chunk {
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly bytes: string;
  readonly most: number;
  readonly next: number | null;
  /** Where each file's bytes begin; null: they do not add up. */
  readonly starts: readonly number[] | null;
}

function chunkAt(text: string, from: number | null, { most, mark }: Asked): Chunk | null {
  if (from === null) return { before: [], after: [], bytes: '', most, next: null, starts: [] };
  const begin = text.indexOf('\0', from);
  if (begin < 0) return null;
  const before = linesIn(text.slice(from, begin));
  const starts = [0];
  for (const line of before) starts.push((starts.at(-1) ?? 0) + Math.min(most, factsIn(line)?.size ?? 0));
  // By the sizes, not by a search: a head may be large. Where they do not add up the mark, which nobody could foresee,
  // tells the end.
  const added = begin + 1 + (starts.at(-1) ?? 0);
  const whole = text.startsWith(mark, added);
  const close = whole ? added : text.indexOf(mark, begin + 1);
  const end = close < 0 ? -1 : text.indexOf('\0', close);
  if (end < 0) return null;
  const after = linesIn(text.slice(close + mark.length, end));
  return { before, after, bytes: text.slice(begin + 1, close), most, next: end + 1, starts: whole ? starts : null };
}

const linesIn = (text: string): readonly string[] => text.split('\n').slice(0, -1);

function part({ before, after, bytes, starts }: Chunk, nth: number): Pick<Read, 'facts' | 'bytes'> {
  const facts = factsIn(before[nth] ?? '');
  if (starts === null || facts === null || before.length !== after.length || before[nth] !== after[nth])
    return { facts: null, bytes: null };
  return { facts, bytes: bytes.slice(starts[nth], starts[nth + 1]) };
}

const FACTS = /^8([0-9a-f]{3}) (\d+) (\d+:(\d+):-?[\d.]+:-?[\d.]+)$/;

function factsIn(line: string): Facts | null {
  const [, mode = '', uid, seen = '', size] = FACTS.exec(line) ?? [];
  return size === undefined ? null : { size: Number(size), mode: Number.parseInt(mode, 16), uid: Number(uid), seen };
}

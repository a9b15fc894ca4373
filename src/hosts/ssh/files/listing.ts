import { type Failure, failure } from '../../../model/host.ts';
import { quoteWord } from '../../../model/text/quote.ts';
import type { Channel, Remote } from '../remote.ts';
import { BRIEF, entryReader, type FarEntry, FULL, LINE } from './entries.ts';
import { HEAD, headerOf } from './header.ts';
import { Garbled, recordsIn, recordsOf } from './records.ts';
import { broken, codeOfLine, farRefusal, pathWord, refusal } from './said.ts';
import { PRELUDE } from './shell.ts';

/** A directory, pinned, with what is in it. */
export interface Listing {
  readonly ok: true;
  readonly device: number;
  readonly inode: number;
  /** The folder without links. */
  readonly real: string;
  /** The vital folder that it is or lies below, under whatever name; null: none. */
  readonly vital: string | null;
  /** The host's clock, epoch milliseconds. */
  readonly now: number;
  /**
   * The same, rounded up to what the clock can tell: a file made before we began, in this very millisecond or second,
   * is no arrival.
   */
  readonly begun: number;
  /** Once; throws `Cut`. Whoever ends early ends it over there too. */
  readonly entries: AsyncIterable<readonly FarEntry[]>;
}

export interface LookOptions {
  /** Names and types alone: a third of the work over there, where the selector needs no more. */
  readonly brief: boolean;
  /** Aborted: it ends early. */
  readonly signal?: AbortSignal;
}

/** Thrown when a listing ends early. */
export class Cut extends Error {
  override readonly name = 'Cut';
  readonly failure: Failure;
  constructor(cut: Failure) {
    super(cut.message);
    this.failure = cut;
  }
}

/**
 * Of the answer to a question: some four thousand entries. A larger directory is streamed through a channel of its own,
 * with the work of the first look lost.
 */
const FIRST_LOOK = 2 ** 18;
/** A disk that gives nothing for so long does not answer any more. */
const PATIENCE = 60_000;

/**
 * Names that xargs hands over in one go, so that stat's lines and the names can be told from each other by their
 * number.
 */
const CHUNK = `
show() { facts=$(stat -c '${LINE}' "$@" 2>/dev/null) && printf '#\\n%s\\0' "$facts" && printf '%s\\0' "$@"; }
[ $# -gt 0 ] || exit 0
show "$@" && exit 0
# One has gone meanwhile.
for name; do shift; if [ -e "$name" ] || [ -L "$name" ]; then set -- "$@" "$name"; fi; done
[ $# -gt 0 ] || exit 0
show "$@" || for name; do show "$name"; done
exit 0`;

function scriptOf(word: string, { brief }: LookOptions, end: string): string {
  return `${PRELUDE}
enter ${word} || exit 3
${HEAD}
{
if find . -maxdepth 0 -printf '' 2>/dev/null
then find . -mindepth 1 -maxdepth 1 -printf '${brief ? BRIEF : FULL}'
else find . -mindepth 1 -maxdepth 1 -print0 | xargs -0 -n 500 sh -c ${quoteWord(CHUNK)} sh
fi
printf '= %s\\0' $?
} ${end}`;
}

export async function openListing(remote: Remote, path: string, options: LookOptions): Promise<Listing | Failure> {
  const word = pathWord(path);
  if (!word.ok) return word;
  const answer = await remote.ask(scriptOf(word.word, options, `| head -c ${FIRST_LOOK}`), { effect: 'read' });
  if (!answer.ok) return answer;
  const records = recordsIn(answer.stdout);
  const refused = farRefusal(records, path);
  if (refused) return refused;
  if (records.length === 0) return broken(path, answer);
  if (!/^= \d+$/.test(records.at(-1) ?? ''))
    return await stream(remote, { path, script: scriptOf(word.word, options, '') }, options);
  const whole: Source = { path, groups: once(records.slice(1)), ended: async () => answer.stderr };
  return headed(records[0], whole, options);
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}

async function stream(
  remote: Remote,
  { path, script }: { readonly path: string; readonly script: string },
  options: LookOptions,
): Promise<Listing | Failure> {
  const opened = await remote.open(script, { effect: 'read' });
  if (!opened.ok) return opened;
  const { channel } = opened;
  const groups = recordsOf(patiently(channel, path, options.signal));
  try {
    const first = await groups.next();
    const [header, ...rest] = first.done ? [] : first.value;
    const refused = farRefusal([header ?? '', ...rest], path);
    if (refused || header === undefined) return await given(channel, refused ?? (await endOf(channel, path)));
    const source: Source = {
      path,
      groups: following(rest, groups, channel),
      ended: async () => await stderrOf(channel, path),
    };
    return headed(header, source, options);
  } catch (error) {
    return await given(channel, failureOf(error, path));
  }
}

async function given(channel: Channel, refused: Failure): Promise<Failure> {
  await channel.cancel();
  return refused;
}

async function* following(
  rest: readonly string[],
  groups: AsyncGenerator<readonly string[]>,
  channel: Channel,
): AsyncGenerator<readonly string[]> {
  let whole = false;
  try {
    yield rest;
    yield* groups;
    whole = true;
  } finally {
    if (!whole) await channel.cancel();
  }
}

async function endOf(channel: Channel, path: string): Promise<Failure> {
  const done = await channel.done;
  return done.ok ? broken(path, done) : done;
}

async function stderrOf(channel: Channel, path: string): Promise<string> {
  const done = await channel.done;
  if (!done.ok) throw new Cut(failure(done.code, `${path}: ${done.message}`));
  return done.stderr;
}

/** Chunks as they come; a silence that is too long is a failure, and an abort is heard in the middle of one. */
async function* patiently(channel: Channel, path: string, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  const chunks = channel.stdout[Symbol.asyncIterator]();
  for (;;) {
    const next = await within(chunks.next(), signal);
    if (next === 'silence')
      throw new Cut(failure('timeout', `${path}: no entry was told for ${PATIENCE / 1000} s; its disk may not answer`));
    if (next === 'aborted') return void (await channel.cancel());
    if (next.done) return;
    yield next.value;
  }
}

async function within<T>(wait: Promise<T>, signal: AbortSignal | undefined): Promise<T | 'silence' | 'aborted'> {
  if (signal?.aborted) return 'aborted';
  const clean = new AbortController();
  const silence = new Promise<'silence'>((resolve) => {
    const timer = setTimeout(() => resolve('silence'), PATIENCE);
    clean.signal.addEventListener('abort', () => clearTimeout(timer));
  });
  const aborted = new Promise<'aborted'>((resolve) =>
    signal?.addEventListener('abort', () => resolve('aborted'), { signal: clean.signal }),
  );
  try {
    return await Promise.race([wait, silence, aborted]);
  } finally {
    clean.abort();
  }
}

interface Source {
  readonly path: string;
  readonly groups: AsyncIterable<readonly string[]>;
  /** What was said on stderr; throws `Cut` where no end was seen. */
  readonly ended: () => Promise<string>;
}

function headed(header: string | undefined, source: Source, options: LookOptions): Listing | Failure {
  const head = headerOf(header ?? '');
  if (head === null) return refusal(source.path, 'garbled');
  const { device, inode, now, exact, real, vital } = head;
  return {
    ok: true,
    device,
    inode,
    real,
    vital,
    now,
    begun: now + (exact ? 1 : 1000),
    entries: entriesOf(source, options),
  };
}

async function* entriesOf(
  { path, groups, ended }: Source,
  { brief, signal }: LookOptions,
): AsyncGenerator<readonly FarEntry[]> {
  const reader = entryReader(brief);
  try {
    for await (const records of groups) yield records.map(reader.take).filter((entry) => entry !== null);
    if (signal?.aborted) return;
    const complaint = complaintOf(await ended(), path);
    if (complaint) throw new Cut(complaint);
    if (reader.status() === null) throw new Cut(failure('lost', `${path}: the listing broke off`));
    // find says 1 also of an entry that went while it looked; more is xargs, or no find at all.
    if (Number(reader.status()) > 1)
      throw new Cut(failure('EIO', `${path}: the listing ended with status ${reader.status()}`));
  } catch (error) {
    throw new Cut(failureOf(error, path));
  }
}

function failureOf(error: unknown, path: string): Failure {
  if (error instanceof Cut) return error.failure;
  if (error instanceof Garbled) return refusal(path, 'garbled');
  throw error;
}

/** What the tools complained of, but for entries that went while they looked. */
function complaintOf(stderr: string, path: string): Failure | null {
  const lines = stderr.split('\n').filter((line) => /^(\S*\/)?(find|xargs|stat|\w*sh): /.test(line));
  const code = lines.map(codeOfLine).find((each) => each !== undefined && each !== 'ENOENT');
  return code === undefined ? null : refusal(path, code);
}

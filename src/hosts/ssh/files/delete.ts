import { type DeleteResult, type Failure, type FileHandle, failure } from '../../../model/host.ts';
import { deletable, uidsIn } from '../../files/matches.ts';
import {
  changedMeanwhile,
  countRefusal,
  type DeleteOptions,
  type Ended,
  LARGEST_BATCH,
  mayNotBegin,
  mayNotGoOn,
  passes,
  resultOf,
  type Sweep,
  skip,
  startSweep,
  swapped,
  vitalRefused,
  wanted,
} from '../../files/sweep.ts';
import { putAside, type Users } from '../../files/tally.ts';
import type { FarAnswer, Remote } from '../remote.ts';
import { type Batch, type BatchConditions, batchIn, removeBatch } from './batch.ts';
import type { FarEntry } from './entries.ts';
import { type FarHead, HEADS_AT_ONCE, judgeHeads } from './heads.ts';
import { listFar } from './list.ts';
import { Cut, type Listing, type LookOptions, openListing } from './listing.ts';
import { recordsIn } from './records.ts';
import { broken, farRefusal, pathWord } from './said.ts';

/** How the far side is asked, and how large a batch may be so that it takes half a second. */
interface Far {
  readonly remote: Remote;
  readonly conditions: BatchConditions;
  readonly look: LookOptions;
  batch: number;
}

const FIRST_BATCH = 1000;
const SMALLEST_BATCH = 50;
const AIM = 500;

/**
 * The names are chosen here, from a listing that is read as it comes, and go back in batches; each batch enters the
 * directory anew, makes sure that it is the pinned one, and looks at each file again before it goes. A batch is
 * confirmed before the next is sent.
 */
export async function deleteFar(
  remote: Remote,
  { handle, options, users }: { readonly handle: FileHandle; readonly options: DeleteOptions; readonly users: Users },
): Promise<DeleteResult> {
  const { selector } = handle;
  const word = pathWord(selector.in);
  if (!word.ok) return word;
  const look = { brief: !needsFacts(handle), signal: options.signal };
  const first = await openListing(remote, selector.in, look);
  if (!first.ok) return first;
  const vital = vitalRefused(first);
  if (vital) return vital;
  const uidsOf = uidsIn(users);
  const sweep = startSweep(handle, options, { started: first.begun, uidsOf });
  const far: Far = {
    remote,
    conditions: conditionsOf(handle, { directory: word.word, listing: first, uidsOf }),
    look,
    batch: FIRST_BATCH,
  };
  const ended = await passes(sweep, passOf(sweep, far, first));
  sweep.report('last');
  return (
    sweep.hopeless ??
    (await resultOf(sweep, ended, { users, countAgain: async () => await countAgain(remote, handle, users) }))
  );
}

/** Whether a name and a type tell enough to choose. */
function needsFacts({ selector }: FileHandle): boolean {
  return selector.user !== undefined || selector.older_than !== undefined || selector.newer_than !== undefined;
}

interface Ground {
  readonly directory: string;
  readonly listing: Listing;
  readonly uidsOf: (user: string) => readonly number[];
}

function conditionsOf(
  { selector, device, inode }: FileHandle,
  { directory, listing, uidsOf }: Ground,
): BatchConditions {
  const { user, older_than: older, newer_than: newer } = selector;
  return {
    directory,
    device,
    inode,
    types: deletable(selector),
    uids: user === undefined ? null : user.flatMap((each) => (/^\d+$/.test(each) ? [Number(each)] : uidsOf(each))),
    before: older === undefined ? null : listing.now - older,
    after: newer === undefined ? null : listing.now - newer,
    begun: listing.begun,
    seen: null,
  };
}

async function countAgain(remote: Remote, { selector }: FileHandle, users: Users) {
  const again = await listFar(remote, { selector: { ...selector, type: deletable(selector) }, sample: 0, users });
  return again.ok ? again : null;
}

/** The first pass has its listing already: it is the one by which the clock was read. */
function passOf(sweep: Sweep, far: Far, first: Listing): () => Promise<Ended | null> {
  let ready: Listing | null = first;
  return async () => {
    const listing = ready ?? (await openListing(far.remote, sweep.handle.selector.in, far.look));
    ready = null;
    if (!listing.ok) return giveUp(sweep, listing);
    const { selector, device, inode } = sweep.handle;
    if (listing.device !== device || listing.inode !== inode) return giveUp(sweep, swapped(selector.in, sweep.deleted));
    try {
      return await onePass(sweep, far, listing);
    } catch (error) {
      if (error instanceof Cut) return giveUp(sweep, error.failure);
      throw error;
    }
  };
}

/** The failure also tells how many files are certainly deleted. */
function giveUp(sweep: Sweep, { code, message }: Failure, atRisk = 0): Ended {
  const known = sweep.deleted === 0 && atRisk === 0 ? '' : `; ${sweep.deleted} are known to be deleted`;
  const unknown = atRisk === 0 ? '' : `, and of up to ${atRisk} more nobody knows`;
  sweep.hopeless = failure(code, `${message}${known}${unknown}`);
  return 'clean';
}

async function onePass(sweep: Sweep, far: Far, listing: Listing): Promise<Ended | null> {
  for await (const names of batchesOf(sweep, far, listing)) {
    const over = mayNotBegin(sweep) ?? (await oneBatch(sweep, far, names));
    if (over !== null) return over;
  }
  return sweep.options.signal.aborted ? 'interrupted' : null;
}

/** As many names at a time as the batch may have by then; the last is what is left. */
async function* batchesOf(sweep: Sweep, far: Far, { entries: groups }: Listing): AsyncGenerator<readonly string[]> {
  let names: readonly string[] = [];
  for await (const entries of groups) {
    names = names.concat(chosen(sweep, entries));
    for (let size = sizeOf(sweep, far); names.length >= size; size = sizeOf(sweep, far)) {
      yield names.slice(0, size);
      names = names.slice(size);
    }
  }
  while (names.length > 0) {
    const size = sizeOf(sweep, far);
    yield names.slice(0, size);
    names = names.slice(size);
  }
}

function chosen(sweep: Sweep, entries: readonly FarEntry[]): readonly string[] {
  return entries
    .filter(({ name, type, facts }) => wanted(sweep, name, type) && (facts === null || sweep.matches.facts(facts)))
    .map(({ name }) => name);
}

/** Never more than may still go; at least one, so that the limit is met where it is told. */
function sizeOf({ options, deleted, matches }: Sweep, { batch }: Far): number {
  return Math.max(
    1,
    Math.min(options.batch, matches.head ? HEADS_AT_ONCE : LARGEST_BATCH, batch, options.limit - deleted),
  );
}

/** Those of the names that hold what they must, with what is known of each; the rest is put aside. */
async function thatHold(sweep: Sweep, { remote, conditions }: Far, names: readonly string[]): Promise<Held | Failure> {
  const { head } = sweep.matches;
  if (!head) return { names, seen: null };
  const { directory, device, inode } = conditions;
  const heads = await judgeHeads(remote, { path: sweep.handle.selector.in, directory, device, inode }, names, head);
  if (!Array.isArray(heads)) return heads as Failure;
  const held: FarHead[] = [];
  for (const each of heads as readonly FarHead[]) {
    if (each.verdict === 'holds') held.push(each);
    else if (each.verdict !== 'gone' && sweep.aside)
      putAside(sweep.aside, each.name, { why: each.verdict, uid: each.uid });
  }
  return { names: held.map(({ name }) => name), seen: held.map(({ seen }) => seen) };
}

interface Held {
  readonly names: readonly string[];
  readonly seen: readonly string[] | null;
}

async function oneBatch(sweep: Sweep, far: Far, chosen: readonly string[]): Promise<Ended | null> {
  const since = performance.now();
  const held = await thatHold(sweep, far, chosen);
  if ('ok' in held)
    return giveUp(sweep, held.code === 'swapped' ? swapped(sweep.handle.selector.in, sweep.deleted) : held);
  const { names, seen } = held;
  if (names.length === 0) return mayNotGoOn(sweep);
  await sweep.options.reserve?.(sweep.deleted + names.length);
  const answer = await removeBatch(far.remote, names, { ...far.conditions, seen });
  if (!answer.ok) return giveUp(sweep, answer, answer.code === 'unreachable' ? 0 : names.length);
  const path = sweep.handle.selector.in;
  const why = farRefusal(recordsIn(answer.stdout), path);
  if (why) return giveUp(sweep, why.code === 'swapped' ? swapped(path, sweep.deleted) : why);
  const batch = batchIn(answer);
  book(sweep, batch, names.length);
  if (batch.broken !== null)
    return giveUp(sweep, brokenOff(path, batch.broken, answer), Math.max(0, names.length - batch.deleted));
  far.batch = nextSize(chosen.length, performance.now() - since);
  sweep.report();
  return mayNotGoOn(sweep);
}

function brokenOff(path: string, code: string, answer: FarAnswer): Failure {
  return { ...broken(path, answer), code };
}

function nextSize(size: number, took: number): number {
  return Math.round(Math.min(LARGEST_BATCH, Math.max(SMALLEST_BATCH, (size * AIM) / Math.max(1, took))));
}

/** Counts from the host are believed only up to the number of names that were sent. */
function book(sweep: Sweep, { deleted, bytes, arrived, linked = 0, kept, stuck }: Batch, asked: number): void {
  sweep.deleted += Math.min(deleted, asked);
  sweep.bytes += bytes;
  sweep.arrived += Math.min(arrived, asked);
  sweep.linked += Math.min(linked, asked);
  for (const { name, type } of kept) {
    if (!sweep.types.has(type)) skip(sweep, name, changedMeanwhile(type));
    else if (sweep.matches.head) skip(sweep, name, 'changed meanwhile: not the file that was judged');
  }
  for (const { name, code } of stuck) countRefusal(sweep, name, code);
}

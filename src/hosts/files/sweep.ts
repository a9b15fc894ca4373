import {
  type DeleteProgress,
  type DeleteResult,
  type Failure,
  type FileHandle,
  type FileList,
  type Files,
  type FileType,
  failure,
} from '../../model/host.ts';
import { vitalReason } from '../../model/policy/danger.ts';
import { saidOf } from '../linux/errno.ts';
import { deletable, type FileMatches, fileMatches } from './matches.ts';
import { type AsideTally, asideOf, emptyAside, type Users } from './tally.ts';

export type DeleteOptions = Parameters<Files['delete']>[1];
export type Ended = Extract<DeleteResult, { ok: true }>['ended'];

/** What a delete has done so far: the same bookkeeping on every host. */
export interface Sweep {
  readonly handle: FileHandle;
  readonly options: DeleteOptions;
  readonly matches: FileMatches;
  readonly types: ReadonlySet<FileType>;
  readonly report: (when?: 'last') => void;
  /** Epoch milliseconds of the host's clock; what came later is an arrival. */
  readonly started: number;
  deleted: number;
  bytes: number;
  /** Of the deleted: how many have another name left. */
  linked: number;
  arrived: number;
  /** Files of this pass that match and could not be deleted. */
  stuck: number;
  readonly skipped: Map<string, string>;
  /** Files of this pass that do not fit `holds`. Null: the content does not matter. */
  aside: AsideTally | null;
  /** Why it cannot go on: no file of this directory can be deleted, or nobody can be asked any more. */
  hopeless: Failure | null;
}

/** So that an abort is heard within a second, whatever the author wrote. */
export const LARGEST_BATCH = 10_000;
const MOST_SKIPPED = 20;
/**
 * The second pass takes the files that came during the first, and the next one proves that none is left. If the last
 * pass still finds files, they arrive all the time, and going on would never end.
 */
const MOST_PASSES = 10;
/** Milliseconds. This finds a source that adds more than four files a second. */
const SETTLE = 250;
/** Up to this number of arrivals we do not assume a source that refills the folder. */
const FEW_ARRIVALS = 1000;

export function swapped(path: string, deleted = 0): Failure {
  const so = deleted === 0 ? 'nothing was deleted' : 'nothing more is deleted';
  return failure('swapped', `${path} is another directory than the one that was looked at: ${so}`);
}

/**
 * `delete` itself refuses what `observe` has refused: a handle may come from a file. /proc takes no unlink from
 * anybody, and says so by itself.
 */
export function vitalRefused({
  real,
  vital,
}: {
  readonly real: string;
  readonly vital: string | null;
}): Failure | null {
  return vital === null || vital === '/proc' ? null : failure('vital', vitalReason(real, vital));
}

export function startSweep(
  handle: FileHandle,
  options: DeleteOptions,
  { started, uidsOf }: { readonly started: number; readonly uidsOf: (user: string) => readonly number[] },
): Sweep {
  const types = deletable(handle.selector);
  const sweep: Sweep = {
    handle,
    options,
    matches: fileMatches({ ...handle.selector, type: types }, started, uidsOf),
    types: new Set(types),
    report: (when) => report(when),
    started,
    deleted: 0,
    bytes: 0,
    linked: 0,
    arrived: 0,
    stuck: 0,
    skipped: new Map(),
    aside: handle.selector.holds ? emptyAside() : null,
    hopeless: null,
  };
  const report = reporter(
    () => ({ done: sweep.deleted, total: Math.max(handle.count, sweep.deleted) }),
    options.progress,
  );
  return sweep;
}

/** `onePass` says null when it came to the directory's end. */
export async function passes(sweep: Sweep, onePass: () => Promise<Ended | null>): Promise<Ended> {
  let arrivedBefore = 0;
  for (let pass = 1; pass <= MOST_PASSES; pass += 1) {
    const before = sweep.deleted;
    sweep.stuck = 0;
    if (sweep.aside) sweep.aside = emptyAside();
    const ended = await onePass();
    if (ended !== null) return ended;
    if (sweep.deleted > before) continue;
    if (sweep.arrived === arrivedBefore) return 'clean';
    // The folder is empty now, but files did arrive. One short look does not prove that no more will come.
    arrivedBefore = sweep.arrived;
    await settle(sweep.options.signal);
  }
  return 'refilling';
}

async function settle(signal: AbortSignal): Promise<void> {
  for (let waited = 0; waited < SETTLE && !signal.aborted; waited += 50)
    await new Promise((next) => setTimeout(next, 50));
}

/** Before a batch: why it is not begun. */
export function mayNotBegin({ options, deleted }: Sweep): Ended | null {
  if (options.signal.aborted) return 'interrupted';
  return deleted >= options.limit ? 'limit' : null;
}

/** After a batch: why it was the last. */
export function mayNotGoOn({ hopeless, arrived, handle }: Sweep): Ended | null {
  if (hopeless) return 'clean';
  return arrived > Math.max(FEW_ARRIVALS, handle.count) ? 'refilling' : null;
}

export function wanted(sweep: Sweep, name: string, type: FileType | undefined): boolean {
  if (sweep.matches.entry(name, type)) return true;
  if (type !== undefined && !sweep.types.has(type) && sweep.matches.entry(name, undefined)) skip(sweep, name, A[type]);
  return false;
}

const A: Readonly<Record<FileType, string>> = {
  file: 'a regular file',
  directory: 'a directory',
  symlink: 'a symbolic link',
  fifo: 'a FIFO',
  socket: 'a socket',
  device: 'a device',
};

export function skip(sweep: Sweep, name: string, reason: string): void {
  if (sweep.skipped.size < MOST_SKIPPED || sweep.skipped.has(name)) sweep.skipped.set(name, reason);
}

/** What it is at the moment of use, when it is not what it was. */
export function changedMeanwhile(type: FileType): string {
  return `changed meanwhile: now ${A[type]}`;
}

/** Notes a file that should be deleted and that the host did not let go. */
export function countRefusal(sweep: Sweep, name: string, code: string): void {
  if (code === 'ENOENT') return;
  // unlink(2): these two are about the directory, not about the file; two million more tries would only take time.
  const hopeless = code === 'EROFS' || code === 'EACCES';
  if (hopeless && sweep.deleted === 0) sweep.hopeless = failure(code, `${sweep.handle.selector.in}: ${saidOf(code)}`);
  sweep.stuck += 1;
  skip(sweep, name, code === 'EPERM' ? IMMUTABLE : saidOf(code));
}

/** unlink(2): what else is not permitted to root. A sticky directory says so to others. */
const IMMUTABLE =
  'not permitted: it may be immutable or append-only (lsattr tells, chattr -i -a takes it off), or belong to somebody else';

/** The result of a second look. */
type Again = Pick<Extract<FileList, { ok: true }>, 'count' | 'aside'> | null;

interface Ending {
  readonly users: Users;
  /** How many match now; null where that cannot be told. */
  readonly countAgain: () => Promise<Again>;
}

export async function resultOf(sweep: Sweep, ended: Ended, { users, countAgain }: Ending): Promise<DeleteResult> {
  const { deleted, bytes, arrived, linked } = sweep;
  const skipped = [...sweep.skipped].map(([name, reason]) => ({ name, reason }));
  const { count: left, aside } = await leftOf(sweep, ended, { users, countAgain });
  return {
    ok: true,
    deleted,
    bytes,
    arrived,
    skipped,
    left,
    ...(linked > 0 && { linked }),
    ...(aside && { aside }),
    ended: ended === 'limit' && left === 0 ? 'clean' : ended,
  };
}

/** Counted afresh where there is time for it; an interrupt wants to be out at once. */
async function leftOf(sweep: Sweep, ended: Ended, { users, countAgain }: Ending): Promise<NonNullable<Again>> {
  if (ended === 'clean') return { count: sweep.stuck, ...(sweep.aside && { aside: asideOf(sweep.aside, users) }) };
  const expected = { count: Math.max(0, sweep.handle.count + sweep.arrived - sweep.deleted) };
  return ended === 'interrupted' ? expected : ((await countAgain()) ?? expected);
}

const REPORT_EVERY = 250;
const RATE_OVER = 2000;

/** After the first batch, then four times a second, and in the end; the rate is that of the last two seconds. */
function reporter(
  now: () => { readonly done: number; readonly total: number },
  progress: (p: DeleteProgress) => void,
): (when?: 'last') => void {
  const marks = [{ at: performance.now(), done: 0 }];
  let told = Number.NEGATIVE_INFINITY;
  let toldOf = 0;
  return (when) => {
    const at = performance.now();
    const { done, total } = now();
    if (when === 'last' ? done === toldOf : at - told < REPORT_EVERY) return;
    toldOf = done;
    told = at;
    marks.push({ at, done });
    while (marks.length > 2 && at - (marks[0]?.at ?? at) > RATE_OVER) marks.shift();
    const first = marks[0] ?? { at, done: 0 };
    progress({ done, total, rate: at > first.at ? Math.round(((done - first.done) * 1000) / (at - first.at)) : 0 });
  };
}

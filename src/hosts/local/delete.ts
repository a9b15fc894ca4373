import { lstatSync, type Stats, unlinkSync } from 'node:fs';
import { type DeleteProgress, type DeleteResult, type Failure, type FileHandle, type FileType, failure } from '../../model/host.ts';
import { deletable, type FileMatches, fileMatches, uidsIn } from '../file-matches.ts';
import { type Directory, nameOf, openDirectory, typeOf } from './directory.ts';
import { codeOf, failed, saidOf } from './errno.ts';
import { list, type Users } from './list.ts';
import { createSlices, type Slices } from './slices.ts';
import { eachInside, windowsOf } from './windows.ts';

export interface DeleteOptions {
  readonly batch: number;
  readonly limit: number;
  readonly signal: AbortSignal;
  readonly progress: (p: DeleteProgress) => void;
}

type Ended = Extract<DeleteResult, { ok: true }>['ended'];

interface Sweep {
  readonly directory: Directory;
  readonly handle: FileHandle;
  readonly options: DeleteOptions;
  readonly matches: FileMatches;
  readonly types: ReadonlySet<FileType>;
  readonly slices: Slices;
  readonly report: (when?: 'last') => void;
  /** Epoch milliseconds; what came later is an arrival. */
  readonly started: number;
  deleted: number;
  bytes: number;
  arrived: number;
  /** Matched and could not be deleted, in this pass. */
  stuck: number;
  readonly skipped: Map<string, string>;
  /** No file of this directory can be deleted. */
  hopeless: Failure | null;
}

/** So that an abort is heard within a second, whatever the author wrote. */
const LARGEST_BATCH = 10_000;
const MOST_SKIPPED = 20;
/**
 * The second pass takes what came during the first, the next proves that nothing is left. Where files are still found in the last, they come all the
 * time, and to go on would be a race without an end.
 */
const MOST_PASSES = 10;
/** A source that adds more than four files a second is found out. */
const SETTLE = 250;
/** Arrivals that are too few to speak of a source, however few files there were to delete. */
const FEW_ARRIVALS = 1000;

export async function deleteFiles(handle: FileHandle, options: DeleteOptions, users: Users): Promise<DeleteResult> {
  const directory = openDirectory(handle.selector.in);
  if (!directory.ok) return directory;
  try {
    if (directory.device !== handle.device || directory.inode !== handle.inode) {
      return failure('swapped', `${handle.selector.in} is another directory than the one that was looked at: nothing was deleted`);
    }
    const sweep = startSweep(directory, handle, options, users);
    const ended = await passes(sweep);
    sweep.report('last');
    return sweep.hopeless ?? (await resultOf(sweep, ended, users));
  } catch (error) {
    return failed(error, handle.selector.in);
  } finally {
    directory.close();
  }
}

function startSweep(directory: Directory, handle: FileHandle, options: DeleteOptions, users: Users): Sweep {
  // Rounded up: a file made in this very millisecond, before we began, is no arrival.
  const started = Date.now() + 1;
  const types = deletable(handle.selector);
  const matches = fileMatches({ ...handle.selector, type: types }, started, uidsIn(users));
  const sweep: Sweep = {
    directory,
    handle,
    options,
    matches,
    types: new Set(types),
    slices: createSlices(),
    report: (when) => report(when),
    started,
    deleted: 0,
    bytes: 0,
    arrived: 0,
    stuck: 0,
    skipped: new Map(),
    hopeless: null,
  };
  const report = reporter(() => ({ done: sweep.deleted, total: Math.max(handle.count, sweep.deleted) }), options.progress);
  return sweep;
}

async function passes(sweep: Sweep): Promise<Ended> {
  let arrivedBefore = 0;
  for (let pass = 1; pass <= MOST_PASSES; pass += 1) {
    const before = sweep.deleted;
    sweep.stuck = 0;
    const ended = await onePass(sweep);
    if (ended !== null) return ended;
    if (sweep.deleted > before) continue;
    if (sweep.arrived === arrivedBefore) return 'clean';
    // Nothing there at this moment, but files did come: an empty look of a millisecond does not say that no more will.
    arrivedBefore = sweep.arrived;
    await settle(sweep.options.signal);
  }
  return 'refilling';
}

async function settle(signal: AbortSignal): Promise<void> {
  for (let waited = 0; waited < SETTLE && !signal.aborted; waited += 50) await new Promise((next) => setTimeout(next, 50));
}

/** Null: it came to the directory's end. */
async function onePass(sweep: Sweep): Promise<Ended | null> {
  const { directory, slices, options } = sweep;
  const batch = Math.min(options.batch, LARGEST_BATCH);
  const wants = (name: string, type: FileType | undefined) => wanted(sweep, name, type);
  for await (const names of windowsOf({ directory, slices, wants, signal: options.signal })) {
    for (let from = 0; from < names.length; from += batch) {
      if (options.signal.aborted) return 'interrupted';
      if (sweep.deleted >= options.limit) return 'limit';
      await eachInside(directory, slices, Math.min(batch, names.length - from), (at) => removeOne(sweep, names[from + at] ?? ''));
      sweep.report();
      if (sweep.hopeless) return 'clean';
      if (sweep.arrived > Math.max(FEW_ARRIVALS, sweep.handle.count)) return 'refilling';
    }
  }
  return options.signal.aborted ? 'interrupted' : null;
}

function wanted(sweep: Sweep, name: string, type: FileType | undefined): boolean {
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

function skip(sweep: Sweep, name: string, reason: string): void {
  if (sweep.skipped.size < MOST_SKIPPED || sweep.skipped.has(name)) sweep.skipped.set(name, reason);
}

/**
 * Looked at and unlinked by its bare name in the pinned directory. unlink(2) follows nothing and removes no directory: what is swapped in between is
 * lost, at the most, as an entry of this directory.
 */
function removeOne(sweep: Sweep, name: string): void {
  if (sweep.deleted >= sweep.options.limit || sweep.hopeless) return;
  const path = nameOf(name);
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat || !mayGo(sweep, name, stat)) return;
    unlinkSync(path);
    sweep.deleted += 1;
    sweep.bytes += stat.size;
    // ctime, because nobody can set it back: a file moved here or made with an old date has come now all the same.
    if (stat.ctimeMs >= sweep.started) sweep.arrived += 1;
  } catch (error) {
    refused(sweep, name, codeOf(error));
  }
}

/** Type, age and owner as they are now, at the moment of use. */
function mayGo(sweep: Sweep, name: string, stat: Stats): boolean {
  const type = typeOf(stat) ?? 'device';
  if (stat.dev !== sweep.directory.device) skip(sweep, name, 'on another device');
  else if (!sweep.types.has(type)) skip(sweep, name, `changed meanwhile: now ${A[type]}`);
  else return sweep.matches.facts({ type, modified: stat.mtimeMs, uid: stat.uid });
  return false;
}

function refused(sweep: Sweep, name: string, code: string): void {
  if (code === 'ENOENT') return;
  // unlink(2): these two are about the directory, not about the file; two million more tries would only take time.
  const hopeless = code === 'EROFS' || code === 'EACCES';
  if (hopeless && sweep.deleted === 0) sweep.hopeless = failure(code, `${sweep.handle.selector.in}: ${saidOf(code)}`);
  sweep.stuck += 1;
  skip(sweep, name, saidOf(code));
}

async function resultOf(sweep: Sweep, ended: Ended, users: Users): Promise<DeleteResult> {
  const { deleted, bytes, arrived } = sweep;
  const skipped = [...sweep.skipped].map(([name, reason]) => ({ name, reason }));
  const left = await leftOf(sweep, ended, users);
  return { ok: true, deleted, bytes, arrived, skipped, left, ended: ended === 'limit' && left === 0 ? 'clean' : ended };
}

/** Counted afresh where there is time for it; an interrupt wants to be out at once. */
async function leftOf(sweep: Sweep, ended: Ended, users: Users): Promise<number> {
  if (ended === 'clean') return sweep.stuck;
  const expected = Math.max(0, sweep.handle.count + sweep.arrived - sweep.deleted);
  if (ended === 'interrupted') return expected;
  const { selector } = sweep.handle;
  const again = await list({ ...selector, type: deletable(selector) }, 0, users);
  return again.ok ? again.count : expected;
}

const REPORT_EVERY = 250;
const RATE_OVER = 2000;

/** After the first batch, then four times a second, and in the end; the rate is that of the last two seconds. */
function reporter(
  now: () => { readonly done: number; readonly total: number },
  progress: DeleteOptions['progress'],
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

import { lstatSync, type Stats, unlinkSync } from 'node:fs';
import type { DeleteResult, FileHandle } from '../../model/host.ts';
import { latin1OfText } from '../../model/text/bytes.ts';
import type { HeadJudge } from '../files/holds.ts';
import { deletable, uidsIn } from '../files/matches.ts';
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
} from '../files/sweep.ts';
import { putAside, type Users } from '../files/tally.ts';
import { codeOf, failureOf } from '../linux/errno.ts';
import { createSlices, type Slices } from '../linux/slices.ts';
import { type Directory, fileTypeOf, nameOf, openDirectory } from './directory.ts';
import { withOpened } from './head.ts';
import { holdersOf } from './holders.ts';
import { listFiles } from './list.ts';
import { eachInside, windowsOf } from './windows.ts';

/** Where, and in what slices. */
interface Broom {
  readonly directory: Directory;
  readonly slices: Slices;
}

export async function deleteFiles(handle: FileHandle, options: DeleteOptions, users: Users): Promise<DeleteResult> {
  const { selector } = handle;
  const directory = openDirectory(selector.in);
  if (!directory.ok) return directory;
  try {
    const vital = vitalRefused(directory);
    if (vital) return vital;
    if (directory.device !== handle.device || directory.inode !== handle.inode) return swapped(selector.in);
    // Rounded up: a file that was made in the same millisecond before we began is no arrival.
    const sweep = startSweep(handle, options, { started: Date.now() + 1, uidsOf: uidsIn(users) });
    const broom = { directory, slices: createSlices() };
    const ended = await passes(sweep, () => onePass(sweep, broom));
    sweep.report('last');
    const result =
      sweep.hopeless ??
      (await resultOf(sweep, ended, { users, countAgain: async () => await countAgain(handle, users) }));
    if (!result.ok || result.deleted === 0 || ended === 'interrupted') return result;
    const held = await holdersOf({ real: latin1OfText(directory.real), deleted: true });
    return held.files === 0 ? result : { ...result, held };
  } catch (error) {
    return failureOf(error, selector.in);
  } finally {
    directory.close();
  }
}

async function countAgain({ selector }: FileHandle, users: Users) {
  const again = await listFiles({ ...selector, type: deletable(selector) }, { sample: 0, users });
  return again.ok ? again : null;
}

async function onePass(sweep: Sweep, { directory, slices }: Broom): Promise<Ended | null> {
  const { options } = sweep;
  const batch = Math.min(options.batch, LARGEST_BATCH);
  const wants: Parameters<typeof windowsOf>[0]['wants'] = (name, type) => wanted(sweep, name, type);
  for await (const names of windowsOf({ directory, slices, wants, signal: options.signal })) {
    for (let from = 0; from < names.length; from += batch) {
      const over = mayNotBegin(sweep);
      if (over !== null) return over;
      const count = Math.min(batch, names.length - from);
      await options.reserve?.(Math.min(options.limit, sweep.deleted + count));
      await eachInside(directory, slices, count, (at) => removeOne(sweep, names[from + at] ?? ''));
      sweep.report();
      const last = mayNotGoOn(sweep);
      if (last !== null) return last;
    }
  }
  return options.signal.aborted ? 'interrupted' : null;
}

/**
 * Looked at and unlinked by its bare name in the pinned directory. unlink(2) follows nothing and removes no directory:
 * what is swapped in between is lost, at the most, as an entry of this directory. A mount point is EBUSY; its device
 * tells nothing, an overlay's files have others than its directories.
 */
function removeOne(sweep: Sweep, name: string): void {
  if (sweep.deleted >= sweep.options.limit || sweep.hopeless) return;
  const { head } = sweep.matches;
  if (head) removeJudged(sweep, name, head);
  else removeLooked(sweep, name);
}

function removeLooked(sweep: Sweep, name: string): void {
  const path = nameOf(name);
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat || !mayGo(sweep, name, stat)) return;
    unlinkSync(path);
    removed(sweep, stat);
  } catch (error) {
    countRefusal(sweep, name, codeOf(error));
  }
}

/** stat(2): of st_blocks. What has holes takes up, and gives back, less than its size. */
const BLOCK = 512;

function removed(sweep: Sweep, stat: Stats): void {
  sweep.deleted += 1;
  if (stat.nlink > 1) sweep.linked += 1;
  else sweep.bytes += Math.min(stat.size, stat.blocks * BLOCK);
  // ctime, because nobody can set it back: a file moved here or made with an old date has come now all the same.
  if (stat.ctimeMs >= sweep.started) sweep.arrived += 1;
}

/** Opened, judged by what it holds, and unlinked while it is open: what is unlinked is what was read. */
function removeJudged(sweep: Sweep, name: string, head: HeadJudge): void {
  try {
    const opened = withOpened(name, ({ stat, judge, isStill }) => {
      if (!mayGo(sweep, name, stat)) return;
      const verdict = judge(head);
      if (verdict !== 'holds')
        return putBack(sweep, name, { why: verdict === 'more' ? 'no-header' : verdict, uid: stat.uid });
      if (!isStill()) return skip(sweep, name, 'changed meanwhile: another file has its name');
      unlinkSync(nameOf(name));
      removed(sweep, stat);
    });
    if (opened) putBack(sweep, name, { why: 'unreadable', uid: lstatSync(nameOf(name)).uid });
  } catch (error) {
    countRefusal(sweep, name, codeOf(error));
  }
}

function putBack({ aside }: Sweep, name: string, facts: Parameters<typeof putAside>[2]): void {
  if (aside) putAside(aside, name, facts);
}

/** Type, age and owner as they are now, at the moment of use. */
function mayGo(sweep: Sweep, name: string, stat: Stats): boolean {
  const type = fileTypeOf(stat) ?? 'device';
  if (sweep.types.has(type)) return sweep.matches.facts({ type, modified: stat.mtimeMs, uid: stat.uid });
  skip(sweep, name, changedMeanwhile(type));
  return false;
}

import { type FoundRun, findRuns } from '../journal/find.ts';
import { whoHolds } from '../journal/lock.ts';
import { placesFor } from '../journal/places.ts';
import { readJournal } from '../journal/read.ts';
import { verifyRecords } from '../journal/verify.ts';
import { plural } from '../model/text/quantity.ts';
import { type Reported, reportOf } from '../views/tell/report.ts';
import { lockName } from '../wiring/environment.ts';
import type { Io } from './_command.ts';

/** Every run that this user may see, newest first. A place that is somebody else's is mentioned on stderr. */
export function allRuns(io: Io): readonly FoundRun[] {
  const { runs, refused } = findRuns({ places: placesFor(io), uid: io.uid });
  for (const { message } of refused) io.stderr(`firebreak: not looked at: ${message}\n`);
  return runs;
}

/**
 * The holder of the lock works on the run that was written last, if that was after the lock was taken. Returns its id,
 * and the holder in words.
 */
export async function runningNow(
  io: Io,
  runs: readonly FoundRun[],
): Promise<{ readonly id: string; readonly text: string } | null> {
  const name = lockName(io);
  const holder = await whoHolds({ uid: io.uid, ...(name !== undefined && { name }) });
  if (holder === null || holder === 'silent') return null;
  const [run] = runs
    .filter(({ written }) => written >= Date.parse(holder.since))
    .sort((one, other) => other.written - one.written);
  return run === undefined ? null : { id: run.id, text: `pid ${holder.pid}, by ${holder.who} since ${holder.since}` };
}

/** A run's journal, as far as it can be read. `damaged`: the rest cannot be trusted. */
export function lookInto({ id, folder, place }: FoundRun, running: string | null = null): Reported {
  const read = readJournal(folder);
  const common = { id, folder, place, running, verified: null };
  if (!read.ok) return reportOf({ ...common, events: read.before, problem: read.message, damaged: true });
  const torn =
    read.torn === null
      ? null
      : `${plural(read.torn.bytes, 'byte')} of a last line are left out: its write was cut short`;
  return reportOf({ ...common, events: read.events, problem: torn, damaged: false });
}

/** Reads a run and checks every record that it keeps. */
export function verifyRun(found: FoundRun, running: string | null = null): Reported {
  const looked = lookInto(found, running);
  if (looked.damaged) return looked;
  const { count, problems } = verifyRecords(found.folder, looked.events);
  if (problems.length > 0) return { ...looked, problem: problems.join('; '), damaged: true };
  return {
    ...looked,
    verified: `verified: ${plural(looked.events.length, 'event')} in an unbroken chain, ${plural(count, 'record')} intact`,
  };
}

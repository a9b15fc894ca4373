import { type FoundRun, findRuns } from '../journal/find.ts';
import { placesFor } from '../journal/places.ts';
import { readJournal } from '../journal/read.ts';
import { verifyRecords } from '../journal/verify.ts';
import { plural } from '../model/quantity.ts';
import { type Reported, reportOf } from '../views/report.ts';
import type { Io } from './_command.ts';

/** Every run that this user may see, newest first. A place that is somebody else's is mentioned on stderr. */
export function allRuns(io: Io): readonly FoundRun[] {
  const { runs, refused } = findRuns({ places: placesFor(io), uid: io.uid });
  for (const { message } of refused) io.stderr(`firebreak: not looked at: ${message}\n`);
  return runs;
}

/** A run's journal, as far as it can be read. `damaged`: it may not be trusted beyond that. */
export function lookInto({ id, folder, place }: FoundRun): Reported {
  const read = readJournal(folder);
  const common = { id, folder, place, verified: null };
  if (!read.ok) return reportOf({ ...common, events: read.before, problem: read.message, damaged: true });
  const torn = read.torn === null ? null : `${plural(read.torn.bytes, 'byte')} of a last line are left out: its write was cut short`;
  return reportOf({ ...common, events: read.events, problem: torn, damaged: false });
}

/** Looks into a run and at every record that it keeps. */
export function verifyRun(found: FoundRun): Reported {
  const looked = lookInto(found);
  if (looked.damaged) return looked;
  const { count, problems } = verifyRecords(found.folder, looked.events);
  if (problems.length > 0) return { ...looked, problem: problems.join('; '), damaged: true };
  return {
    ...looked,
    verified: `verified: ${plural(looked.events.length, 'event')} in an unbroken chain, ${plural(count, 'record')} intact`,
  };
}

import type { FoundRun } from '../journal/find.ts';
import type { FleetEvent } from '../model/fleet-ports.ts';
import type { Io } from './_command.ts';

/** A fleet run of before, as its journal tells it. */
export interface EarlierFleet {
  readonly found: FoundRun;
  readonly events: readonly FleetEvent[];
}

/**
 * The fleet run that is meant: the one that is named, or else the newest that fits, unless something newer fits that is not part of it. Null: it is not a
 * fleet that is meant. Only journals are read, so that a run on one host pays for no more.
 */
export async function meantFleet(io: Io, wanted: string | undefined, fits: 'unfinished' | 'undoable'): Promise<EarlierFleet | null> {
  const [{ findRuns, pickRun }, { placesFor }] = await Promise.all([import('../journal/find.ts'), import('../journal/places.ts')]);
  const { runs } = findRuns({ places: placesFor(io), uid: io.uid });
  if (wanted === undefined) return newestFleet(runs, fits);
  const picked = pickRun(runs, wanted);
  return picked.ok ? fleetIn(picked.run) : null;
}

async function fleetIn(found: FoundRun): Promise<EarlierFleet | null> {
  const [{ readJournal }, { fleetEventsIn }] = await Promise.all([import('../journal/read.ts'), import('../wiring/journal.ts')]);
  const read = readJournal(found.folder);
  const events = read.ok ? fleetEventsIn(read.events) : fleetEventsIn(read.before);
  return events && { found, events };
}

async function newestFleet(runs: readonly FoundRun[], fits: 'unfinished' | 'undoable'): Promise<EarlierFleet | null> {
  const [{ readJournal }, { isFleetId, isUndoable, isUnfinished }, { fleetStateOf }] = await Promise.all([
    import('../journal/read.ts'),
    import('../wiring/journal.ts'),
    import('../model/fleet-state.ts'),
  ]);
  const newer: string[] = [];
  for (const found of runs) {
    const fleet = isFleetId(found.id) ? await fleetIn(found) : null;
    if (fleet) {
      const { finished, hosts } = fleetStateOf(fleet.events);
      const own = hosts.some(({ run }) => run !== null && newer.includes(run));
      const open = fits === 'unfinished' && (finished === null || UNFINISHED.includes(finished.outcome));
      if (own || open) return newer.every((id) => hosts.some(({ run }) => run === id)) ? fleet : null;
      continue;
    }
    const read = readJournal(found.folder);
    if (read.ok && (fits === 'unfinished' ? isUnfinished(read.events) : isUndoable(read.events))) newer.push(found.id);
  }
  return null;
}

const UNFINISHED: readonly string[] = ['interrupted', 'deadline', 'outcome-unknown', 'needs-a-human'];

import type { FoundRun } from '../../journal/find.ts';
import { isUnfinishedEnd } from '../../model/fleet/outcome.ts';
import type { FleetEvent } from '../../model/fleet/ports.ts';
import type { FleetState } from '../../model/fleet/state.ts';
import type { Io } from '../_command.ts';
import { wordsOf } from '../_limit.ts';

/** A fleet run of before, as its journal tells it. */
export interface EarlierFleet {
  readonly found: FoundRun;
  readonly events: readonly FleetEvent[];
}

/**
 * The fleet run that is meant: the one that is named, or else the newest that fits, unless something newer fits that is
 * not part of it. Null: it is not a fleet that is meant. Only journals are read, so that a run on one host pays for no
 * more.
 */
export async function meantFleet(
  io: Io,
  wanted: string | undefined,
  { fits, options }: { readonly fits: Fits; readonly options: Readonly<Record<string, unknown>> },
): Promise<EarlierFleet | null> {
  const [{ findRuns, pickRun }, { placesFor }] = await Promise.all([
    import('../../journal/find.ts'),
    import('../../journal/places.ts'),
  ]);
  const { runs } = findRuns({ places: placesFor(io), uid: io.uid });
  // A drill is of this machine alone.
  if (io.scene !== undefined) return null;
  if (wanted === undefined) return newestFleet(runs, fits, wordsOf(options.host));
  const picked = pickRun(runs, wanted);
  return picked.ok ? fleetIn(picked.run) : null;
}

async function fleetIn(found: FoundRun): Promise<EarlierFleet | null> {
  const [{ readJournal }, { fleetEventsIn }] = await Promise.all([
    import('../../journal/read.ts'),
    import('../../wiring/journal.ts'),
  ]);
  const read = readJournal(found.folder);
  const events = read.ok ? fleetEventsIn(read.events) : fleetEventsIn(read.before);
  return events && { found, events };
}

type Fits = 'unfinished' | 'touched';

/** With hosts: one that has them all. */
async function newestFleet(
  runs: readonly FoundRun[],
  fits: Fits,
  named: readonly string[],
): Promise<EarlierFleet | null> {
  const [{ fitting: fitsThe, isFleetId }, { TOUCHED, UNFINISHED }, { fleetStateOf }] = await Promise.all([
    import('../../wiring/journal.ts'),
    import('../../model/run/left-off.ts'),
    import('../../model/fleet/state.ts'),
  ]);
  const fitting = (run: FoundRun): boolean => fitsThe(run, fits === 'unfinished' ? UNFINISHED : TOUCHED) !== null;
  let newer: readonly FoundRun[] = runs;
  for (const found of runs.filter(({ id }) => isFleetId(id))) {
    const fleet = await fleetIn(found);
    if (fleet === null) continue;
    const state = fleetStateOf(fleet.events);
    const { hosts } = state;
    const parts = new Set(hosts.flatMap(({ run }) => run ?? []));
    const after = newer.slice(0, newer.indexOf(found));
    if (after.some((run) => !parts.has(run.id) && fitting(run))) return null;
    const has = named.every((name) => hosts.some(({ host }) => host === name));
    const open = fits === 'unfinished' && isOpen(state);
    if (has && (open || runs.some((run) => parts.has(run.id) && fitting(run)))) return fleet;
    newer = newer.slice(newer.indexOf(found) + 1).filter(({ id }) => !parts.has(id));
  }
  return null;
}

/** Somebody waits for a turn, or came to an end that is none. */
function isOpen({ finished, hosts }: FleetState): boolean {
  return (
    finished === null || hosts.some(({ status, end }) => status === 'waiting' || (end !== null && isUnfinishedEnd(end)))
  );
}

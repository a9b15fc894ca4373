import { type LocalJournal, openJournal } from '../journal/append.ts';
import { type FoundRun, findRuns, pickRun } from '../journal/find.ts';
import { placesFor } from '../journal/places.ts';
import { readJournal } from '../journal/read.ts';
import { reopenJournal } from '../journal/reopen.ts';
import { newRunId } from '../journal/run-id.ts';
import type { RunEvent } from '../model/event.ts';
import { type FleetEvent, isFleetEvent } from '../model/fleet-ports.ts';
import { failure, type Result } from '../model/host.ts';
import { stateOf } from '../model/state.ts';

interface Who {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly home: string;
}

/** A journal for a new run, at the first place that really takes one. */
export function openRun(who: Who, runbook: string): Promise<Result<{ readonly journal: LocalJournal }>> {
  const run = newRunId({ now: Date.now(), runbook, random: Math.random });
  return openJournal({ places: placesFor(who), uid: who.uid, run });
}

/** An earlier run's journal, to go on with: the one named, or the newest that fits where none is. */
export async function reopenRun(
  who: Who,
  wanted: string | undefined,
  fits: (events: readonly RunEvent[]) => boolean,
): Promise<Result<{ readonly journal: LocalJournal; readonly events: readonly RunEvent[] }>> {
  const places = placesFor(who);
  const { runs } = findRuns({ places, uid: who.uid });
  const picked = wanted === undefined ? newest(runs, fits) : pickRun(runs, wanted);
  return picked.ok ? reopenJournal({ found: picked.run, places, uid: who.uid }) : picked;
}

/** The same run, to look into before it is taken up: nothing is opened for writing. Null: there is none, or it cannot be read. */
export function peekInto(
  who: Who,
  wanted: string | undefined,
  fits: (events: readonly RunEvent[]) => boolean,
): { readonly id: string; readonly events: readonly RunEvent[] } | null {
  const { runs } = findRuns({ places: placesFor(who), uid: who.uid });
  const picked = wanted === undefined ? newest(runs, fits) : pickRun(runs, wanted);
  const read = picked.ok ? readJournal(picked.run.folder) : null;
  return picked.ok && read?.ok ? { id: picked.run.id, events: read.events } : null;
}

function newest(runs: readonly FoundRun[], fits: (events: readonly RunEvent[]) => boolean): Result<{ readonly run: FoundRun }> {
  for (const run of runs) {
    const read = readJournal(run.folder);
    if (read.ok && fits(read.events)) return { ok: true, run };
  }
  return failure('no-run', 'there is no such run; see: firebreak runs');
}

/** Its name says so, so that not every journal is read for it; what is in it decides. */
export const isFleetId = (id: string): boolean => /^\d{8}-\d{6}-fleet-/.test(id);

/** Of a fleet's own journal; null: it is that of a run. */
export function fleetEventsIn(events: readonly { readonly type: string }[]): readonly FleetEvent[] | null {
  const [first] = events;
  return first !== undefined && isFleetEvent(first) ? (events as readonly FleetEvent[]) : null;
}

/** Neither ended by itself nor rolled back: killed, interrupted, or left by its person. */
export function isUnfinished(events: readonly RunEvent[]): boolean {
  const { finished, steps } = stateOf(events);
  return (
    steps.length > 0 && (finished === null || ['interrupted', 'deadline', 'outcome-unknown', 'needs-a-human'].includes(finished.outcome))
  );
}

/** Something of it can still be undone. */
export function isUndoable(events: readonly RunEvent[]): boolean {
  return stateOf(events).undo.some(({ undo }) => undo.kind === 'revert');
}

import { type LocalJournal, openJournal } from '../journal/append.ts';
import { type FoundRun, findRuns, pickRun } from '../journal/find.ts';
import { lastEvent } from '../journal/peek.ts';
import { placesFor } from '../journal/places.ts';
import { readJournal } from '../journal/read.ts';
import { reopenJournal } from '../journal/reopen.ts';
import { newRunId } from '../journal/run-id.ts';
import { orphansIn } from '../journal/verify.ts';
import type { RunEvent } from '../model/event.ts';
import { type FleetEvent, isFleetEvent } from '../model/fleet/ports.ts';
import { failure, type Result } from '../model/host.ts';
import type { Journal } from '../model/ports.ts';
import type { Glance } from '../model/run/left-off.ts';
import { isDrill, type RunState, stateOf } from '../model/state.ts';
import type { Reopened } from '../model/world.ts';

interface Who {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly home: string;
  /** Of a rehearsal: rehearsals and real runs do not see each other, unless an id names one. */
  readonly scene?: string;
}

/** A journal for a new run, at the first place that really takes one. */
export async function openRun(
  who: Who,
  runbook: string,
  host: string | null,
): Promise<Result<{ readonly journal: Journal }>> {
  const places = placesFor(who);
  const run = host === null ? idFor(runbook) : idApart(who, `${runbook.slice(0, 28)}-${host.slice(0, 31)}`);
  return settling(await openJournal({ places, uid: who.uid, run }));
}

const idFor = (name: string): string => newRunId({ now: Date.now(), runbook: name, random: Math.random });

/** Journals of one second differ in their host, and where long names are cut in four random digits. */
const TRIES = 5;

function idApart(who: Who, name: string): string {
  const known = new Set(findRuns({ places: placesFor(who), uid: who.uid }).runs.map(({ id }) => id));
  let run = idFor(name);
  for (let tries = 1; known.has(run) && tries < TRIES; tries += 1) run = idFor(name);
  return run;
}

/** An earlier run's journal, to go on with. */
export async function reopenRun(who: Who, wanted: string): Promise<Result<Reopened>> {
  const places = placesFor(who);
  const picked = pickRun(findRuns({ places, uid: who.uid }).runs, wanted);
  if (!picked.ok) return picked;
  const reopened = settling(await reopenJournal({ found: picked.run, places, uid: who.uid }));
  return reopened.ok ? { ...reopened, orphans: orphansIn(reopened.journal.folder, reopened.events) } : reopened;
}

/** Moved home at its end, where home has room by then; else it is left where it can be found. */
function settling<T extends { readonly journal: LocalJournal }>(opened: Result<T>): Result<T> {
  if (!opened.ok) return opened;
  const { journal } = opened;
  const close = async (): Promise<void> => {
    journal.settle();
    await journal.close();
  };
  // Not a copy: its folder is asked for anew each time.
  return { ...opened, journal: Object.assign(Object.create(journal) as LocalJournal, { close }) };
}

/** The events of an earlier run, only looked into. Failure `empty`: it ended before it began. */
export function readRun(who: Who, wanted: string): Result<{ readonly events: readonly RunEvent[] }> {
  const picked = pickRun(findRuns({ places: placesFor(who), uid: who.uid }).runs, wanted);
  if (!picked.ok) return picked;
  const read = readJournal(picked.run.folder);
  if (!read.ok) return failure(read.code, read.message);
  return read.events.length === 0 ? failure('empty', 'nothing was written but the beginning') : read;
}

export interface Peeked {
  readonly id: string;
  readonly state: RunState;
}

/**
 * The run that is named, or the newest that fits where none is. Only looked into: nothing is opened for writing, and of
 * most journals only the end is read.
 */
export function peekInto(who: Who, wanted: string | undefined, glance: Glance): Result<{ readonly peeked: Peeked }> {
  const { runs } = findRuns({ places: placesFor(who), uid: who.uid });
  if (wanted !== undefined) {
    const picked = pickRun(runs, wanted);
    return picked.ok ? lookedInto(picked.run) : picked;
  }
  for (const run of runs) {
    const state = fitting(run, glance, who.scene);
    if (state !== null) return { ok: true, peeked: { id: run.id, state } };
  }
  return failure('no-run', 'no run fits');
}

/** A name that is wanted may be one of a damaged journal: who takes it up is told so. */
function lookedInto({ id, folder }: FoundRun): Result<{ readonly peeked: Peeked }> {
  const read = readJournal(folder);
  return { ok: true, peeked: { id, state: stateOf(read.ok ? read.events : read.before) } };
}

/**
 * The state of a run that fits; null: it does not, is a fleet's own journal, or cannot be read. In a drill's scene a
 * drill fits, elsewhere a real run.
 */
export function fitting(run: FoundRun, { maybe, fits }: Glance, scene?: string): RunState | null {
  const last = lastEvent(run);
  if (last !== null && !maybe(last)) return null;
  const read = readJournal(run.folder);
  if (!read.ok || fleetEventsIn(read.events) !== null) return null;
  const state = stateOf(read.events);
  return fits(state) && isDrill(state) === (scene !== undefined) ? state : null;
}

/** Its name says so, so that not every journal is read for it; what is in it decides. */
export const isFleetId = (id: string): boolean => /^\d{8}-\d{6}-fleet-/.test(id);

/** Of a fleet's own journal; null: it is that of a run. */
export function fleetEventsIn(events: readonly { readonly type: string }[]): readonly FleetEvent[] | null {
  const [first] = events;
  return first !== undefined && isFleetEvent(first) ? (events as readonly FleetEvent[]) : null;
}

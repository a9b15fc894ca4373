import { realDisk } from '../journal/disk.ts';
import { copiesOf, type FoundRun, findRuns } from '../journal/find.ts';
import { lastEvent } from '../journal/peek.ts';
import { placesFor, runsIn, type Who } from '../journal/places.ts';
import { readJournal } from '../journal/read.ts';
import { finishRemoving, isOwnFolder, removeRun } from '../journal/remove.ts';
import { appendTally } from '../journal/tally.ts';
import { type FleetState, fleetStateOf } from '../model/fleet/state.ts';
import {
  fleetGone,
  fleetLookWords,
  type Gone,
  goneOf,
  isPart,
  lookWords,
  RETENTION,
  type Retention,
  whyKept,
} from '../model/run/retention.ts';
import { type RunState, stateOf } from '../model/state.ts';
import { fleetEventsIn, isFleetId } from './journal.ts';

/** What one run may clean up after others, and how many it may look at for that: it has better things to do. */
const BUDGET = { remove: 25, read: 100, glance: 1000 } as const;
const ALL: Budget = {
  remove: Number.POSITIVE_INFINITY,
  read: Number.POSITIVE_INFINITY,
  glance: Number.POSITIVE_INFINITY,
};

interface Budget {
  readonly remove: number;
  readonly read: number;
  readonly glance: number;
}

export interface Pruned {
  readonly run: string;
  readonly why: string;
}

export interface Pruning {
  readonly removed: readonly Pruned[];
  readonly kept: readonly Pruned[];
}

/** A run with all that goes with it: a fleet's journal is the last of its hosts'. */
interface Unit {
  readonly found: FoundRun;
  /** Each with its line of the tally, in the order in which they go. */
  readonly parts: readonly { readonly found: FoundRun; readonly gone: (why: string, at: number) => Gone }[];
  /** See lookWords. */
  readonly words: string | null;
  readonly kept: string | null;
}

interface Yard {
  readonly who: Who;
  readonly runs: readonly FoundRun[];
  readonly byId: ReadonlyMap<string, FoundRun>;
  readonly now: number;
  readonly dry: boolean;
}

function enter(who: Who, dry: boolean): Yard {
  const places = placesFor(who);
  if (!dry) {
    for (const place of places) {
      const there = runsIn(place, who.uid);
      if (there.ok) finishRemoving(there.folder);
    }
  }
  const { runs } = findRuns({ places, uid: who.uid });
  return { who, runs, byId: new Map(runs.map((found) => [found.id, found])), now: Date.now(), dry };
}

/**
 * After a run, and still under its lock: a look takes the place of the one before, and a few that are too old go. A
 * failure leaves all as it is.
 */
export function tidyAfter(who: Who, run: string): void {
  try {
    const yard = enter(who, false);
    const mine = yard.byId.get(run);
    const gone = new Set((mine === undefined ? [] : supersede(yard, mine)).map((one) => one.run));
    const runs = yard.runs.filter(({ id }) => !gone.has(id));
    prune({ ...yard, runs }, RETENTION, { ...BUDGET, remove: BUDGET.remove - gone.size });
  } catch {
    // Whatever it is, the run has come to its end.
  }
}

/** `firebreak runs --prune`: all that may go by these terms. */
export function pruneAll(who: Who, { terms, dry }: { readonly terms: Retention; readonly dry: boolean }): Pruning {
  const yard = enter(who, dry);
  const seen = new Set<string>();
  const removed: Pruned[] = [];
  for (const found of yard.runs.filter(mayBeLook)) {
    const unit = unitOf(yard, found);
    if (unit?.words == null) continue;
    if (seen.has(unit.words)) removed.push(...remove(yard, unit, LATER));
    seen.add(unit.words);
  }
  const gone = new Set(removed.map(({ run }) => run));
  const rest = prune({ ...yard, runs: yard.runs.filter(({ id }) => !gone.has(id)) }, terms, ALL);
  return { removed: [...removed, ...rest.removed], kept: rest.kept };
}

const LATER = 'a later look found the same';

/**
 * All of the same words but this one. What is not at home yet does not outlive a reboot: it takes the place of none at
 * home.
 */
function supersede(yard: Yard, mine: FoundRun): readonly Pruned[] {
  const words = unitOf(yard, mine)?.words ?? null;
  if (words === null) return [];
  const alike = yard.runs.filter(
    (found) =>
      found.id !== mine.id &&
      nameIn(found) === nameIn(mine) &&
      (mine.place.home || found.place.path === mine.place.path),
  );
  // The one before is among the newest.
  const looks = alike.slice(0, BUDGET.glance).filter(mayBeLook);
  return looks.slice(0, BUDGET.remove).flatMap((found) => {
    const unit = unitOf(yard, found);
    return unit?.words === words ? remove(yard, unit, LATER) : [];
  });
}

/** Between the time and the four random digits. */
const nameIn = ({ id }: FoundRun): string => id.slice(16, -5);

const ACTED: readonly unknown[] = ['held', 'recurred', 'rolled-back', 'rollback-incomplete'];

function mayBeLook(found: FoundRun): boolean {
  const last = lastEvent(found);
  if (last?.type !== 'run.finished' && last?.type !== 'fleet.finished') return false;
  return last.type === 'fleet.finished' || !ACTED.includes('outcome' in last ? last.outcome : null);
}

/** The oldest first. */
function prune(yard: Yard, terms: Retention, budget: Budget): Pruning {
  const { runs } = yard;
  const rank = new Map(runs.map(({ id }, at) => [id, at]));
  const due = runs.filter((found, at) => at >= terms.runs || isOld(yard, found, terms)).reverse();
  const removed: Pruned[] = [];
  const kept: Pruned[] = [];
  const gone = new Set<string>();
  let read = 0;
  for (const found of due.slice(0, budget.glance)) {
    if (removed.length >= budget.remove || read >= budget.read) break;
    // Where only a few are looked at, what is unfinished must not be all of them.
    if (gone.has(found.id) || (Number.isFinite(budget.read) && !isOver(found))) continue;
    read += 1;
    const unit = unitOf(yard, found);
    if (unit === null) continue;
    const isDue = unit.parts.every(
      (part) => (rank.get(part.found.id) ?? 0) >= terms.runs || isOld(yard, part.found, terms),
    );
    const why = unit.kept ?? (isDue ? null : 'a part of it is younger');
    if (why !== null) kept.push({ run: found.id, why });
    else
      removed.push(...remove(yard, unit, isOld(yard, found, terms) ? 'older than what is kept' : 'more than are kept'));
    for (const { run } of removed.slice(gone.size)) gone.add(run);
  }
  return { removed, kept };
}

const isOld = ({ now }: Yard, found: FoundRun, { age }: Retention): boolean =>
  now - Math.max(found.written, startOf(found)) > age;

function isOver(found: FoundRun): boolean {
  const last = lastEvent(found);
  return last === null || last.type === 'run.finished' || last.type === 'fleet.finished';
}

function startOf({ id, written }: FoundRun): number {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-/.exec(id) ?? [];
  return year === undefined ? written : Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) || written;
}

/** Null: it goes with its fleet, if at all. */
function unitOf(yard: Yard, found: FoundRun): Unit | null {
  if (!isOwnFolder(found.folder, yard.who.uid))
    return { found, parts: [], words: null, kept: 'it is not a folder of ours' };
  const read = readJournal(found.folder);
  // What is damaged tells too little to let it go.
  if (!read.ok) return { found, parts: [], words: null, kept: read.message };
  const fleet = isFleetId(found.id) ? fleetEventsIn(read.events) : null;
  if (fleet !== null) return fleetUnit(yard, found, fleetStateOf(fleet));
  const state = stateOf(read.events);
  if (isPart(state)) return null;
  const parts = [{ found, gone: (why: string, at: number) => goneOf(found.id, { why, at }, state) }];
  return { found, parts, words: lookWords(state), kept: whyKept(state, yard.now) };
}

function fleetUnit({ byId, now }: Yard, found: FoundRun, fleet: FleetState): Unit {
  const hosts = fleet.hosts.flatMap(({ run }) => (run === null ? [] : (byId.get(run) ?? [])));
  const states = hosts.map(({ folder }): RunState | null => {
    const read = readJournal(folder);
    return read.ok ? stateOf(read.events) : null;
  });
  const kept = states
    .map((state) => (state === null ? 'the journal of a host is damaged' : whyKept(state, now)))
    .find((why) => why !== null);
  const parts = hosts.flatMap((host, at) => {
    const state = states[at];
    return state
      ? [{ found: host, gone: (why: string, when: number) => goneOf(host.id, { why, at: when }, state) }]
      : [];
  });
  return {
    found,
    parts: [...parts, { found, gone: (why, at) => fleetGone(found.id, { why, at }, fleet) }],
    words: fleetLookWords(fleet, states),
    kept: fleet.finished === null ? 'it is unfinished' : (kept ?? null),
  };
}

/**
 * First its line, durable, then the folder; of a fleet the hosts' first, so that what is left of it can still be told.
 */
function remove({ who, now, dry }: Yard, { parts }: Unit, why: string): readonly Pruned[] {
  const home = placesFor(who).find((place) => place.home);
  const removed: Pruned[] = [];
  for (const { found, gone } of parts) {
    if (!dry) {
      appendTally(found.place.ready && home ? home : found.place, gone(why, now), realDisk);
      // A move home that was cut short has left it twice: no copy may come to light again.
      for (const copy of copiesOf(found, placesFor(who), who.uid)) removeRun(copy, who.uid, realDisk);
      const done = removeRun(found, who.uid, realDisk);
      if (!done.ok) return removed;
    }
    removed.push({ run: found.id, why });
  }
  return removed;
}

import type { RunEvent } from '../../../model/event.ts';
import { isFailure } from '../../../model/fleet/outcome.ts';
import { type FleetEvent, isFleetEvent } from '../../../model/fleet/ports.ts';
import { applyFleet, type FleetState, type HostState, initialFleet } from '../../../model/fleet/state.ts';
import type { HostEnd } from '../../../model/fleet.ts';
import { canBeUndone } from '../../../model/run/undo.ts';
import { apply, elapsed, initialState, type RunState, unknownSteps } from '../../../model/state.ts';
import { showCount } from '../../../model/text/quantity.ts';
import { type Changes, changesNamed, changesOf } from '../counts.ts';

/** What the run of a host came to: all that is kept of it once it is over, so that two hundred of them take no room. */
export interface Touched extends Changes {
  readonly run: string;
  /** False: no action was begun, and nothing undone. */
  readonly acted: boolean;
  /** Milliseconds. */
  readonly took: number;
  readonly open: readonly string[];
  readonly unknown: readonly string[];
  /** Whether something could still be undone. */
  readonly undoable: boolean;
}

export function touchedOf(state: RunState): Touched {
  const { run, steps, open, undo, rollback } = state;
  return {
    run,
    ...changesOf(state),
    acted: steps.some(({ attempts, undone }) => attempts > 0 || undone !== null) || rollback?.undoing != null,
    took: elapsed(state),
    open,
    unknown: unknownSteps(state),
    undoable: undo.some(canBeUndone),
  };
}

/** A fleet run as a view follows it: its own fold, and the runs' folds of those hosts that are at work. */
export interface Followed {
  readonly fleet: FleetState;
  /** By host, in the order they were begun. */
  readonly working: ReadonlyMap<string, RunState>;
  readonly touched: ReadonlyMap<string, Touched>;
}

export interface Follower {
  readonly now: Followed;
  take(event: FleetEvent | RunEvent): void;
}

/** Earlier lives of a fleet run that goes on. */
export interface Before {
  readonly fleet: FleetState;
  /** What the journal of a host's run adds up to; null: it cannot be read. */
  readonly runState: (run: string) => RunState | null;
}

/**
 * One fold of the fleet and one a host at work; the views draw from them and keep no idea of their own of what is done.
 */
export function followFleet(before?: Before): Follower {
  let fleet = before?.fleet ?? initialFleet;
  const working = new Map<string, RunState>();
  const touched = new Map<string, Touched>();
  /** Those that may be taken up again, to be rolled back: the same run goes on. */
  const parked = new Map<string, RunState>();
  for (const { host, run, end } of fleet.hosts) {
    const state = run === null ? null : (before?.runState(run) ?? null);
    if (state !== null) touched.set(host, touchedOf(state));
    if (state !== null && end?.outcome !== 'held') parked.set(host, state);
  }
  function leave(end: HostEnd): void {
    const state = working.get(end.host);
    working.delete(end.host);
    if (state === undefined || state.last === null) return;
    touched.set(end.host, touchedOf(state));
    if (isFailure(end)) parked.set(end.host, state);
  }
  return {
    get now() {
      return { fleet, working, touched };
    },
    take: (event) => {
      if (!isFleetEvent(event))
        return void working.set(event.host, apply(working.get(event.host) ?? initialState, event));
      fleet = applyFleet(fleet, event);
      if (event.type === 'host.started') working.set(event.host, parked.get(event.host) ?? initialState);
      if (event.type === 'host.finished' || event.type === 'host.rolled-back') leave(event);
    },
  };
}

// ---------------------------------------------------------------- how a host stands

export type HostStanding =
  | 'running'
  | 'waiting'
  | 'held'
  | 'looked-only'
  | 'not-this-incident'
  | 'failed'
  | 'rolled-back'
  | 'interrupted'
  | 'not-begun'
  | 'refused'
  | 'unreachable';

const ENDED = ['held', 'interrupted', 'rolled-back'] as const;

/**
 * `refused` and `unreachable`: planning has found why nothing is done on it. `not-begun`: it was its turn, and the
 * fleet had been stopped.
 */
export function standingOf({ status, run, end, rolledBack }: HostState, stopped: boolean): HostStanding {
  if (status === 'running') return 'running';
  if (status === 'rolled-back' && rolledBack?.outcome === 'rolled-back') return 'rolled-back';
  if (end === null) return stopped ? 'not-begun' : 'waiting';
  if (end.outcome === 'not-this-incident' || end.outcome === 'looked-only') return end.outcome;
  if (run !== null) return ENDED.find((outcome) => outcome === end.outcome) ?? 'failed';
  return end.outcome === 'outcome-unknown' ? 'unreachable' : end.outcome === 'interrupted' ? 'not-begun' : 'refused';
}

/** Once nothing more is begun nobody waits any longer. */
export const isOver = ({ stopped, finished }: FleetState): boolean => stopped !== null || finished !== null;

export function standings(fleet: FleetState): ReadonlyMap<HostStanding, readonly HostState[]> {
  const over = isOver(fleet);
  return Map.groupBy(fleet.hosts, (host) => standingOf(host, over));
}

/** The last word on a host: of its rollback, where there was one. */
export const lastEnd = ({ end, rolledBack }: HostState): HostEnd | null => rolledBack ?? end;

/** Somebody has to look at it. */
export function isTrouble(host: HostState): boolean {
  const end = lastEnd(host);
  return end !== null && (isFailure(end) || end.outcome === 'interrupted');
}

/** `not this incident`. */
export const endWord = ({ run, outcome }: HostEnd): string =>
  run === null && outcome === 'outcome-unknown' ? 'unreachable' : outcome.replaceAll('-', ' ');

/** `recurred: mail grew by 2`; the reasons are data, and not escaped yet. */
export function endText(end: HostEnd): string {
  const { outcome, verdict, reasons } = end;
  const word = endWord(end);
  const told = verdict === null || verdict === outcome ? word : `${word}, verdict ${verdict}`;
  return [told, reasons.join('; ')].filter(Boolean).join(': ');
}

/** How it ended, and how its rollback did. */
export function wholeEnd({ end, rolledBack }: HostState): string {
  const ends = [end, rolledBack].flatMap((one) => (one === null ? [] : [endText(one)]));
  return ends.join('; then ');
}

/** Milliseconds; null: it was not begun, or is not over. */
export function tookOf({ started, ended }: HostState, touched: Touched | undefined): number | null {
  if (touched !== undefined) return touched.took;
  return started === null || ended === null ? null : Math.max(0, ended.mono - started.mono);
}

/** `killed 42 processes, deleted 3 977 files` */
export function touchedText(touched: Touched | undefined): string {
  if (touched === undefined || !touched.acted) return 'nothing changed';
  return changesNamed(touched).join(', ') || 'nothing killed, deleted or edited';
}

/** Which batch a host was in; null: none. */
export function batchOf({ batches }: FleetState, host: string): number | null {
  return batches.findLast(({ hosts }) => hosts.includes(host))?.batch ?? null;
}

/** `2:31`, `1:02:05` */
export function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [hours, minutes, rest] = [
    Math.floor(seconds / 3600),
    Math.floor(seconds / 60) % 60,
    String(seconds % 60).padStart(2, '0'),
  ];
  return hours === 0 ? `${minutes}:${rest}` : `${hours}:${String(minutes).padStart(2, '0')}:${rest}`;
}

/** How many there are of each, in words, in the order a person asks for them. */
export function countsText(fleet: FleetState): readonly (readonly [HostStanding, string])[] {
  const all = standings(fleet);
  return WORDS.flatMap(([standing, word]) => {
    const count = all.get(standing)?.length ?? 0;
    return count === 0 ? [] : [[standing, `${showCount(count)} ${word}`] as const];
  });
}

export const WORDS: readonly (readonly [HostStanding, string])[] = [
  ['held', 'held'],
  ['running', 'running'],
  ['waiting', 'waiting'],
  ['failed', 'failed'],
  ['rolled-back', 'rolled back'],
  ['interrupted', 'interrupted'],
  ['looked-only', 'looked at only'],
  ['not-this-incident', 'not this incident'],
  ['not-begun', 'not begun'],
  ['refused', 'refused'],
  ['unreachable', 'unreachable'],
];

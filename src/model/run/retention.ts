import type { FleetState } from '../fleet/state.ts';
import { isDrill, type RunState } from '../state.ts';
import { hasTouched, isUnfinished } from './left-off.ts';

const DAY = 24 * 3_600_000;

/** What is kept of old runs. Milliseconds. */
export interface Retention {
  /** What was not written to for so long goes. */
  readonly age: number;
  /** Of more folders than that the oldest go. */
  readonly runs: number;
}

export const RETENTION: Retention = { age: 365 * DAY, runs: 1000 };

/**
 * Runs that are younger than this stay, however many there are: cool-downs, daily limits and used plans are looked up
 * in them.
 */
export const NEEDED = 32 * DAY;

/** What its notes say of a run that a fleet run has begun. */
export const PART_OF = 'part of the fleet run ';

export const isPart = ({ notes }: RunState): boolean => notes.some(({ text }) => text.startsWith(PART_OF));

/**
 * A text that is equal for runs that looked, touched nothing and came to the same end. Only the last of them is kept: a
 * timer that looks every five minutes would otherwise take 300 000 inodes a year. Null: the run is worth keeping.
 */
export function lookWords(state: RunState): string | null {
  const { meta, finished, host } = state;
  if (
    meta === null ||
    finished === null ||
    meta.plan !== undefined ||
    isPart(state) ||
    hasTouched(state) ||
    state.leases.length > 0
  )
    return null;
  return JSON.stringify([
    meta.runbook.name,
    host,
    meta.target ?? null,
    meta.who,
    meta.mode,
    finished.outcome,
    isDrill(state),
  ]);
}

/** The same of a fleet run, where none of its hosts was touched. */
export function fleetLookWords(
  { meta, finished, hosts }: FleetState,
  runs: readonly (RunState | null)[],
): string | null {
  if (
    meta === null ||
    finished === null ||
    runs.some((state) => state === null || hasTouched(state) || state.leases.length > 0)
  )
    return null;
  return JSON.stringify(['fleet', meta.runbook.name, meta.who, finished.outcome, hosts.map(({ host }) => host)]);
}

/** Why an old run is kept; null: it may be deleted. */
export function whyKept(state: RunState, now: number): string | null {
  // What a rehearsal has left ended with its scene.
  if (isDrill(state)) return null;
  if (state.leases.length > 0) return 'it may hold a lease';
  if (isUnfinished(state) && hasTouched(state)) return 'it is unfinished';
  const last = Date.parse(state.last?.at ?? '');
  // A run whose time is not known counts as new.
  const recent = !(now - last > NEEDED);
  if (!recent) return null;
  if (hasTouched(state)) return 'a cool-down or a limit may need it';
  if (state.meta?.plan !== undefined) return 'it may have used a plan';
  return state.finished === null ? 'it may be at work' : null;
}

/** One line of the tally: what is remembered of a deleted run. */
export interface Gone {
  readonly gone: string;
  readonly why: string;
  /** ISO 8601: when it went. */
  readonly at: string;
  readonly runbook: string | null;
  readonly host: string | null;
  readonly who: string | null;
  readonly started: string | null;
  readonly ended: string | null;
  readonly outcome: string | null;
  readonly acted: string | null;
  readonly held: string | null;
  readonly killed: number;
  readonly deleted: number;
  readonly edited: number;
  readonly plan: string | null;
}

export function goneOf(run: string, { why, at }: { readonly why: string; readonly at: number }, state: RunState): Gone {
  const { meta, finished, used, host } = state;
  // No limit, no cool-down and no plan counts a rehearsal.
  const counted = isDrill(state) ? null : state;
  return {
    ...{
      gone: run,
      why,
      at: new Date(at).toISOString(),
      runbook: meta?.runbook.name ?? null,
      host: meta === null ? null : host,
    },
    ...{ who: meta?.who ?? null, started: meta?.at ?? null, ended: finished?.at ?? state.last?.at ?? null },
    ...{ outcome: finished?.outcome ?? null, acted: counted?.acted?.at ?? null, held: counted?.held?.at ?? null },
    ...{ killed: used.kill, deleted: used.delete, edited: used.edit, plan: counted?.meta?.plan?.id ?? null },
  };
}

/** A line of a fleet's own journal: its hosts have lines of their own. */
export function fleetGone(
  run: string,
  { why, at }: { readonly why: string; readonly at: number },
  { meta, finished }: FleetState,
): Gone {
  return {
    ...{
      gone: run,
      why,
      at: new Date(at).toISOString(),
      runbook: meta?.runbook.name ?? null,
      host: null,
      who: meta?.who ?? null,
    },
    ...{
      started: null,
      ended: null,
      outcome: finished?.outcome ?? null,
      acted: null,
      held: null,
      killed: 0,
      deleted: 0,
      edited: 0,
    },
    plan: null,
  };
}

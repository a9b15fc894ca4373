import * as fs from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../model/event.ts';
import { TOUCHED } from '../model/run/left-off.ts';
import type { Gone } from '../model/run/retention.ts';
import type { FoundRun } from './find.ts';
import { lastEvent } from './peek.ts';
import { readJournal } from './read.ts';

export interface PlanAsked {
  readonly plan: string;
  /** Epoch milliseconds: what was last written to before is older than the plan. */
  readonly since: number;
  /** What has gone since. */
  readonly tally: readonly Gone[];
}

/**
 * The run that has used a saved plan up: the one that meant to act, or that has not ended. A run that touched nothing
 * leaves the plan as it was, and so does a rehearsal.
 */
export function useOfPlan(
  runs: readonly FoundRun[],
  { plan, since, tally }: PlanAsked,
): { readonly run: string; readonly finished: boolean } | null {
  for (const found of runs) {
    const { id, folder, written } = found;
    if (written < since || touchedNothing(found) || !mentions(join(folder, 'journal.ndjson'), plan)) continue;
    const read = readJournal(folder);
    const events = read.ok ? read.events : read.before;
    if (!events.some((event) => event.type === 'run.started' && event.plan?.id === plan && event.drill === undefined))
      continue;
    const finished = events.some(({ type }) => type === 'run.finished');
    // A journal that is damaged no longer tells what was done: the plan counts as used.
    if (!read.ok || !finished || events.some(hasActed)) return { run: id, finished };
  }
  const gone = tally.find((one) => one.plan === plan);
  return gone === undefined ? null : { run: gone.gone, finished: gone.outcome !== null };
}

/** Its last event alone tells. */
function touchedNothing(run: FoundRun): boolean {
  const last = lastEvent(run);
  return last !== null && !TOUCHED.maybe(last);
}

function hasActed(event: RunEvent): boolean {
  return (
    event.type === 'action.intended' ||
    (event.type === 'approval.given' && event.choice !== 'quit' && event.choice !== 'undo')
  );
}

/** Most journals are of other plans: their text is searched, and only the right one is read and checked. */
function mentions(path: string, plan: string): boolean {
  try {
    return fs.readFileSync(path).includes(plan);
  } catch {
    return false;
  }
}

import type { Stamped } from '../event.ts';
import { isUnfinishedEnd } from '../fleet/outcome.ts';
import type { OutcomeName, Verdict } from '../outcome.ts';
import type { RunState } from '../state.ts';

/** It was killed, interrupted or left by its person, or no verdict could be had: a resume goes on with it. */
export function isUnfinished({ finished, steps, verdict }: RunState): boolean {
  return steps.length > 0 && (finished === null || isUnfinishedEnd({ outcome: finished.outcome, verdict }));
}

/** It changed something, or may have. */
export function hasTouched({ steps, undo }: RunState): boolean {
  return undo.length > 0 || steps.some(({ phase, attempts }) => phase === 'act' && attempts > 0);
}

/** What was proven has begun: the acts are over, and what is left is to watch. */
export function hasBegunToVerify({ steps }: RunState): boolean {
  return steps.some(({ phase, status }) => phase === 'verify' && status !== 'waiting');
}

/** Why the journal of an earlier run is not to be had, as an outcome. */
export function outcomeUnread(code: string): OutcomeName {
  if (code === 'ambiguous') return 'usage';
  if (code === 'no-journal') return 'no-journal';
  return code === 'damaged' || code === 'newer' ? 'journal-damaged' : 'no-such-file';
}

const OVER: Partial<Record<OutcomeName, string>> = {
  held: 'it held',
  recurred: 'it recurred',
  'rolled-back': 'it was rolled back',
};

/** Why there is nothing to go on with, and what to type instead; null: it can be taken up. */
export function whyOver(state: RunState): string | null {
  const { run, meta, finished } = state;
  if (finished === null || isUnfinished(state)) return null;
  const because = OVER[finished.outcome] ?? (hasTouched(state) ? null : 'it changed nothing');
  if (because === null) return null;
  return `nothing to resume: ${run} is over, ${because}; to begin anew: firebreak run ${meta?.runbook.name ?? ''}`.trimEnd();
}

/**
 * A quick check by the last event of a journal: false means that the run cannot be one of those. Only the whole journal
 * decides.
 */
export interface Glance {
  readonly maybe: (last: Stamped) => boolean;
  readonly fits: (state: RunState) => boolean;
}

export const UNFINISHED: Glance = {
  maybe: (last) => {
    const end = endOf(last);
    return end === null || isUnfinishedEnd(end);
  },
  fits: isUnfinished,
};

/** Nothing can have been touched by then. */
const LOOKED: readonly (OutcomeName | null)[] = ['not-this-incident', 'looked-only'];

export const TOUCHED: Glance = {
  maybe: (last) => !LOOKED.includes(endOf(last)?.outcome ?? null),
  fits: hasTouched,
};

function endOf(last: Stamped): { readonly outcome: OutcomeName; readonly verdict: Verdict | null } | null {
  if (last.type !== 'run.finished') return null;
  const { outcome, verdict } = last as unknown as { readonly outcome: OutcomeName; readonly verdict?: Verdict | null };
  return { outcome, verdict: verdict ?? null };
}

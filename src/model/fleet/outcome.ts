import type { HostEnd } from '../fleet.ts';
import type { OutcomeName } from '../outcome.ts';

/**
 * The worst outcome comes first: a fleet run ends with the worst of its hosts. Unknown is worse than bad; half done is
 * worse than undone or never begun; an interrupt is worse only than "not this incident" and "held". An unreachable host
 * has an unknown outcome.
 */
const WORST_FIRST: readonly OutcomeName[] = [
  'outcome-unknown', // 10
  'bug', // 70: nobody knows how far it came
  'journal-damaged', // 74: what was done is not known any more
  'rollback-incomplete', // 9
  'no-journal', // 73: stopped at once, perhaps half-way
  'recurred', // 4
  'deadline', // 124: what was stopped runs again, the rest is half done
  'rolled-back', // 8
  'over-limit', // 5: from here on nothing was touched
  'plan-mismatch', // 6
  'inconclusive', // 7
  'needs-a-human', // 3
  'locked', // 75
  'refused-by-policy', // 77
  'unsupported-machine', // 69
  'no-such-file', // 66
  'no-output', // 71: of a command, never of a host
  'invalid-runbook', // 65
  'usage', // 64
  'interrupted', // 130
  'not-this-incident', // 2
  'looked-only', // 0
  'held', // 0
];

export function worstOf(outcomes: readonly OutcomeName[]): OutcomeName {
  return WORST_FIRST.find((outcome) => outcomes.includes(outcome)) ?? 'held';
}

/**
 * Tells whether a host that was begun counts as a failure. "Not this incident any more" and an interrupt are no
 * failures.
 */
export function isFailure({ outcome }: Pick<HostEnd, 'outcome'>): boolean {
  return !['held', 'looked-only', 'not-this-incident', 'interrupted'].includes(outcome);
}

const LEFT_OFF: readonly OutcomeName[] = ['interrupted', 'deadline', 'outcome-unknown', 'needs-a-human'];

/**
 * Tells whether a resume can go on with the run. A run without a verdict is watched again. After an unknown diagnosis
 * nothing was done: such a run is begun anew.
 */
export function isUnfinishedEnd({ outcome, verdict }: Pick<HostEnd, 'outcome' | 'verdict'>): boolean {
  return LEFT_OFF.includes(outcome) || (outcome === 'inconclusive' && verdict === 'inconclusive');
}

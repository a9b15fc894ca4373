import { stepsNamedIn } from '../model/condition.ts';
import type { Json } from '../model/json.ts';
import type { PlannedProbe } from '../model/plan.ts';
import { referencesIn } from '../model/reference.ts';
import { judge } from '../model/runbook/judge.ts';
import { type Findings, NOT_HELD, withParams } from '../model/runbook/scope.ts';
import { isDeclaredRead, type Runbook, type Step } from '../model/runbook.ts';
import type { Finding, Prediction } from '../model/verb.ts';

/**
 * The look without what belongs to its turn: it is not tried again, and judges nothing. Undefined: nothing needs it
 * before, or it runs a command.
 */
export function aheadOf(step: Step, { act, verify }: Runbook): Step | undefined {
  if (isDeclaredRead(step)) return undefined;
  const used = [...act, ...verify].some(({ arg }) => referencesIn(arg).includes(step.id));
  if (!used) return undefined;
  const { expect: _expect, retry: _retry, when: _when, ...plain } = step;
  return plain;
}

/** A look in `act` as the plan shows it: what it will decide when it has its turn. */
export function atItsTurn(
  step: Step,
  arg: Json,
  finding: Finding | null,
  { findings, skipped }: { readonly findings: Findings; readonly skipped: string | undefined },
): PlannedProbe {
  const { id, phase, verb, why = null, decisive } = step;
  const base = {
    kind: 'probe',
    id,
    phase,
    verb,
    why,
    arg,
    explain: [],
    truth: 'not-looked',
    judgements: [],
    decisive,
  } as const;
  return skipped === undefined
    ? { ...base, finding, atTurn: sayGuard(step, findings) }
    : { ...base, finding, skipped, atTurn: saySkipped(step, skipped) };
}

/** What cannot be told lets nothing follow: a `when` that does not hold just leaves the look out. */
function saySkipped({ expect, onFail }: Step, skipped: string): string {
  const told = skipped === NOT_HELD || !expect || onFail === 'continue';
  return `not looked at: ${skipped}${told ? '' : `; ${IF_NOT[onFail]}`}`;
}

const IF_NOT = {
  undo: 'what was done is undone',
  ask: 'a person is asked',
  stop: 'the run stops before the next act',
} as const;

function sayGuard({ expect, onFail }: Step, findings: Findings): string {
  if (!expect) return 'looked at when its turn comes; it informs the steps behind it';
  const wanted = judge(withParams(expect, findings), () => undefined).judgements.map((judgement) => judgement.wanted);
  const what = `looked at when its turn comes: ${wanted.join('; ')}`;
  return onFail === 'continue'
    ? `${what}; else it is said, and the run goes on`
    : `${what}; else, or where it cannot look, ${IF_NOT[onFail]}`;
}

/**
 * What cannot be told before a look in `act` is taken, which the `when` speaks of. Null: it will not be told then
 * either.
 */
export function decidedLate(step: Step, late: ReadonlySet<string>): string | null {
  const of = step.when ? [...new Set(stepsNamedIn(step.when))].filter((id) => late.has(id)) : [];
  return of.length === 0
    ? null
    : `decided at its turn, when ${of.join(', ')} has been looked at; counted here as if it ran`;
}

/** An act that may not happen frees nothing for later steps: the plan counts the most that can happen. */
export function withoutLateGains(predictions: readonly Prediction[]): readonly Prediction[] {
  return predictions.filter(({ kind }) => kind !== 'files-gone' && kind !== 'processes-gone');
}

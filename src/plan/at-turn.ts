import { stepsNamedIn } from '../model/condition.ts';
import type { Json } from '../model/json.ts';
import type { PlannedProbe } from '../model/plan.ts';
import { referencesIn } from '../model/reference.ts';
import { judge } from '../model/runbook/judge.ts';
import { bindParams, type Findings } from '../model/runbook/scope.ts';
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

/** A look in `act` as the plan shows it: not looked at yet, and what it decides once it is. */
export function atItsTurn(step: Step, arg: Json, finding: Finding | null, findings: Findings): PlannedProbe {
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
  return { ...base, finding, atTurn: sayGuard(step, findings) };
}

function sayGuard({ expect, onFail }: Step, findings: Findings): string {
  if (!expect) return 'looked at when its turn comes; it informs the steps behind it';
  const wanted = judge(bindParams(expect, findings), () => undefined).judgements.map((judgement) => judgement.wanted);
  const what = `looked at when its turn comes: ${wanted.join('; ')}`;
  switch (onFail) {
    case 'continue':
      return `${what}; else it is said, and the run goes on`;
    case 'undo':
      return `${what}; else, or where it cannot look, what was done is undone`;
    case 'ask':
      return `${what}; else, or where it cannot look, a person is asked`;
    case 'stop':
      return `${what}; else, or where it cannot look, the run stops before the next act`;
  }
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

/** What may not be done frees nothing for what comes behind it: the most that may happen is what is counted. */
export function withoutLateGains(predictions: readonly Prediction[]): readonly Prediction[] {
  return predictions.filter(({ kind }) => kind !== 'files-gone' && kind !== 'processes-gone');
}

import type { Condition, Judgement, Measures, Truth } from '../condition.ts';
import type { Json } from '../json.ts';
import { isReference, referenceName, resolve, type StepReference } from '../reference.ts';
import { type Runbook, type Step, stepsOf, undoStepsOf } from '../runbook.ts';
import { type SecretReference, secretReference, secretsIn } from '../secret.ts';
import type { Finding } from '../verb.ts';
import { bindCondition, judge, type MeasuresOf } from './judge.ts';

/**
 * What the references of a runbook stand for: its parameters, and the findings of the steps that have looked so far.
 */
export interface Findings {
  readonly params: Readonly<Record<string, Json>>;
  readonly steps: Readonly<Record<string, { readonly reference: StepReference; readonly finding: Finding }>>;
}

export function startFindings(params: Readonly<Record<string, Json>>): Findings {
  return { params, steps: {} };
}

export function addFinding(findings: Findings, step: Step, arg: Json, finding: Finding): Findings {
  const reference: StepReference = { $step: step.id, verb: step.verb, selector: arg, found: finding.detail };
  return { ...findings, steps: { ...findings.steps, [step.id]: { reference, finding } } };
}

/** The step's argument with every reference replaced; a step that has not looked gives its selector and null. */
export function resolveArg(step: Step, runbook: Runbook, findings: Findings): Json {
  return resolve(step.arg, scopeOf(runbook, findings));
}

/** Every secret that the runbook's steps use; those of the runbooks that it uses among them. */
export function secretsOf(runbook: Runbook, params: Findings['params']): readonly SecretReference[] {
  const start = startFindings(params);
  return stepsOf(runbook)
    .flatMap((step) => [step, ...undoStepsOf(step)])
    .flatMap((step) => secretsIn(resolveArg(step, runbook, start)));
}

function scopeOf(runbook: Runbook, findings: Findings): ReadonlyMap<string, Json> {
  const scope = new Map<string, Json>(Object.entries(findings.params));
  for (const { name, type } of runbook.params) {
    const from = findings.params[name];
    if (type === 'secret' && typeof from === 'string') scope.set(name, secretReference(name, from));
  }
  for (const step of [...runbook.diagnose, ...runbook.act]) {
    const known = findings.steps[step.id]?.reference;
    scope.set(step.id, known ?? { $step: step.id, verb: step.verb, selector: null, found: null });
  }
  return scope;
}

/**
 * The condition with its parameters in place, judged by the step's own finding (`own`) and by what earlier steps found.
 */
export function judgeWith(
  condition: Condition,
  findings: Findings,
  own?: Measures,
): { readonly truth: Truth; readonly judgements: readonly Judgement[] } {
  const measuresOf: MeasuresOf = (step) => (step === undefined ? own : findings.steps[step]?.finding.measures);
  return judge(withParams(condition, findings), measuresOf);
}

export const NOT_HELD = 'its `when` does not hold';

/**
 * Tells whether the step may run by its `when`. If that is unknown the step does not run, and `say` names what was
 * missing.
 */
export function whether(
  step: Step,
  findings: Findings,
): { readonly truth: Truth; readonly say: string; readonly judgements: readonly Judgement[] } {
  if (!step.when) return { truth: 'yes', say: '', judgements: [] };
  const { truth, judgements } = judgeWith(step.when, findings);
  const missing = judgements
    .filter((judgement) => judgement.truth === 'unknown')
    .map(({ wanted, seen }) => `${wanted} (${seen})`);
  return {
    truth,
    judgements,
    say: truth === 'unknown' ? `its \`when\` cannot be told: ${missing.join('; ')}` : NOT_HELD,
  };
}

export function withParams(condition: Condition, findings: Findings): Condition {
  return bindCondition(condition, (value) => (isReference(value) ? findings.params[referenceName(value)] : value));
}

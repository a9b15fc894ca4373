import { isObject, type Json } from './json.ts';
import { isStepReference, type StepReference } from './reference.ts';
import type { Runbook, Step } from './runbook.ts';

/** An action on what a deciding probe found is part of the cure: to undo it is to bring the incident back. A sentence that says so, or null. */
export function dangerOf(runbook: Runbook, step: Step, arg: Json): string | null {
  const sources = isObject(arg) ? Object.values(arg).filter((value): value is StepReference => isStepReference(value)) : [];
  const matched = sources.filter(({ $step }) => runbook.diagnose.some((probe) => probe.id === $step && probe.expect && probe.decisive));
  if (matched.length === 0) return null;
  return `undoing ${step.id} brings back what ${matched.map(({ $step }) => $step).join(', ')} found: the incident may start again`;
}

import type { Diagnosis, PlannedAction, PlannedStep, Refusal } from '../model/plan.ts';

/**
 * Refuses before the first act: an act that is denied or impossible would leave the host between two states. `pace`
 * tells why it may not be done again so soon.
 */
export function refusalOf(diagnosis: Diagnosis, steps: readonly PlannedStep[], pace: Refusal | null): Refusal | null {
  if (diagnosis.verdict === 'not-this-incident') return { outcome: 'not-this-incident', reasons: diagnosis.reasons };
  if (diagnosis.verdict === 'unknown') return { outcome: 'inconclusive', reasons: diagnosis.reasons };
  if (diagnosis.verdict === 'looked-only' && steps.every(({ phase }) => phase === 'diagnose'))
    return { outcome: 'looked-only', reasons: [] };
  const actions = steps.filter((step) => step.kind === 'action');
  const decided = (effect: PlannedAction['decision']['effect']) =>
    actions.filter((step) => step.decision.effect === effect).map(reasonOf);
  const [denied, over] = [decided('deny'), decided('over-limit')];
  if (denied.length > 0) return { outcome: 'refused-by-policy', reasons: [...new Set(denied)] };
  if (pace) return pace;
  if (over.length > 0) return { outcome: 'over-limit', reasons: over };
  const blocked = actions.filter(
    (step) => step.observation?.verdict === 'cannot' && step.onFail !== 'continue' && step.late === undefined,
  );
  if (blocked.length === 0) return null;
  return {
    outcome: 'needs-a-human',
    reasons: blocked.map((step) => `${step.id}: ${step.observation?.reason ?? step.observation?.summary}`),
  };
}

function reasonOf(step: PlannedAction): string {
  return step.decision.effect === 'deny' ? step.decision.reason : `${step.id}: ${step.decision.reason}`;
}

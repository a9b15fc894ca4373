import type { Mode } from '../model/decide.ts';
import type { Host } from '../model/host.ts';
import type { Json } from '../model/json.ts';
import type { OutcomeName } from '../model/outcome.ts';
import type { Plan } from '../model/plan.ts';
import type { Catalogue, Emit } from '../model/ports.ts';
import type { Limits, Runbook } from '../model/runbook.ts';
import type { Clock } from '../model/verb.ts';
import { makePlan } from '../plan/plan.ts';

export interface PlanRequest {
  readonly runbook: Runbook;
  readonly params: Readonly<Record<string, Json>>;
  readonly mode: Mode;
  readonly raised: Limits;
}

export interface PlanParts {
  /** Refuses every change. */
  readonly readOnlyHost: Host;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told what is found on the way, for progress; nothing is journaled. */
  readonly emit: Emit;
}

/** The dry run: every probe really looks, every action observes, nothing is changed. */
export async function plan(request: PlanRequest, parts: PlanParts): Promise<Plan> {
  const { plan: made } = await makePlan({ ...request, ...parts, host: parts.readOnlyHost });
  return made;
}

/** What a run of this plan would come to before its first act; `held` where it would act. */
export function outcomeOf(made: Plan): OutcomeName {
  if (made.diagnosis.verdict === 'not-this-incident') return 'not-this-incident';
  if (made.diagnosis.verdict === 'unknown') return 'inconclusive';
  const actions = made.steps.filter((step) => step.kind === 'action');
  const denied = actions.find((step) => step.decision.effect === 'deny');
  if (denied) return denied.decision.reason.includes('over the limit') ? 'over-limit' : 'refused-by-policy';
  return actions.some((step) => step.observation?.verdict === 'cannot' && step.onFail !== 'continue') ? 'needs-a-human' : 'held';
}

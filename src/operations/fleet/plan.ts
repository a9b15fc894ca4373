import { batchesOf } from '../../model/fleet/batches.ts';
import { groupPlans } from '../../model/fleet/groups.ts';
import { worstOf } from '../../model/fleet/outcome.ts';
import type { FleetPlan } from '../../model/fleet/ports.ts';
import type { Strategy } from '../../model/fleet/strategy.ts';
import type { HostEnd, HostPlan, PlanGroup, Target } from '../../model/fleet.ts';
import type { OutcomeName } from '../../model/outcome.ts';
import { runbookMark } from '../../model/runbook.ts';
import { NO_SECRETS } from '../../model/secret.ts';
import { learnSecrets, type Unfit } from '../secrets.ts';
import { type LookedAt, type LookParts, type LookRequest, lookAtAll } from './look.ts';

export interface FleetPlanRequest extends LookRequest {
  readonly strategy: Strategy;
  readonly hosts: readonly Target[];
  readonly skipped: readonly string[];
}

export interface FleetPlanned {
  readonly plan: FleetPlan;
  /** On which hosts something would be done. */
  readonly acting: readonly Target[];
  /** The worst of them all. */
  readonly outcome: OutcomeName;
}

/** The dry run of a fleet: every host is looked at, nothing is changed, nothing is journaled. */
export async function planFleet(request: FleetPlanRequest, parts: LookParts): Promise<FleetPlanned | Unfit> {
  const unfit = await learnSecrets(request, parts.secrets ?? NO_SECRETS, parts.signal);
  if (unfit !== null) return unfit;
  const looked = await lookAtAll(request, parts, request.hosts);
  const acting = looked.filter(({ found }) => endOf(found) === null).map(({ target }) => target);
  const names = acting.map(({ name }) => name);
  return {
    plan: fleetPlanOf(request, looked, batchesOf(request.strategy, names)),
    acting,
    outcome: worstOf(looked.map(({ found }) => endOf(found)?.outcome ?? 'held')),
  };
}

export function groupsOf(looked: readonly LookedAt[]): readonly PlanGroup[] {
  return groupPlans(looked.map(({ found }) => found));
}

export function fleetPlanOf(
  { runbook, params, strategy, skipped }: Omit<FleetPlanRequest, 'hosts' | 'raised' | 'policy'>,
  looked: readonly LookedAt[],
  batches: FleetPlan['batches'],
): FleetPlan {
  const plans = looked.map(({ found }) => found);
  return {
    runbook: runbookMark(runbook),
    ...{ params, strategy, plans, skipped, batches },
    groups: groupsOf(looked),
  };
}

/**
 * Null: there is something to do. A host that cannot be planned is left out. It counts for the end, but not as a
 * failure, because nothing of ours failed on it.
 */
export function endOf(found: HostPlan): HostEnd | null {
  const none = { host: found.host, run: null, verdict: null };
  if (found.kind === 'unreachable')
    return { ...none, outcome: found.code === 'bug' ? 'bug' : 'outcome-unknown', reasons: [found.reason] };
  const { refusal } = found.plan;
  return refusal && { ...none, ...refusal };
}

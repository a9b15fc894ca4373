import type { Host } from '../model/host.ts';
import type { Json } from '../model/json.ts';
import type { Plan } from '../model/plan.ts';
import type { Mode } from '../model/policy/permit.ts';
import type { Catalogue, Emit } from '../model/ports.ts';
import type { Limits, Runbook } from '../model/runbook.ts';
import { NO_SECRETS, type Secrets } from '../model/secret.ts';
import type { Clock } from '../model/verb.ts';
import { makePlan } from '../plan/plan.ts';
import { heard, heed, Severed, unansweredBy } from '../run/severed.ts';
import { learnSecrets, type Unfit } from './secrets.ts';

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
  readonly secrets?: Secrets;
}

/**
 * The dry run: every probe really looks, every action observes, nothing is changed. Without its secrets nothing is
 * looked at. A host that cannot be reached has no plan.
 */
export async function plan(request: PlanRequest, parts: PlanParts): Promise<Plan | Unfit> {
  const { secrets = NO_SECRETS } = parts;
  const unfit = await learnSecrets(request, secrets, parts.signal);
  if (unfit !== null) return unfit;
  try {
    return secrets.redact(await lookAround(request, parts));
  } catch (error) {
    if (error instanceof Severed) return { outcome: 'outcome-unknown', reason: error.message, code: error.code };
    throw error;
  }
}

/** If the host cannot be reached any more, nothing else is asked. */
async function lookAround(request: PlanRequest, parts: PlanParts): Promise<Plan> {
  const { readOnlyHost: host } = parts;
  const before = unansweredBy(host);
  const emit: Emit = async (fact) => {
    heed(host, before, NOTHING);
    await parts.emit(fact);
  };
  const { plan: made } = await heard(host, NOTHING, () => makePlan({ ...parts, ...request, host, emit }));
  return made;
}

const NOTHING = 'nothing was touched';

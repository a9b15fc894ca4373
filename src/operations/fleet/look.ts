import type { Block } from '../../model/block.ts';
import type { HeldPlan, HostPlan, Target } from '../../model/fleet.ts';
import { isObject, type Json } from '../../model/json.ts';
import type { Plan, PlannedStep } from '../../model/plan.ts';
import type { Policy } from '../../model/policy.ts';
import type { Limits, Runbook } from '../../model/runbook.ts';
import type { FleetWorld, ReachedHost } from '../../model/world.ts';
import { pinnedOf } from '../../plan/fingerprint.ts';
import { atMost } from '../at-most.ts';
import { plan } from '../plan.ts';
import { type NotHad, reaching } from '../reach.ts';

/** What was found of a host, and what its run will be held to. */
export interface LookedAt {
  readonly target: Target;
  readonly found: HostPlan;
  /** Null: it could not be planned. */
  readonly held: HeldPlan | null;
}

export interface LookRequest {
  readonly runbook: Runbook;
  readonly params: Readonly<Record<string, Json>>;
  readonly raised: Limits;
  readonly policy: Policy | null;
}

export interface LookParts
  extends Pick<FleetWorld, 'reach' | 'lookAtOnce' | 'mode' | 'catalogue' | 'clock' | 'secrets'> {
  readonly signal: AbortSignal;
  readonly progress: (progress: { readonly done: number; readonly of: number; readonly host: string }) => void;
}

/**
 * Looks at every host before any is touched. The result is in the given order; hosts that had not answered when an
 * interrupt came are left out.
 */
export async function lookAtAll(
  request: LookRequest,
  parts: LookParts,
  targets: readonly Target[],
): Promise<readonly LookedAt[]> {
  const looked = new Map<Target, LookedAt>();
  const all = atMost(parts.lookAtOnce, targets, async (target) => {
    if (parts.signal.aborted) return;
    looked.set(target, await lookAt(request, parts, target));
    if (!parts.signal.aborted) parts.progress({ done: looked.size, of: targets.length, host: target.name });
  });
  // A look touches nothing, so an interrupt does not wait for hosts that do not answer.
  await Promise.race([all, aborted(parts.signal)]);
  return targets.flatMap((target) => looked.get(target) ?? []);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function lookAt(request: LookRequest, parts: LookParts, target: Target): Promise<LookedAt> {
  const { signal } = parts;
  const otherwise = async ({ code, reason }: NotHad) => unreachable(target, code, reason);
  return reaching(parts, { target, signal, otherwise }, async (reached) => {
    try {
      return await planOn(request, parts, { target, reached });
    } catch (error) {
      // A bug of ours or of a port: nothing is known about this host, and the others go on.
      const last = reached.host.connection?.unanswered().last;
      return last
        ? unreachable(target, last.code, last.message)
        : unreachable(target, 'bug', `could not be planned: ${String(error)}`);
    }
  });
}

async function planOn(
  request: LookRequest,
  parts: LookParts,
  { target, reached }: { readonly target: Target; readonly reached: ReachedHost },
): Promise<LookedAt> {
  const { readOnlyHost } = reached;
  const before = reached.host.connection?.unanswered().count ?? 0;
  const made = await plan(
    { ...request, mode: await parts.mode(request, reached.host) },
    { ...parts, readOnlyHost, emit: async () => {} },
  );
  if ('reason' in made) return unreachable(target, made.outcome, made.reason);
  // If the answer never came, the result of the probe is no finding.
  const { count = 0, last = null } = reached.host.connection?.unanswered() ?? {};
  if (count > before && last !== null) return unreachable(target, last.code, last.message);
  return {
    target,
    found: { kind: 'plan', host: target.name, plan: slimPlan(made) },
    held: { pinned: pinnedOf(made), refusal: made.refusal },
  };
}

function unreachable(target: Target, code: string, reason: string): LookedAt {
  return { target, found: { kind: 'unreachable', host: target.name, code, reason }, held: null };
}

/** How many rows and members are kept for the screen: two hundred hosts may have thousands of processes each. */
const KEPT = 20;

/** What is shown of a plan: counts whole, lists cut to a sample, nothing of what only the act would need. */
function slimPlan(whole: Plan): Plan {
  return { ...whole, steps: whole.steps.map(slimStep) };
}

function slimStep(step: PlannedStep): PlannedStep {
  const arg = withoutFound(step.arg);
  if (step.kind === 'probe')
    return {
      ...step,
      arg,
      finding: step.finding && { ...step.finding, detail: null, blocks: step.finding.blocks.map(cut) },
    };
  if (step.kind === 'watch' || step.observation === null) return { ...step, arg };
  const { targets, blocks, ...rest } = step.observation;
  const members =
    targets.kind === 'processes' || targets.kind === 'files' ? targets.members.slice(0, KEPT) : targets.members;
  const observation = {
    ...rest,
    keep: {},
    predicts: [],
    targets: { ...targets, members, detail: null },
    blocks: blocks.map(cut),
  };
  return { ...step, arg, observation };
}

function withoutFound(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutFound);
  if (!isObject(value)) return value;
  if (typeof value.$step === 'string') return { ...value, found: null };
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutFound(inner ?? null)]));
}

function cut(block: Block): Block {
  return block.kind === 'table' && block.rows.length > KEPT ? { ...block, rows: block.rows.slice(0, KEPT) } : block;
}

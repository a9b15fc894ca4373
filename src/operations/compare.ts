import type { HeldPlan } from '../model/fleet.ts';
import type { Plan } from '../model/plan.ts';
import type { Emit } from '../model/ports.ts';
import { sayDifference } from '../model/run/drift.ts';
import { planMark, type SavedPlan } from '../model/run/saved-plan.ts';
import { driftOf, pinnedDifferences } from '../plan/fingerprint.ts';
import type { Ending } from '../run/running.ts';

/**
 * Compares a saved plan with the current one. Forbidden differences end the run before its first act; the others are
 * reported. Null: go on.
 */
export async function compare(saved: SavedPlan | undefined, plan: Plan, emit: Emit): Promise<Ending | null> {
  if (saved === undefined) return null;
  const differ = pinnedDifferences(saved, plan);
  if (differ.length > 0) return { outcome: 'plan-mismatch', verdict: null, reasons: differ.map(sayDifference) };
  if (plan.diagnosis.verdict === 'this-incident')
    await emit({ type: 'plan.compared', plan: planMark(saved), drift: driftOf(saved.plan, plan) });
  return null;
}

/** Compares the current plan with the one that the fleet made before it touched any host. Null: go on. */
export function compareHeld(held: HeldPlan | undefined, plan: Plan): Ending | null {
  const differ = held === undefined ? [] : pinnedDifferences({ pinned: held.pinned, plan: held }, plan);
  return differ.length === 0 ? null : { outcome: 'plan-mismatch', verdict: null, reasons: differ.map(sayDifference) };
}

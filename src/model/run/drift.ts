import { plural, showCount } from '../text/quantity.ts';
import { type Difference, type PlanMark, type StepDrift, shortId } from './saved-plan.ts';

/** `kill-mailers: 45 processes now, 42 when planned: 4 new, 1 gone`. */
export function sayDrift({ step, kind, planned, now, new: fresh, gone }: StepDrift): string {
  const counted = kind === 'processes' ? plural(now, 'process', 'processes') : plural(now, 'file');
  if (fresh === 0 && gone === 0) return `${step}: ${counted}, as planned`;
  const least = kind === 'files' ? 'at least ' : '';
  const moved = [
    ...(fresh > 0 ? [`${least}${showCount(fresh)} new`] : []),
    ...(gone > 0 ? [`${least}${showCount(gone)} gone`] : []),
  ];
  return `${step}: ${counted} now, ${showCount(planned)} when planned: ${moved.join(', ')}`;
}

/** `saved 2026-11-23T18:05Z by ada (1a2b3c4d5e6f): kill-mailers: ...`. */
export function sayCompared(plan: PlanMark, drift: readonly StepDrift[]): string {
  const moved = drift.filter((step) => step.new > 0 || step.gone > 0);
  return `${sayMark(plan)}: ${moved.length === 0 ? 'its targets are as they were' : moved.map(sayDrift).join('; ')}`;
}

export function sayMark({ id, at, by }: PlanMark): string {
  return `plan ${shortId(id)}, saved ${at.replace(/:\d+\.\d+Z$/, 'Z')} by ${by}`;
}

/** `parameter watch: then 8s, now 10m`. */
export function sayDifference({ name, planned, now }: Difference): string {
  return `${name}: then ${planned ?? 'not there'}, now ${now ?? 'not there'}`;
}

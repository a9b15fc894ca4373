import type { Condition } from './condition.ts';
import { isObject, type Json, listOf } from './json.ts';
import { sayClause } from './judge.ts';
import type { HoldLine, WatchSpec } from './plan.ts';
import { duration } from './quantity.ts';
import type { Hold, Step } from './runbook.ts';
import { bindParams, type Findings, judgeWith } from './scope.ts';

/**
 * verify's `watch` with every reference resolved. `every` is at most a quarter of `for`, so that a watch has at least
 * five samples.
 */
export function watchSpec(step: Step, arg: Json, findings: Findings): WatchSpec {
  const { for: length, every, settle, tolerate, proof } = isObject(arg) ? arg : {};
  const whole = duration(length, 600_000);
  return {
    for: whole,
    every: Math.min(duration(every, 15_000), whole / 4),
    ...(settle !== undefined && { settle: duration(settle, 0) }),
    ...(typeof tolerate === 'number' && { tolerate }),
    proof: proofOf(proof),
    hold: (step.hold ?? [])
      .filter((line) => counts(line, findings))
      .flatMap((line) => holdLines(line.of, bindParams(line.condition, findings))),
  };
}

/** A line whose `when` cannot be told counts. */
export function counts({ when }: Hold, findings: Findings): boolean {
  return when === undefined || judgeWith(when, findings).truth !== 'no';
}

function proofOf(proof: Json | undefined): WatchSpec['proof'] {
  if (!isObject(proof)) return null;
  const service = isObject(proof.service) ? proof.service : {};
  const names = [
    ...listOf(service.name as string | undefined),
    ...listOf(service.first_of as string | readonly string[] | undefined),
  ];
  return { cronMinutes: Number(proof.cron_minutes), services: names.length > 0 ? names : ['crond', 'cron'] };
}

function holdLines(of: string, condition: Condition): readonly HoldLine[] {
  if (condition.kind !== 'clause') return condition.conditions.flatMap((part) => holdLines(of, part));
  return [{ of, measure: condition.clause.measure, wanted: sayClause({ ...condition.clause, step: of }) }];
}

import type { Condition } from '../condition.ts';
import { serviceNames } from '../host/service.ts';
import type { Json } from '../json.ts';
import type { HoldLine, WatchSpec } from '../plan.ts';
import { read } from '../read.ts';
import { sayClause } from '../runbook/judge.ts';
import { type Findings, judgeWith, withParams } from '../runbook/scope.ts';
import { type Infer, integer, object, quantity, service } from '../runbook/shape.ts';
import type { Hold, Step } from '../runbook.ts';

/** `watch` belongs to the language: it looks again at other steps' findings, so no host can do it. */
export const WATCH = object(
  'Sample over a time, and with `proof` see that what caused the incident had its chance to come back.',
  {
    for: quantity('duration', 'How long to watch.'),
    every: quantity(
      'duration',
      'The time between two samples; one that is longer than a quarter of `for` is cut to that.',
    ),
    settle: quantity(
      'duration',
      'How long it may take to come up: a sample so soon after the begin of the watch is shown and does not count, and `growth` is counted from the last of them. Shorter than `for`.',
    ),
    tolerate: integer(
      'How many samples of the whole watch may be bad (a line of `hold` that is not true) before it counts as recurred. Default 0. The last sample must be good; one that could not look is not tolerated.',
    ),
    proof: object(
      'Evidence that the cause had its chance. Where it is asked for and not seen, the verdict is inconclusive. Without this key the samples alone decide.',
      {
        cron_minutes: integer(
          'In how many different minutes of its own clock cron must be seen to run and reap a job.',
          1,
        ),
        service: service('The service whose daemon is cron.'),
      },
      ['cron_minutes'],
    ),
  },
  ['for', 'every'],
);
export const WATCH_EXAMPLE: Json = { for: '10m', every: '15s', proof: { cron_minutes: 2 } };

/**
 * verify's `watch` with every reference resolved. `every` is at most a quarter of `for`, so that a watch has at least
 * five samples.
 */
export function watchSpec(step: Step, arg: Json, findings: Findings): WatchSpec {
  const { for: whole, every, settle, tolerate, proof } = read(WATCH, arg);
  return {
    for: whole,
    every: Math.min(every, whole / 4),
    ...(settle !== undefined && { settle }),
    ...(tolerate !== undefined && { tolerate }),
    proof: proofOf(proof),
    hold: (step.hold ?? [])
      .filter((line) => counts(line, findings))
      .flatMap((line) => holdLines(line.of, withParams(line.condition, findings))),
  };
}

/** A line whose `when` cannot be told counts. */
export function counts({ when }: Hold, findings: Findings): boolean {
  return when === undefined || judgeWith(when, findings).truth !== 'no';
}

function proofOf(proof: Infer<typeof WATCH>['proof']): WatchSpec['proof'] {
  if (!proof) return null;
  return { cronMinutes: proof.cron_minutes, services: proof.service ? serviceNames(proof.service) : ['crond', 'cron'] };
}

function holdLines(of: string, condition: Condition): readonly HoldLine[] {
  if (condition.kind !== 'clause') return condition.conditions.flatMap((part) => holdLines(of, part));
  return [{ of, measure: condition.clause.measure, wanted: sayClause({ ...condition.clause, step: of }) }];
}

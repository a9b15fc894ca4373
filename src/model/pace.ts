import type { Asked, Mode, Permit } from './permit.ts';
import type { Refusal } from './plan.ts';
import type { PastRun, Policy, PolicyRule } from './policy.ts';
import { plural, showDuration } from './quantity.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** How far back earlier runs matter to any rule of the policy, in milliseconds. */
export function lookBack(policy: Policy): number {
  return Math.max(
    0,
    ...policy.rules.flatMap(({ coolDown, runs }) => [coolDown, runs.anHour === undefined ? 0 : HOUR, runs.aDay === undefined ? 0 : DAY]),
  );
}

/**
 * Why a run that would act may not, for what was done on this host before. The same incident again, soon after a run that held: what was done does
 * not last, and doing it every hour would hide that. Asked once the incident is diagnosed: on a well host the same trigger does no harm.
 */
export function tooOften(mode: Mode, given: Permit, asked: Asked): Refusal | null {
  if (mode.kind === 'attended' || given.kind !== 'allowed') return null;
  const same = mode.trigger.past.filter((run) => isSame(run, asked));
  return cooling(given.rule, same, asked) ?? overRate(given.rule, same, asked);
}

/** What cannot be told counts. */
function isSame({ acted, runbook, host }: PastRun, asked: Asked): boolean {
  return acted && (runbook === null || runbook === asked.runbook.name) && (host === null || host === asked.host);
}

function cooling({ id, coolDown }: PolicyRule, past: readonly PastRun[], { at, runbook }: Asked): Refusal | null {
  const last = past.filter((run) => run.held && run.ended !== null && at - run.ended < coolDown).sort(newestFirst)[0];
  if (!last) return null;
  const ago = showDuration(Math.max(0, at - (last.ended ?? at)));
  const what = `${runbook.name} held ${ago} ago (${last.id}) and the incident is back within the cool_down of ${showDuration(coolDown)}`;
  return {
    outcome: 'needs-a-human',
    reasons: [`${what} of rule ${id}: the fix does not last; read the report of that run: firebreak report ${last.id}`],
  };
}

const newestFirst = (one: PastRun, other: PastRun) => (other.ended ?? 0) - (one.ended ?? 0);

function overRate({ id, runs }: PolicyRule, past: readonly PastRun[], { at, runbook }: Asked): Refusal | null {
  const windows = [
    ['an hour', HOUR, runs.anHour],
    ['a day', DAY, runs.aDay],
  ] as const;
  const reasons = windows.flatMap(([within, length, most]) => {
    const count = past.filter(({ started }) => at - started < length).length;
    if (most === undefined || count < most) return [];
    return [`this would be run ${count + 1} of ${runbook.name} in ${within}; rule ${id} allows ${plural(most, 'run')} ${within}`];
  });
  return reasons.length === 0 ? null : { outcome: 'over-limit', reasons };
}

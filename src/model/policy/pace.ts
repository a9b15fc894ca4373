import type { Refusal } from '../plan.ts';
import type { PastRun, Policy, PolicyRule } from '../policy.ts';
import { plural, showDuration } from '../text/quantity.ts';
import type { Asked, Mode, Permit } from './permit.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** How far back earlier runs matter to any rule of the policy, in milliseconds. */
export function lookBack(policy: Policy): number {
  return Math.max(
    0,
    ...policy.rules.flatMap(({ coolDown, runs, fleet }) => [
      coolDown,
      runs.anHour === undefined ? 0 : HOUR,
      runs.aDay === undefined && (fleet?.hostsADay ?? null) === null ? 0 : DAY,
    ]),
  );
}

/**
 * Why a run may not act because of earlier runs on this host. If the same incident comes back soon after a run that
 * held, the fix does not last, and repeating it every hour would hide that. It is asked only after the diagnosis: on a
 * healthy host the trigger does no harm.
 */
export function tooOften(mode: Mode, given: Permit, asked: Asked): Refusal | null {
  if (mode.kind === 'attended' || given.kind !== 'allowed') return null;
  const same = mode.trigger.past.filter((run) => isSame(run, asked));
  return (
    forgotten(given.rule, mode.trigger.forgotten) ??
    cooling(given.rule, same, asked) ??
    overRate(given.rule, same, asked) ??
    overHosts(given.rule, mode.trigger.past, asked)
  );
}

/** Names of the hosts that runs of the runbook have changed in the 24 hours before, each once. */
export function changedHosts(
  past: readonly PastRun[],
  { runbook, at }: Pick<Asked, 'runbook' | 'at'>,
): readonly string[] {
  const recent = past.filter(
    (run) => run.acted && at - run.started < DAY && (run.runbook === null || run.runbook === runbook.name),
  );
  return [...new Set(recent.flatMap(({ host }) => (host === null ? [] : [host])))];
}

/** Counters that cannot be read would allow anything. */
function forgotten({ id, coolDown, runs, fleet }: PolicyRule, why: string | undefined): Refusal | null {
  const asks =
    coolDown > 0 || runs.anHour !== undefined || runs.aDay !== undefined || (fleet?.hostsADay ?? null) !== null;
  if (why === undefined || !asks) return null;
  const what = `rule ${id} asks what ran here before, and that cannot be told: ${why}`;
  return { outcome: 'needs-a-human', reasons: [`${what}; give the folder back to its owner, or move it away`] };
}

function overHosts({ id, fleet }: PolicyRule, past: readonly PastRun[], asked: Asked): Refusal | null {
  const most = fleet?.hostsADay ?? null;
  const others = changedHosts(past, asked).filter((host) => host !== asked.host).length;
  if (most === null || others < most) return null;
  const what = `${asked.host} would be host ${others + 1} that ${asked.runbook.name} changes in a day`;
  return { outcome: 'over-limit', reasons: [`${what}; rule ${id} allows ${plural(most, 'host')} a day`] };
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
    return [
      `this would be run ${count + 1} of ${runbook.name} in ${within}; rule ${id} allows ${plural(most, 'run')} ${within}`,
    ];
  });
  return reasons.length === 0 ? null : { outcome: 'over-limit', reasons };
}

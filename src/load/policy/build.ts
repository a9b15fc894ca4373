import type { Comparator } from '../../model/condition.ts';
import { DEFAULT_FLEET } from '../../model/fleet/limits.ts';
import { isObject, type Json } from '../../model/json.ts';
import { WEEKDAYS } from '../../model/policy/window.ts';
import type { FleetLimits, Freeze, Policy, PolicyRule, TimeWindow } from '../../model/policy.ts';
import { read } from '../../model/read.ts';
import type { Infer } from '../../model/runbook/shape.ts';
import { parsePercent } from '../../model/text/quantity.ts';
import { type FREEZE, POLICY, type RULE, type WINDOW } from './language.ts';

/** Builds the policy from a text without problems. What a rule leaves out gets the safe value. */
export function buildPolicy(root: Json, source: Policy['source']): Policy {
  const { allow, freeze = [] } = read(POLICY, root);
  return { rules: allow.map(buildRule), freeze: freeze.map(buildFreeze), source };
}

function buildRule(rule: Infer<typeof RULE>, at: number): PolicyRule {
  const { id, who, runbook, params, hosts, during, deny, limits, undo, runs, fleet } = rule;
  const { declared_read: declaredRead, declared_write: declaredWrite, cool_down, on_failure } = rule;
  const { an_hour: anHour, a_day: aDay } = runs ?? {};
  return {
    id: id ?? `allow-${at + 1}`,
    who: who ?? [],
    runbook,
    params: Object.fromEntries(Object.entries(params ?? {}).map(([name, wanted]) => [name, comparator(wanted)])),
    hosts: hosts ?? [],
    during: (during ?? []).map(buildWindow),
    deny: deny ?? [],
    declaredRead,
    declaredWrite,
    limits: limits ?? {},
    runs: { ...(anHour !== undefined && { anHour }), ...(aDay !== undefined && { aDay }) },
    coolDown: cool_down,
    onFailure: on_failure,
    undo,
    ...(fleet && { fleet: buildFleet(fleet) }),
  };
}

/** A bare value means `is`, a list `one_of`. */
export function comparator(json: Json): Comparator {
  if (Array.isArray(json)) return { one_of: json as NonNullable<Comparator['one_of']> };
  if (isObject(json))
    return Object.fromEntries(Object.entries(json).filter(([key]) => !key.startsWith('x-'))) as Comparator;
  return { is: json as NonNullable<Comparator['is']> };
}

function buildFleet({ at_once, share, hosts_a_day }: NonNullable<Infer<typeof RULE>['fleet']>): FleetLimits {
  return {
    atOnce: at_once,
    share: parsePercent(share) ?? DEFAULT_FLEET.share,
    hostsADay: hosts_a_day ?? DEFAULT_FLEET.hostsADay,
  };
}

function buildWindow({ days, from, to, zone }: Infer<typeof WINDOW>): TimeWindow {
  return {
    days: days ? daysOf(days) : [0, 1, 2, 3, 4, 5, 6],
    from: minuteOf(from),
    to: minuteOf(to),
    zone: zone ?? null,
  };
}

/** `fri..mon` goes round the weekend. */
function daysOf(words: readonly string[]): readonly number[] {
  const days = words.flatMap((word) => {
    const [from = -1, to = from] = word.split('..').map((name) => (WEEKDAYS as readonly string[]).indexOf(name));
    return Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, at) => (from + at) % 7);
  });
  return [...new Set(days)].sort((one, other) => one - other);
}

/** Of the day; not a number where it is no time. */
export function minuteOf(time: string): number {
  const match = /^(\d\d):(\d\d)$/.exec(time);
  return match ? Number(match[1]) * 60 + Number(match[2]) : Number.NaN;
}

function buildFreeze({ from, to, why, zone }: Infer<typeof FREEZE>): Freeze {
  return { from, to, why: why.trim(), zone: zone ?? null };
}

import type { Comparator } from '../model/condition.ts';
import { DEFAULT_FLEET } from '../model/fleet-limits.ts';
import { isObject, type Json, type JsonObject, listOf } from '../model/json.ts';
import type { FleetLimits, Freeze, Policy, PolicyRule, TimeWindow } from '../model/policy.ts';
import { duration, parsePercent } from '../model/quantity.ts';
import { WEEKDAYS } from '../model/window.ts';
import { buildLimits } from './build.ts';

const COOL_DOWN = 3_600_000;
const MIDNIGHT = 24 * 60;

/** A text without problems as the policy it is; what a rule leaves out is the safe choice. */
export function buildPolicy(root: JsonObject, source: Policy['source']): Policy {
  return { rules: objectsIn(root.allow).map(buildRule), freeze: objectsIn(root.freeze).map(buildFreeze), source };
}

export function objectsIn(json: Json | undefined): readonly JsonObject[] {
  return Array.isArray(json) ? (json as readonly Json[]).filter(isObject) : [];
}

function buildRule(json: JsonObject, at: number): PolicyRule {
  return {
    id: typeof json.id === 'string' ? json.id : `allow-${at + 1}`,
    who: texts(json.who),
    runbook: String(json.runbook),
    params: Object.fromEntries(entries(json.params).map(([name, wanted]) => [name, comparator(wanted)])),
    hosts: texts(json.hosts),
    during: objectsIn(json.during).map(buildWindow),
    deny: texts(json.deny),
    declaredRead: json.declared_read === 'allow' ? 'allow' : 'deny',
    declaredWrite: json.declared_write === 'allow' ? 'allow' : 'deny',
    limits: buildLimits(json.limits),
    runs: buildRuns(json.runs),
    coolDown: duration(json.cool_down, COOL_DOWN),
    onFailure: json.on_failure === 'undo' ? 'undo' : 'leave',
    undo: json.undo === 'all' || json.undo === 'none' ? json.undo : 'safe',
    ...(isObject(json.fleet) && { fleet: buildFleet(json.fleet) }),
  };
}

export function texts(json: Json | undefined): readonly string[] {
  return listOf(json).map(String);
}

function entries(json: Json | undefined): readonly (readonly [string, Json])[] {
  return isObject(json)
    ? Object.entries(json).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]))
    : [];
}

/** A bare value means `is`, a list `one_of`. */
export function comparator(json: Json): Comparator {
  if (Array.isArray(json)) return { one_of: json as NonNullable<Comparator['one_of']> };
  if (isObject(json))
    return Object.fromEntries(Object.entries(json).filter(([key]) => !key.startsWith('x-'))) as Comparator;
  return { is: json as NonNullable<Comparator['is']> };
}

function buildRuns(json: Json | undefined): PolicyRule['runs'] {
  const { an_hour: anHour, a_day: aDay } = isObject(json) ? json : {};
  return { ...(typeof anHour === 'number' && { anHour }), ...(typeof aDay === 'number' && { aDay }) };
}

function buildFleet({ at_once: atOnce, share, hosts_a_day: hostsADay }: JsonObject): FleetLimits {
  return {
    atOnce: typeof atOnce === 'number' ? atOnce : DEFAULT_FLEET.atOnce,
    share: parsePercent(String(share)) ?? DEFAULT_FLEET.share,
    hostsADay: typeof hostsADay === 'number' ? hostsADay : DEFAULT_FLEET.hostsADay,
  };
}

function buildWindow(json: JsonObject): TimeWindow {
  return {
    days: json.days === undefined ? [0, 1, 2, 3, 4, 5, 6] : daysOf(texts(json.days)),
    from: minuteOf(json.from, 0),
    to: minuteOf(json.to, MIDNIGHT),
    zone: zoneOf(json),
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

export function minuteOf(json: Json | undefined, otherwise: number): number {
  const match = /^(\d\d):(\d\d)$/.exec(String(json));
  return match ? Number(match[1]) * 60 + Number(match[2]) : otherwise;
}

function buildFreeze(json: JsonObject): Freeze {
  return { from: String(json.from), to: String(json.to), why: String(json.why).trim(), zone: zoneOf(json) };
}

function zoneOf({ zone }: JsonObject): string | null {
  return typeof zone === 'string' ? zone : null;
}

import { identityKey } from '../host/processes.ts';
import { isObject, type Json } from '../json.ts';
import type { LimitName, Limits } from '../runbook.ts';
import type { Targets } from '../verb.ts';
import { addCosts } from './decide.ts';

/** What an attempt without an outcome may have used of the limits: it counts until it is known. */
export interface Unsettled {
  readonly step: string;
  readonly used: Limits;
  /** The targets, if they can be told apart: a target that is still there has not been used up. */
  readonly ids: readonly string[];
}

/**
 * Names that are the same in two looks: processes by pid and start time, edited files by path, services by name.
 * Deleted files are too many, and nobody knows whether a command ran.
 */
export function idsOf({ kind, members, detail }: Targets): readonly string[] {
  if (kind === 'file' || kind === 'service') return members;
  const listed = kind === 'processes' && isObject(detail) && Array.isArray(detail.processes) ? detail.processes : [];
  return listed.flatMap(idOf);
}

function idOf(process: Json): readonly string[] {
  if (!isObject(process)) return [];
  const { pid, start, exe = null } = process;
  return typeof pid === 'number' && typeof start === 'number' && (exe === null || typeof exe === 'string')
    ? [identityKey({ pid, start, exe })]
    : [];
}

/** What an intent may have used when its outcome is not known. Journals of 0.1.0 tell only its targets. */
export function intendedUse({
  costs,
  targets,
}: {
  readonly costs?: Limits | undefined;
  readonly targets: Targets;
}): Limits {
  if (costs !== undefined) return costs;
  const limit = LIMIT_OF[targets.kind];
  return limit === undefined ? {} : { [limit]: targets.count };
}

const LIMIT_OF: Partial<Record<Targets['kind'], LimitName>> = {
  processes: 'kill',
  files: 'delete',
  file: 'edit',
  service: 'services',
  command: 'commands',
};

/** What was not used after all: targets that are still there. They count when they are really taken. */
export function givenBack({ used, ids }: Unsettled, now: Targets): Limits {
  const still = new Set(idsOf(now));
  const count = new Set(ids.filter((id) => still.has(id))).size;
  return mapLimits(used, (most) => Math.min(most, count));
}

export function minus(one: Limits, other: Limits): Limits {
  return mapLimits(one, (count, name) => Math.max(0, count - (other[name] ?? 0)));
}

/** The sum over several attempts. `stopped_for` is never added up. */
export function sumOf(unsettled: readonly Unsettled[]): Limits {
  return unsettled.reduce<Limits>((sum, { used }) => addCosts(sum, used), {});
}

function mapLimits(limits: Limits, change: (count: number, name: LimitName) => number): Limits {
  return Object.fromEntries(
    (Object.entries(limits) as [LimitName, number][]).map(([name, count]) => [name, change(count, name)]),
  );
}

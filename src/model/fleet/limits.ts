import type { Target } from '../fleet.ts';
import type { Json } from '../json.ts';
import { couldAllow } from '../policy/permit.ts';
import type { FleetLimits, Policy, PolicyRule } from '../policy.ts';
import type { Runbook } from '../runbook.ts';
import { plural } from '../text/quantity.ts';
import type { Strategy } from './strategy.ts';

/** For a rule without `fleet:`: one host after the other, each verified before the next begins. */
export const DEFAULT_FLEET: FleetLimits = { atOnce: 1, share: 100, hostsADay: null };

export function fleetLimits(rule: PolicyRule): FleetLimits {
  return rule.fleet ?? DEFAULT_FLEET;
}

/** An unattended fleet run, before any host is looked at. */
export interface FleetAsked {
  readonly policy: Policy;
  readonly runbook: Runbook;
  readonly params: Readonly<Record<string, Json>>;
  /** Chosen, without those that are skipped. */
  readonly hosts: readonly Target[];
}

export interface FleetDecision {
  /** The strategy that was asked for, or a more careful one. */
  readonly strategy: Strategy;
  /** What was lowered, and by which rule: for the journal and the screen. */
  readonly notes: readonly string[];
}

/**
 * Lowers a strategy to what the policy allows: at most `at_once` hosts at a time, and at most `share` of any group,
 * whichever of its hosts are at work together. If several rules could allow the run (for different hosts), the
 * strictest counts. `permit` decides for each host whether it may be touched at all.
 */
export function decideFleet(asked: FleetAsked, strategy: Strategy): FleetDecision {
  const bounds = asked.hosts.length === 0 ? [] : rulesOf(asked).flatMap((rule) => boundsOf(rule, asked.hosts));
  const [lowest] = [...bounds].sort((one, other) => one.most - other.most);
  if (!lowest || lowest.most >= strategy.atOnce) return { strategy, notes: [] };
  const note = `at most ${plural(lowest.most, 'host')} at once instead of ${strategy.atOnce}: ${lowest.why}`;
  return { strategy: { ...strategy, atOnce: lowest.most }, notes: [note] };
}

interface Bound {
  readonly most: number;
  readonly why: string;
}

function boundsOf(rule: PolicyRule, hosts: readonly Target[]): readonly Bound[] {
  const { atOnce, share } = fleetLimits(rule);
  const says = rule.fleet ? `rule ${rule.id} has fleet.at_once: ${atOnce}` : `rule ${rule.id} has no \`fleet:\``;
  const groups = share >= 100 ? [] : groupSizes(hosts);
  return [
    { most: atOnce, why: says },
    ...groups.flatMap(([group, size]) => {
      const most = Math.max(1, Math.floor((size * share) / 100));
      // How many hosts may be at work together, whichever they are. A group that is no larger can never exceed its
      // share.
      return size <= most
        ? []
        : [{ most, why: `rule ${rule.id} has fleet.share: ${share}%, of the ${plural(size, 'host')} in ${group}` }];
    }),
  ];
}

/** The groups of the chosen hosts. Hosts without a group count as one group. */
function groupSizes(hosts: readonly Target[]): readonly (readonly [string, number])[] {
  const sizes = new Map<string, number>();
  for (const { groups } of hosts)
    for (const group of groups.length === 0 ? ['no group'] : groups) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  return [...sizes];
}

/** The rules that could allow this runbook on at least one of the hosts. */
function rulesOf({ policy, runbook, params, hosts }: FleetAsked): readonly PolicyRule[] {
  return policy.rules.filter((rule) =>
    hosts.some(({ name }) => couldAllow(rule, { runbook, params, host: name, at: 0 })),
  );
}

export interface FleetActing {
  /** Which this run would change. */
  readonly acting: readonly Target[];
  /** Names of hosts that runs of the same runbook have changed in the 24 hours before. */
  readonly changed: readonly string[];
}

/** Why a fleet run that would act may not: more different hosts within a day than a rule allows. Null: it may. */
export function tooManyHosts(
  asked: Omit<FleetAsked, 'hosts'>,
  { acting, changed }: FleetActing,
): { readonly outcome: 'over-limit'; readonly reason: string } | null {
  const all = new Set([...changed, ...acting.map(({ name }) => name)].map((name) => name.toLowerCase()));
  for (const rule of rulesOf({ ...asked, hosts: acting })) {
    const { hostsADay } = fleetLimits(rule);
    if (hostsADay === null || all.size <= hostsADay) continue;
    const others = all.size - acting.length;
    const before = others > 0 ? `, after ${plural(others, 'other', 'others')} in the last 24 hours` : '';
    const says = `this would change ${plural(acting.length, 'host')}${before}; rule ${rule.id} allows ${plural(hostsADay, 'host')} a day`;
    return { outcome: 'over-limit', reason: says };
  }
  return null;
}

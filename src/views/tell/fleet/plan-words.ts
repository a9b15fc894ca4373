import type { FleetPlan } from '../../../model/fleet/ports.ts';
import { sizeText } from '../../../model/fleet/strategy.ts';
import type { HostPlan, PlanGroup, Strategy } from '../../../model/fleet.ts';
import type { Plan } from '../../../model/plan.ts';
import { plural, showCount, showDuration } from '../../../model/text/quantity.ts';

/** `37 hosts alike, 3 differ, 2 not this incident, 1 unreachable` */
export function groupsText(groups: readonly PlanGroup[]): string {
  const acting = groups.filter(({ kind }) => kind === 'act').map(({ hosts }) => hosts.length);
  const [alike = 0, ...others] = acting.toSorted((one, other) => other - one);
  const differ = others.reduce((sum, count) => sum + count, 0);
  const count = (kind: PlanGroup['kind']) =>
    groups.filter((group) => group.kind === kind).reduce((sum, { hosts }) => sum + hosts.length, 0);
  const parts = [
    ...(alike === 0 ? ['no host would be acted on'] : [`${plural(alike, 'host')} alike`]),
    ...(differ === 0 ? [] : [`${showCount(differ)} ${differ === 1 ? 'differs' : 'differ'}`]),
    ...(['looked-only', 'not-this-incident', 'refused', 'unreachable'] as const).flatMap((kind) =>
      count(kind) === 0 ? [] : [`${showCount(count(kind))} ${kind.replaceAll('-', ' ')}`],
    ),
  ];
  return parts.join(', ');
}

/** In the order in which they are told. */
export const KINDS = {
  act: ['Would act', 'good'],
  'looked-only': ['Looked only', 'good'],
  'not-this-incident': ['Not this incident', 'warn'],
  refused: ['Refused', 'bad'],
  unreachable: ['Unreachable', 'bad'],
} as const;

const ORDER = Object.keys(KINDS);

/** Those that act first, the largest first. */
export function groupsInOrder(groups: readonly PlanGroup[]): readonly PlanGroup[] {
  return groups.toSorted(
    (one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind) || other.hosts.length - one.hosts.length,
  );
}

/** The largest group that acts: the one that is shown step by step, and that others are compared with. */
export function mainGroup(groups: readonly PlanGroup[]): PlanGroup | undefined {
  return groupsInOrder(groups).find(({ kind }) => kind === 'act');
}

export function plansOf(group: PlanGroup, plans: readonly HostPlan[]): readonly Plan[] {
  const wanted = new Set(group.hosts);
  return plans.flatMap((one) => (one.kind === 'plan' && wanted.has(one.host) ? [one.plan] : []));
}

/** Why nothing is done, each reason with the hosts that it is true of. */
export function reasonsOf(
  { hosts, says }: PlanGroup,
  plans: readonly HostPlan[],
): readonly { readonly reason: string; readonly hosts: readonly string[] }[] {
  const wanted = new Set(hosts);
  const own = plans.filter(({ host }) => wanted.has(host));
  const byReason = Map.groupBy(own, (one) =>
    one.kind === 'unreachable' ? one.reason : one.plan.refusal?.reasons.join('; ') || says,
  );
  return [...byReason].map(([reason, those]) => ({ reason, hosts: those.map(({ host }) => host) }));
}

export function strategyText({ atOnce, pause, failures, order }: Strategy): string {
  const none = failures.kind === 'hosts' ? failures.count === 0 : failures.percent === 0;
  const stop = none
    ? 'the first host that fails stops it: no further host is begun'
    : `stops when more than ${sizeText(failures)}${failures.kind === 'share' ? ' of the hosts' : ''} have failed`;
  const between = pause === 0 ? '' : `; ${showDuration(pause)} between batches`;
  const turn = order === 'given' ? '' : `; order: ${order}`;
  return `at most ${plural(atOnce, 'host')} at once${between}${turn}; ${stop}`;
}

/** Each batch takes as many turns as its hosts need places. */
export function fleetTimeText(plans: readonly Plan[], { batches, strategy }: FleetPlan): string {
  const known = plans.flatMap(({ estimate }) => (estimate === null ? [] : [estimate]));
  if (known.length < plans.length) return 'nobody can tell: it depends on a person or a command';
  const each = Math.max(...known);
  const turns = batches.reduce((sum, hosts) => sum + Math.ceil(hosts.length / strategy.atOnce), 0);
  const all = turns * each + Math.max(0, batches.length - 1) * strategy.pause;
  return `about ${showDuration(each)} a host, ${turns <= 1 ? 'all at the same time' : `about ${showDuration(all)} in all`}, the watch included`;
}

/** A person once for all of them, or the rules that have allowed it. */
export function decidesText(plans: readonly Plan[]): string {
  const decisions = plans.flatMap(({ steps }) =>
    steps.flatMap((step) => (step.kind === 'action' ? [step.decision] : [])),
  );
  const rules = new Set(decisions.flatMap(({ effect, rule }) => (effect === 'allow' && rule !== null ? [rule] : [])));
  if (rules.size === 0) return 'a person, once for all hosts, and again before each further batch';
  return `the policy, without asking: ${plural(rules.size, 'rule')} ${[...rules].join(', ')}`.replace(
    '1 rule ',
    'rule ',
  );
}

import type { Block } from '../block.ts';
import type { HostPlan, PlanGroup } from '../fleet.ts';
import type { Plan, PlannedAction } from '../plan.ts';
import { plural } from '../text/quantity.ts';

/**
 * Puts hosts into one group if the run would do the same on them: same steps, decisions, diffs, texts and services. The
 * numbers of processes and files may differ; limits bound them. The largest group comes first, then the others, then
 * the hosts on which nothing is done.
 */
export function groupPlans(plans: readonly HostPlan[]): readonly PlanGroup[] {
  const kinds = new Map<string, { readonly sort: Sort; readonly plans: HostPlan[] }>();
  for (const plan of plans) {
    const sort = sortOf(plan);
    const known = kinds.get(sort.key);
    if (known) known.plans.push(plan);
    else kinds.set(sort.key, { sort, plans: [plan] });
  }
  const groups = [...kinds.values()].sort(
    (one, other) => order(one.sort) - order(other.sort) || other.plans.length - one.plans.length,
  );
  const alike = groups.find(({ sort }) => sort.kind === 'act');
  return groups.map((group) => ({
    kind: group.sort.kind,
    hosts: group.plans.map(({ host }) => host),
    says: say(group, alike),
    example: group.plans.find(({ kind }) => kind === 'plan')?.host ?? null,
  }));
}

interface Sort {
  readonly kind: PlanGroup['kind'];
  readonly key: string;
  /** Of an act: what is done, by step. */
  readonly steps: ReadonlyMap<string, string>;
}

type Group = { readonly sort: Sort; readonly plans: readonly HostPlan[] };

const KINDS: readonly PlanGroup['kind'][] = ['act', 'looked-only', 'not-this-incident', 'refused', 'unreachable'];
const order = ({ kind }: Sort): number => KINDS.indexOf(kind);

function sortOf(host: HostPlan): Sort {
  if (host.kind === 'unreachable') return { kind: 'unreachable', key: `unreachable ${host.code}`, steps: new Map() };
  const { refusal } = host.plan;
  if (refusal?.outcome === 'looked-only') return { kind: 'looked-only', key: 'looked-only', steps: new Map() };
  if (refusal?.outcome === 'not-this-incident')
    return { kind: 'not-this-incident', key: 'not-this-incident', steps: new Map() };
  if (refusal !== null) return { kind: 'refused', key: `refused ${refusal.outcome}`, steps: new Map() };
  const steps = stepsOf(host.plan);
  return { kind: 'act', key: `act ${JSON.stringify([...steps])}`, steps };
}

/** What would be done, and what the screen would show, without the counts. */
function stepsOf({ steps, open }: Plan): ReadonlyMap<string, string> {
  const actions = steps.filter((step): step is PlannedAction => step.kind === 'action');
  return new Map([...actions.map((step) => [step.id, actText(step)] as const), ['', JSON.stringify(open)]]);
}

function actText({ verb, skipped, late, observation, decision, undoSteps, undoNote }: PlannedAction): string {
  const common = [
    verb,
    skipped,
    decision.effect,
    decision.rule,
    ...(late === undefined ? [] : [late]),
    ...(undoSteps ?? []).map(({ say }) => say),
    ...(undoNote === null ? [] : [undoNote]),
  ];
  if (observation === null) return JSON.stringify(common);
  const { verdict, targets, undo, blocks } = observation;
  const counted = targets.kind === 'processes' || targets.kind === 'files';
  if (counted) return JSON.stringify([...common, verdict, targets.kind]);
  return JSON.stringify([
    ...common,
    verdict,
    observation.reason,
    targets.kind,
    targets.members,
    undo.kind,
    blocks.filter(isSaid),
  ]);
}

/** Tables hold what differs from host to host: processes, sizes, times. */
const isSaid = ({ kind }: Block): boolean => kind === 'diff' || kind === 'text';

function say(group: Group, alike: Group | undefined): string {
  const hosts = group.plans.length;
  switch (group.sort.kind) {
    case 'act':
      return group === alike
        ? sayAlike(hosts)
        : `${plural(hosts, 'differs', 'differ')}: ${sayDifferent(group.sort, alike?.sort)}`;
    case 'looked-only':
      return `${hosts} looked at only`;
    case 'not-this-incident':
      return `${hosts} not this incident`;
    case 'refused':
      return `${hosts} refused: ${refusalOf(group.plans[0])}`;
    case 'unreachable':
      return `${hosts} unreachable: ${reasonOf(group.plans[0])}`;
  }
}

const sayAlike = (hosts: number): string => (hosts === 1 ? '1 host' : `${hosts} hosts alike`);

/** The steps in which a host differs from most of the others. */
function sayDifferent(one: Sort, most: Sort | undefined): string {
  const ids = new Set([...one.steps.keys(), ...(most?.steps.keys() ?? [])]);
  const differ = [...ids].filter((id) => one.steps.get(id) !== most?.steps.get(id));
  const named = differ.filter((id) => id !== '');
  return named.length === 0 ? 'something else stays open' : `in ${named.join(', ')}`;
}

function refusalOf(host: HostPlan | undefined): string {
  if (host?.kind !== 'plan') return '';
  const { outcome, reasons } = host.plan.refusal ?? { outcome: 'held', reasons: [] };
  return reasons.join('; ') || outcome;
}

function reasonOf(host: HostPlan | undefined): string {
  return host?.kind === 'unreachable' ? host.reason : '';
}

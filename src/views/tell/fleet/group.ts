import { isForGood, type Plan, type PlannedAction } from '../../../model/plan.ts';
import { addCosts } from '../../../model/policy/decide.ts';
import { LIMITS, type Limits } from '../../../model/runbook.ts';
import { showCount } from '../../../model/text/quantity.ts';
import type { Observation } from '../../../model/verb.ts';
import { decisionWords, limitText } from '../action.ts';
import { NOUNS } from '../counts.ts';
import { countRange, sameBut, spread, totalText } from './spread.ts';

/** An action on the hosts of a group: what is the same on all is said once, counts as ranges over them. */
export interface GroupStep {
  readonly id: string;
  /** What most of the hosts have to do there. */
  readonly kind: 'change' | 'nothing' | 'cannot' | 'skipped' | 'not-looked';
  readonly text: string;
  /** Without the counts: equal where the same is done. */
  readonly key: string;
  /** Why it cannot be undone. */
  readonly forGood: string | null;
  readonly undo: string | null;
  /** Where something else decides than a person before each action. */
  readonly decided: string | null;
}

export function groupSteps(plans: readonly Plan[]): readonly GroupStep[] {
  const actions = (plans[0]?.steps ?? []).filter((step) => step.kind === 'action');
  return actions.map(({ id }) =>
    groupStep(
      id,
      plans.flatMap((plan) => plan.steps.filter(isAction).filter((step) => step.id === id)),
    ),
  );
}

const isAction = (step: Plan['steps'][number]): step is PlannedAction => step.kind === 'action';

function kindOf({ skipped, observation }: PlannedAction): GroupStep['kind'] {
  if (skipped !== null) return 'skipped';
  return observation === null ? 'not-looked' : observation.verdict;
}

/** Of the kinds the first by this order that any host has decides what is shown; the others are counted behind it. */
const WEIGHT: readonly GroupStep['kind'][] = ['change', 'cannot', 'not-looked', 'nothing', 'skipped'];

function groupStep(id: string, steps: readonly PlannedAction[]): GroupStep {
  const byKind = Map.groupBy(steps, kindOf);
  const kind = WEIGHT.find((one) => byKind.has(one)) ?? 'not-looked';
  const those = byKind.get(kind) ?? [];
  const others = [...byKind]
    .filter(([one]) => one !== kind)
    .map(([one, rest]) => `${KINDS[one]} on ${showCount(rest.length)} of them`);
  const said = textOf(kind, those);
  return {
    id,
    kind,
    text: [said, ...those.flatMap(({ late }) => late ?? []).slice(0, 1), ...others].join('; '),
    key: keyOf(kind, those),
    ...waysBack(those),
    decided: decidedText(those),
  };
}

/** Of what each host says, not of what is said of all: ranges over other hosts are other ranges. */
function keyOf(kind: GroupStep['kind'], steps: readonly PlannedAction[]): string {
  const texts = steps.map(({ skipped, observation }) => skipped ?? observation?.summary ?? '');
  return [kind, ...[...new Set(texts.map(sameBut))].sort()].join('\n');
}

const KINDS: Readonly<Record<GroupStep['kind'], string>> = {
  change: 'to do',
  nothing: 'nothing to do',
  cannot: 'CANNOT be done',
  skipped: 'skipped',
  'not-looked': 'not looked at yet',
};

function textOf(kind: GroupStep['kind'], steps: readonly PlannedAction[]): string {
  const observations = steps.flatMap(({ observation }) => (observation === null ? [] : [observation]));
  switch (kind) {
    case 'change':
      return changeText(steps[0]?.verb ?? '', observations);
    case 'nothing':
      return `nothing to do: ${oneOf(observations.map(({ summary }) => summary))}`;
    case 'cannot':
      return `CANNOT: ${oneOf(observations.map(({ summary, reason }) => `${summary}, ${reason ?? 'it does not say why'}`))}`;
    case 'skipped':
      return `skipped: ${oneOf(steps.map(({ skipped }) => skipped ?? ''))}`;
    case 'not-looked':
      return KINDS[kind];
  }
}

/** What is said on all; else the first, and that it is one of several. */
function oneOf(texts: readonly string[]): string {
  return spread(texts) ?? `${texts[0] ?? ''} (and otherwise on others)`;
}

/** `kill 38-42 processes: 19-21 postdrop, 19-21 sendmail on each, 1 480 in all` */
function changeText(verb: string, observations: readonly Observation[]): string {
  const said = spread(observations.map(({ summary }) => summary)) ?? counted(verb, observations);
  const many = observations.length > 1 && observations.some(({ targets }) => targets.count > 1);
  if (!many) return said;
  const count = observations.reduce((sum, { targets }) => sum + targets.count, 0);
  const bytes = observations.reduce((sum, { targets }) => sum + (targets.bytes ?? 0), 0);
  // Of an edit the sentence may count something else, jobs or lines.
  const noun = observations.some(({ targets }) => targets.kind === 'file') ? ` ${NOUNS.file[1]}` : '';
  return `${said} on each, ${totalText(`${showCount(count)}${noun}`, bytes)}`;
}

/** Where the summaries differ in more than counts. */
function counted(verb: string, observations: readonly Observation[]): string {
  const counts = observations.map(({ targets }) => targets.count);
  const summaries = new Set(observations.map(({ summary }) => summary));
  if (counts.every((count) => count <= 1))
    return `${[...summaries].slice(0, 3).join(', or ')}${summaries.size > 3 ? ', or otherwise' : ''}`;
  return `${verb} ${countRange(counts)} ${NOUNS[observations[0]?.targets.kind ?? 'none'][1]}`;
}

function waysBack(steps: readonly PlannedAction[]): Pick<GroupStep, 'forGood' | 'undo'> {
  const forGood = steps
    .filter(isForGood)
    .flatMap(({ observation }) => (observation?.undo.kind === 'irreversible' ? [observation.undo.because] : []));
  const undo = steps
    .filter(({ observation }) => observation?.verdict === 'change')
    .flatMap((step) => sayUndo(step) ?? []);
  return { forGood: forGood.length === 0 ? null : oneOf(forGood), undo: undo.length === 0 ? null : oneOf(undo) };
}

/** What the action takes back, then the author's steps; his note for what nothing takes back. */
function sayUndo({ observation, undoSteps = [], undoNote }: PlannedAction): string | null {
  const derived = observation?.undo.kind === 'revert' ? [observation.undo.say] : [];
  const steps = [...derived, ...undoSteps.map(({ say }) => say)].join(', then ');
  const said = [...(steps === '' ? [] : [steps]), ...(undoNote === null ? [] : [`by hand: ${undoNote}`])];
  return said.length === 0 ? null : said.join('; ');
}

function decidedText(steps: readonly PlannedAction[]): string | null {
  // Which rule allows it is said once, at the end.
  const told = steps.filter(
    ({ decision: { effect, rule } }) => effect !== 'ask' && !(effect === 'allow' && rule !== null),
  );
  const words = new Set(told.map(decisionWords));
  const refused = steps.find(({ decision }) => decision.effect === 'deny' || decision.effect === 'over-limit');
  if (words.size === 0) return null;
  return refused === undefined ? [...words].join('; ') : `${[...words].join('; ')}: ${refused.decision.reason}`;
}

// ---------------------------------------------------------------- other groups

/** Where a group would do something else than the one that is shown, step by step, in words. */
export function differencesOf(steps: readonly GroupStep[], main: readonly GroupStep[]): readonly string[] {
  const known = new Map(main.map((step) => [step.id, step]));
  const changed = steps.filter((step) => known.get(step.id)?.key !== step.key).map(({ id, text }) => `${id}: ${text}`);
  const gone = main
    .filter(({ id }) => steps.every((step) => step.id !== id))
    .map(({ id }) => `${id}: is not among its steps`);
  return [...changed, ...gone];
}

interface GroupWarning {
  readonly text: string;
  readonly hosts: readonly string[];
  /** Of so many. */
  readonly of: number;
}

/** What actions warn of, each said once with the hosts that it is true of. */
export function groupWarnings(plans: readonly Plan[]): readonly GroupWarning[] {
  const all = plans.flatMap(({ host, steps }) =>
    steps
      .filter(isAction)
      .flatMap(({ id, observation }) =>
        (observation?.warnings ?? []).map((text) => ({ text: `${id}: ${text}`, host })),
      ),
  );
  return [...Map.groupBy(all, ({ text }) => sameBut(text)).values()].map((those) => ({
    text: oneOf(those.map(({ text }) => text)),
    hosts: [...new Set(those.map(({ host }) => host))],
    of: plans.length,
  }));
}

// ---------------------------------------------------------------- sums

interface Totals {
  readonly inAll: readonly string[];
  /** The most that any host would use, beside what it may. */
  readonly each: readonly string[];
  readonly forGood: readonly string[];
}

export function totalsOf(plans: readonly Plan[]): Totals {
  const costs = plans.map(costsOf);
  const counted = LIMITS.filter((name) => name !== 'stopped_for');
  const inAll = counted.flatMap((name) => {
    const sum = costs.reduce((so, cost) => so + (cost[name] ?? 0), 0);
    return sum === 0 ? [] : [`${name.replaceAll('_', ' ')} ${showCount(sum)}`];
  });
  const each = LIMITS.flatMap((name) => {
    const most = Math.max(0, ...costs.map((cost) => cost[name] ?? 0));
    return most === 0 ? [] : [limitText(name, most, plans[0]?.limits[name])];
  });
  return { inAll, each, forGood: [...new Set(plans.flatMap(irreversible))] };
}

/** `stopped_for` does not add up: each stop has its own deadline. */
export function costsOf({ steps }: Plan): Limits {
  return steps.filter(isAction).reduce<Limits>((sum, { observation }) => {
    const costs = observation?.costs ?? {};
    const stopped = Math.max(sum.stopped_for ?? 0, costs.stopped_for ?? 0);
    return { ...addCosts(sum, costs), ...(stopped > 0 && { stopped_for: stopped }) };
  }, {});
}

function irreversible({ steps }: Plan): readonly string[] {
  return steps
    .filter(isAction)
    .filter(isForGood)
    .map(({ id }) => id);
}

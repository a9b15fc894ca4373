import type { FleetPlan } from '../../model/fleet/ports.ts';
import type { HostPlan, PlanGroup } from '../../model/fleet.ts';
import type { Json } from '../../model/json.ts';
import { OUTCOMES } from '../../model/outcome.ts';
import type { Plan, Refusal } from '../../model/plan.ts';
import { plural, showCount, showDuration } from '../../model/text/quantity.ts';
import { escaped } from '../draw/escape.ts';
import { field, fields, heading, rule } from '../draw/fields.ts';
import { hang, narrower, padEnd, width } from '../draw/layout.ts';
import { type Look, type Paper, paperOf } from '../draw/style.ts';
import { planToJson, showValue } from '../plan.ts';
import { totalsOf } from './group.ts';
import { groupLines, REASONS, type Whole } from './plan-groups.ts';
import { decidesText, groupsText, inOrder, names, plansOf, strategyText, timeText } from './plan-words.ts';
import { hostLines, hostsText } from './words.ts';

export type ReviewLook = Look & ReviewWords;

export interface ReviewWords extends Whole {
  /** What to type to run it; absent: it is asked for in the same breath. */
  readonly command?: string;
  /** What is to be known of how it would go: what a policy has lowered, what was trusted at a person's word. */
  readonly notes?: readonly string[];
  /** Why a run would begin on no host; absent: it would. */
  readonly refusal?: Refusal | null;
}

/**
 * One screen for many hosts: what is alike is said once, what is not by name, and nothing in it is said of a host that
 * it was not seen on.
 */
export function renderFleetPlan(review: FleetPlan, look: ReviewLook): string {
  return reviewOn(paperOf(look), review, look);
}

export function reviewOn(paper: Paper, review: FleetPlan, look: ReviewWords): string {
  const parts = [
    header(review, paper),
    ...inOrder(review.groups).map((group) => groupLines(group, review, look, paper)),
    ...(look.refusal ? [] : [batchesPart(review, paper)]),
    openPart(review, paper),
    footer(review, look, paper),
  ];
  return `${parts
    .filter((part) => part.length > 0)
    .map((part) => part.join('\n'))
    .join('\n\n')}\n`;
}

/** The same for machines: every host with its plan, without the bytes that undo would keep. */
export function fleetPlanJson({ plans, ...review }: FleetPlan, { refusal = null, notes = [] }: ReviewWords = {}): Json {
  const hosts = plans.map((one) => (one.kind === 'plan' ? { ...one, plan: planToJson(one.plan) } : one));
  return JSON.parse(JSON.stringify({ v: 1, ...review, refusal, notes, hosts })) as Json;
}

// ---------------------------------------------------------------- the head

function header(review: FleetPlan, paper: Paper): readonly string[] {
  const { runbook, params, plans, skipped } = review;
  const values = Object.entries(params).map(([name, value]) => `${name}=${showValue(value)}`);
  return [
    ...hang(
      'PLAN  ',
      escaped(`${runbook.name} ${runbook.version} on ${plural(plans.length, 'host')}`),
      paper.columns,
      paper.style.bold,
    ),
    ...hang('      ', escaped(runbook.title), paper.columns),
    ...hang(
      '      ',
      groupsText(review.groups),
      paper.columns,
      allAct(review.groups) ? paper.style.good : paper.style.warn,
    ),
    '',
    ...field('runbook', `${runbook.path}, sha256 ${runbook.hash.slice(0, 12)}`, paper),
    ...field('looked at', lookedText(plans), paper),
    ...(values.length === 0 ? [] : field('params', values.join('  '), paper)),
    ...(skipped.length === 0
      ? []
      : field(
          'skipped',
          `${showCount(skipped.length)}: ${hostsText(skipped, paper.all ? Number.POSITIVE_INFINITY : paper.columns)}`,
          paper,
          paper.style.yellow,
        )),
  ];
}

const allAct = (groups: readonly PlanGroup[]): boolean => groups.length === 1 && groups[0]?.kind === 'act';

function lookedText(plans: readonly HostPlan[]): string {
  const times = plans.flatMap((one) => (one.kind === 'plan' ? [one.plan.at] : []));
  if (times.length === 0) return 'no host answered';
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const spent = last - first >= 1000 ? `, the last ${showDuration(last - first)} later` : '';
  return `${new Date(first).toISOString().replace(/\.\d+Z$/, 'Z')}${spent}`;
}

// ---------------------------------------------------------------- how it would go through them

function batchesPart({ batches, strategy }: FleetPlan, paper: Paper): readonly string[] {
  if (batches.length === 0) return [];
  const most = String(Math.max(...batches.map((hosts) => hosts.length)));
  const after = batches.length === 1 ? 'all in one' : 'each begins when every host of the one before has been verified';
  return [
    ...heading('BATCHES', `${showCount(batches.length)}; ${after}`, paper),
    ...batches.flatMap((hosts, at) => {
      const label = `  ${padEnd(String(at + 1), 3)} ${hosts.length.toString().padStart(most.length)} ${hosts.length === 1 ? 'host ' : 'hosts'}  `;
      const lines = hostLines(hosts, { ...narrower(paper, width(label)), all: false }, 1);
      return lines.map((line, row) => (row === 0 ? label : ' '.repeat(width(label))) + line);
    }),
    ...hang('  ', strategyText(strategy), paper.columns),
  ];
}

function openPart({ plans, groups }: FleetPlan, paper: Paper): readonly string[] {
  const acting = new Set(groups.flatMap((group) => (group.kind === 'act' ? group.hosts : [])));
  const all = plans.flatMap((one) =>
    one.kind === 'plan' && acting.has(one.host) ? one.plan.open.map((say) => ({ say, host: one.host })) : [],
  );
  const lines = [...Map.groupBy(all, ({ say }) => say)].map(
    ([say, those]) =>
      `${escaped(say)}${those.length === acting.size ? '' : ` (${names(those.map(({ host }) => host))})`}`,
  );
  if (lines.length === 0) return [];
  return [
    ...heading('OPEN', 'what this runbook does not cure', paper),
    ...lines
      .slice(0, paper.all ? undefined : REASONS)
      .flatMap((line) => hang('  ! ', line, paper.columns, paper.style.yellow)),
  ];
}

// ---------------------------------------------------------------- the end

function footer(review: FleetPlan, look: ReviewWords, paper: Paper): readonly string[] {
  const own = review.groups.filter(({ kind }) => kind === 'act').flatMap((group) => plansOf(group, review.plans));
  const refusal = look.refusal ?? null;
  return [
    rule('in short', paper),
    ...totals(own, paper),
    ...leftOut(review.plans.length - own.length, paper),
    ...fields('note', look.notes ?? [], paper),
    ...(own.length === 0 ? [] : field('decides', decidesText(own), paper)),
    ...(own.length === 0 ? [] : field('time', timeText(own, review), paper)),
    ...(refusal === null ? [] : refused(refusal, paper)),
    paper.style.good('Nothing was changed.'),
    ...(refusal !== null || own.length === 0 || look.command === undefined
      ? []
      : hang('To run it: ', escaped(look.command), paper.columns, paper.style.bold)),
  ];
}

function totals(plans: readonly Plan[], paper: Paper): readonly string[] {
  const { inAll, each, forGood } = totalsOf(plans);
  return [
    ...(inAll.length === 0
      ? []
      : field('in all', `${inAll.join(', ')} on ${plural(plans.length, 'host')}`, paper, paper.style.bold)),
    ...(each.length === 0 ? [] : field('a host', `at most ${each.join(', ')}`, paper)),
    ...(forGood.length === 0
      ? []
      : field('for good', `${forGood.join(', ')}: cannot be undone`, paper, paper.style.bad)),
  ];
}

function leftOut(count: number, paper: Paper): readonly string[] {
  if (count === 0) return [];
  return field(
    'left out',
    `${plural(count, 'host')} ${count === 1 ? 'is' : 'are'} not touched: see above`,
    paper,
    paper.style.warn,
  );
}

function refused({ outcome, reasons }: Refusal, paper: Paper): readonly string[] {
  const { exit, about } = OUTCOMES[outcome];
  return [
    ...hang('', `A run would touch no host and exit ${exit}: ${about}.`, paper.columns, paper.style.bad),
    ...reasons.flatMap((reason) => hang('  - ', escaped(reason), paper.columns)),
  ];
}

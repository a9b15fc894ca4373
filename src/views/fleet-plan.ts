import type { HostPlan, PlanGroup, Strategy } from '../model/fleet.ts';
import type { FleetPlan } from '../model/fleet-ports.ts';
import type { Json } from '../model/json.ts';
import { OUTCOMES } from '../model/outcome.ts';
import type { Plan, Refusal } from '../model/plan.ts';
import { plural, showCount, showDuration } from '../model/quantity.ts';
import { sizeText } from '../model/strategy.ts';
import { escaped } from './escape.ts';
import { field, fields, heading, rule } from './fields.ts';
import { differencesOf, type GroupStep, groupSteps, groupWarnings, totalsOf } from './fleet-group.ts';
import { below, foldHosts, hostLines, hostsText } from './fleet-words.ts';
import { hang, indent, narrower, padEnd, width } from './layout.ts';
import { planToJson, showValue } from './plan.ts';
import { type Look, type Paper, paperOf } from './style.ts';

export type ReviewLook = Look & ReviewWords;

export interface ReviewWords {
  /** What to type to run it; absent: it is asked for in the same breath. */
  readonly command?: string;
  /** What to type to see one host's plan whole. */
  readonly whole?: (host: string) => string;
  /** Who decides, in words: a person, or which rule of which policy. */
  readonly decides?: string;
  /** What the policy holds a fleet to, a sentence each. */
  readonly limits?: readonly string[];
  /** Why a run would begin on no host; absent: it would. */
  readonly refusal?: Refusal | null;
}

/** One screen for many hosts: what is alike is said once, what is not by name, and nothing in it is said of a host that it was not seen on. */
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
export function fleetPlanJson({ plans, ...review }: FleetPlan): Json {
  const hosts = plans.map((one) => (one.kind === 'plan' ? { ...one, plan: planToJson(one.plan) } : one));
  return JSON.parse(JSON.stringify({ v: 1, ...review, hosts })) as Json;
}

// ---------------------------------------------------------------- the head

function header(review: FleetPlan, paper: Paper): readonly string[] {
  const { runbook, params, plans, skipped } = review;
  const values = Object.entries(params).map(([name, value]) => `${name}=${showValue(value)}`);
  return [
    ...hang('PLAN  ', escaped(`${runbook.name} ${runbook.version} on ${plural(plans.length, 'host')}`), paper.columns, paper.style.bold),
    ...hang('      ', escaped(runbook.title), paper.columns),
    ...hang('      ', groupsText(review.groups), paper.columns, allAct(review.groups) ? paper.style.good : paper.style.warn),
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

export const names = (hosts: readonly string[]): string =>
  foldHosts(hosts)
    .map(({ text }) => text)
    .join(', ');

const allAct = (groups: readonly PlanGroup[]): boolean => groups.length === 1 && groups[0]?.kind === 'act';

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
    ...(['not-this-incident', 'refused', 'unreachable'] as const).flatMap((kind) =>
      count(kind) === 0 ? [] : [`${showCount(count(kind))} ${kind.replaceAll('-', ' ')}`],
    ),
  ];
  return parts.join(', ');
}

function lookedText(plans: readonly HostPlan[]): string {
  const times = plans.flatMap((one) => (one.kind === 'plan' ? [one.plan.at] : []));
  if (times.length === 0) return 'no host answered';
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const spent = last - first >= 1000 ? `, the last ${showDuration(last - first)} later` : '';
  return `${new Date(first).toISOString().replace(/\.\d+Z$/, 'Z')}${spent}`;
}

// ---------------------------------------------------------------- groups

const KINDS = {
  act: ['WOULD ACT', 'good'],
  'not-this-incident': ['NOT THIS INCIDENT', 'warn'],
  refused: ['REFUSED', 'bad'],
  unreachable: ['UNREACHABLE', 'bad'],
} as const;

/** Those that act first, the largest first. */
export function inOrder(groups: readonly PlanGroup[]): readonly PlanGroup[] {
  const kinds = Object.keys(KINDS);
  return groups.toSorted((one, other) => kinds.indexOf(one.kind) - kinds.indexOf(other.kind) || other.hosts.length - one.hosts.length);
}

/** The largest group that acts: the one that is shown step by step, and that others are compared with. */
export function mainGroup(groups: readonly PlanGroup[]): PlanGroup | undefined {
  return inOrder(groups).find(({ kind }) => kind === 'act');
}

export function plansOf(group: PlanGroup, plans: readonly HostPlan[]): readonly Plan[] {
  const wanted = new Set(group.hosts);
  return plans.flatMap((one) => (one.kind === 'plan' && wanted.has(one.host) ? [one.plan] : []));
}

function groupLines(group: PlanGroup, review: FleetPlan, look: ReviewWords, paper: Paper): readonly string[] {
  const [words, paint] = KINDS[group.kind];
  const main = mainGroup(review.groups);
  return [
    `${paper.style[paint](words)}  ${paper.style.bold(plural(group.hosts.length, 'host'))}`,
    ...indent(hostLines(group.hosts, narrower(paper, 2)), 2),
    ...(group.kind !== 'act' ? reasonLines(group, review.plans, paper) : []),
    ...(group.kind !== 'act' ? [] : group === main ? exampleLines(group, review, look, paper) : otherLines(group, main, review, paper)),
  ];
}

/** Said once where it is the same on all, else each with its hosts. */
function reasonLines(group: PlanGroup, plans: readonly HostPlan[], paper: Paper): readonly string[] {
  const paint = paper.style[KINDS[group.kind][1]];
  const all = reasonsOf(group, plans);
  if (all.length === 1) return all.flatMap(({ reason }) => below(reason, paper, paint));
  const shown = paper.all ? all : all.slice(0, REASONS);
  const lines = shown.flatMap(({ reason, hosts }) => hang('  - ', `${hostsText(hosts, NAMES)}: ${escaped(reason)}`, paper.columns, paint));
  return [...lines, ...moreLines(all.length - shown.length, 'reasons', paper)];
}

/** Of so many characters of names before a reason. */
const NAMES = 60;

/** Why nothing is done, each reason with the hosts that it is true of. */
export function reasonsOf(
  { hosts, says }: PlanGroup,
  plans: readonly HostPlan[],
): readonly { readonly reason: string; readonly hosts: readonly string[] }[] {
  const wanted = new Set(hosts);
  const own = plans.filter(({ host }) => wanted.has(host));
  const byReason = Map.groupBy(own, (one) => (one.kind === 'unreachable' ? one.reason : one.plan.refusal?.reasons.join('; ') || says));
  return [...byReason].map(([reason, those]) => ({ reason, hosts: those.map(({ host }) => host) }));
}

const REASONS = 8;
const moreLines = (left: number, what: string, paper: Paper): readonly string[] =>
  left <= 0 ? [] : [`  ${paper.style.yellow(`… ${showCount(left)} more ${what}: ${paper.toSeeAll ?? '--all'}`)}`];

function exampleLines(group: PlanGroup, { plans }: FleetPlan, look: ReviewWords, paper: Paper): readonly string[] {
  const own = plansOf(group, plans);
  const whole =
    group.example === null || look.whole === undefined ? [] : hang('  one whole:  ', escaped(look.whole(group.example)), paper.columns);
  return ['', ...stepLines(groupSteps(own), paper), ...watchLine(own[0], paper), ...warningLines(own, paper), ...whole];
}

/** `  2  kill-mailers    kill 5-9 processes on each, 212 in all` and what becomes of it. */
export function stepLines(steps: readonly GroupStep[], paper: Paper): readonly string[] {
  const room = Math.min(24, Math.max(0, ...steps.map(({ id }) => width(escaped(id)))));
  const inner = 6 + room + 2;
  return steps.flatMap((step, at) => [
    ...hang(`  ${padEnd(String(at + 1), 3)} ${padEnd(escaped(step.id), room)}  `, escaped(step.text), paper.columns, paint(step, paper)),
    ...(step.forGood === null
      ? []
      : indent(hang('', escaped(`CANNOT BE UNDONE: ${step.forGood}`), paper.columns - inner, paper.style.bad), inner)),
    ...(step.undo === null ? [] : indent(hang('undo: ', escaped(step.undo), paper.columns - inner, paper.style.green), inner)),
    ...(step.decided === null ? [] : indent(hang('', escaped(step.decided), paper.columns - inner, paper.style.dim), inner)),
  ]);
}

function paint({ kind }: GroupStep, { style }: Paper): ((line: string) => string) | undefined {
  return kind === 'change' ? style.bold : kind === 'nothing' ? style.green : kind === 'cannot' ? style.bad : style.yellow;
}

function watchLine(plan: Plan | undefined, paper: Paper): readonly string[] {
  const watches = (plan?.steps ?? []).flatMap((step) => (step.kind === 'watch' ? [step] : []));
  return watches.flatMap(({ id, watch }) => {
    const minutes = watch.proof === null ? '' : `, ${plural(watch.proof.cronMinutes, 'minute')} of cron seen`;
    const text = `then watched for ${showDuration(watch.for)}${minutes}; must hold: ${watch.hold.map(({ wanted }) => wanted).join('; ')}`;
    return hang(`  ·   ${escaped(id)}  `, escaped(text), paper.columns);
  });
}

function warningLines(plans: readonly Plan[], paper: Paper): readonly string[] {
  const warnings = groupWarnings(plans);
  const shown = paper.all ? warnings : warnings.slice(0, REASONS);
  const lines = shown.flatMap(({ text, hosts, of }) => {
    const where = hosts.length === of ? '' : ` (${names(hosts)})`;
    return hang('  ! ', `${escaped(text)}${where}`, paper.columns, paper.style.warn);
  });
  return [...lines, ...moreLines(warnings.length - shown.length, 'warnings', paper)];
}

function otherLines(group: PlanGroup, main: PlanGroup | undefined, { plans }: FleetPlan, paper: Paper): readonly string[] {
  const own = plansOf(group, plans);
  const differences = differencesOf(groupSteps(own), groupSteps(main === undefined ? [] : plansOf(main, plans)));
  const shown = paper.all ? differences : differences.slice(0, REASONS);
  return [
    ...below(group.says, paper),
    ...shown.flatMap((text) => hang('  ≠ ', escaped(text), paper.columns, paper.style.yellow)),
    ...moreLines(differences.length - shown.length, 'differences', paper),
    ...warningLines(own, paper),
  ];
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

export function strategyText({ atOnce, pause, failures, order }: Strategy): string {
  const none = failures.kind === 'hosts' ? failures.count === 0 : failures.percent === 0;
  const stop = none
    ? 'the first host that fails stops it: no further host is begun'
    : `stops when more than ${sizeText(failures)}${failures.kind === 'share' ? ' of the hosts' : ''} have failed`;
  const between = pause === 0 ? '' : `; ${showDuration(pause)} between batches`;
  const turn = order === 'given' ? '' : `; order: ${order}`;
  return `at most ${plural(atOnce, 'host')} at once${between}${turn}; ${stop}`;
}

function openPart({ plans, groups }: FleetPlan, paper: Paper): readonly string[] {
  const acting = new Set(groups.flatMap((group) => (group.kind === 'act' ? group.hosts : [])));
  const all = plans.flatMap((one) =>
    one.kind === 'plan' && acting.has(one.host) ? one.plan.open.map((say) => ({ say, host: one.host })) : [],
  );
  const lines = [...Map.groupBy(all, ({ say }) => say)].map(
    ([say, those]) => `${escaped(say)}${those.length === acting.size ? '' : ` (${names(those.map(({ host }) => host))})`}`,
  );
  if (lines.length === 0) return [];
  return [
    ...heading('OPEN', 'what this runbook does not cure', paper),
    ...lines.slice(0, paper.all ? undefined : REASONS).flatMap((line) => hang('  ! ', line, paper.columns, paper.style.yellow)),
  ];
}

// ---------------------------------------------------------------- the end

const DECIDES = 'a person, once for all hosts, and again before each further batch';

function footer(review: FleetPlan, look: ReviewWords, paper: Paper): readonly string[] {
  const own = review.groups.filter(({ kind }) => kind === 'act').flatMap((group) => plansOf(group, review.plans));
  const refusal = look.refusal ?? null;
  return [
    rule('in short', paper),
    ...totals(own, paper),
    ...leftOut(review.plans.length - own.length, paper),
    ...fields('limits', look.limits ?? [], paper),
    ...(own.length === 0 ? [] : field('decides', look.decides ?? DECIDES, paper)),
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
    ...(inAll.length === 0 ? [] : field('in all', `${inAll.join(', ')} on ${plural(plans.length, 'host')}`, paper, paper.style.bold)),
    ...(each.length === 0 ? [] : field('a host', `at most ${each.join(', ')}`, paper)),
    ...(forGood.length === 0 ? [] : field('for good', `${forGood.join(', ')}: cannot be undone`, paper, paper.style.bad)),
  ];
}

function leftOut(count: number, paper: Paper): readonly string[] {
  if (count === 0) return [];
  return field('left out', `${plural(count, 'host')} ${count === 1 ? 'is' : 'are'} not touched: see above`, paper, paper.style.warn);
}

function refused({ outcome, reasons }: Refusal, paper: Paper): readonly string[] {
  const { exit, about } = OUTCOMES[outcome];
  return [
    ...hang('', `A run would touch no host and exit ${exit}: ${about}.`, paper.columns, paper.style.bad),
    ...reasons.flatMap((reason) => hang('  - ', escaped(reason), paper.columns)),
  ];
}

/** Each batch takes as many turns as its hosts need places. */
export function timeText(plans: readonly Plan[], { batches, strategy }: FleetPlan): string {
  const known = plans.flatMap(({ estimate }) => (estimate === null ? [] : [estimate]));
  if (known.length < plans.length) return 'nobody can tell: it depends on a person or a command';
  const each = Math.max(...known);
  const turns = batches.reduce((sum, hosts) => sum + Math.ceil(hosts.length / strategy.atOnce), 0);
  const all = turns * each + Math.max(0, batches.length - 1) * strategy.pause;
  return `about ${showDuration(each)} a host, ${turns <= 1 ? 'all at the same time' : `about ${showDuration(all)} in all`}, the watch included`;
}

import type { FleetPlan } from '../../model/fleet/ports.ts';
import type { HostPlan, PlanGroup } from '../../model/fleet.ts';
import type { Plan } from '../../model/plan.ts';
import { plural, showCount } from '../../model/text/quantity.ts';
import { escaped } from '../draw/escape.ts';
import { hang, indent, narrower, padEnd, width } from '../draw/layout.ts';
import type { Paper } from '../draw/style.ts';
import { watchedText } from '../watch-words.ts';
import { differencesOf, type GroupStep, groupSteps, groupWarnings } from './group.ts';
import { mainGroup, names, plansOf, reasonsOf } from './plan-words.ts';
import { below, hostLines, hostsText } from './words.ts';

export interface Whole {
  /** What to type to see one host's plan whole. */
  readonly whole?: ((host: string) => string) | undefined;
}

const KINDS = {
  act: ['WOULD ACT', 'good'],
  'looked-only': ['LOOKED ONLY', 'good'],
  'not-this-incident': ['NOT THIS INCIDENT', 'warn'],
  refused: ['REFUSED', 'bad'],
  unreachable: ['UNREACHABLE', 'bad'],
} as const;

/** Who, and why nothing is done, or what is. */
export function groupLines(group: PlanGroup, review: FleetPlan, { whole }: Whole, paper: Paper): readonly string[] {
  const [words, paint] = KINDS[group.kind];
  const main = mainGroup(review.groups);
  return [
    `${paper.style[paint](words)}  ${paper.style.bold(plural(group.hosts.length, 'host'))}`,
    ...indent(hostLines(group.hosts, narrower(paper, 2)), 2),
    ...(group.kind !== 'act' ? reasonLines(group, review.plans, paper) : []),
    ...(group.kind !== 'act'
      ? []
      : group === main
        ? exampleLines(group, review, { whole }, paper)
        : otherLines(group, main, review, paper)),
  ];
}

/** Said once where it is the same on all, else each with its hosts. */
function reasonLines(group: PlanGroup, plans: readonly HostPlan[], paper: Paper): readonly string[] {
  const paint = paper.style[KINDS[group.kind][1]];
  const all = reasonsOf(group, plans);
  if (all.length === 1) return all.flatMap(({ reason }) => below(reason, paper, paint));
  const shown = paper.all ? all : all.slice(0, REASONS);
  const lines = shown.flatMap(({ reason, hosts }) =>
    hang('  - ', `${hostsText(hosts, NAMES)}: ${escaped(reason)}`, paper.columns, paint),
  );
  return [...lines, ...moreLines(all.length - shown.length, 'reasons', paper)];
}

/** Of so many characters of names before a reason. */
const NAMES = 60;

export const REASONS = 8;
const moreLines = (left: number, what: string, paper: Paper): readonly string[] =>
  left <= 0 ? [] : [`  ${paper.style.yellow(`… ${showCount(left)} more ${what}: ${paper.toSeeAll ?? '--all'}`)}`];

function exampleLines(group: PlanGroup, { plans }: FleetPlan, { whole }: Whole, paper: Paper): readonly string[] {
  const own = plansOf(group, plans);
  const one =
    group.example === null || whole === undefined
      ? []
      : hang('  one whole:  ', escaped(whole(group.example)), paper.columns);
  return [
    '',
    ...stepLines(groupSteps(own), paper),
    ...guardLines(own[0], paper),
    ...watchLine(own[0], paper),
    ...warningLines(own, paper),
    ...one,
  ];
}

/** `  2  kill-mailers    kill 5-9 processes on each, 212 in all` and what becomes of it. */
function stepLines(steps: readonly GroupStep[], paper: Paper): readonly string[] {
  const room = Math.min(24, Math.max(0, ...steps.map(({ id }) => width(escaped(id)))));
  const inner = 6 + room + 2;
  return steps.flatMap((step, at) => [
    ...hang(
      `  ${padEnd(String(at + 1), 3)} ${padEnd(escaped(step.id), room)}  `,
      escaped(step.text),
      paper.columns,
      paint(step, paper),
    ),
    ...(step.forGood === null
      ? []
      : indent(hang('', escaped(`CANNOT BE UNDONE: ${step.forGood}`), paper.columns - inner, paper.style.bad), inner)),
    ...(step.undo === null
      ? []
      : indent(hang('undo: ', escaped(step.undo), paper.columns - inner, paper.style.green), inner)),
    ...(step.decided === null
      ? []
      : indent(hang('', escaped(step.decided), paper.columns - inner, paper.style.dim), inner)),
  ]);
}

function paint({ kind }: GroupStep, { style }: Paper): ((line: string) => string) | undefined {
  return kind === 'change'
    ? style.bold
    : kind === 'nothing'
      ? style.green
      : kind === 'cannot'
        ? style.bad
        : style.yellow;
}

/** Looks between the actions: what they guard is said, since they are taken at their turn. */
function guardLines(plan: Plan | undefined, paper: Paper): readonly string[] {
  return (plan?.steps ?? []).flatMap((step) =>
    step.kind === 'probe' && step.atTurn !== undefined
      ? hang(`  ·   ${escaped(step.id)}  `, escaped(step.atTurn), paper.columns)
      : [],
  );
}

function watchLine(plan: Plan | undefined, paper: Paper): readonly string[] {
  const watches = (plan?.steps ?? []).flatMap((step) => (step.kind === 'watch' ? [step] : []));
  return watches.flatMap(({ id, watch }) => {
    const minutes = watch.proof === null ? '' : `, ${plural(watch.proof.cronMinutes, 'minute')} of cron seen`;
    const text = `then watched ${watchedText(watch)}${minutes}; must hold: ${watch.hold.map(({ wanted }) => wanted).join('; ')}`;
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

function otherLines(
  group: PlanGroup,
  main: PlanGroup | undefined,
  { plans }: FleetPlan,
  paper: Paper,
): readonly string[] {
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

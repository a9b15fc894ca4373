import type { Block } from '../model/block.ts';
import type { Json } from '../model/json.ts';
import { OUTCOMES } from '../model/outcome.ts';
import {
  isForGood,
  type Plan,
  type PlannedAction,
  type PlannedProbe,
  type PlannedWatch,
  sayFound,
} from '../model/plan.ts';
import { addCosts } from '../model/policy/decide.ts';
import { LIMITS, type Limits } from '../model/runbook.ts';
import { plural, showDuration } from '../model/text/quantity.ts';
import { decisionWords, limitText, renderAction } from './action.ts';
import { renderBlocks } from './block.ts';
import { escaped } from './draw/escape.ts';
import { commands, field, fields, heading, rule } from './draw/fields.ts';
import { hang, indent, narrower, padEnd, width } from './draw/layout.ts';
import { type Look, type Paper, paperOf } from './draw/style.ts';
import { watchedText } from './watch-words.ts';

/**
 * The whole review: what was found, what would be done to exactly what, how it would be proven. Pure; everything in it
 * is escaped.
 */
export function renderPlan(
  plan: Plan,
  look: Look & {
    /** What to type to run it; the caller knows the parameters that were typed. */ readonly command?: string;
    readonly unattended?: boolean;
  },
): string {
  const command = look.command ?? `firebreak run ${plan.runbook.name}`;
  const paper = paperOf(look);
  const parts = [
    header(plan, paper),
    diagnosis(plan, paper),
    actions(plan, paper),
    verify(plan, paper),
    open(plan, paper),
    footer(plan, { command, unattended: look.unattended === true }, paper),
  ];
  return `${parts
    .filter((part) => part.length > 0)
    .map((part) => part.join('\n'))
    .join('\n\n')}\n`;
}

/**
 * The plan for machines: everything but the bytes that undo would keep and the files' predicted bytes, which may hold
 * secrets.
 */
export function planToJson(plan: Plan): Json {
  const steps = plan.steps.map((step) => {
    if (step.kind !== 'action' || step.observation === null) return step;
    const { keep: _keep, predicts: _predicts, ...observation } = step.observation;
    return { ...step, observation };
  });
  return JSON.parse(JSON.stringify({ v: 1, ...plan, steps })) as Json;
}

function header({ runbook, host, at, params }: Plan, paper: Paper): readonly string[] {
  const { style } = paper;
  const values = Object.entries(params).map(([name, value]) => `${name}=${showValue(value)}`);
  return [
    ...hang('PLAN  ', escaped(`${runbook.name} ${runbook.version} on ${host}`), paper.columns, style.bold),
    ...hang('      ', escaped(runbook.title), paper.columns),
    '',
    ...field('runbook', runbook.path, paper),
    ...field('sha256', runbook.hash.slice(0, 12), paper),
    ...field('looked at', new Date(at).toISOString().replace(/\.\d+Z$/, 'Z'), paper),
    ...(values.length === 0 ? [] : field('params', values.join('  '), paper)),
  ];
}

export function showValue(value: Json): string {
  return typeof value === 'string'
    ? value
    : Array.isArray(value)
      ? value.map(showValue).join(',')
      : JSON.stringify(value);
}

// ---------------------------------------------------------------- diagnosis

const VERDICTS = {
  'this-incident': ['THIS IS THE INCIDENT', 'good'],
  'looked-only': ['LOOKED ONLY: nothing here decides whether this is an incident', 'good'],
  'not-this-incident': ['NOT THIS INCIDENT', 'warn'],
  unknown: ['UNKNOWN: it could not look at everything', 'bad'],
} as const;

function diagnosis(plan: Plan, paper: Paper): readonly string[] {
  const [words, paint] = VERDICTS[plan.diagnosis.verdict];
  const reasons = plan.diagnosis.verdict === 'this-incident' ? [] : plan.diagnosis.reasons;
  const probes = plan.steps.filter(
    (step) => step.kind === 'probe' && step.phase === 'diagnose',
  ) as readonly PlannedProbe[];
  return [
    `${paper.style.bold('DIAGNOSIS')}  ${paper.style[paint](words)}`,
    ...reasons.flatMap((reason) => hang('  - ', escaped(reason), paper.columns)),
    ...probes.flatMap((probe) => renderProbe(paper.all ? probe : withoutListed(probe, plan.steps), paper)),
  ];
}

/** A table that an action shows with all its rows is not shown twice: the probe names the action instead. */
function withoutListed(probe: PlannedProbe, steps: Plan['steps']): PlannedProbe {
  if (probe.finding === null) return probe;
  const blocks = probe.finding.blocks.map((block): Block => {
    const isList = block.kind === 'table' && block.first === undefined && block.rows.length > 0;
    const action = isList && steps.find((step) => step.kind === 'action' && lists(step, block));
    return action ? { kind: 'text', lines: [`listed under ${action.id}`] } : block;
  });
  return { ...probe, finding: { ...probe.finding, blocks } };
}

/** By the first column, which names a row: a pid, a path. Ages grow from one look to the next. */
function lists({ observation }: PlannedAction, table: Table): boolean {
  const names = ({ rows }: Table) => new Set(rows.map(([name]) => name));
  return (observation?.blocks ?? []).some(
    (block) =>
      block.kind === 'table' &&
      block.columns.join() === table.columns.join() &&
      [...names(table)].every((name) => names(block).has(name)),
  );
}

type Table = Extract<Block, { readonly kind: 'table' }>;

const MARKS = {
  yes: ['✔', 'green'],
  no: ['✘', 'red'],
  unknown: ['?', 'warn'],
  informs: ['i', 'cyan'],
  'not-looked': ['·', 'dim'],
} as const;

function renderProbe(probe: PlannedProbe, paper: Paper): readonly string[] {
  const [mark, paint] = MARKS[probe.decisive || probe.finding === null ? probe.truth : 'informs'];
  const inner = narrower(paper, 4);
  return [
    '',
    `  ${paper.style[paint](mark)} ${title(probe.id, probe.verb, paper)}`,
    ...indent(
      [
        ...foundLines(probe, inner),
        ...judged(probe, inner),
        ...(probe.why === null ? [] : field('why', probe.why, inner)),
        ...indent(renderBlocks(probe.finding?.blocks ?? [], narrower(inner, 2)), 2),
        ...(paper.all ? commands('by hand', probe.explain, inner) : []),
      ],
      4,
    ),
  ];
}

/** Of a look in `act` what was seen so far is no more than that: it is taken at its turn. */
function foundLines(probe: PlannedProbe, paper: Paper): readonly string[] {
  const { atTurn, finding } = probe;
  if (atTurn === undefined) return field('found', sayFound(probe), paper, paper.style.bold);
  return [
    ...field('at turn', atTurn, paper, paper.style.bold),
    ...(finding === null ? [] : field('now', finding.summary, paper)),
  ];
}

function judged(probe: PlannedProbe, paper: Paper): readonly string[] {
  const after = probe.decisive ? '' : ' (informs only)';
  return probe.judgements.flatMap(({ wanted, seen, truth }) =>
    field(
      'wanted',
      `${wanted}; seen: ${seen}${after}`,
      paper,
      truth === 'no' && probe.decisive ? paper.style.red : undefined,
    ),
  );
}

function title(id: string, verb: string, paper: Paper): string {
  return `${paper.style.bold(escaped(id))} ${paper.style.dim(`· ${escaped(verb)}`)}`;
}

// ---------------------------------------------------------------- act and verify

function actions(plan: Plan, paper: Paper): readonly string[] {
  const steps = plan.steps.filter((step) => step.phase === 'act');
  if (steps.length === 0) return [];
  let used: Limits = {};
  const lines = steps.flatMap((step, at) => {
    const shown =
      step.kind === 'action'
        ? actionLines(step, at + 1, { limits: plan.limits, used }, paper)
        : step.kind === 'probe'
          ? renderProbe(step, paper)
          : [];
    if (step.kind === 'action') used = addCosts(used, step.observation?.costs ?? {});
    return shown;
  });
  return [...heading('ACTIONS', `${plural(steps.length, 'step')}, in this order`, paper), ...lines];
}

function actionLines(
  step: PlannedAction,
  number: number,
  allowance: { readonly limits: Limits; readonly used: Limits },
  paper: Paper,
): readonly string[] {
  const label = padEnd(String(number), 3);
  return [
    '',
    `${paper.style.bold(label)} ${title(step.id, step.verb, paper)}${paper.style.dim(` · ${escaped(decisionWords(step))}`)}`,
    ...indent(renderAction(step, narrower(paper, width(label) + 1), allowance), width(label) + 1),
  ];
}

function verify(plan: Plan, paper: Paper): readonly string[] {
  const steps = plan.steps.filter((step) => step.phase === 'verify');
  if (steps.length === 0 || !['this-incident', 'looked-only'].includes(plan.diagnosis.verdict)) return [];
  const lines = steps.flatMap((step) =>
    step.kind === 'watch' ? watchLines(step, paper) : step.kind === 'probe' ? renderProbe(step, paper) : [],
  );
  return [...heading('VERIFY', 'how it is proven afterwards', paper), ...lines];
}

export function watchLines(step: PlannedWatch, paper: Paper): readonly string[] {
  const { watch } = step;
  const inner = narrower(paper, 4);
  return [
    '',
    `  ${paper.style.dim('·')} ${title(step.id, step.verb, paper)}`,
    ...indent(
      [
        ...field('watch', watchedText(watch), inner, paper.style.bold),
        ...(step.skipped === undefined ? [] : field('skipped', step.skipped, inner, paper.style.yellow)),
        ...(step.why === null ? [] : field('why', step.why, inner)),
        ...fields(
          'must hold',
          watch.hold.map(({ wanted }) => wanted),
          inner,
        ),
        ...field('proof', proofText(watch), inner),
      ],
      4,
    ),
  ];
}

export function proofText({ proof }: PlannedWatch['watch']): string {
  if (proof === null) return 'none asked for';
  return `${proof.services.join(' or ')} is seen to run a job in ${plural(proof.cronMinutes, 'different minute')}; else: inconclusive`;
}

// ---------------------------------------------------------------- the end

function open(plan: Plan, paper: Paper): readonly string[] {
  if (plan.open.length === 0) return [];
  return [
    ...heading('OPEN', 'what this runbook does not cure', paper),
    ...plan.open.flatMap((item) => hang('  ! ', escaped(item), paper.columns, paper.style.yellow)),
  ];
}

const ASKING = 'To run it, with a question before each action: ';

function footer(
  plan: Plan,
  next: { readonly command: string; readonly unattended: boolean },
  paper: Paper,
): readonly string[] {
  const { refusal } = plan;
  const observed = plan.steps.some((step) => step.kind === 'action');
  return [
    rule('in short', paper),
    ...(observed ? [...totals(plan, paper), ...field('time', time(plan), paper)] : []),
    ...(refusal === null ? [] : refused(refusal, paper)),
    paper.style.good('Nothing was changed.'),
    ...(refusal === null
      ? hang(
          next.unattended ? 'To run it, as the policy allows: ' : ASKING,
          escaped(next.command),
          paper.columns,
          paper.style.bold,
        )
      : []),
  ];
}

/** What would end the run before its first act: said at the end, where a tired person looks first. */
function refused({ outcome, reasons }: NonNullable<Plan['refusal']>, paper: Paper): readonly string[] {
  const { exit, about } = OUTCOMES[outcome];
  const paint =
    outcome === 'looked-only' ? paper.style.good : outcome === 'not-this-incident' ? paper.style.warn : paper.style.bad;
  return [
    ...hang('', `A run would touch nothing and exit ${exit}: ${about}.`, paper.columns, paint),
    ...reasons.flatMap((reason) => hang('  - ', escaped(reason), paper.columns)),
  ];
}

function totals({ steps, limits }: Plan, paper: Paper): readonly string[] {
  const actions = steps.filter((step) => step.kind === 'action');
  const used = actions.reduce<Limits>((sum, step) => addCosts(sum, step.observation?.costs ?? {}), {});
  const taken = LIMITS.flatMap((name) =>
    used[name] === undefined || used[name] === 0 ? [] : [limitText(name, used[name], limits[name])],
  );
  const irreversible = actions.filter(isForGood);
  return [
    ...(taken.length === 0 ? [] : field('in all', taken.join(', '), paper)),
    ...(irreversible.length === 0
      ? []
      : field('for good', `${irreversible.map(({ id }) => id).join(', ')}: cannot be undone`, paper, paper.style.bad)),
  ];
}

function time({ estimate }: Plan): string {
  return estimate === null
    ? 'nobody can tell: it depends on a person or a command'
    : `about ${showDuration(estimate)}, the watch included`;
}

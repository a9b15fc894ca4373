import type { Block } from '../../model/block.ts';
import {
  apart,
  type Document,
  type DocumentNode,
  fact,
  facts,
  gap,
  marked,
  onPage,
  onScreen,
  section,
  sentence,
  type Telling,
} from '../../model/document.ts';
import type { Json } from '../../model/json.ts';
import { OUTCOMES } from '../../model/outcome.ts';
import {
  isForGood,
  mayBeForGood,
  type Plan,
  type PlannedAction,
  type PlannedProbe,
  type PlannedWatch,
  sayFound,
} from '../../model/plan.ts';
import { addCosts } from '../../model/policy/decide.ts';
import type { Limits } from '../../model/runbook.ts';
import { plural, showDuration } from '../../model/text/quantity.ts';
import { decisionWords, limitsFact, tellAction } from './action.ts';
import { dayText, secondOf } from './clock.ts';
import { openNodes } from './open.ts';
import { proofText, watchedText } from './watch-words.ts';

export interface PlanWords {
  /** What to type to run it; the caller knows the parameters that were typed. */
  readonly command?: string;
  readonly unattended?: boolean;
  /** Everything is shown: nothing is named only once for short. */
  readonly all?: boolean;
}

/** The whole review: what was found, what would be done to exactly what, how it would be proven. */
export function tellPlan(plan: Plan, words: PlanWords = {}): Telling {
  return { document: () => planDocument(plan, words), record: () => planToJson(plan), whole: 'firebreak plan --all' };
}

export function planDocument(plan: Plan, words: PlanWords): Document {
  const command = words.command ?? `firebreak run ${plan.runbook.name}`;
  return [
    ...apart(...header(plan)),
    ...diagnosis(plan, words.all === true),
    ...actions(plan, words.all === true),
    ...verify(plan, words.all === true),
    ...section('OPEN', openNodes(plan.open), { aside: 'what this runbook does not cure', page: 'Stays open' }),
    ...section('in short', footer(plan, command, words.unattended === true), { look: 'short' }),
    ...onPage(
      plan.refusal === null
        ? section('To run it', [{ kind: 'commands', lines: [command] }])
        : section('It would not run', refused(plan.refusal, 'nothing')),
    ),
  ];
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

/** `between`: what stands between the values of a list. */
export const pairsOf = (params: Plan['params'], between = ','): readonly (readonly [string, string])[] =>
  Object.entries(params).map(([name, value]) => [name, showValue(value, between)]);

function showValue(value: Json, between: string): string {
  if (Array.isArray(value)) return value.map((one) => showValue(one, between)).join(between);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function header({ runbook, host, at, params }: Plan): Document {
  const pairs = pairsOf(params);
  return [
    {
      kind: 'title',
      label: 'PLAN',
      text: `${runbook.name} ${runbook.version} on ${host}`,
      page: `Plan: ${runbook.name} on ${host}`,
      below: [{ text: runbook.title }],
    },
    gap,
    ...onPage([
      sentence(`${runbook.title}. Nothing was changed.`),
      {
        kind: 'card',
        rows: [
          ['Runbook', `${runbook.name} ${runbook.version}, ${runbook.path}`],
          ['Runbook sha256', runbook.hash],
          ['Looked at', dayText(new Date(at).toISOString())],
          ['Parameters', pairs.length === 0 ? 'none' : [{ pairs }]],
        ],
      },
    ]),
    ...onScreen([
      fact('runbook', runbook.path),
      fact('sha256', runbook.hash.slice(0, 12)),
      fact('looked at', secondOf(new Date(at).toISOString())),
      ...(pairs.length === 0 ? [] : [fact('params', [{ pairs }])]),
    ]),
  ];
}

// ---------------------------------------------------------------- diagnosis

const VERDICTS = {
  'this-incident': ['THIS IS THE INCIDENT', 'good'],
  'looked-only': ['LOOKED ONLY: nothing here decides whether this is an incident', 'good'],
  'not-this-incident': ['NOT THIS INCIDENT', 'warn'],
  unknown: ['UNKNOWN: it could not look at everything', 'bad'],
} as const;

function diagnosis({ steps, diagnosis: { verdict, reasons } }: Plan, all: boolean): Document {
  const [aside, asideTone] = VERDICTS[verdict];
  const told = marked('-', reasons);
  return section(
    'DIAGNOSIS',
    [
      ...onPage([sentence([{ strong: aside }])]),
      ...(verdict === 'this-incident' ? onPage(told) : told),
      ...steps.flatMap((step) => (step.kind === 'probe' && step.phase === 'diagnose' ? [probe(step, steps, all)] : [])),
    ],
    { aside, asideTone },
  );
}

/** A table that an action shows with all its rows is not shown twice: the probe names the action instead. */
function withoutListed(blocks: readonly Block[], steps: Plan['steps']): readonly Block[] {
  return blocks.map((block): Block => {
    const isList = block.kind === 'table' && block.first === undefined && block.rows.length > 0;
    const action = isList && steps.find((step) => step.kind === 'action' && lists(step, block));
    return action ? { kind: 'text', lines: [`listed under ${action.id}`] } : block;
  });
}

type Table = Extract<Block, { readonly kind: 'table' }>;

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

const MARKS = {
  yes: ['✔', 'green'],
  no: ['✘', 'red'],
  unknown: ['?', 'warn'],
  informs: ['i', 'cyan'],
  'not-looked': ['·', 'dim'],
} as const;

function probe(step: PlannedProbe, steps: Plan['steps'], all: boolean): DocumentNode {
  const { id, verb, decisive, finding, truth, atTurn, why, explain } = step;
  const [mark, tone] = MARKS[decisive || finding === null ? truth : 'informs'];
  const blocks = finding?.blocks ?? [];
  const shown = (of: readonly Block[]): Document => [
    { kind: 'indent', by: 2, inside: [{ kind: 'blocks', blocks: of }] },
  ];
  return {
    ...{ kind: 'entry', mark, tone, name: id, after: [verb] },
    ...(atTurn === undefined && { status: decisive ? truth.replaceAll('-', ' ') : 'informs only' }),
    inside: [
      ...found(step),
      ...judged(step),
      ...(why === null ? [] : [{ kind: 'reason', text: why } as const]),
      ...onPage(shown(blocks)),
      ...onScreen(shown(all ? blocks : withoutListed(blocks, steps))),
      ...(all && explain.length > 0 ? onScreen([{ kind: 'commands', label: 'by hand', lines: explain }]) : []),
    ],
  };
}

/** Of a look in `act` what was seen so far is no more than that: it is taken at its turn. */
function found(probe: PlannedProbe): Document {
  const { atTurn, finding } = probe;
  if (atTurn === undefined) return [fact('found', sayFound(probe), 'bold')];
  return [fact('at turn', atTurn, 'bold'), ...(finding === null ? [] : [fact('now', finding.summary)])];
}

function judged({ decisive, judgements }: PlannedProbe): Document {
  const after = decisive ? '' : ' (informs only)';
  return judgements.map(({ wanted, seen, truth }) =>
    fact('wanted', `${wanted}; seen: ${seen}${after}`, truth === 'no' && decisive ? 'red' : undefined),
  );
}

// ---------------------------------------------------------------- act and verify

function actions({ steps, limits }: Plan, all: boolean): Document {
  const acting = steps.filter((step) => step.phase === 'act');
  let used: Limits = {};
  const entries = acting.flatMap((step, at): Document => {
    if (step.kind !== 'action') return step.kind === 'probe' ? [probe(step, steps, all)] : [];
    const inside = tellAction(step, { limits, used });
    used = addCosts(used, step.observation?.costs ?? {});
    return [{ kind: 'entry', mark: String(at + 1), name: step.id, after: [step.verb, decisionWords(step)], inside }];
  });
  return section('ACTIONS', entries, { aside: `${plural(acting.length, 'step')}, in this order` });
}

function verify({ steps, diagnosis: { verdict } }: Plan, all: boolean): Document {
  if (verdict !== 'this-incident' && verdict !== 'looked-only') return [];
  const entries = steps
    .filter(({ phase }) => phase === 'verify')
    .flatMap((step) =>
      step.kind === 'watch' ? [watch(step)] : step.kind === 'probe' ? [probe(step, steps, all)] : [],
    );
  return section('VERIFY', entries, { aside: 'how it is proven afterwards', page: 'Verification' });
}

function watch({ id, verb, why, watch: spec, skipped }: PlannedWatch): DocumentNode {
  return {
    ...{ kind: 'entry', mark: '·', tone: 'dim', name: id, after: [verb] },
    inside: [
      fact('watch', watchedText(spec), 'bold'),
      ...(skipped === undefined ? [] : [fact('skipped', skipped, 'yellow')]),
      ...(why === null ? [] : [{ kind: 'reason', text: why } as const]),
      ...facts(
        'must hold',
        spec.hold.map(({ wanted }) => wanted),
      ),
      fact('proof', proofText(spec)),
    ],
  };
}

// ---------------------------------------------------------------- the end

function footer(plan: Plan, command: string, unattended: boolean): Document {
  const { refusal, steps, limits, estimate } = plan;
  const acting = steps.filter((step) => step.kind === 'action');
  const used = acting.reduce<Limits>((sum, step) => addCosts(sum, step.observation?.costs ?? {}), {});
  const forGood = [
    ...acting.filter(isForGood).map(({ id }) => id),
    ...acting.filter(mayBeForGood).map(({ id }) => `${id} (what it finds at its turn)`),
  ];
  const asking = unattended ? 'To run it, as the policy allows: ' : 'To run it, with a question before each action: ';
  return [
    ...onPage(acting.length === 0 ? [] : [inTurn(acting)]),
    ...limitsFact('in all', used, limits),
    ...(forGood.length === 0 ? [] : [fact('for good', `${forGood.join(', ')}: cannot be undone`, 'bad')]),
    ...(acting.length === 0 ? [] : [fact('time', timeText(estimate))]),
    ...onScreen([
      ...(refusal === null ? [] : refused(refusal, 'nothing')),
      sentence('Nothing was changed.', 'good'),
      ...(refusal === null ? [sentence([{ command }], 'bold', asking)] : []),
    ]),
  ];
}

/** What an approver asks first. */
function inTurn(acting: readonly PlannedAction[]): DocumentNode {
  const what = ({ skipped, observation }: PlannedAction): string => {
    if (skipped !== null) return `skipped, ${skipped}`;
    if (observation === null) return 'not looked at yet';
    return observation.verdict === 'nothing' ? `nothing to do, ${observation.summary}` : observation.summary;
  };
  return {
    kind: 'items',
    items: acting.map((step, at) => ({ mark: String(at + 1), name: step.id, text: what(step) })),
  };
}

const REFUSED = { 'looked-only': 'good', 'not-this-incident': 'warn' } as const;

/** What would end the run before its first act: said at the end, where a tired person looks first. */
export function refused({ outcome, reasons }: NonNullable<Plan['refusal']>, touched: 'nothing' | 'no host'): Document {
  const { exit, about } = OUTCOMES[outcome];
  const tone = touched === 'no host' ? 'bad' : (REFUSED[outcome as keyof typeof REFUSED] ?? 'bad');
  return [sentence(`A run would touch ${touched} and exit ${exit}: ${about}.`, tone), ...marked('-', reasons)];
}

const timeText = (estimate: number | null): string =>
  estimate === null
    ? 'nobody can tell: it depends on a person or a command'
    : `about ${showDuration(estimate)}, the watch included`;

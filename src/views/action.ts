import type { Block } from '../model/block.ts';
import type { PlannedAction } from '../model/plan.ts';
import { LIMITS, type LimitName, type Limits } from '../model/runbook.ts';
import { showCount, showDuration, showSize } from '../model/text/quantity.ts';
import type { Observation, Targets } from '../model/verb.ts';
import { renderBlocks } from './block.ts';
import { escaped } from './draw/escape.ts';
import { commands, field, fields, LABEL } from './draw/fields.ts';
import { grid, indent, narrower } from './draw/layout.ts';
import type { Paper } from './draw/style.ts';
import { SHOWN } from './draw/table.ts';

/** What the run may touch, and what this and the steps before it take of that. */
export interface Allowance {
  readonly limits: Limits;
  readonly used: Limits;
}

/**
 * One action as the plan and the question before it show it: what, why, exact targets, what changes, how it is undone.
 * Without number and id.
 */
export function renderAction(step: PlannedAction, paper: Paper, allowance?: Allowance): readonly string[] {
  const why = step.why === null ? [] : field('why', step.why, paper);
  if (step.skipped !== null) return [...why, ...field('skipped', step.skipped, paper, paper.style.yellow)];
  const late = step.late === undefined ? [] : field('when', step.late, paper, paper.style.yellow);
  if (step.observation === null) return [...why, ...field('unknown', 'not looked at yet', paper, paper.style.yellow)];
  return [
    ...summary(step.observation, paper),
    ...late,
    ...why,
    ...change(step, step.observation, paper),
    ...(step.observation.verdict === 'change' ? consequences(step, step.observation, paper) : []),
    ...denial(step, paper),
    ...fields('warning', step.observation.warnings, paper, paper.style.warn),
    ...(allowance === undefined ? [] : limitLines(step.observation.costs, allowance, paper)),
    ...typed(step, step.observation, paper),
  ];
}

function summary({ verdict, summary: text, reason }: Observation, paper: Paper): readonly string[] {
  switch (verdict) {
    case 'change':
      return field('will', text, paper, paper.style.bold);
    case 'nothing':
      return field('nothing', `to do: ${text}`, paper, paper.style.green);
    case 'cannot':
      return [
        ...field('CANNOT', text, paper, paper.style.bad),
        ...field('because', reason ?? 'it does not say why', paper, paper.style.red),
      ];
  }
}

function change(step: PlannedAction, observation: Observation, paper: Paper): readonly string[] {
  const { state, targets, blocks } = observation;
  const states = state === undefined ? [] : field('state', path(state.now, step.before, state.after), paper);
  const shown = indent(renderBlocks(blocks, narrower(paper, 2)), 2);
  return [...states, ...(observation.verdict === 'change' ? targetLines(targets, blocks, paper) : []), ...shown];
}

/** now → before this step, where earlier steps change it → after. */
function path(now: string, before: string | null, after: string): string {
  return before === null || before === now
    ? `${now} → ${after}`
    : `${now} now → ${before} before this step → ${after} after`;
}

/** How many, how much, and which: in a table that the verb drew, or by name. */
function targetLines(targets: Targets, blocks: readonly Block[], paper: Paper): readonly string[] {
  if (targets.kind === 'none' || targets.kind === 'person' || targets.count === 0) return [];
  const bytes = targets.bytes === undefined ? '' : `, ${showSize(targets.bytes)}`;
  const listed = blocks.some((block) => block.kind === 'table' && block.rows.length >= targets.members.length);
  const members = listed ? [] : paper.all ? targets.members : targets.members.slice(0, SHOWN);
  const only = targets.count === 1 && members.length === 1 ? members[0] : undefined;
  if (only !== undefined) return field('target', `${only}${bytes}`, paper);
  const names = indent(grid(members.map(escaped), paper.columns - LABEL), LABEL);
  return [
    ...field('targets', `${countOf(targets)}${bytes}${members.length > 0 ? ':' : ''}`, paper),
    ...names,
    ...rest(targets, members.length, paper),
  ];
}

const KINDS: Readonly<Record<Targets['kind'], string>> = {
  processes: 'processes',
  files: 'files',
  service: 'services',
  file: 'files',
  command: 'commands',
  person: '',
  none: '',
};

function countOf({ count, kind }: Targets): string {
  return `${showCount(count)} ${count === 1 ? KINDS[kind].replace(/(s)?es$|s$/, '$1') : KINDS[kind]}`;
}

/** Never a list that looks whole and is not. Above 1000 the members are a sample: `--all` has no more to show. */
function rest(targets: Targets, shown: number, paper: Paper): readonly string[] {
  if (shown === 0 || shown >= targets.count) return [];
  const more = targets.members.length > shown ? `: ${paper.toSeeAll ?? '--all'}` : ' that the same selector matches';
  return indent([paper.style.yellow(`… ${showCount(targets.count - shown)} more${more}`)], LABEL);
}

function consequences(step: PlannedAction, { undo, lease }: Observation, paper: Paper): readonly string[] {
  return [
    ...(undo.kind === 'irreversible' && step.undoSteps ? [] : undoLines(undo, paper)),
    ...undoStepLines(step, undo, paper),
    ...(step.undoNote === null ? [] : field('undo note', step.undoNote, paper)),
    ...(lease === undefined ? [] : field('lease', lease.say, paper)),
  ];
}

/** The author's own steps, in their order; before them comes what the action itself takes back. */
function undoStepLines({ undoSteps = [] }: PlannedAction, undo: Observation['undo'], paper: Paper): readonly string[] {
  if (undoSteps.length === 0) return [];
  const number = (at: number): string => (undoSteps.length === 1 ? '' : `${at + 1}. `);
  return [
    ...undoSteps.flatMap(({ say, why, now }, at) => [
      ...field(
        undo.kind === 'revert' ? 'then' : 'undo',
        `${number(at)}${say}${why === null ? '' : `: ${why}`}`,
        paper,
        paper.style.green,
      ),
      ...(now === null ? [] : field('for now', now, paper)),
    ]),
    ...(undo.kind === 'irreversible' ? field('by itself', `it cannot be undone: ${undo.because}`, paper) : []),
  ];
}

export function undoLines(undo: Observation['undo'], paper: Paper): readonly string[] {
  switch (undo.kind) {
    case 'revert':
      return field('undo', undo.say, paper, paper.style.green);
    case 'irreversible':
      return [
        ...field('undo', `IRREVERSIBLE: ${undo.because}`, paper, paper.style.bad),
        ...(undo.evidence === '' ? [] : field('kept', undo.evidence, paper)),
      ];
    case 'nothing':
      return field('undo', 'nothing to undo', paper);
  }
}

/** A denial stands in the step's own lines; who else decides stands beside its title (`decisionWords`). */
function denial({ decision }: PlannedAction, paper: Paper): readonly string[] {
  if (decision.effect === 'over-limit') return field('LIMIT', decision.reason, paper, paper.style.bad);
  return decision.effect === 'deny' ? field('DENIED', decision.reason, paper, paper.style.bad) : [];
}

export function decisionWords({ decision }: PlannedAction): string {
  switch (decision.effect) {
    case 'ask':
      return 'asks first';
    case 'allow':
      return decision.rule === null ? 'does not ask' : `allowed by rule ${decision.rule}`;
    case 'deny':
      return 'DENIED';
    case 'over-limit':
      return 'OVER THE LIMIT';
  }
}

/** `kill 42 of 2 000 allowed`, of the steps before it too. */
function limitLines(costs: Limits, { limits, used }: Allowance, paper: Paper): readonly string[] {
  const taken = LIMITS.flatMap((name) => {
    const cost = costs[name];
    return cost === undefined || cost === 0 ? [] : [limitText(name, (used[name] ?? 0) + cost, limits[name])];
  });
  return taken.length === 0 ? [] : field('limit', taken.join(', '), paper);
}

export function limitText(name: LimitName, used: number, allowed: number | undefined): string {
  const show = name === 'stopped_for' ? showDuration : showCount;
  const word = name.replaceAll('_', ' ');
  return allowed === undefined
    ? `${word} ${show(used)}, no limit`
    : `${word} ${show(used)} of ${show(allowed)} allowed`;
}

function typed(step: PlannedAction, { explain }: Observation, paper: Paper): readonly string[] {
  const lines = explain.length > 0 ? explain : step.explain;
  const shown = paper.all ? lines : lines.slice(0, SHOWN);
  const more =
    lines.length > shown.length ? [`# … ${lines.length - shown.length} more: ${paper.toSeeAll ?? '--all'}`] : [];
  return commands('by hand', [...shown, ...more], paper);
}

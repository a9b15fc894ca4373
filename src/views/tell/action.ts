import type { Block } from '../../model/block.ts';
import { type Document, fact, facts } from '../../model/document.ts';
import type { PlannedAction } from '../../model/plan.ts';
import { LIMITS, type LimitName, type Limits } from '../../model/runbook.ts';
import { plural, showCount, showDuration, showSize } from '../../model/text/quantity.ts';
import type { Observation, Targets, Undo } from '../../model/verb.ts';
import { NOUNS } from './counts.ts';

/** What the run may touch, and what this and the steps before it take of that. */
export interface Allowance {
  readonly limits: Limits;
  readonly used: Limits;
}

/**
 * One action as the plan and the question before it show it: what, why, exact targets, what changes, how it is undone.
 * Without number and id.
 */
export function tellAction(step: PlannedAction, allowance?: Allowance): Document {
  const { observation, skipped, late } = step;
  const why: Document = step.why === null ? [] : [{ kind: 'reason', text: step.why }];
  if (skipped !== null) return [...why, fact('skipped', skipped, 'yellow')];
  if (observation === null) return [...why, fact('unknown', 'not looked at yet', 'yellow')];
  const lines = observation.explain.length > 0 ? observation.explain : step.explain;
  return [
    ...summary(observation),
    ...(late === undefined ? [] : [fact('when', late, 'yellow')]),
    ...why,
    ...change(step, observation),
    ...(observation.verdict === 'change' ? consequences(step, observation) : []),
    ...denial(step),
    ...facts('warning', observation.warnings, 'warn'),
    ...limitFacts(observation.costs, allowance),
    ...(lines.length === 0 ? [] : [{ kind: 'commands', label: 'by hand', lines } as const]),
  ];
}

function summary({ verdict, summary: text, reason }: Observation): Document {
  switch (verdict) {
    case 'change':
      return [fact('will', text, 'bold')];
    case 'nothing':
      return [fact('nothing', `to do: ${text}`, 'green')];
    case 'cannot':
      return [fact('CANNOT', text, 'bad'), fact('because', reason ?? 'it does not say why', 'red')];
  }
}

function change(step: PlannedAction, { state, targets, blocks, verdict }: Observation): Document {
  return [
    ...(state === undefined ? [] : [fact('state', path(state.now, step.before, state.after))]),
    ...(verdict === 'change' ? targetNodes(targets, blocks) : []),
    { kind: 'indent', by: 2, inside: [{ kind: 'blocks', blocks }] },
  ];
}

/** now → before this step, where earlier steps change it → after. */
function path(now: string, before: string | null, after: string): string {
  return before === null || before === now
    ? `${now} → ${after}`
    : `${now} now → ${before} before this step → ${after} after`;
}

/** How many, how much, and which: in a table that the verb drew, or by name. */
function targetNodes({ kind, count, bytes, members }: Targets, blocks: readonly Block[]): Document {
  if (kind === 'none' || kind === 'person' || count === 0) return [];
  const size = bytes === undefined ? '' : `, ${showSize(bytes)}`;
  const listed = blocks.some((block) => block.kind === 'table' && block.rows.length >= members.length);
  const names = listed ? [] : members;
  if (count === 1 && names.length === 1) return [fact('target', `${names[0]}${size}`)];
  return [{ kind: 'names', label: 'targets', text: `${plural(count, ...NOUNS[kind])}${size}`, names, count }];
}

function consequences(step: PlannedAction, { undo, lease }: Observation): Document {
  return [
    ...(undo.kind === 'irreversible' && step.undoSteps ? [] : undoFacts(undo)),
    ...undoStepFacts(step, undo),
    ...(step.undoNote === null ? [] : [fact('undo note', step.undoNote)]),
    ...(lease === undefined ? [] : [fact('lease', lease.say)]),
  ];
}

/** The author's own steps, in their order; before them comes what the action itself takes back. */
function undoStepFacts({ undoSteps = [] }: PlannedAction, undo: Undo): Document {
  if (undoSteps.length === 0) return [];
  const number = (at: number): string => (undoSteps.length === 1 ? '' : `${at + 1}. `);
  const label = undo.kind === 'revert' ? 'then' : 'undo';
  return [
    ...undoSteps.flatMap(
      ({ say, why, now }, at): Document => [
        fact(label, `${number(at)}${say}${why === null ? '' : `: ${why}`}`, 'green'),
        ...(now === null ? [] : [fact('for now', now)]),
      ],
    ),
    ...(undo.kind === 'irreversible' ? [fact('by itself', `it cannot be undone: ${undo.because}`)] : []),
  ];
}

function undoFacts(undo: Undo): Document {
  switch (undo.kind) {
    case 'revert':
      return [fact('undo', undo.say, 'green')];
    case 'irreversible':
      return [
        fact('undo', `IRREVERSIBLE: ${undo.because}`, 'bad'),
        ...(undo.evidence === '' ? [] : [fact('kept', undo.evidence)]),
      ];
    case 'nothing':
      return [fact('undo', 'nothing to undo')];
  }
}

/** A denial stands in the step's own lines; who else decides stands beside its title (`decisionWords`). */
function denial({ decision: { effect, reason } }: PlannedAction): Document {
  if (effect === 'over-limit') return [fact('LIMIT', reason, 'bad')];
  return effect === 'deny' ? [fact('DENIED', reason, 'bad')] : [];
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

// ---------------------------------------------------------------- limits

/** `kill 42 of 2 000 allowed`, of the steps before it too. */
function limitFacts(costs: Limits, allowance: Allowance | undefined): Document {
  if (allowance === undefined) return [];
  const { limits, used } = allowance;
  const own = Object.entries(costs).filter(([, cost]) => cost > 0);
  const sum = own.map(([name, cost]) => [name, (used[name as LimitName] ?? 0) + cost]);
  return limitsFact('limit', Object.fromEntries(sum), limits);
}

export function limitsFact(label: string, used: Limits, limits: Limits): Document {
  const taken = LIMITS.flatMap((name) => (used[name] ? [limitText(name, used[name], limits[name])] : []));
  return taken.length === 0 ? [] : [fact(label, taken.join(', '))];
}

export function limitText(name: LimitName, used: number, allowed: number | undefined): string {
  const show = name === 'stopped_for' ? showDuration : showCount;
  const word = name.replaceAll('_', ' ');
  return allowed === undefined
    ? `${word} ${show(used)}, no limit`
    : `${word} ${show(used)} of ${show(allowed)} allowed`;
}

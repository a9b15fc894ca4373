import type { Plan } from '../model/plan.ts';
import { sayWaysBack } from '../model/run/undo.ts';
import { isDrill, openLeases, type RunState, type StepState } from '../model/state.ts';
import { escaped } from './draw/escape.ts';
import { heading, rule } from './draw/fields.ts';
import { hang, indent } from './draw/layout.ts';
import type { Paper } from './draw/style.ts';

/**
 * The person wants out at once: what is not done, what is not undone, and the very commands for both. No prompt,
 * nothing to wait for.
 */
export function renderLeft(state: RunState, plan: Plan | null, paper: Paper): readonly string[] {
  return [
    '',
    rule('left to you', paper),
    ...hang('', 'Ended at once. Nothing more is done or undone.', paper.columns, paper.style.warn),
    ...toFinish(state, plan, paper),
    ...toUndo(state, paper),
    ...openLeases(state).flatMap(({ say }) =>
      hang('  ! ', escaped(`${say}: done for you when its lease runs out`), paper.columns),
    ),
    ...goOn(state, paper),
  ];
}

/** A drill ends with its scene: nothing of it can be taken up. */
function goOn(state: RunState, { columns, style }: Paper): readonly string[] {
  if (isDrill(state)) return [];
  const run = escaped(state.run);
  return [
    ...hang('To go on:  ', `firebreak resume ${run}`, columns, style.bold),
    ...hang('To undo:   ', `firebreak rollback ${run}`, columns, style.bold),
  ];
}

const OVER: readonly StepState['status'][] = ['done', 'nothing-to-do', 'skipped', 'by-hand'];

function toFinish(state: RunState, plan: Plan | null, paper: Paper): readonly string[] {
  const left = state.steps.filter(({ phase, status }) => phase === 'act' && !OVER.includes(status));
  if (left.length === 0) return [];
  const lines = left.flatMap((step) => [
    ...hang(
      '  · ',
      escaped(`${step.id}${step.attempts > 0 ? ', perhaps done in part: look first' : ''}`),
      paper.columns,
    ),
    ...indent(
      commandsOf(step.id, plan).flatMap((line) => hang('', escaped(line), paper.columns - 6)),
      6,
    ),
  ]);
  return [...heading('NOT DONE', 'the same by hand', paper), ...lines];
}

function commandsOf(id: string, plan: Plan | null): readonly string[] {
  const step = plan?.steps.find((one) => one.id === id);
  return (step?.kind === 'action' ? step.observation?.explain : undefined) ?? step?.explain ?? [];
}

function toUndo(state: RunState, paper: Paper): readonly string[] {
  const lines = sayWaysBack(state.undo).flatMap((line) => hang('  ↶ ', escaped(line), paper.columns));
  return lines.length === 0 ? [] : [...heading('NOT UNDONE', 'newest first', paper), ...lines];
}

import { type Document, gap, type Item, marked, section, sentence } from '../../model/document.ts';
import type { Plan } from '../../model/plan.ts';
import { sayWaysBack } from '../../model/run/undo.ts';
import { isDrill, openLeases, type RunState, type StepState } from '../../model/state.ts';
import { toType } from './end.ts';

/**
 * The person wants to leave at once: tells what is not done, what is not undone, and the commands for both. It asks
 * nothing and waits for nothing.
 */
export function tellLeft(state: RunState, plan: Plan | null): Document {
  const leases = openLeases(state).map(({ say }) => `${say}: done for you when its lease runs out`);
  const inside = [
    sentence('Ended at once. Nothing more is done or undone.', 'warn'),
    ...inOne('NOT DONE', 'the same by hand', toFinish(state, plan)),
    ...inOne('NOT UNDONE', 'newest first', marked('↶', sayWaysBack(state.undo))),
    ...marked('!', leases),
    ...goOn(state),
  ];
  return [gap, { kind: 'indent', by: 0, inside: section('left to you', inside, { look: 'end' }) }];
}

/** A heading in the middle of a part: nobody who leaves wants blank lines. */
const inOne = (title: string, aside: string, inside: Document): Document =>
  inside.length === 0 ? [] : [{ kind: 'indent', by: 0, inside: section(title, inside, { aside }) }];

/** A drill ends with its scene, so it cannot be resumed. */
function goOn(state: RunState): Document {
  if (isDrill(state)) return [];
  return [
    toType('To go on:  ', `firebreak resume ${state.run}`),
    toType('To undo:   ', `firebreak rollback ${state.run}`),
  ];
}

const OVER: readonly StepState['status'][] = ['done', 'nothing-to-do', 'skipped', 'by-hand'];

function toFinish(state: RunState, plan: Plan | null): Document {
  const left = state.steps.filter(({ phase, status }) => phase === 'act' && !OVER.includes(status));
  const items = left.map((step): Item => {
    const lines = commandsOf(step.id, plan);
    const unsure = step.attempts > 0 ? ', perhaps done in part: look first' : '';
    const inside: Document =
      lines.length === 0 ? [] : [{ kind: 'indent', by: 2, inside: [{ kind: 'commands', lines }] }];
    return { mark: '·', text: `${step.id}${unsure}`, inside };
  });
  return items.length === 0 ? [] : [{ kind: 'items', items }];
}

function commandsOf(id: string, plan: Plan | null): readonly string[] {
  const step = plan?.steps.find((one) => one.id === id);
  return (step?.kind === 'action' ? step.observation?.explain : undefined) ?? step?.explain ?? [];
}

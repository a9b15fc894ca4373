import { sha256 } from '../journal/line.ts';
import type { Plan } from '../model/plan.ts';
import type { IdentityLine } from '../model/run/saved-plan.ts';
import type { RunState } from '../model/state.ts';
import { pinnedOf } from '../plan/fingerprint.ts';

/** What an earlier life has left in writing. */
export interface Left {
  readonly state: RunState;
  /** Names of kept bytes that no line of the journal mentions. */
  readonly orphans: readonly string[];
}

/**
 * A journal that has lost its last lines (a power cut, a restored backup) tells of less than was done, and nothing in
 * it shows that. The host does: what a step was to change, and by the journal never began to, is changed. A sentence
 * each; none where all is as it was left.
 */
export function notAsLeft({ state, orphans }: Left, plan: Plan): readonly string[] {
  const now = pinnedOf(plan);
  return [...changedFiles(state, now), ...doneUnseen(state, now), ...strayRecords(orphans, plan)];
}

/** Files that only steps were to edit which have not begun. */
function changedFiles({ pinned, steps }: RunState, now: readonly IdentityLine[]): readonly string[] {
  const begun = new Set(steps.flatMap(({ attempts, targets }) => (attempts > 0 ? (targets?.members ?? []) : [])));
  return pinned.flatMap(({ name, value }) => {
    const path = name.startsWith('file ') ? name.slice('file '.length) : null;
    if (path === null || begun.has(path)) return [];
    const is = now.find((line) => line.name === name)?.value;
    if (is === value) return [];
    return is === undefined
      ? [`${path} was to be edited, by the journal nobody has begun to, and there is nothing to edit in it any more`]
      : [`${path} is not what it was when the run was planned, and by the journal the run has not edited it`];
  });
}

/** What was to be stopped, and is. What was to be started may run since its lease was kept. */
function doneUnseen({ pinned, steps }: RunState, now: readonly IdentityLine[]): readonly string[] {
  return steps.flatMap(({ id, verb, attempts, status }) => {
    const target = pinned.find(({ name }) => name === `target of ${id}`)?.value;
    const isOver = status !== 'waiting' && status !== 'started';
    if (
      verb !== 'stop' ||
      target === undefined ||
      attempts > 0 ||
      isOver ||
      now.some(({ name }) => name === `target of ${id}`)
    )
      return [];
    return [`${target} is stopped, and by the journal ${id} has not begun to stop it`];
  });
}

/**
 * Kept before an intent was written: where the plan would keep the same bytes again, a death in between has left them.
 */
function strayRecords(orphans: readonly string[], { steps }: Plan): readonly string[] {
  const kept = steps.flatMap((step) => (step.kind === 'action' ? Object.values(step.observation?.keep ?? {}) : []));
  const again = new Set(kept.map((bytes) => sha256(Buffer.from(bytes, 'base64'))));
  const stray = orphans.filter((name) => !again.has(name));
  if (stray.length === 0) return [];
  return [
    `bytes of files were kept for an undo (records/${stray.join(', ')}), and no line of the journal tells of an edit that kept them`,
  ];
}

export const NOT_AS_LEFT = 'the host is not as the journal left it';

/** For the journal and for whoever reads along. */
export function sayNotAsLeft(sentences: readonly string[], folder: string): string | null {
  if (sentences.length === 0) return null;
  const why = 'Lines of the journal may be lost (a power cut, a restored backup), or somebody has changed the host';
  return `${NOT_AS_LEFT}: ${sentences.join('; ')}. ${why}; what the journal does not tell, no rollback undoes: look at it by hand (${folder})`;
}

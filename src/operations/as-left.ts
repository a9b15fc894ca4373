import { sha256 } from '../journal/line.ts';
import type { Plan } from '../model/plan.ts';
import type { IdentityLine } from '../model/run/saved-plan.ts';
import type { RunState } from '../model/state.ts';
import { pinnedOf } from '../plan/fingerprint.ts';

/** What an earlier engine has left on the disk. */
export interface Left {
  readonly state: RunState;
  /** Names of records that no line of the journal mentions. */
  readonly orphans: readonly string[];
}

/**
 * Finds out that a journal has lost its last lines (a power cut, a restored backup). The journal itself cannot show it,
 * but the host can: something is changed that by the journal was never begun. Returns a sentence for each such change,
 * or none.
 */
export function notAsLeft({ state, orphans }: Left, plan: Plan): readonly string[] {
  const now = pinnedOf(plan);
  return [...changedFiles(state, now), ...doneUnseen(state, now), ...strayRecords(orphans, plan)];
}

/** Files that are edited only by steps that have not begun. */
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

/**
 * Services that a step should stop and that are stopped. A service to start may run already, because its lease was
 * kept.
 */
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
 * Records are written before the intent. If the plan would keep the same bytes again, a crash in between has left them.
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

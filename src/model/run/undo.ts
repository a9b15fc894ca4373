import type { Json } from '../json.ts';
import type { Undo } from '../verb.ts';

/**
 * The undo that an author wrote beside a step, as it stood when the step acted: references resolved, so that a rollback
 * needs the journal alone.
 */
export type DeclaredUndo =
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'steps'; readonly steps: readonly UndoStep[] };

export interface UndoStep {
  readonly verb: string;
  readonly arg: Json;
  /** In words. */
  readonly say: string;
}

/**
 * What was done and how far it is undone by now. First what its action derived is reverted, then the steps that the
 * author wrote follow, in their order.
 */
export interface WayBack {
  readonly step: string;
  readonly undo: Undo;
  readonly declared?: DeclaredUndo;
  /** What the action derived is reverted, and steps of the author's are left. */
  readonly reverted?: boolean;
  /** How many of the author's undo steps are done. */
  readonly parts?: number;
  /** The author's step of which no outcome is known, counted from 1. */
  readonly unsure?: number;
}

export const BY_HAND: Undo = { kind: 'irreversible', because: 'it was done by hand', evidence: '' };

const declaredSteps = ({ declared }: Pick<WayBack, 'declared'>): readonly UndoStep[] =>
  declared?.kind === 'steps' ? declared.steps : [];

/** The author's steps that are not done yet. */
export const stepsLeft = (back: WayBack): readonly UndoStep[] => declaredSteps(back).slice(back.parts ?? 0);

export const toRevert = ({ undo, reverted }: WayBack): boolean => undo.kind === 'revert' && reverted !== true;

/** Whether a rollback has anything to do about it. */
export const canBeUndone = (back: WayBack): boolean => toRevert(back) || stepsLeft(back).length > 0;

/** An earlier try of the same step: the author's steps undo the step, however often it was tried. */
export const isCovered = (back: WayBack, all: readonly WayBack[]): boolean =>
  back.undo.kind === 'irreversible' &&
  declaredSteps(back).length === 0 &&
  all.some((other) => other !== back && other.step === back.step && declaredSteps(other).length > 0);

/**
 * What is left of it once an undo, or step `part` of the author's, has been done; null: nothing. A note tells how to do
 * by hand what could not be derived.
 */
export function afterUndo<B extends WayBack>(back: B, part: number | undefined): B | null {
  const { unsure: _, ...known } = back;
  const next = (part === undefined ? { ...known, reverted: true } : { ...known, parts: part }) as unknown as B;
  return canBeUndone(next) ? next : null;
}

/** The entry that an undo event belongs to: the newest one that still has this undo to do. */
export const indexOfUndo = (all: readonly WayBack[], step: string, part: number | undefined): number =>
  all.findLastIndex((back) => back.step === step && (part === undefined ? toRevert(back) : stepsLeft(back).length > 0));

/** How it is undone, in words; null: nobody can. */
export function sayWayBack(back: WayBack): string | null {
  const { undo, declared, unsure } = back;
  const steps = stepsLeft(back).map(({ say }, at) => {
    const perhaps = unsure === (back.parts ?? 0) + at + 1 ? ' (perhaps done already: look first)' : '';
    return `${say}${perhaps}`;
  });
  const words = [...(undo.kind === 'revert' && toRevert(back) ? [undo.say] : []), ...steps].join(', then ');
  if (declared?.kind !== 'note') return words === '' ? null : words;
  return words === '' ? `not undone by itself; by hand: ${declared.text}` : `${words}; by hand: ${declared.text}`;
}

/** What can be undone, newest first, and what its author says of what cannot. */
export const sayWaysBack = (all: readonly WayBack[]): readonly string[] =>
  all.toReversed().flatMap((back) => {
    const said = isCovered(back, all) ? null : sayWayBack(back);
    return said === null ? [] : [`${back.step}: ${said}`];
  });

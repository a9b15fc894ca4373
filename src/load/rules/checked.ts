import type { Json } from '../../model/json.ts';
import type { Problem } from '../../model/problem.ts';
import { unchecked } from '../../model/read.ts';
import { isReference, referenceName } from '../../model/reference.ts';
import type { Form, Unchecked } from '../../model/runbook/shape.ts';
import type { Phase } from '../../model/runbook.ts';
import { type Draft, type DraftStep, paramsIn } from '../runbook/draft.ts';
import type { Mention, Names } from '../runbook/references.ts';
import { type Complaint, type Part, type Path, problemAt } from '../text/source.ts';

/** What the rules get to check. */
export interface CheckedDraft {
  readonly draft: Draft;
  readonly names: Names;
  readonly mentions: readonly Mention[];
}

/** One named rule, or a few that belong together. */
export type Rule = (checked: CheckedDraft) => readonly Problem[];

export function problemOf({ draft }: CheckedDraft, path: Path, part: Part, complaint: Complaint): Problem {
  return problemAt(draft.source, path, part, complaint);
}

export function stepsIn({ draft }: CheckedDraft, phase: Phase): readonly DraftStep[] {
  return draft.steps.filter((step) => step.phase === phase);
}

export function verbOf(step: DraftStep): string | undefined {
  return step.use?.verb;
}

/** The parts of an argument, by the keys that its verb knows. */
export function argOf<T>({ use }: DraftStep, form: Form<T>): Unchecked<Form<T>> {
  return unchecked(form, use?.arg);
}

/** Where an argument's key stands. */
export function argPath<T>({ path, use }: DraftStep, form?: Form<T>, key?: keyof T & string): Path {
  return [...path, use?.verb ?? '', ...(form && key !== undefined ? [key] : [])];
}

/** A value with its parameter's default in its place; undefined where a default is missing. */
export function withDefault({ draft }: CheckedDraft, value: Json | undefined): Json | undefined {
  if (!isReference(value)) return value;
  const name = referenceName(value);
  return paramsIn(draft).find(([param]) => param === name)?.[1].default;
}

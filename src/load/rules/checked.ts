import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import type { Problem } from '../../model/problem.ts';
import { isReference, referenceName } from '../../model/reference.ts';
import type { Phase } from '../../model/runbook.ts';
import type { Draft, DraftStep } from '../draft.ts';
import type { Mention, Names } from '../references.ts';
import { type Complaint, type Part, type Path, problemAt } from '../source.ts';

/** What rules look at. */
export interface Checked {
  readonly draft: Draft;
  readonly names: Names;
  readonly mentions: readonly Mention[];
}

/** One named rule, or a few that belong together. */
export type Rule = (checked: Checked) => readonly Problem[];

export function told({ draft }: Checked, path: Path, part: Part, complaint: Complaint): Problem {
  return problemAt(draft.source, path, part, complaint);
}

export function stepsIn({ draft }: Checked, phase: Phase): readonly DraftStep[] {
  return draft.steps.filter((step) => step.phase === phase);
}

export function verbOf(step: DraftStep): string | undefined {
  return step.use?.verb;
}

export function argOf(step: DraftStep): JsonObject {
  return isObject(step.use?.arg) ? step.use.arg : {};
}

/** Where an argument's key stands. */
export function argPath(step: DraftStep, ...keys: readonly string[]): Path {
  return [...step.path, step.use?.verb ?? '', ...keys];
}

/** A value with its parameter's default in its place; undefined where a default is missing. */
export function withDefault({ draft }: Checked, value: Json | undefined): Json | undefined {
  if (!isReference(value)) return value;
  const params = isObject(draft.root.params) ? draft.root.params : {};
  const name = referenceName(value);
  const param = Object.hasOwn(params, name) ? params[name] : undefined;
  return isObject(param) ? param.default : undefined;
}

/**
 * What must hold of a finding. There is no expression language: comparators are words, and a condition has three
 * values, because a probe that could not look must never count as "no" (fail closed) nor as "yes".
 */
export type Truth = 'yes' | 'no' | 'unknown';

/**
 * What a probe measured. `{value, of}` is a part of a whole: compared as a percentage or as a number, as the author
 * wrote it. Null: could not look.
 */
export type Measure = number | string | boolean | null | { readonly value: number; readonly of: number };
export type Measures = Readonly<Record<string, Measure>>;

type Scalar = string | number | boolean;
export interface Comparator {
  readonly is?: Scalar;
  readonly is_not?: Scalar;
  readonly at_least?: number | string;
  readonly at_most?: number | string;
  readonly matches?: string;
  readonly one_of?: readonly Scalar[];
  readonly between?: readonly [number | string, number | string];
}
export const COMPARATORS = ['is', 'is_not', 'at_least', 'at_most', 'matches', 'one_of', 'between'] as const;

/** One comparison in a condition: one measure of one finding. `step` is absent if the step compares its own finding. */
export interface Clause {
  readonly step?: string;
  readonly measure: string;
  readonly comparator: Comparator;
  /** Words of an author that mean several values of the measure: `down` means stopped or failed. */
  readonly means?: Means;
}
export type Means = Readonly<Record<string, readonly string[]>>;
export type Condition =
  | { readonly kind: 'clause'; readonly clause: Clause }
  | { readonly kind: 'any_of' | 'all_of' | 'none_of'; readonly conditions: readonly Condition[] };

/** The steps whose findings a condition compares. */
export function stepsNamedIn(condition: Condition): readonly string[] {
  if (condition.kind !== 'clause') return condition.conditions.flatMap(stepsNamedIn);
  return condition.clause.step === undefined ? [] : [condition.clause.step];
}

/** One clause, judged: what was wanted, what was seen. Views show these; nothing else decides. */
export interface Judgement {
  readonly truth: Truth;
  readonly wanted: string;
  readonly seen: string;
}

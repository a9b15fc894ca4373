import type { Place } from './place.ts';

/** A positioned mistake of an author. Tests assert `code` and `place`; the wording may change. */
export interface Problem {
  /** Stable, kebab-case: `unknown-key`, `unknown-reference`, `bad-duration` ... */
  readonly code: string;
  readonly message: string;
  readonly place: Place;
  /** The words that would have been allowed here, most likely first. */
  readonly allowed?: readonly string[];
  /** The one word that was probably meant. */
  readonly suggestion?: string;
  /** What to do next, where the message alone does not tell. */
  readonly hint?: string;
}

/** An expected result of looking at an author's text: a value, or every mistake found in it. */
export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

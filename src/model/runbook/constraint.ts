import type { Comparator } from '../condition.ts';
import type { Json } from '../json.ts';
import { patternOf } from '../text/pattern.ts';
import { parseDuration, parsePercent, parseRate, parseSize } from '../text/quantity.ts';

/**
 * Why a parameter's value is not what a policy's rule wants; null: it is. Fails closed: what cannot be compared does
 * not fit, a quantity of another kind (5% and 15m) does not, and of a list every item must, so that an empty list,
 * which some selectors take for "any", never does.
 */
export function misfit(value: Json | undefined, comparator: Comparator): string | null {
  if (value === undefined) return 'is not a parameter of the runbook';
  const items: readonly Json[] = Array.isArray(value) ? value : [value];
  if (items.length === 0) return 'is an empty list';
  for (const item of items) {
    for (const [word, wanted] of Object.entries(comparator)) {
      if (!fits(item, word as keyof Comparator, wanted))
        return `${sayValue(item)} ${FAULTS[word as keyof Comparator](wanted)}`;
    }
  }
  return null;
}

const FAULTS: Readonly<Record<keyof Comparator, (wanted: unknown) => string>> = {
  is: (wanted) => `is not ${sayWanted(wanted)}`,
  is_not: (wanted) => `is ${sayWanted(wanted)}`,
  at_least: (wanted) => `is under ${sayWanted(wanted)}`,
  at_most: (wanted) => `is over ${sayWanted(wanted)}`,
  matches: (wanted) => `does not match ${sayWanted(wanted)}`,
  one_of: (wanted) => `is none of ${sayWanted(wanted)}`,
  between: (wanted) => `is not between ${sayWanted(wanted).replace(', ', ' and ')}`,
};

function fits(value: Json, word: keyof Comparator, wanted: unknown): boolean {
  switch (word) {
    case 'is':
      return same(value, wanted);
    case 'is_not':
      // A quantity of another kind is a different value, but no author can have meant to allow it.
      return !same(value, wanted) && typeof value === typeof wanted;
    case 'one_of':
      return listed(wanted).some((one) => same(value, one));
    case 'matches':
      return typeof value === 'string' && patternOf(String(wanted), { whole: true }).test(value);
    case 'at_least':
      return ordered(wanted, value);
    case 'at_most':
      return ordered(value, wanted);
    case 'between':
      return ordered(listed(wanted)[0], value) && ordered(value, listed(wanted)[1]);
  }
}

function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** `60m` is `1h`. */
function same(value: unknown, wanted: unknown): boolean {
  if (value === wanted) return true;
  const [one, other] = [amountOf(value), amountOf(wanted)];
  return one !== undefined && other !== undefined && one.kind === other.kind && one.amount === other.amount;
}

function ordered(small: unknown, large: unknown): boolean {
  const [one, other] = [amountOf(small), amountOf(large)];
  return one !== undefined && other !== undefined && one.kind === other.kind && one.amount <= other.amount;
}

export interface Amount {
  /** A bare number is a count of things or of bytes. */
  readonly kind: 'number' | 'percent' | 'duration' | 'rate';
  readonly amount: number;
}

export function amountOf(value: unknown): Amount | undefined {
  if (typeof value === 'number') return { kind: 'number', amount: value };
  if (typeof value !== 'string') return undefined;
  const readings = [
    ['percent', parsePercent(value)],
    ['duration', parseDuration(value)],
    ['rate', parseRate(value)],
    ['number', parseSize(value)],
  ] as const;
  return readings.flatMap(([kind, amount]) => (amount === undefined ? [] : [{ kind, amount }]))[0];
}

function sayValue(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function sayWanted(wanted: unknown): string {
  return Array.isArray(wanted) ? wanted.map(String).join(', ') : String(wanted);
}

import type { Clause, Comparator, Condition, Judgement, Means, Measure, Measures, Truth } from '../condition.ts';
import { patternOf } from '../text/pattern.ts';
import {
  parseDuration,
  parsePercent,
  parseRate,
  parseSize,
  showCount,
  showDuration,
  showSize,
  showText,
} from '../text/quantity.ts';

/**
 * Finds the measures of an earlier step, or of the step's own finding if no name is given. Undefined: that step has not
 * looked.
 */
export type MeasuresOf = (step: string | undefined) => Measures | undefined;

/**
 * The condition's truth, with every clause judged. `unknown` fails closed: it is neither yes nor no, and `none_of`
 * unknown is unknown.
 */
export function judge(
  condition: Condition,
  measuresOf: MeasuresOf,
): { readonly truth: Truth; readonly judgements: readonly Judgement[] } {
  if (condition.kind === 'clause') {
    const judgement = judgeClause(condition.clause, measuresOf);
    return { truth: judgement.truth, judgements: [judgement] };
  }
  const parts = condition.conditions.map((part) => judge(part, measuresOf));
  return {
    truth: combine(
      condition.kind,
      parts.map((part) => part.truth),
    ),
    judgements: parts.flatMap((part) => part.judgements),
  };
}

function combine(kind: 'any_of' | 'all_of' | 'none_of', truths: readonly Truth[]): Truth {
  if (kind === 'all_of') return truths.includes('no') ? 'no' : truths.includes('unknown') ? 'unknown' : 'yes';
  const any = truths.includes('yes') ? 'yes' : truths.includes('unknown') ? 'unknown' : 'no';
  if (kind === 'any_of' || any === 'unknown') return any;
  return any === 'yes' ? 'no' : 'yes';
}

function judgeClause(clause: Clause, measuresOf: MeasuresOf): Judgement {
  const wanted = sayClause(clause);
  const measures = measuresOf(clause.step);
  const measure = measures?.[clause.measure] ?? null;
  if (measure === null) return { truth: 'unknown', wanted, seen: measures ? 'could not look' : 'not looked' };
  const seen = showMeasure(measure, clause.comparator);
  if (isPartOfNothing(measure, clause.comparator))
    return { truth: 'unknown', wanted, seen: `${seen}, which is a part of nothing` };
  return { truth: fits(measure, clause.comparator, clause.means) ? 'yes' : 'no', wanted, seen };
}

/** `count: {at_least: 10%}`: of what is counted nobody knows a whole. */
function isPartOfNothing(measure: Exclude<Measure, null>, comparator: Comparator): boolean {
  return (
    typeof measure === 'number' &&
    Object.values(comparator)
      .flat()
      .some((wanted) => typeof wanted === 'string' && parsePercent(wanted) !== undefined)
  );
}

/** `mailers: count at least 4` */
export function sayClause(clause: Clause): string {
  const words = Object.entries(clause.comparator).map(
    ([word, value]) => `${word.replaceAll('_', ' ')} ${sayValue(value)}`,
  );
  const what = `${clause.measure.replaceAll('_', ' ')} ${words.join(', ')}`;
  return clause.step === undefined ? what : `${clause.step}: ${what}`;
}

function sayValue(value: unknown): string {
  return Array.isArray(value)
    ? value.map(sayValue).join(' or ')
    : typeof value === 'string'
      ? showText(value)
      : String(value);
}

/** Every comparator of the clause must be true. */
export function fits(measure: Exclude<Measure, null>, comparator: Comparator, means: Means = {}): boolean {
  return Object.entries(comparator).every(([word, wanted]) =>
    compareOne(measure, word as keyof Comparator, wanted, means),
  );
}

function compareOne(measure: Exclude<Measure, null>, word: keyof Comparator, wanted: unknown, means: Means): boolean {
  const is = (one: unknown): boolean => meantBy(one, means).some((each) => equals(measure, each));
  switch (word) {
    case 'is':
      return is(wanted);
    case 'is_not':
      return !is(wanted);
    case 'one_of':
      return (wanted as readonly unknown[]).some(is);
    case 'matches':
      return patternOf(String(wanted), { lines: true }).test(String(measure));
    case 'at_least':
      return numberFor(measure, wanted) >= quantityOf(wanted);
    case 'at_most':
      return numberFor(measure, wanted) <= quantityOf(wanted);
    case 'between': {
      const [low, high] = wanted as readonly [unknown, unknown];
      return numberFor(measure, low) >= quantityOf(low) && numberFor(measure, high) <= quantityOf(high);
    }
  }
}

function meantBy(word: unknown, means: Means): readonly unknown[] {
  return typeof word === 'string' && Object.hasOwn(means, word) ? (means[word] ?? []) : [word];
}

function equals(measure: Exclude<Measure, null>, wanted: unknown): boolean {
  if (typeof measure === 'string' || typeof measure === 'boolean') return String(measure) === String(wanted);
  return numberFor(measure, wanted) === quantityOf(wanted);
}

/**
 * A part of a whole is compared as a percentage where the author wrote one, else as a number. NaN compares as false:
 * fail closed.
 */
function numberFor(measure: Exclude<Measure, null>, wanted: unknown): number {
  if (typeof measure === 'number') return measure;
  if (typeof measure !== 'object') return Number.NaN;
  if (typeof wanted !== 'string' || parsePercent(wanted) === undefined) return measure.value;
  return measure.of === 0 ? 100 : (measure.value / measure.of) * 100;
}

/** The number behind `5%`, `15m`, `2GiB`, `10/min` or 4. */
export function quantityOf(text: unknown): number {
  if (typeof text === 'number') return text;
  const written = String(text);
  const plain = /^-?\d+(\.\d+)?$/.test(written) ? Number(written) : undefined;
  return (
    plain ?? parsePercent(written) ?? parseDuration(written) ?? parseRate(written) ?? parseSize(written) ?? Number.NaN
  );
}

function showMeasure(measure: Exclude<Measure, null>, comparator: Comparator): string {
  if (typeof measure === 'object') {
    const share = measure.of === 0 ? '' : ` (${Number(((measure.value / measure.of) * 100).toFixed(1))} %)`;
    return `${showCount(measure.value)} of ${showCount(measure.of)}${share}`;
  }
  if (typeof measure !== 'number') return showText(String(measure));
  const wanted = Object.values(comparator)
    .flat()
    .find((value) => typeof value === 'string');
  if (typeof wanted === 'string' && parseDuration(wanted) !== undefined) return showDuration(measure);
  if (typeof wanted === 'string' && /[A-Za-z]$/.test(wanted) && parseSize(wanted) !== undefined)
    return showSize(measure);
  return showCount(measure);
}

/** The condition with every `$parameter` in a comparator replaced by its value. */
export function bindCondition(condition: Condition, bind: (reference: unknown) => unknown): Condition {
  if (condition.kind !== 'clause')
    return { ...condition, conditions: condition.conditions.map((part) => bindCondition(part, bind)) };
  const comparator = Object.fromEntries(
    Object.entries(condition.clause.comparator).map(([word, value]) => [
      word,
      Array.isArray(value) ? value.map(bind) : bind(value),
    ]),
  );
  return { kind: 'clause', clause: { ...condition.clause, comparator: comparator as Comparator } };
}

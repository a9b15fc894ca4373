import { showCount, showSize } from '../../model/text/quantity.ts';
import { escaped } from '../draw/escape.ts';
import { grid, hang, indent, wrap } from '../draw/layout.ts';
import type { Paper } from '../draw/style.ts';

// ---------------------------------------------------------------- names of hosts

interface Fold {
  readonly text: string;
  readonly count: number;
}

/**
 * `web-1 … web-37`: names that differ in one number and follow each other without a gap, by their first and last. Says
 * no name that is not there.
 */
export function foldHosts(hosts: readonly string[]): readonly Fold[] {
  const names = [...hosts].sort(naturally);
  const folds: Fold[] = [];
  for (let from = 0; from < names.length; ) {
    const length = runLength(names, from);
    const taken = length < 3 ? 1 : length;
    const [first = '', last = ''] = [names[from], names[from + taken - 1]];
    folds.push({ text: taken === 1 ? escaped(first) : `${escaped(first)} … ${escaped(last)}`, count: taken });
    from += taken;
  }
  return folds;
}

const { compare: naturally } = new Intl.Collator('en', { numeric: true });

function runLength(names: readonly string[], from: number): number {
  let at: number | null = null;
  let length = 1;
  for (; from + length < names.length; length += 1) {
    const step = nextBy(names[from + length - 1] ?? '', names[from + length] ?? '');
    if (step === null || (at !== null && step !== at)) break;
    at = step;
  }
  return length;
}

/**
 * Which of the numbers in two names is one more in the second, where nothing else differs; null: they do not follow
 * each other.
 */
function nextBy(one: string, other: string): number | null {
  const [left, right] = [one.split(/(\d+)/), other.split(/(\d+)/)];
  if (left.length !== right.length) return null;
  const different = left.flatMap((part, at) => (part === right[at] ? [] : [at]));
  const [at] = different;
  if (at === undefined || different.length > 1 || at % 2 === 0) return null;
  return follows(left[at] ?? '', right[at] ?? '') ? at : null;
}

/** `09` is followed by `10`, and neither by `010` nor is `9` by `09`: what is left out must be certain. */
function follows(one: string, other: string): boolean {
  if (one.length > 9 || Number(other) !== Number(one) + 1) return false;
  return one.length === other.length || (!one.startsWith('0') && !other.startsWith('0'));
}

/** The names of a group in at most `lines` lines, the rest counted; with `all` every one of them. */
export function hostLines(hosts: readonly string[], paper: Paper, lines = 2): readonly string[] {
  if (paper.all) return grid([...hosts].sort(naturally).map(escaped), paper.columns);
  const folds = foldHosts(hosts);
  const { columns, toSeeAll = '--all' } = paper;
  const whole = joined(folds, columns);
  if (whole.length <= lines) return whole;
  const cut = (at: number) => joined([...folds.slice(0, at), left(folds.slice(at), toSeeAll)], columns);
  return cut(
    Math.max(
      0,
      folds.findLastIndex((_, at) => cut(at).length <= lines),
    ),
  );
}

function left(folds: readonly Fold[], toSeeAll: string): Fold {
  const count = folds.reduce((sum, fold) => sum + fold.count, 0);
  return { text: `… ${showCount(count)} more: ${toSeeAll}`, count };
}

function joined(folds: readonly Fold[], columns: number): readonly string[] {
  return wrap(folds.map(({ text }) => text).join(', '), columns, /(?<=,) /);
}

/** `web-1, web-2 … 14 more` on one line, where there is no room for more. */
export function hostsText(hosts: readonly string[], columns: number): string {
  const folds = foldHosts(hosts);
  const text = (shown: number): string => {
    const rest = folds.slice(shown).reduce((sum, { count }) => sum + count, 0);
    const names = folds.slice(0, shown).map((fold) => fold.text);
    return [...names, ...(rest === 0 ? [] : [`… ${showCount(rest)} more`])].join(', ');
  };
  let shown = folds.length;
  while (shown > 0 && text(shown).length > columns) shown -= 1;
  return text(shown);
}

// ---------------------------------------------------------------- one sentence for many hosts

/** A number that stands by itself, perhaps with its unit: not the 7 of `web-7`, not the 14 of a path. */
const NUMBER = /(?<=^|[\s(])(\d+(?: \d{3})*(?:\.\d+)?)(?: ([KMGT]?i?B)\b)?(?=$|[\s,;:)])/g;
const UNITS: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

interface Told {
  /** What is the same wherever the same is done, whatever the counts. */
  readonly key: string;
  readonly between: readonly string[];
  readonly numbers: readonly { readonly text: string; readonly unit: string; readonly value: number }[];
}

function take(text: string): Told {
  const found = [...text.matchAll(NUMBER)];
  const numbers = found.map(([, digits = '', unit = '']) => {
    return { text: digits, unit, value: Number(digits.replaceAll(' ', '')) * (UNITS[unit] ?? 1) };
  });
  const ends = found.map((match) => match.index + match[0].length);
  const between = [0, ...ends].map((from, at) => text.slice(from, found[at]?.index ?? text.length));
  // `1 file`, `2 files`: the noun behind a number says nothing more than the number.
  const key = between.map((part, at) => (at === 0 ? part : part.replace(/^( [a-z]+?)[es]*(?=\W|$)/, '$1'))).join('\0');
  return { key, between, numbers };
}

/** The same for sentences that differ in nothing but counts. */
export const sameBut = (text: string): string => take(text).key;

/**
 * `kill 5-9 processes: 3-4 sendmail`: one sentence for those that differ in nothing but counts; null: they differ in
 * more.
 */
export function spread(texts: readonly string[]): string | null {
  const told = texts.map(take);
  const [first] = told;
  if (first === undefined || told.some(({ key }) => key !== first.key)) return null;
  const widest = told.reduce((most, one) =>
    (one.numbers[0]?.value ?? 0) > (most.numbers[0]?.value ?? 0) ? one : most,
  );
  return widest.between.map((part, at) => part + (at < widest.numbers.length ? range(told, at) : '')).join('');
}

function range(told: readonly Told[], at: number): string {
  const numbers = told
    .flatMap(({ numbers }) => numbers.slice(at, at + 1))
    .sort((one, other) => one.value - other.value);
  const [low, high] = [numbers[0], numbers.at(-1)];
  if (low === undefined || high === undefined) return '';
  const unit = high.unit === '' ? '' : ` ${high.unit}`;
  if (low.value === high.value) return `${high.text}${unit}`;
  return `${low.text}${low.unit === high.unit ? '' : ` ${low.unit}`}-${high.text}${unit}`;
}

/** `5-9`, or `7` where all are alike. */
export function countRange(counts: readonly number[], show: (count: number) => string = showCount): string {
  const [low, high] = [show(Math.min(...counts)), show(Math.max(...counts))];
  return low === high ? high : `${low}-${high}`;
}

export const totalText = (count: string, bytes: number): string =>
  `${count} in all${bytes > 0 ? `, ${showSize(bytes)}` : ''}`;

/** Lines below a title, two in. */
export function below(text: string, paper: Paper, paint?: (line: string) => string): readonly string[] {
  return indent(hang('', escaped(text), paper.columns - 2, paint), 2);
}

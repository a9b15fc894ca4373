import { showCount, showSize } from '../../../model/text/quantity.ts';

// One sentence for many hosts.

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

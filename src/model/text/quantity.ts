import type { Json } from '../json.ts';

/**
 * Units stand in the value: `30s`, `15m`, `5%`, `1000`, `10/min`, `2GiB`.
 * Every parser returns undefined for what it does not understand; the pattern is what schemas and editors check.
 */
export const QUANTITIES = {
  duration: { pattern: '^(?:\\d+(?:\\.\\d+)?(?:ms|s|m|h|d))+$', example: '30s, 15m, 1h30m' },
  size: { pattern: '^\\d+(?:\\.\\d+)?(?:B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)?$', example: '512MiB, 2GiB' },
  percent: { pattern: '^\\d+(?:\\.\\d+)?%$', example: '5%, 99.5%' },
  rate: { pattern: '^\\d+(?:\\.\\d+)?/(?:s|min|h|day)$', example: '10/min, 2/h' },
} as const;
export type QuantityName = keyof typeof QUANTITIES;

const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const BYTES = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
} as const;
const PER_MINUTE = { s: 60, min: 1, h: 1 / 60, day: 1 / 1440 } as const;

/** Milliseconds. */
export function parseDuration(text: string): number | undefined {
  if (!new RegExp(QUANTITIES.duration.pattern).test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(?<![\d.])(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(amount) * MILLISECONDS[unit as keyof typeof MILLISECONDS];
  }
  return total;
}

/** Bytes. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([A-Za-z]+)?$/.exec(text);
  if (!match || !new RegExp(QUANTITIES.size.pattern).test(text)) return undefined;
  return Math.round(Number(match[1]) * BYTES[(match[2] ?? 'B') as keyof typeof BYTES]);
}

/** 0 to 100 and beyond. */
export function parsePercent(text: string): number | undefined {
  return new RegExp(QUANTITIES.percent.pattern).test(text) ? Number(text.slice(0, -1)) : undefined;
}

/** Times a minute. */
export function parseRate(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\/(s|min|h|day)$/.exec(text);
  return match ? Number(match[1]) * PER_MINUTE[match[2] as keyof typeof PER_MINUTE] : undefined;
}

const PARSERS = { duration: parseDuration, size: parseSize, percent: parsePercent, rate: parseRate } as const;

/** A value that the check has found right. A bare number has no unit to read. */
export function amountIn(name: QuantityName, value: Json): number {
  const amount = typeof value === 'string' ? PARSERS[name](value) : value;
  if (typeof amount !== 'number') throw new Error(`${JSON.stringify(value)} is no ${name}`);
  return amount;
}

/** For people: `450 ms`, `12 s`, `3 min 20 s`, `2 h 5 min`, `4 d 3 h`. */
export function showDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return joinUnits(minutes, 'min', Math.floor(seconds % 60), 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return joinUnits(hours, 'h', minutes % 60, 'min');
  return joinUnits(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function joinUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** For people, binary units: `0 B`, `4.1 MiB`. */
export function showSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : Number(value.toFixed(1))} ${units[unit]}`;
}

/** Digits in groups of three, so that tired eyes can read them: `1 984 210`. */
export function showCount(count: number): string {
  return inThousands(String(Math.round(count)));
}

/** From its end, three digits at a time. */
export function inThousands(digits: string): string {
  const sign = digits.startsWith('-') ? '-' : '';
  const parts: string[] = [];
  for (let end = digits.length; end > sign.length; end -= 3)
    parts.unshift(digits.slice(Math.max(sign.length, end - 3), end));
  return sign + parts.join(' ');
}

/** `1 file`, `2 files`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${showCount(count)} ${count === 1 ? one : many}`;
}

const LONGEST_TEXT = 120;

/**
 * A text that was measured, on one line: in quotes where it is empty, begins or ends blank, or has more lines, so that
 * it can be seen.
 */
export function showText(text: string): string {
  const cut = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT - 1)}…` : text;
  return cut === '' || cut.trim() !== cut || /[\n\r\t]/.test(cut) ? JSON.stringify(cut) : cut;
}

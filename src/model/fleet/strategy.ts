import { parseDuration, parsePercent } from '../text/quantity.ts';

/** How many: of all hosts that are chosen. */
export type Size =
  | { readonly kind: 'hosts'; readonly count: number }
  | { readonly kind: 'share'; readonly percent: number }
  | { readonly kind: 'rest' };
export type FailureSize = Exclude<Size, { readonly kind: 'rest' }>;

export const ORDERS = ['given', 'name', 'reverse', 'shuffled'] as const;

/** In which order, and how many at a time, a runbook goes through the hosts. */
export interface Strategy {
  /**
   * How many hosts are done when a batch has ended, rounded down. `1, 5%, 25%, rest` of 200 hosts means 1, then 9, 40
   * and 150 more; of 5 hosts it means 1 and then 4, because sizes that are reached already give no batch. The first
   * batch is the canary. A batch begins when all hosts of the batch before have been verified.
   */
  readonly batches: readonly Size[];
  readonly atOnce: number;
  /** Milliseconds between batches. */
  readonly pause: number;
  /** No further host is begun once more than this have failed. Default: none may. */
  readonly failures: FailureSize;
  readonly order: (typeof ORDERS)[number];
}

export const DEFAULT_STRATEGY: Strategy = {
  batches: [
    { kind: 'hosts', count: 1 },
    { kind: 'share', percent: 5 },
    { kind: 'share', percent: 25 },
    { kind: 'rest' },
  ],
  atOnce: 10,
  pause: 0,
  failures: { kind: 'hosts', count: 0 },
  order: 'given',
};

/** `3`, `5%` or `rest`, as people write it. */
export function parseBatchSize(text: string): Size | undefined {
  if (text === 'rest') return { kind: 'rest' };
  if (/^\d{1,9}$/.test(text)) return { kind: 'hosts', count: Number(text) };
  const percent = parsePercent(text);
  return percent === undefined || percent > 100 ? undefined : { kind: 'share', percent };
}

export function sizeText(size: Size): string {
  switch (size.kind) {
    case 'hosts':
      return String(size.count);
    case 'share':
      return `${size.percent}%`;
    case 'rest':
      return 'rest';
  }
}

export function parseFailures(text: string): FailureSize | undefined {
  const size = parseBatchSize(text);
  return size?.kind === 'rest' ? undefined : size;
}

/** How many hosts may be at work at once. */
export function parseAtOnce(text: string): number | undefined {
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}

/** Milliseconds between batches; a bare 0 needs no unit. */
export function parsePause(text: string): number | undefined {
  return text === '0' ? 0 : parseDuration(text);
}

/**
 * Which batch is wrong, and why; null: none is. The batches must cover all hosts, so that none is left out by rounding.
 */
export function batchFault(batches: readonly Size[]): { readonly at: number; readonly says: string } | null {
  for (const [at, size] of batches.entries()) {
    const says = fault(size, batches, at);
    if (says !== null) return { at, says };
  }
  return batches.length === 0 ? { at: 0, says: 'no batch is named' } : null;
}

function fault(size: Size, batches: readonly Size[], at: number): string | null {
  if (amountOf(size) === 0) return 'a batch has at least one host';
  const before = batches[at - 1];
  if (before && isAll(before)) return `${sizeText(before)} is everybody: nothing can come after it`;
  if (before && before.kind === size.kind && amountOf(size) <= amountOf(before)) {
    return `${sizeText(size)} are done already after ${sizeText(before)}: a batch says how many are done when it has ended`;
  }
  return at === batches.length - 1 && !isAll(size)
    ? 'the last batch is `rest`: it says what becomes of everybody else'
    : null;
}

function amountOf(size: Size): number {
  return size.kind === 'hosts' ? size.count : size.kind === 'share' ? size.percent : Number.POSITIVE_INFINITY;
}

const isAll = (size: Size): boolean => size.kind === 'rest' || (size.kind === 'share' && size.percent === 100);

/** Merges strategies: a later one overrides an earlier one. */
export function strategyOf(...parts: readonly (Partial<Strategy> | undefined)[]): Strategy {
  return Object.assign({}, DEFAULT_STRATEGY, ...parts) as Strategy;
}

const BARS = '▁▂▃▄▅▆▇█';

/**
 * Numbers over time as bars from the smallest to the largest; `null` (could not be measured) is a gap. Longer than
 * `columns`: each bar is the peak of its share.
 */
export function sparkline(values: readonly (number | null)[], columns = 40): string {
  const shown = peaks(values, Math.max(1, columns));
  const numbers = shown.filter((value) => value !== null);
  const low = Math.min(...numbers);
  const high = Math.max(...numbers);
  return shown.map((value) => (value === null ? '·' : bar(value, low, high))).join('');
}

function bar(value: number, low: number, high: number): string {
  const level = high === low ? 0 : Math.round(((value - low) / (high - low)) * (BARS.length - 1));
  return BARS[level] ?? '▁';
}

function peaks(values: readonly (number | null)[], columns: number): readonly (number | null)[] {
  if (values.length <= columns) return values;
  return Array.from({ length: columns }, (_, at) => {
    const share = values.slice(
      Math.floor((at * values.length) / columns),
      Math.floor(((at + 1) * values.length) / columns),
    );
    const numbers = share.filter((value) => value !== null);
    return numbers.length === 0 ? null : Math.max(...numbers);
  });
}

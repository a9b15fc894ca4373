import { inThousands } from '../model/text/quantity.ts';

/** `3 977` as it is, `4.25` with two digits: a series may count or measure. `?`: it could not be measured. */
export function showNumber(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '?';
  const rounded = Number.isInteger(value) ? String(value) : String(Number(value.toFixed(2)));
  const [whole = '', part] = rounded.split('.');
  return part === undefined ? inThousands(whole) : `${inThousands(whole)}.${part}`;
}

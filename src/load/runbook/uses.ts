import { withoutEnd } from '../../model/text/trim.ts';
import type { Mention } from './references.ts';
import type { ValueRules } from './values.ts';

/**
 * A parameter takes only values that fit all of its places: with `signal: $signal` it takes the words of `signal`, so
 * `--param signal=TREM` is refused before anything is looked at.
 */
export function narrowed(rules: ValueRules, name: string, mentions: readonly Mention[]): ValueRules {
  return mentions
    .filter((mention) => mention.reference === name)
    .reduce((sum, { allowed }) => narrow(sum, allowed), rules);
}

function narrow(
  rules: ValueRules,
  { words, least, most, patterns, regex, under, bytes, instead }: Mention['allowed'],
): ValueRules {
  const worded = words !== undefined && rules.type !== 'boolean';
  const bounded = ['integer', 'duration', 'size', 'percent'].includes(rules.type);
  return {
    ...rules,
    ...(worded && { enum: rules.enum ? rules.enum.filter((word) => words.includes(word)) : words }),
    ...(bounded && least !== undefined && { min: Math.max(least, rules.min ?? least) }),
    ...(bounded && most !== undefined && { max: Math.min(most, rules.max ?? most) }),
    ...(patterns && { patterns: [...new Set([...(rules.patterns ?? []), ...patterns])] }),
    ...(regex && { regex }),
    ...(under !== undefined && { under: deeper(under, rules.under) }),
    ...(bytes !== undefined && { bytes: Math.min(bytes, rules.bytes ?? bytes) }),
    ...(instead && { instead: { ...rules.instead, ...instead } }),
  };
}

/** The inner one of two folders. If neither lies in the other, no value can fit; the rules for parameters report it. */
function deeper(one: string, other: string | undefined): string {
  return other?.startsWith(`${withoutEnd(one, '/')}/`) ? other : one;
}

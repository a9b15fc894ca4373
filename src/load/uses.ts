import type { Mention } from './references.ts';
import type { ValueRules } from './values.ts';

/**
 * A parameter takes no more than the places where it is used: `signal: $signal` makes the words of `signal` those of the parameter, so that
 * `--param signal=TREM` is refused before anything is looked at.
 */
export function narrowed(rules: ValueRules, name: string, mentions: readonly Mention[]): ValueRules {
  return mentions.filter((mention) => mention.reference === name).reduce((sum, { allowed }) => narrow(sum, allowed), rules);
}

function narrow(rules: ValueRules, { words, least, most }: Mention['allowed']): ValueRules {
  const worded = words !== undefined && (rules.type === 'string' || rules.type === 'list');
  const bounded = rules.type === 'integer';
  return {
    ...rules,
    ...(worded && { enum: rules.enum ? rules.enum.filter((word) => words.includes(word)) : words }),
    ...(bounded && least !== undefined && { min: Math.max(least, rules.min ?? least) }),
    ...(bounded && most !== undefined && { max: Math.min(most, rules.max ?? most) }),
  };
}

import { isObject, type Json } from '../../model/json.ts';
import { isReference } from '../../model/reference.ts';
import type { Parameter } from '../../model/runbook.ts';
import { parseSecretSource } from '../../model/secret.ts';
import { utf8Length } from '../../model/text/bytes.ts';
import { patternFault, patternOf } from '../../model/text/pattern.ts';
import { parseDuration, parsePercent, parseSize } from '../../model/text/quantity.ts';
import { withoutEnd } from '../../model/text/trim.ts';
import {
  badQuantity,
  insteadOfWord,
  patternComplaint,
  showTyped,
  type Typed,
  tooManyBytes,
  wrongType,
} from '../text/complaints.ts';
import type { Complaint } from '../text/source.ts';

/** What a parameter's value must be like; of a declaration as well as of a bound parameter. */
export type ValueRules = Pick<
  Parameter,
  'type' | 'patterns' | 'regex' | 'enum' | 'min' | 'max' | 'under' | 'bytes' | 'instead'
>;

/** A value of a parameter, as JSON: of the right type and within its bounds. */
export function checkValue(rules: ValueRules, typed: Typed): Complaint | undefined {
  if (rules.type === 'secret') return checkType(rules, typed);
  if (isReference(typed.value))
    return {
      code: 'reference-not-allowed',
      message: 'a value cannot be a reference; write $$ for a text that starts with $',
    };
  if (rules.type === 'list') return checkList(rules, typed);
  return checkType(rules, typed) ?? checkRegex(rules, typed.value) ?? checkBounds(rules, typed);
}

/** Where the parameter is used as a pattern. */
function checkRegex({ regex }: ValueRules, value: Json): Complaint | undefined {
  return regex && typeof value === 'string' ? patternComplaint(value) : undefined;
}

function checkList(rules: ValueRules, typed: Typed): Complaint | undefined {
  if (!Array.isArray(typed.value)) return wrongType(typed, ['array']);
  const items = typed.value as readonly Json[];
  const nested = items.find((item) => item === null || typeof item === 'object');
  if (nested !== undefined) return { code: 'wrong-type', message: `\`${typed.name}\` takes a list of plain values` };
  const one = (value: Json): Complaint | undefined =>
    checkText(rules, String(value), typed.name) ??
    checkRegex(rules, value) ??
    checkWords(rules, { value, written: undefined, name: typed.name });
  return items.map(one).find((complaint) => complaint !== undefined);
}

function checkType(rules: ValueRules, typed: Typed): Complaint | undefined {
  const { value } = typed;
  switch (rules.type) {
    case 'string':
      return typeof value === 'string' ? checkText(rules, value, typed.name) : wrongType(typed, ['string']);
    case 'path':
      return typeof value === 'string'
        ? (checkText(rules, value, typed.name) ?? checkPath(rules, typed))
        : wrongType(typed, ['string']);
    case 'integer':
      return Number.isSafeInteger(value) ? undefined : wrongType(typed, ['integer']);
    case 'boolean':
      return typeof value === 'boolean' ? undefined : wrongType(typed, ['boolean']);
    case 'size':
      return Number.isSafeInteger(value) || parseSize(String(value)) !== undefined
        ? undefined
        : badScalar(typed, 'size');
    case 'duration':
      return typeof value === 'string' && parseDuration(value) !== undefined ? undefined : badScalar(typed, 'duration');
    case 'percent':
      return typeof value === 'string' && parsePercent(value) !== undefined ? undefined : badScalar(typed, 'percent');
    case 'secret':
      return typeof value === 'string' && parseSecretSource(value) ? undefined : notAReference(typed.name);
    case 'list':
      return undefined;
  }
}

/** The written text may be the secret itself, so the message does not repeat it. */
function notAReference(name: string): Complaint {
  const hint = 'file:/path, env:NAME, or command:["program", "argument"]';
  return { code: 'bad-secret', message: `\`${name}\` is a secret: write where its value is, never the value`, hint };
}

function badScalar(typed: Typed, quantity: 'size' | 'duration' | 'percent'): Complaint {
  return typed.value === null || isObject(typed.value) || Array.isArray(typed.value)
    ? wrongType(typed, ['string'])
    : badQuantity(typed, quantity);
}

/**
 * A value becomes one argument of a command. It must stay one argument and must not become an option, unless the author
 * has declared exactly that form.
 */
function checkText(rules: ValueRules, text: string, name: string): Complaint | undefined {
  if (/[\0\n\r]/.test(text)) return { code: 'bad-value', message: `\`${name}\` may not hold a line break or NUL` };
  const declared = rules.enum !== undefined || rules.patterns !== undefined;
  if (text.startsWith('-') && !declared)
    return { code: 'bad-value', message: `\`${name}\` may not start with "-": a command would take it for an option` };
  if (rules.bytes !== undefined && utf8Length(text) > rules.bytes)
    return tooManyBytes(text, rules.bytes, rules.instead);
  return undefined;
}

function checkPath(rules: ValueRules, typed: Typed): Complaint | undefined {
  const path = String(typed.value);
  if (!path.startsWith('/'))
    return { code: 'bad-path', message: `${showTyped(typed)} is not an absolute path`, hint: 'for example /var/spool' };
  if (path.split('/').some((part) => part === '..' || part === '.'))
    return { code: 'bad-path', message: `${showTyped(typed)} goes through "." or ".."; write the path itself` };
  const under = rules.under && withoutEnd(rules.under, '/');
  if (under === undefined || `${path.replaceAll(/\/{2,}/g, '/')}`.startsWith(`${under}/`)) return undefined;
  return { code: 'bad-path', message: `${showTyped(typed)} does not lie below ${rules.under}` };
}

function checkBounds(rules: ValueRules, typed: Typed): Complaint | undefined {
  const amount = amountOfType(rules.type, typed.value);
  if (amount !== undefined && rules.min !== undefined && amount < rules.min) return outOfRange(rules, typed);
  if (amount !== undefined && rules.max !== undefined && amount > rules.max) return outOfRange(rules, typed);
  return checkWords(rules, typed);
}

function outOfRange(rules: ValueRules, typed: Typed): Complaint {
  const unit = { duration: ' ms', size: ' bytes', percent: ' %' }[rules.type as 'duration' | 'size' | 'percent'] ?? '';
  const bounds = [
    rules.min === undefined ? [] : [`${rules.min}${unit} or more`],
    rules.max === undefined ? [] : [`${rules.max}${unit} or less`],
  ].flat();
  return {
    code: 'out-of-range',
    message: `${showTyped(typed)} is out of range: \`${typed.name}\` must be ${bounds.join(' and ')}`,
  };
}

function checkWords(rules: ValueRules, typed: Typed): Complaint | undefined {
  if (rules.enum && !rules.enum.some((word) => word === typed.value)) {
    return {
      code: 'unknown-word',
      message: `${showTyped(typed)} is not a word that \`${typed.name}\` knows`,
      ...insteadOfWord(String(typed.value), rules.enum.map(String), rules.instead),
    };
  }
  const { value } = typed;
  const missed =
    typeof value === 'string' ? rules.patterns?.find((pattern) => !matchesWhole(pattern, value)) : undefined;
  return missed === undefined
    ? undefined
    : { code: 'bad-value', message: `${showTyped(typed)} does not match \`${missed}\`` };
}

/** Anchored, whether the author did so or not: a pattern that only has to be found somewhere constrains nothing. */
function matchesWhole(pattern: string, value: string): boolean {
  // What is no pattern is told at its own place.
  return patternFault(pattern) !== null || patternOf(pattern, { whole: true }).test(value);
}

/** The number that bounds are compared with: milliseconds, bytes, per cent, or the number itself. */
export function amountOfType(type: Parameter['type'], value: Json | undefined): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  if (type === 'duration') return parseDuration(value);
  if (type === 'size') return parseSize(value);
  return type === 'percent' ? parsePercent(value) : undefined;
}

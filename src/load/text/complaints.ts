import { isObject, type Json } from '../../model/json.ts';
import { isReference } from '../../model/reference.ts';
import { firstBytes, utf8Length } from '../../model/text/bytes.ts';
import { patternFault } from '../../model/text/pattern.ts';
import { parseDuration, QUANTITIES, type QuantityName } from '../../model/text/quantity.ts';
import { wordMeant } from '../runbook/meanings.ts';
import { insteadOf, stringsOf, typeOf } from './shapes.ts';
import type { Complaint } from './source.ts';
import { didYouMean, nearestFirst } from './suggest.ts';
import type { Remark } from './validate.ts';

/** A value as its author typed it, for a message: `1.10`, not 1.1. */
export interface Typed {
  readonly value: Json;
  readonly written: string | undefined;
  /** The key it stands under. */
  readonly name: string;
}

/** ajv's remark in the author's words. */
export function complain(remark: Remark, typed: Typed): Complaint {
  const { parent, params } = remark;
  if (isReference(typed.value) && remark.keyword !== 'required')
    return { code: 'reference-not-allowed', message: `\`${typed.name}\` takes no reference` };
  const reference = badReference(typed.value);
  if (reference) return reference;
  switch (remark.keyword) {
    case 'type':
    case 'x-types':
      return withForm(
        wrongType(
          typed,
          remark.keyword === 'type' ? [remark.schema].flat().map(String) : stringsOf(remark.schema),
          quantityOf(remark),
        ),
        typed.name,
      );
    case 'required':
      return {
        code: 'missing-key',
        message: `\`${String(params.missingProperty)}\` is missing`,
        hint: aboutOf(parent, String(params.missingProperty)),
      };
    case 'enum':
      return unknownWord(typed, Array.isArray(remark.schema) ? remark.schema.map(String) : [], insteadOf(parent));
    case 'pattern':
      return badText(typed, parent, quantityOf(remark));
    case 'minimum':
    case 'exclusiveMinimum':
      return {
        code: 'out-of-range',
        message: `\`${typed.name}\` must be ${String(remark.schema)} or more, not ${showTyped(typed)}`,
      };
    case 'maximum':
    case 'exclusiveMaximum':
      return {
        code: 'out-of-range',
        message: `\`${typed.name}\` must be ${String(remark.schema)} or less, not ${showTyped(typed)}`,
      };
    case 'minItems':
    case 'minLength':
    case 'minProperties':
      return { code: 'missing-value', message: `\`${typed.name}\` is empty` };
    case 'propertyNames':
      return {
        code: 'bad-name',
        message: `\`${String(params.propertyName)}\` is not a name that \`${typed.name}\` takes`,
      };
    case 'additionalProperties':
      return { code: 'unknown-key', message: `\`${String(params.additionalProperty)}\` is not a key here` };
    case 'x-most-bytes':
      return tooManyBytes(String(typed.value), Number(remark.schema), insteadOf(parent));
    case 'x-exactly-one':
    case 'x-one-at-most':
      return exactlyOne(typed, stringsOf(remark.schema));
    case 'x-only-with':
      return alone(String(params.misplaced), remark.schema);
    default:
      return { code: 'bad-value', message: `\`${typed.name}\` ${remark.message}` };
  }
}

/** `$Spool` and `${spool}`: meant as a reference, read as a text. */
export function badReference(value: Json): Complaint | undefined {
  if (typeof value !== 'string' || isReference(value)) return undefined;
  const [, braced] = /^\{\{ ?([a-z][\w-]*) ?\}\}$/.exec(value) ?? [];
  if (braced !== undefined)
    return { code: 'bad-reference', message: `\`${value}\` is no reference`, suggestion: `$${braced}` };
  if (!/^\$(?:\{[\w-]*\}|[A-Za-z_][\w-]*)$/.test(value)) return undefined;
  const message = `\`${value}\` is no reference: $ and a name of small letters, digits, _ and -`;
  return { code: 'bad-reference', message, hint: `the text itself is written $${value}` };
}

function quantityOf(remark: Remark): QuantityName | undefined {
  const name = remark.parent['x-quantity'];
  return typeof name === 'string' && Object.hasOwn(QUANTITIES, name) ? (name as QuantityName) : undefined;
}

function aboutOf(parent: Remark['parent'], key: string): string {
  if (key === 'firebreak') return 'add `firebreak: 1`';
  const shape = isObject(parent.properties) ? parent.properties[key] : undefined;
  const example = isObject(shape) ? shape['x-example'] : undefined;
  return typeof example === 'string' ? `add \`${key}: ${example.split(',')[0]}\`` : `add \`${key}: ...\``;
}

/** It would be read, and mean nothing. */
function alone(key: string, needs: unknown): Complaint {
  const words = stringsOf(isObject(needs) ? needs[key] : []).map((need) => `\`${need}\``);
  return { code: 'misplaced-key', message: `\`${key}\` says nothing without ${words.join(' or ')}` };
}

function exactlyOne(typed: Typed, keys: readonly string[]): Complaint {
  const given = keys.filter((key) => isObject(typed.value) && Object.hasOwn(typed.value, key));
  const words = keys.map((key) => `\`${key}\``).join(' or ');
  const message =
    given.length === 0 ? `\`${typed.name}\` needs ${words}` : `\`${typed.name}\` takes one of ${words}, not several`;
  return { code: 'exactly-one', message, allowed: keys };
}

export function unknownWord(
  typed: Typed,
  words: readonly string[],
  instead: Readonly<Record<string, string>> | undefined = undefined,
): Complaint {
  const message = `${showTyped(typed)} is not a word that \`${typed.name}\` knows`;
  return { code: 'unknown-word', message, ...insteadOfWord(String(typed.value), words, instead) };
}

/** A map that was written as something else: what one looks like. */
function withForm(complaint: Complaint, name: string): Complaint {
  const form = FORMS.find((one) => one.startsWith(`${name}:`));
  return form !== undefined && complaint.hint === undefined ? { ...complaint, hint: `for example ${form}` } : complaint;
}
const FORMS = ['expect: {count: {at_least: 1}}', 'when: {STEP: {count: {at_least: 1}}}'];

const SIGNAL_NUMBERS: Readonly<Record<string, string>> = { 1: 'HUP', 2: 'INT', 3: 'QUIT', 9: 'KILL', 15: 'TERM' };

/** What to write for a word that people try, spelt `HUP`, `hup` or `SIGHUP`; else what was probably meant. */
export function insteadOfWord(
  word: string,
  words: readonly string[],
  instead: Readonly<Record<string, string>> = {},
): Pick<Complaint, 'allowed' | 'suggestion' | 'hint'> {
  const tried = SIGNAL_NUMBERS[word] ?? word.toUpperCase().replace(/^SIG/, '');
  if (words.includes(tried)) return { allowed: words, suggestion: tried };
  const meant = wordMeant(word, words);
  if (meant !== undefined) return { allowed: nearestFirst(meant, words), suggestion: meant };
  return Object.hasOwn(instead, tried) ? { allowed: words, hint: instead[tried] ?? '' } : didYouMean(word, words);
}

/** The kernel cuts a longer name, so that it would equal nobody's: an answer of "none" that is not true. */
export function tooManyBytes(text: string, most: number, instead: Readonly<Record<string, string>> = {}): Complaint {
  const cut = firstBytes(text, most);
  // A name that is cut inside of a character cannot be written down.
  const whole = utf8Length(cut) === most ? [`\`${cut}\`, its first ${most}`] : [];
  const ways = [...whole, ...(instead['*'] === undefined ? [] : [instead['*']])];
  const shown = text.length > 60 ? `${text.slice(0, 57)}...` : text;
  const message = `\`${shown}\` has ${utf8Length(text)} bytes; the kernel keeps ${most} of a program's name, so it would equal nobody's`;
  return { code: 'program-name-too-long', message, ...(ways.length > 0 && { hint: `write ${ways.join(', or ')}` }) };
}

function badText(typed: Typed, parent: Remark['parent'], quantity: QuantityName | undefined): Complaint {
  if (quantity) return badQuantity(typed, quantity);
  const example = typeof parent['x-example'] === 'string' ? { hint: `for example ${parent['x-example']}` } : {};
  if (parent.pattern === '^(?!/)')
    return {
      code: 'bad-value',
      message: `${showTyped(typed)} is a path; a program's name has no folder`,
      hint: 'write its last part, or `exe:` with the path',
    };
  if (parent.pattern === '^/')
    return { code: 'bad-path', message: `${showTyped(typed)} is not an absolute path`, ...example };
  return { code: 'bad-value', message: `${showTyped(typed)} is not what \`${typed.name}\` takes`, ...example };
}

/** `15` where a duration is wanted, and all else that its pattern refuses. */
export function badQuantity(typed: Typed, quantity: QuantityName): Complaint {
  const text = typed.written ?? String(typed.value);
  const example = QUANTITIES[quantity].example;
  const units = {
    duration: [`${text}s`, `${text}m`],
    percent: /^0?\.\d+$/.test(text) ? [`${Number((Number(text) * 100).toPrecision(12))}%`, `${text}%`] : [`${text}%`],
    rate: [`${text}/min`],
    size: [`${text}B`, `${text}MiB`],
  }[quantity];
  const message = /^\d+(\.\d+)?$/.test(text)
    ? `${text} has no unit; write ${units.join(' or ')}`
    : `${showTyped(typed)} is not a ${quantity}; write it like ${example}`;
  const meant = quantity === 'duration' ? inOurUnits(text) : quantity === 'size' ? sizeInOurUnits(text) : undefined;
  return { code: `bad-${quantity}`, message, ...(meant !== undefined && { suggestion: meant }) };
}

/** `1 day`, `5 min` and `30sec`. */
function inOurUnits(text: string): string | undefined {
  const [, amount, unit = ''] =
    /^(\d{1,9}) ?(ms|msecs?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?)$/i.exec(
      text,
    ) ?? [];
  if (amount !== undefined && /^w/i.test(unit)) return `${Number(amount) * 7}d`;
  return amount === undefined ? undefined : `${amount}${/^(ms|mil)/i.test(unit) ? 'ms' : unit.charAt(0).toLowerCase()}`;
}

/** `10M`, `10 MB`, `1 gb`. */
function sizeInOurUnits(text: string): string | undefined {
  const [, amount, unit = ''] = /^(\d{1,9}) ?([kmgt])(?:i?b|ib?)?$/i.exec(text) ?? [];
  return amount === undefined ? undefined : `${amount}${unit.toUpperCase()}iB`;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  null: 'nothing',
  $step: 'a reference to a step (`$id`)',
};
const typeWord = (type: string): string => TYPE_WORDS[type] ?? type;

/** The traps of YAML's plain scalars are told with the way out. */
export function wrongType(typed: Typed, wanted: readonly string[], quantity?: QuantityName): Complaint {
  const { value, name } = typed;
  if (value === null)
    return {
      code: 'missing-value',
      message: `\`${name}\` has no value`,
      hint: `${wanted.map(typeWord).join(' or ')} is wanted`,
    };
  if (quantity && typeof value === 'number') return badQuantity(typed, quantity);
  const message = `\`${name}\` takes ${wanted.map(typeWord).join(' or ')}, not ${typeWord(typeOf(value))}`;
  const way = typeof value === 'string' ? wayFromText(value, wanted) : wayToText(typed, wanted);
  return { code: 'wrong-type', message, ...way };
}

function wayFromText(value: string, wanted: readonly string[]): Partial<Complaint> {
  const yes = /^(?:yes|y|on|true)$/i.test(value);
  if (wanted.includes('boolean') && (yes || /^(?:no|n|off|false)$/i.test(value))) {
    return { suggestion: String(yes), hint: `in YAML 1.2 \`${value}\` is a text; the words are true and false` };
  }
  if (wanted.includes('integer') && /^\d+$/.test(value))
    return { suggestion: value, hint: 'write the number without quotes' };
  if (wanted.includes('integer') && /^\d{1,3}(?:[_ .,']\d{3})+$/.test(value))
    return { suggestion: value.replace(/\D/g, ''), hint: 'a number has no separators' };
  if (wanted.includes('integer') && /^\d{1,9}[km]$/i.test(value))
    return { suggestion: value.replace(/k$/i, '000').replace(/m$/i, '000000'), hint: 'a number is written out' };
  if (wanted.includes('integer') && parseDuration(value) !== undefined) return { hint: 'a number without a unit' };
  return {};
}

function wayToText(typed: Typed, wanted: readonly string[]): Partial<Complaint> {
  if (!wanted.includes('string') || typeof typed.value === 'object') return {};
  const text = typed.written ?? String(typed.value);
  return {
    suggestion: `'${text}'`,
    hint: `YAML reads ${text} as ${typeWord(typeOf(typed.value))}; quotes make it a text`,
  };
}

export function showTyped(typed: Typed): string {
  const text = typeof typed.value === 'string' ? typed.value : (typed.written ?? JSON.stringify(typed.value));
  return `\`${text.length > 60 ? `${text.slice(0, 57)}...` : text}\``;
}

/** Why a text is no pattern; undefined: it is one. */
export function patternComplaint(text: string): Complaint | undefined {
  const fault = patternFault(text);
  if (fault === null) return undefined;
  const { reason, hint } = fault;
  return { code: 'bad-pattern', message: `not a regular expression: ${reason}`, ...(hint !== undefined && { hint }) };
}

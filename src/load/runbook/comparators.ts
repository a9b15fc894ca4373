import type { Comparator } from '../../model/condition.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { isReference } from '../../model/reference.ts';
import { parseDuration, parsePercent, parseRate, parseSize } from '../../model/text/quantity.ts';
import type { MeasureAbout } from '../../model/verb.ts';
import { badQuantity, patternComplaint, showTyped, type Typed, unknownWord, wrongType } from '../text/complaints.ts';
import type { Complaint } from '../text/source.ts';

type Unit = MeasureAbout['unit'];
type Word = keyof Comparator;

/** A comparator's value: whether its measure can be compared with it, and the parameters it names. */
export interface Operand {
  readonly word: Word;
  readonly value: Json;
  readonly written: string | undefined;
  /** Undefined: the measure is not known, only the form is checked. */
  readonly about: MeasureAbout | undefined;
}
export interface CheckedOperand {
  readonly complaint?: Complaint;
  readonly references: readonly {
    readonly value: Json;
    readonly at: readonly number[];
    readonly allowed: readonly string[];
  }[];
}

/** The parameter types that can stand for a value of each unit. */
const PARAMS: Readonly<Record<Unit, readonly string[]>> = {
  count: ['integer', 'percent'],
  percent: ['percent'],
  bytes: ['size', 'integer', 'percent'],
  duration: ['duration'],
  rate: ['string', 'integer'],
  text: ['string', 'path'],
  boolean: ['boolean'],
  epoch: ['string', 'integer'],
};
const ANY = [...new Set(Object.values(PARAMS).flat())];
const ORDERED: readonly Word[] = ['at_least', 'at_most', 'between'];

export function checkOperand(operand: Operand): CheckedOperand {
  const { word, value, about } = operand;
  const scalars = about ? PARAMS[about.unit] : ANY;
  if (isReference(value)) {
    const allowed = word === 'one_of' ? ['list'] : word === 'matches' ? ['string'] : scalars;
    return word === 'between'
      ? { complaint: { code: 'wrong-type', message: '`between` takes a list of two' }, references: [] }
      : { references: [{ value, at: [], allowed }] };
  }
  const items = Array.isArray(value) ? (value as readonly Json[]) : [];
  const references = items.flatMap((item, at) =>
    isReference(item) ? [{ value: item, at: [at], allowed: scalars }] : [],
  );
  const complaint = complaintOf(operand, items);
  return complaint ? { complaint, references } : { references };
}

function complaintOf(operand: Operand, items: readonly Json[]): Complaint | undefined {
  const { word, value, about } = operand;
  const typed: Typed = { value, written: operand.written, name: word };
  if (about && (about.unit === 'text' || about.unit === 'boolean') && ORDERED.includes(word)) {
    return {
      code: 'wrong-comparator',
      message: `\`${word}\` compares numbers; this measure is a ${about.unit}`,
      allowed: about.unit === 'text' ? ['is', 'is_not', 'matches', 'one_of'] : ['is', 'is_not'],
    };
  }
  if (word === 'matches') return matchesComplaint(typed, about);
  if (word !== 'one_of' && word !== 'between') return scalarComplaint(typed, about);
  if (!Array.isArray(value)) return wrongType(typed, ['array']);
  if (word === 'between' && items.length !== 2) return { code: 'bad-value', message: '`between` takes a list of two' };
  if (items.length === 0) return { code: 'missing-value', message: `\`${word}\` is empty` };
  return items
    .map((item) =>
      isReference(item) ? undefined : scalarComplaint({ value: item, written: undefined, name: word }, about),
    )
    .find(Boolean);
}

function matchesComplaint(typed: Typed, about: MeasureAbout | undefined): Complaint | undefined {
  if (about && about.unit !== 'text')
    return {
      code: 'wrong-comparator',
      message: `\`matches\` is for texts; this measure is a ${about.unit}`,
      allowed: ['is', 'is_not', 'at_least', 'at_most', 'one_of', 'between'],
    };
  if (typeof typed.value !== 'string') return wrongType(typed, ['string']);
  return patternComplaint(typed.value);
}

function scalarComplaint(typed: Typed, about: MeasureAbout | undefined): Complaint | undefined {
  const { value } = typed;
  const unit = about?.unit;
  if (value === null || typeof value === 'object') return wrongType(typed, ['number', 'string']);
  const symbol = symbolComplaint(typed, unit);
  if (symbol) return symbol;
  switch (unit) {
    case undefined:
    case 'epoch':
      return undefined;
    case 'percent':
      // Compared with a part of a whole, a bare 20 would be twenty bytes.
      return value === 0 ? undefined : percentComplaint(typed);
    case 'count':
      return typeof value === 'number' || parsePercent(String(value)) !== undefined
        ? undefined
        : numberComplaint(typed);
    case 'bytes':
      return typeof value === 'number' ||
        parseSize(String(value)) !== undefined ||
        parsePercent(String(value)) !== undefined
        ? undefined
        : badQuantity(typed, 'size');
    case 'duration':
      return parseDuration(String(value)) === undefined ? badQuantity(typed, 'duration') : undefined;
    case 'rate':
      return value === 0 || parseRate(String(value)) !== undefined ? undefined : badQuantity(typed, 'rate');
    case 'text':
      return typeof value === 'string' ? wordComplaint(typed, about ?? {}) : wrongType(typed, ['string']);
    case 'boolean':
      return typeof value === 'boolean' ? undefined : wrongType(typed, ['boolean']);
  }
}

/** A condition with a word that the measure never has would never hold, and nobody would notice. */
function wordComplaint(
  typed: Typed,
  { words, instead = {} }: Pick<MeasureAbout, 'words' | 'instead'>,
): Complaint | undefined {
  const word = String(typed.value);
  if (words === undefined || Object.hasOwn(words, word)) return undefined;
  const meant = Object.hasOwn(instead, word) ? instead[word] : undefined;
  const complaint = unknownWord(typed, Object.keys(words));
  return meant === undefined ? complaint : { ...complaint, suggestion: meant };
}

function percentComplaint(typed: Typed): Complaint | undefined {
  const share = parsePercent(String(typed.value));
  if (share === undefined) return badQuantity(typed, 'percent');
  return share <= 100
    ? undefined
    : { code: 'out-of-range', message: `${showTyped(typed)} is more than the whole, 100%` };
}

function numberComplaint(typed: Typed): Complaint {
  if (typeof typed.value !== 'string') return wrongType(typed, ['number']);
  return { code: 'bad-number', message: `${showTyped(typed)} is not a number; write it like 1000 or 5%` };
}

/** `{at_least: 5, at_most: 2}` holds of nothing, and nobody would notice. */
export function neverTrue(comparator: JsonObject): Complaint | undefined {
  const [low, high] = Array.isArray(comparator.between)
    ? comparator.between
    : [comparator.at_least, comparator.at_most];
  const [from, to] = [amountOf(low), amountOf(high)];
  if (from === undefined || to === undefined || from <= to) return undefined;
  return { code: 'never-true', message: `nothing is at least ${String(low)} and at most ${String(high)}` };
}

function amountOf(value: Json | undefined): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || isReference(value)) return undefined;
  return parsePercent(value) ?? parseSize(value) ?? parseDuration(value);
}

const SYMBOLS: Readonly<Record<string, Word>> = {
  '>=': 'at_least',
  '>': 'at_least',
  '<=': 'at_most',
  '<': 'at_most',
  '!=': 'is_not',
  '==': 'is',
  '=': 'is',
};

/** `'>= 20'`: the language has words for it. */
function symbolComplaint(typed: Typed, unit: Unit | undefined): Complaint | undefined {
  if (unit === 'text' || typeof typed.value !== 'string') return undefined;
  const match = /^(>=|<=|==|!=|>|<|=)\s*(.*)$/.exec(typed.value);
  const word = SYMBOLS[match?.[1] ?? ''];
  if (!match || !word) return undefined;
  return {
    code: 'bad-comparator',
    message: `${showTyped(typed)} is no value; comparators are words`,
    suggestion: `{${word}: ${match[2]}}`,
  };
}

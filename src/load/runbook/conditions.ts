import { COMPARATORS, type Comparator, type Condition, type Means } from '../../model/condition.ts';
import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import type { Problem } from '../../model/problem.ts';
import { isReference, referenceName } from '../../model/reference.ts';
import type { MeasureAbout } from '../../model/verb.ts';
import type { Sighting } from '../text/shape-check.ts';
import { type Complaint, type Part, type Path, problemAt, type Source } from '../text/source.ts';
import { didYouMean, nearestFirst } from '../text/suggest.ts';
import { checkOperand, neverTrue } from './comparators.ts';
import { COMBINATIONS } from './language.ts';
import { meaningOf } from './meanings.ts';

export type MeasureTable = Readonly<Record<string, MeasureAbout>>;

/** A condition as far as it could be read: null where a mistake leaves nothing of it. */
export interface ReadCondition {
  readonly condition: Condition | null;
  readonly problems: readonly Problem[];
  readonly sightings: readonly Sighting[];
}

/**
 * `expect` and the lines of `hold`: measures of one finding. `measures` is undefined where the step's verb is not
 * known.
 */
export function readOwn(
  source: Source,
  path: Path,
  json: JsonObject,
  measures: MeasureTable | undefined,
): ReadCondition {
  const reader = new Reader(source);
  return reader.result(reader.measures(json, path, measures, undefined));
}

/**
 * What `when` may speak of: the measures of a step, or a complaint about its name. Undefined measures: nothing is
 * checked.
 */
export type StepMeasures = (id: string) => {
  readonly measures?: MeasureTable | undefined;
  readonly complaint?: Complaint;
};

/** `when`: findings of earlier steps by their id. */
export function readWhen(source: Source, path: Path, json: JsonObject, stepMeasures: StepMeasures): ReadCondition {
  const reader = new Reader(source);
  return reader.result(reader.steps(json, path, stepMeasures));
}

type ReadPart = (json: JsonObject, path: Path) => Condition | null;

class Reader {
  readonly #source: Source;
  readonly #problems: Problem[] = [];
  readonly #sightings: Sighting[] = [];

  constructor(source: Source) {
    this.#source = source;
  }

  result(condition: Condition | null): ReadCondition {
    return { condition, problems: this.#problems, sightings: this.#sightings };
  }

  steps(json: JsonObject, path: Path, stepMeasures: StepMeasures): Condition | null {
    return this.#all(
      json,
      path,
      (part, at) => this.steps(part, at, stepMeasures),
      (id, value, at) => {
        const { measures, complaint } = stepMeasures(id);
        if (complaint) return this.#complain(at, 'key', complaint);
        if (isObject(value)) return this.measures(value, at, measures, id);
        return this.#complain(at, 'value', {
          code: 'wrong-type',
          message: `\`${id}\` takes its measures`,
          hint: `for example ${id}: {count: {at_least: 1}}`,
        });
      },
    );
  }

  measures(json: JsonObject, path: Path, known: MeasureTable | undefined, step: string | undefined): Condition | null {
    return this.#all(
      json,
      path,
      (part, at) => this.measures(part, at, known, step),
      (measure, value, at) => {
        if (known && !Object.hasOwn(known, measure))
          return this.#complain(at, 'key', unknownMeasure(measure, Object.keys(known)));
        const comparator = this.#comparator(value, at, known?.[measure]);
        return (
          comparator && {
            kind: 'clause',
            clause: { ...(step !== undefined && { step }), measure, comparator, ...meansOf(known?.[measure]) },
          }
        );
      },
    );
  }

  /** Every entry must hold: clauses by name, and combinations of more of the same. */
  #all(
    json: JsonObject,
    path: Path,
    inner: ReadPart,
    clause: (name: string, value: Json, at: Path) => Condition | null,
  ): Condition | null {
    const entries = Object.entries(json).filter(([key, value]) => value !== undefined && !key.startsWith('x-'));
    if (entries.length === 0)
      return this.#complain(path, 'key', { code: 'missing-value', message: 'the condition is empty' });
    const parts = entries.map(([key, value]) => {
      const combination = COMBINATIONS.find((word) => word === key);
      const at = [...path, key];
      return combination ? this.#combination(combination, value ?? null, at, inner) : clause(key, value ?? null, at);
    });
    return together('all_of', parts);
  }

  #combination(kind: (typeof COMBINATIONS)[number], value: Json, path: Path, inner: ReadPart): Condition | null {
    if (!Array.isArray(value) || value.length === 0) {
      return this.#complain(path, 'value', { code: 'wrong-type', message: `\`${kind}\` takes a list of conditions` });
    }
    const parts = value.map((part: Json, at) =>
      isObject(part)
        ? inner(part, [...path, at])
        : this.#complain([...path, at], 'value', {
            code: 'wrong-type',
            message: 'a condition is a map: measure, comparator, value',
          }),
    );
    return parts.includes(null) ? null : { kind, conditions: parts.filter((part) => part !== null) };
  }

  /** "A bare value means equals, a list means any of." */
  #comparator(value: Json, path: Path, about: MeasureAbout | undefined): Comparator | null {
    if (!isObject(value)) {
      const word = Array.isArray(value) ? 'one_of' : 'is';
      return this.#operand(word, value, path, about) ? ({ [word]: value } as Comparator) : null;
    }
    const entries = Object.entries(value).filter(([key]) => !key.startsWith('x-'));
    if (entries.length === 0)
      return this.#complain(path, 'key', {
        code: 'missing-value',
        message: 'no comparator stands here',
        allowed: COMPARATORS,
      });
    const right = entries.map(([key, operand]) => {
      const word = COMPARATORS.find((known) => known === key);
      if (word) return this.#operand(word, operand ?? null, [...path, key], about);
      this.#complain([...path, key], 'key', {
        code: 'unknown-comparator',
        message: `\`${key}\` is not a comparator`,
        ...didYouMean(key, COMPARATORS),
        ...meantBy(key),
      });
      return false;
    });
    if (!right.every(Boolean)) return null;
    const never = neverTrue(value);
    return never ? this.#complain(path, 'key', never) : (Object.fromEntries(entries) as Comparator);
  }

  #operand(word: keyof Comparator, value: Json, path: Path, about: MeasureAbout | undefined): boolean {
    const { complaint, references } = checkOperand({ word, value, written: this.#source.written(path), about });
    for (const { value: text, at, allowed } of references) {
      if (isReference(text))
        this.#sightings.push({
          path: [...path, ...at],
          reference: referenceName(text),
          allowed: { params: allowed, steps: [], ...(word === 'matches' && { regex: true }) },
        });
    }
    if (complaint) this.#complain(path, 'value', complaint);
    return complaint === undefined;
  }

  #complain(path: Path, part: Part, complaint: Complaint): null {
    this.#problems.push(problemAt(this.#source, path, part, complaint));
    return null;
  }
}

/** Only words that mean more than themselves, so that a printed runbook stays readable. */
function meansOf(about: MeasureAbout | undefined): { readonly means?: Means } {
  const several = Object.entries(about?.words ?? {}).filter(([, all]) => all.length > 1);
  return several.length === 0 ? {} : { means: Object.fromEntries(several) };
}

function together(kind: 'all_of', parts: readonly (Condition | null)[]): Condition | null {
  const read = parts.filter((part) => part !== null);
  if (read.length < parts.length) return null;
  return read.length === 1 ? (read[0] ?? null) : { kind, conditions: read };
}

function unknownMeasure(measure: string, known: readonly string[]): Complaint {
  if (COMPARATORS.some((word) => word === measure)) {
    const example = known[0] ?? 'count';
    return {
      code: 'unknown-measure',
      message: `\`${measure}\` compares a measure: name it first`,
      allowed: known,
      hint: `for example ${example}: {${measure}: ...}`,
    };
  }
  return {
    code: 'unknown-measure',
    message: `\`${measure}\` is not a measure of this step`,
    ...meant(measure, [...known, ...COMBINATIONS]),
  };
}

/** What other tools call it goes before what is spelt nearly so. */
function meant(word: string, words: readonly string[]): Partial<Complaint> {
  const { key: suggestion, hint } = COMBINED[word.toLowerCase()] ?? meaningOf(word, words) ?? {};
  if (suggestion === undefined) return didYouMean(word, words);
  return { allowed: nearestFirst(suggestion, words), suggestion, ...(hint !== undefined && { hint }) };
}

const COMBINED: Readonly<Record<string, { readonly key: string; readonly hint?: string }>> = {
  ...Object.fromEntries(['and', 'all', '&&'].map((word) => [word, { key: 'all_of' }])),
  ...Object.fromEntries(['or', 'any', '||'].map((word) => [word, { key: 'any_of' }])),
  ...Object.fromEntries(['not', 'none', '!'].map((word) => [word, { key: 'none_of', hint: 'none_of: [{...}]' }])),
};
export const combined = (word: string) => COMBINED[word.toLowerCase()];

/** `>=` and `gte` are told as words. */
function meantBy(key: string): { readonly suggestion?: string; readonly hint?: string } {
  const { key: suggestion, hint } = meaningOf(key, COMPARATORS) ?? {};
  return { ...(suggestion !== undefined && { suggestion }), ...(hint !== undefined && { hint }) };
}

import { isObject, type Json } from '../../model/json.ts';
import type { Schema } from '../../model/verb.ts';

/** What `$name` may stand for at one place: parameters of these types, steps of these probes. */
export interface Allowed {
  readonly params: readonly string[];
  readonly steps: readonly string[];
  /** What the place itself takes: a parameter that is used there takes no more. */
  readonly words?: readonly Json[];
  readonly least?: number;
  readonly most?: number;
  /** Of a parameter that is handed to a used runbook's own. */
  readonly patterns?: readonly string[];
  /** The value is a regular expression here. */
  readonly regex?: true;
  readonly under?: string;
  /** No more bytes than this: it is compared with what the kernel keeps. */
  readonly bytes?: number;
  /** Words that people try here, with what to write for them; `*` for any other. */
  readonly instead?: Readonly<Record<string, string>>;
}

export function allowedReferences(shape: Schema): Allowed | undefined {
  const params = stringsOf(shape['x-param']);
  const steps = stringsOf(shape['x-step']);
  return params.length + steps.length > 0 ? { params, steps, ...narrowness(shape) } : undefined;
}

function narrowness(shape: Schema): Pick<Allowed, 'words' | 'least' | 'most' | 'regex' | 'bytes' | 'instead'> {
  const item = shape['x-one-or-more'];
  const narrow = isObject(item) ? item : shape;
  const { enum: words, minimum, maximum, format, 'x-most-bytes': bytes } = narrow;
  const instead = insteadOf(narrow);
  return {
    ...(Array.isArray(words) && { words: words as readonly Json[] }),
    ...(typeof minimum === 'number' && { least: minimum }),
    ...(typeof maximum === 'number' && { most: maximum }),
    ...(typeof bytes === 'number' && { bytes }),
    ...(instead && { instead }),
    ...(format === 'regex' && { regex: true }),
  };
}

/** What a shape says to write for words that it does not take. */
export function insteadOf({ 'x-instead': instead }: Schema): Readonly<Record<string, string>> | undefined {
  return isObject(instead) ? (instead as Readonly<Record<string, string>>) : undefined;
}

/** The branches of a choice, whichever word it was written with. */
export function branchesOf(shape: Schema): readonly Schema[] | undefined {
  const branches = shape.anyOf ?? shape.oneOf;
  if (Array.isArray(branches)) return branches as readonly Schema[];
  const item = shape['x-one-or-more'];
  return isObject(item) ? [item, { type: 'array', items: item, minItems: 1 }] : undefined;
}

/** The JSON types that a value of this shape can have; none where any can. */
export function typesOf(shape: Schema): readonly string[] {
  if (typeof shape.type === 'string') return [shape.type];
  if (Array.isArray(shape.type)) return shape.type as readonly string[];
  const branches = branchesOf(shape);
  if (branches) return [...new Set(branches.flatMap((branch) => typesOf(branch)))];
  return isObject(shape.properties) ? ['object'] : [];
}

export function typeOf(value: Json): 'array' | 'boolean' | 'integer' | 'null' | 'number' | 'object' | 'string' {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value as 'boolean' | 'object' | 'string';
}

export function hasType(value: Json, types: readonly string[]): boolean {
  const type = typeOf(value);
  return types.includes(type) || (type === 'integer' && types.includes('number'));
}

/** The branch that a value was meant for: the first that can have its type. */
export function branchFor(branches: readonly Schema[], value: Json): Schema | undefined {
  const fitting = branches.filter((branch) => hasType(value, typesOf(branch)));
  return (
    fitting.find((branch) => isObject(value) && stringsOf(branch.required).some((key) => Object.hasOwn(value, key))) ??
    fitting[0]
  );
}

export function stringsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

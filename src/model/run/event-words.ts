import type { Schema } from '../verb.ts';

/**
 * The words that the schema of the events is written with. `closed<T>` holds every key to the model's own type: a key
 * that is in one and not in the other does not compile.
 */
export type Optional = { readonly optional: Schema };
/** A schema for every key, marked where the key may be absent. */
export type Shape<T> = { readonly [K in keyof T]-?: Record<never, never> extends Pick<T, K> ? Optional : Schema };
export type Loose = Readonly<Record<string, Schema | Optional>>;

export interface Described {
  readonly about: string;
  readonly shape: Loose;
}

export const isOptional = (part: Schema | Optional): part is Optional => 'optional' in part;
export const optional = (schema: Schema): Optional => ({ optional: schema });

export function closed<T>(about: string, shape: Shape<T>): Schema {
  return looselyClosed(about, shape as Loose);
}

export function looselyClosed(about: string, shape: Loose): Schema {
  const parts = Object.entries(shape);
  return {
    type: 'object',
    description: about,
    properties: Object.fromEntries(parts.map(([key, part]) => [key, isOptional(part) ? part.optional : part])),
    required: parts.flatMap(([key, part]) => (isOptional(part) ? [] : [key])),
    additionalProperties: false,
  };
}

// ---------------------------------------------------------------- words

export const textKey = (description: string): Schema => ({ type: 'string', description });
export const wholeKey = (description: string): Schema => ({ type: 'integer', minimum: 0, description });
export const number = (description: string): Schema => ({ type: 'number', description });
export const yesNo = (description: string): Schema => ({ type: 'boolean', description });
export const wordKey = (description: string, words: readonly string[]): Schema => ({
  type: 'string',
  enum: words,
  description,
});
export const listKey = (description: string, items: Schema): Schema => ({ type: 'array', items, description });
export const texts = (description: string): Schema => listKey(description, { type: 'string' });
export const map = (description: string, values: Schema): Schema => ({
  type: 'object',
  additionalProperties: values,
  description,
});
export const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });
export const any = (description: string): Schema => ({ description });
export const partKey = (name: string): Schema => ({ $ref: `#/$defs/${name}` });
export const time = (description: string): Schema => ({ type: 'string', description: `${description} ISO 8601, UTC.` });

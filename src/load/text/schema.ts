import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import { REFERENCE_PATTERN } from '../../model/reference.ts';
import type { Schema } from '../../model/verb.ts';
import { allowedReferences, branchesOf, stringsOf, typesOf } from './shapes.ts';

export const REFERENCE: Schema = { type: 'string', pattern: REFERENCE_PATTERN };

/**
 * Translates a shape for ajv. A choice becomes `if/then/else` by the type of the value, so that a mistake gives the
 * error of the intended branch only; `anyOf` would give the errors of all branches. References are collected by the
 * keyword x-reference and not checked.
 */
export function checkable(shape: Schema): Schema {
  const allowed = allowedReferences(shape);
  const core = structure(shape);
  if (!allowed) return core;
  return either(REFERENCE, { 'x-reference': { ...allowed } }, core);
}

function either(test: Schema, yes: Schema, no: Schema): Schema {
  // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
  return { if: test, then: yes, else: no };
}

function structure(shape: Schema): Schema {
  const branches = branchesOf(shape);
  if (branches) return choice(branches);
  if (allowedReferences(shape)?.params.length === 0) return { 'x-types': ['$step'] };
  const { format, ...rest } = withoutAbout(shape);
  const nested = mapNested(rest, checkable);
  return format === 'regex' ? { ...nested, 'x-regex': true } : nested;
}

function choice(branches: readonly Schema[]): Schema {
  const types = branches.flatMap((branch) => typesOf(branch));
  const last = branches.length - 1;
  return branches.reduceRight<Schema>(
    (otherwise, branch, at) => {
      const own = typesOf(branch);
      if (own.length === 0) return checkable(branch);
      const again = branches.slice(at + 1).some((later) => typesOf(later).some((type) => own.includes(type)));
      // Two branches of one type: each is tried, and the errors of the last one are reported.
      const test = again ? publishable(branch) : { type: [...own] };
      return either(test, checkable(branch), at === last ? { 'x-types': [...new Set(types)] } : otherwise);
    },
    { 'x-types': [...new Set(types)] },
  );
}

/**
 * A shape in plain draft 2020-12, for editors: the x- words written out, a reference allowed wherever the loader allows
 * it.
 */
export function publishable(shape: Schema): Schema {
  const allowed = allowedReferences(shape);
  const core = plain(shape);
  if (!allowed || allowed.params.length === 0) return core;
  const { description, ...rest } = core;
  const reference: Schema = { ...REFERENCE, description: `A parameter (${allowed.params.join(', ')}): \`$name\`.` };
  const branches =
    Array.isArray(rest.anyOf) && Object.keys(rest).length === 1 ? (rest.anyOf as readonly Schema[]) : [rest];
  return { ...(description !== undefined && { description }), anyOf: [...branches, reference] };
}

function plain(shape: Schema): Schema {
  const { 'x-exactly-one': keys, 'x-one-at-most': few, 'x-only-with': needs } = shape;
  const example = shape['x-example'];
  const item = shape['x-one-or-more'];
  const most = shape['x-most-bytes'];
  const words = Object.fromEntries(Object.entries(shape).filter(([key]) => !key.startsWith('x-')));
  return {
    ...mapNested(words, publishable),
    ...(example !== undefined && { examples: [example] }),
    // Draft 2020-12 counts characters, of which there are never more than bytes.
    ...(typeof most === 'number' && { maxLength: most }),
    ...(Array.isArray(keys) && { oneOf: keys.map((key) => ({ required: [key] })) }),
    ...(Array.isArray(few) && { not: { anyOf: pairsOf(few).map((required) => ({ required })) } }),
    ...(isObject(needs) && { dependentSchemas: needing(needs) }),
    ...(isObject(item) && { anyOf: [publishable(item), { type: 'array', items: publishable(item), minItems: 1 }] }),
    ...(shape.additionalProperties === false && { patternProperties: NOTES }),
  };
}

const pairsOf = (keys: readonly Json[]): readonly (readonly Json[])[] =>
  keys.flatMap((one, at) => keys.slice(at + 1).map((other) => [one, other]));

const needing = (needs: JsonObject): Schema =>
  Object.fromEntries(
    Object.entries(needs).map(([key, beside]) => [
      key,
      { anyOf: stringsOf(beside).map((need) => ({ required: [need] })) },
    ]),
  );

/** `x-...` keys are for notes, everywhere. */
export const NOTES: Schema = { '^x-': { description: 'A note; Firebreak does not read it.' } };

const MAPS = ['properties', 'patternProperties'];
const LISTS = ['anyOf', 'oneOf', 'allOf', 'prefixItems'];
const SINGLES = ['items', 'additionalProperties', 'propertyNames', 'contains', 'not'];

function mapNested(shape: Schema, change: (inner: Schema) => Schema): Schema {
  return Object.fromEntries(
    Object.entries(shape).map(([key, value]) => {
      if (MAPS.includes(key) && isObject(value)) {
        return [
          key,
          Object.fromEntries(
            Object.entries(value).map(([name, inner]) => [name, isObject(inner) ? change(inner) : inner]),
          ),
        ];
      }
      if (LISTS.includes(key) && Array.isArray(value))
        return [key, value.map((inner) => (isObject(inner) ? change(inner) : inner))];
      if (SINGLES.includes(key) && isObject(value)) return [key, change(value)];
      return [key, value];
    }),
  );
}

function withoutAbout(shape: Schema): Schema {
  const { description: _description, 'x-param': _param, 'x-step': _step, ...rest } = shape;
  return rest;
}

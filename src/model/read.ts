import { isObject, type Json, type JsonObject, listOf } from './json.ts';
import type { Form, Unchecked } from './runbook/shape.ts';
import { amountIn, type QuantityName } from './text/quantity.ts';

/**
 * A value that has been checked, as its shape says: units become numbers, one or more becomes a list, what is not
 * written gets its default, notes are left out. A quantity that is none, as in a record that somebody edited, is
 * thrown: without it more would be meant.
 */
export function read<T>(shape: Form<T>, json: Json | undefined): T {
  return reading(shape, json) as T;
}

/**
 * Reads a value that was not checked yet, or whose mistakes were already reported: an object, whatever is written
 * there.
 */
export function unchecked<T>(_shape: Form<T>, json: Json | undefined): Unchecked<Form<T>> {
  return (isObject(json) ? json : {}) as Unchecked<Form<T>>;
}

/** By name, as far as they can be read. */
export function uncheckedEntries<T>(
  shape: Form<T>,
  json: Json | undefined,
): readonly (readonly [string, Unchecked<Form<T>>])[] {
  return isObject(json) ? Object.entries(json).map(([name, one]) => [name, unchecked(shape, one)]) : [];
}

/** Null: it is no object, which is told at its place. */
export function uncheckedItems<T>(shape: Form<T>, json: Json | undefined): readonly (Unchecked<Form<T>> | null)[] {
  return Array.isArray(json) ? json.map((one: Json) => (isObject(one) ? unchecked(shape, one) : null)) : [];
}

function reading(shape: JsonObject, json: Json | undefined): unknown {
  const value = json === undefined ? shape['x-default'] : json;
  if (value === undefined) return undefined;
  const { type, anyOf, items, 'x-one-or-more': item, 'x-quantity': unit } = shape;
  if (isObject(item)) return listOf<Json>(value).map((one) => reading(item, one));
  if (Array.isArray(anyOf)) return reading(branchFor(anyOf as readonly JsonObject[], value), value);
  if (type === 'object' && (shape.properties ?? shape.additionalProperties) !== undefined)
    return readObject(shape, isObject(value) ? value : {});
  if (type === 'array' && isObject(items)) return listOf<Json>(value).map((one) => reading(items, one));
  if (unit !== undefined) return amountIn(unit as QuantityName, value);
  // A list that is a parameter may hold numbers.
  return type === 'string' && typeof value !== 'object' ? String(value) : value;
}

/** The branch that a value was meant for, by its type. */
function branchFor(branches: readonly JsonObject[], value: Json): JsonObject {
  const kindOf = ({ type }: JsonObject) => (type === 'object' || type === 'array' ? type : 'plain');
  const kind = Array.isArray(value) ? 'array' : isObject(value) ? 'object' : 'plain';
  return branches.find((branch) => kindOf(branch) === kind) ?? branches[0] ?? {};
}

function readObject({ properties, additionalProperties: rest }: JsonObject, value: JsonObject): unknown {
  const known = isObject(properties) ? (Object.entries(properties) as readonly (readonly [string, JsonObject])[]) : [];
  const others = isObject(rest) ? Object.keys(value).map((key) => [key, rest] as const) : [];
  const found = [...known, ...others].map(
    ([key, shape]) => [key, reading(shape, Object.hasOwn(value, key) ? value[key] : undefined)] as const,
  );
  return Object.fromEntries(found.filter(([, one]) => one !== undefined));
}

import { isObject, type Json, type JsonObject } from '../../src/model/json.ts';

/**
 * Every key of a table that has a value of its own, as `service.name`; of a key that holds an object, the keys of that.
 * A list is passed through, and so is a map of names.
 */
export function keysOf(table: JsonObject): readonly string[] {
  const { properties } = table;
  if (!isObject(properties)) return innerOf(table).flatMap(keysOf);
  return Object.entries(properties).flatMap(([key, shape]) => {
    const inner = isObject(shape) ? keysOf(shape) : [];
    // A choice may be a plain value too, which is the key's own.
    const own = inner.length === 0 || (isObject(shape) && isChoice(shape));
    return [...(own ? [key] : []), ...inner.map((each) => `${key}.${each}`)];
  });
}

const isChoice = ({ anyOf }: JsonObject): boolean =>
  Array.isArray(anyOf) &&
  anyOf.some(
    (one: Json) =>
      isObject(one) && innerOf(one).flatMap(keysOf).length === 0 && one.type !== 'null' && one.properties === undefined,
  );

function innerOf({ anyOf, items, additionalProperties, 'x-one-or-more': item }: JsonObject): readonly JsonObject[] {
  return [anyOf ?? [], items, additionalProperties, item].flat().filter(isObject);
}

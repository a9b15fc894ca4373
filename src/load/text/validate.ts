import { createHash } from 'node:crypto';
import type { Ajv2020, ErrorObject } from 'ajv/dist/2020.js';
import type { Json } from '../../model/json.ts';
import type { Schema } from '../../model/verb.ts';
import { COMPILED, type CompiledCheck } from './compiled.ts';
import { checkable } from './schema.ts';

/**
 * One thing that ajv has to say of a value: an error, or something seen on the way (a reference, a regular expression).
 */
export interface Remark {
  readonly keyword: string;
  /** A JSON pointer. */
  readonly pointer: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** What the keyword says in the schema, and the schema it stands in. */
  readonly schema: unknown;
  readonly parent: Schema;
  readonly value: Json;
  readonly message: string;
}
type Check = (value: Json) => readonly Remark[];

const checks = new WeakMap<Schema, Check>();
let ajv: Promise<Ajv2020> | undefined;

/** The check of a shape: compiled by the build, else now. */
export async function checkOf(shape: Schema): Promise<Check> {
  const known = checks.get(shape);
  if (known) return known;
  const schema = checkable(shape);
  const validate = await ((await COMPILED[schemaHash(schema)]?.())?.default ?? compileNow(schema));
  const check: Check = (value) =>
    validate(value) ? [] : ((validate.errors ?? []) as readonly ErrorObject[]).filter(isFirstHand).map(remark);
  checks.set(shape, check);
  return check;
}

export function schemaHash(schema: Schema): string {
  return createHash('sha256').update(JSON.stringify(schema)).digest('hex').slice(0, 16);
}

async function compileNow(schema: Schema): Promise<CompiledCheck> {
  ajv ??= import('./validate-now.ts').then(({ createAjv }) => createAjv());
  return (await ajv).compile(schema);
}

/** `if` and `propertyNames` repeat what their inner errors say; of a name only the outer one says which. */
function isFirstHand(error: ErrorObject): boolean {
  return error.keyword !== 'if' && error.propertyName === undefined;
}

function remark(error: ErrorObject): Remark {
  return {
    keyword: error.keyword,
    pointer: error.instancePath,
    params: error.params as Readonly<Record<string, unknown>>,
    schema: error.schema,
    parent: (error.parentSchema ?? {}) as Schema,
    value: error.data as Json,
    message: error.message ?? error.keyword,
  };
}

import type { ErrorObject } from 'ajv/dist/2020.js';
import type { Json } from '../model/json.ts';
import type { Schema } from '../model/verb.ts';
import { checkable } from './schema.ts';

/** One thing that ajv has to say of a value: an error, or something seen on the way (a reference, a regular expression). */
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
export type Check = (value: Json) => readonly Remark[];

type Compile = (schema: Schema) => Check;
let compiler: Promise<Compile> | undefined;
const compiled = new WeakMap<Schema, Check>();

/** The check of a shape; compiled at its first use, since ajv takes longer to compile a verb than to check a runbook. */
export async function checkOf(shape: Schema): Promise<Check> {
  const known = compiled.get(shape);
  if (known) return known;
  compiler ??= createCompiler();
  const check = (await compiler)(checkable(shape));
  compiled.set(shape, check);
  return check;
}

async function createCompiler(): Promise<Compile> {
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  const ajv = new Ajv2020({
    allErrors: true,
    verbose: true,
    strict: true,
    strictRequired: false,
    strictTypes: false,
    validateSchema: false,
    addUsedSchema: false,
    logger: false,
  });
  for (const annotation of ['x-example', 'x-quantity']) ajv.addKeyword(annotation);
  // These always fail: ajv has no other way to say where it has seen something.
  for (const sighting of ['x-reference', 'x-regex', 'x-types']) ajv.addKeyword({ keyword: sighting, validate: () => false });
  ajv.addKeyword({
    keyword: 'x-exactly-one',
    type: 'object',
    schemaType: 'array',
    validate: (keys: readonly string[], value: object) => keys.filter((key) => Object.hasOwn(value, key)).length === 1,
  });
  return (schema) => {
    const validate = ajv.compile(schema);
    return (value) => (validate(value) ? [] : (validate.errors ?? []).filter(isFirstHand).map(remark));
  };
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

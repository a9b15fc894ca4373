import type { Json, JsonObject } from '../json.ts';
import { REFERENCE_PATTERN, type StepReference } from '../reference.ts';
import { QUANTITIES, type QuantityName } from '../text/quantity.ts';

declare const READ: unique symbol;
declare const FILLED: unique symbol;

/**
 * A JSON Schema, and in `T` what `read` (model/read.ts) makes of a value that fits it. No value has the key: it is for
 * the compiler alone, so that a key which is renamed in its table breaks the compile wherever it is read.
 */
export type Form<T = unknown> = JsonObject & { readonly [READ]: T };
/** What a shape reads as; a schema that is written out reads as the JSON that it is. */
export type Infer<S> = S extends { readonly [READ]: infer T } ? T : Json;
/** What was not checked yet: the keys are known, their values are anything. */
export type Unchecked<S> = { readonly [K in keyof Infer<S>]?: Json };

/** The one place that says what a schema reads as; everything else follows. */
export const form = <T>(schema: JsonObject): Form<T> => schema as Form<T>;

/** What `x-param` may name. */
export const PARAMETER_TYPES = [
  'string',
  'integer',
  'duration',
  'size',
  'percent',
  'path',
  'boolean',
  'list',
  'secret',
] as const;
export type ParameterType = (typeof PARAMETER_TYPES)[number];

/**
 * The words that the language and its verbs build their JSON Schema with. Every scalar may also be a reference
 * (`$name`), which the loader checks by what it refers to: `x-param` names the parameter types it may be, `x-step` the
 * probes whose step it may be. Objects are closed: an unknown key is an error with a "did you mean", `x-...` keys are
 * for notes.
 */
export const text = (about: string, more: JsonObject = {}): Form<string> =>
  form({ type: 'string', description: about, 'x-param': ['string', 'path'], ...more });
export const path = (about: string): Form<string> =>
  form({ type: 'string', pattern: '^/', description: about, 'x-param': ['path'], 'x-example': '/var/spool' });
/** A pattern of the author. The texts that it is compared with may come from others (model/text/pattern.ts). */
export const pattern = (about: string): Form<string> =>
  form({ type: 'string', format: 'regex', description: `${about} ${PATTERN_SYNTAX}`, 'x-param': ['string'] });
export const PATTERN_SYNTAX = "RE2's syntax: no look-ahead, no look-behind, no back-references.";
export const integer = (about: string, min = 0): Form<number> =>
  form({ type: 'integer', minimum: min, description: about, 'x-param': ['integer'] });
export const boolean = (about: string): Form<boolean> =>
  form({ type: 'boolean', description: about, 'x-param': ['boolean'] });
/** `instead`: words that people try here, and what to write for them. */
export const wordBut = <const W extends string>(
  about: string,
  instead: Readonly<Record<string, string>>,
  ...words: readonly W[]
): Form<W> => form({ ...word(about, ...words), 'x-instead': instead });
export const word = <const W extends string>(about: string, ...words: readonly W[]): Form<W> =>
  form({ type: 'string', enum: words, description: about, 'x-param': ['string'] });

/**
 * The kernel keeps so many bytes of a program's name (comm, TASK_COMM_LEN of proc(5)); a longer one equals no
 * process's.
 */
export const PROGRAM_NAME_BYTES = 15;
/** The name of a program as the kernel has it. `instead`: what tells the program as well. */
export const programName = (about: string, instead?: string): Form<string> =>
  text(about, {
    pattern: '^(?!/)',
    'x-example': 'sendmail',
    'x-most-bytes': PROGRAM_NAME_BYTES,
    ...(instead !== undefined && { 'x-instead': { '*': instead } }),
  });

/** Written with its unit, read as a number: milliseconds, bytes, per cent, times a minute. */
export const quantity = (name: QuantityName, about: string): Form<number> =>
  form({
    type: 'string',
    pattern: QUANTITIES[name].pattern,
    description: about,
    'x-param': [name],
    'x-example': QUANTITIES[name].example,
    'x-quantity': name,
  });

/** One, or a list that means any of: read as a list. */
export const oneOrMore = <T>(item: Form<T>, about: string): Form<readonly T[]> =>
  form({
    description: about,
    'x-one-or-more': item,
    ...(Array.isArray(item['x-param']) && { 'x-param': [...(item['x-param'] as readonly string[]), 'list'] }),
  });

/** `$step` of one of these probes: the selector and what it found. */
export const stepReference = (about: string, ...probes: readonly string[]): Form<StepReference> =>
  form({ type: 'string', pattern: REFERENCE_PATTERN, description: about, 'x-step': probes, 'x-example': '$step' });

// ---------------------------------------------------------------- objects

type Keys = Readonly<Record<string, JsonObject>>;
type Always<P, R> = { [K in keyof P]: K extends R ? K : P[K] extends Filled ? K : never }[keyof P];
type Filled = { readonly [FILLED]: true };
type ObjectOf<P, R> = { readonly [K in keyof P as K extends Always<P, R> ? K : never]: Infer<P[K]> } & {
  readonly [K in keyof P as K extends Always<P, R> ? never : K]?: Infer<P[K]>;
};

export const object = <const P extends Keys, const R extends keyof P & string = never>(
  about: string,
  properties: P,
  required: readonly R[] = [],
): Form<ObjectOf<P, R>> =>
  form({ type: 'object', description: about, properties, required, additionalProperties: false });

/**
 * An object of which exactly one of `keys` must be given (a custom keyword rather than `oneOf`, so that one typo gives
 * one problem).
 */
export const exactlyOne = <T>(shape: Form<T>, ...keys: readonly (keyof T & string)[]): Form<T> =>
  form({ ...shape, 'x-exactly-one': keys });

/** Of these keys one may be given, or none. */
export const oneAtMost = <T>(shape: Form<T>, ...keys: readonly (keyof T & string)[]): Form<T> =>
  form({ ...shape, 'x-one-at-most': keys });

/** Keys that mean nothing alone, each with those of which one must stand beside it. */
export const onlyWith = <T>(
  shape: Form<T>,
  needs: { readonly [K in keyof T]?: readonly (keyof T & string)[] },
): Form<T> => form({ ...shape, 'x-only-with': needs as JsonObject });

/** What stands where nothing is written, in the language's own words: `1m`. Its `about` says it too. */
export const byDefault = <T>(written: Json, shape: Form<T>): Form<T> & Filled =>
  form<T>({ ...shape, 'x-default': written }) as Form<T> & Filled;

/** Names of the author's own, each with a value of the same shape. */
export const mapOf = <T>(about: string, value: Form<T>, more: JsonObject = {}): Form<Readonly<Record<string, T>>> =>
  form({ type: 'object', description: about, ...more, additionalProperties: value });
export const list = <T>(about: string, items: Form<T>, more: JsonObject = {}): Form<readonly T[]> =>
  form({ type: 'array', items, description: about, ...more });
/** Told apart by the value's type. */
export const either = <A, B>(about: string, one: Form<A>, other: Form<B>): Form<A | B> =>
  form({ description: about, anyOf: [one, other] });

/** A place that takes no reference: it is read before anything is known. */
export const literal = <S extends JsonObject>(shape: S): S => {
  const { 'x-param': _, ...rest } = shape;
  return rest as S;
};
export const words = (about: string, more: JsonObject = {}): Form<string> =>
  form({ type: 'string', minLength: 1, description: about, ...more });

/** How a service is named: one, or the first of several that exists. */
export const service = (about: string) =>
  exactlyOne(
    object(about, {
      name: text('The name that the service manager knows, or the absolute path of its init script.'),
      first_of: oneOrMore(text('A service name.'), 'Several names: the first that exists on the host is meant.'),
    }),
    'name',
    'first_of',
  );
export type ServiceName = Infer<ReturnType<typeof service>>;

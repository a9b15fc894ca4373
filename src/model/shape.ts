import { QUANTITIES, type QuantityName } from './quantity.ts';
import { REFERENCE_PATTERN } from './reference.ts';
import type { Schema } from './verb.ts';

/**
 * The words that verbs build their JSON Schema with. Every scalar may also be a reference (`$name`), which the loader
 * checks by what it refers to: `x-param` names the parameter types it may be, `x-step` the probes whose step it may be.
 * Objects are closed: an unknown key is an error with a "did you mean", `x-...` keys are for notes.
 */
export const text = (about: string, more: Schema = {}): Schema => ({
  type: 'string',
  description: about,
  'x-param': ['string', 'path'],
  ...more,
});
export const path = (about: string): Schema => ({
  type: 'string',
  pattern: '^/',
  description: about,
  'x-param': ['path'],
  'x-example': '/var/spool',
});
/** What its author writes; others choose what it is held against (model/pattern.ts). */
export const pattern = (about: string): Schema => ({
  type: 'string',
  format: 'regex',
  description: `${about} ${PATTERN_SYNTAX}`,
  'x-param': ['string'],
});
export const PATTERN_SYNTAX = "RE2's syntax: no look-ahead, no look-behind, no back-references.";
export const integer = (about: string, min = 0): Schema => ({
  type: 'integer',
  minimum: min,
  description: about,
  'x-param': ['integer'],
});
export const boolean = (about: string): Schema => ({ type: 'boolean', description: about, 'x-param': ['boolean'] });
/** `instead`: words that people try here, and what to write for them. */
export const wordBut = (
  about: string,
  instead: Readonly<Record<string, string>>,
  ...words: readonly string[]
): Schema => ({
  ...word(about, ...words),
  'x-instead': instead,
});
export const word = (about: string, ...words: readonly string[]): Schema => ({
  type: 'string',
  enum: words,
  description: about,
  'x-param': ['string'],
});

/**
 * The kernel keeps so many bytes of a program's name (comm, TASK_COMM_LEN of proc(5)); a longer one equals no
 * process's.
 */
export const PROGRAM_NAME_BYTES = 15;
/** The name of a program as the kernel has it. `instead`: what tells the program as well. */
export const programName = (about: string, instead?: string): Schema =>
  text(about, {
    pattern: '^(?!/)',
    'x-example': 'sendmail',
    'x-most-bytes': PROGRAM_NAME_BYTES,
    ...(instead !== undefined && { 'x-instead': { '*': instead } }),
  });

export const quantity = (name: QuantityName, about: string): Schema => ({
  type: 'string',
  pattern: QUANTITIES[name].pattern,
  description: about,
  'x-param': [name],
  'x-example': QUANTITIES[name].example,
  'x-quantity': name,
});

/** One, or a list that means any of. */
export const oneOrMore = (item: Schema, about: string): Schema => ({
  description: about,
  'x-one-or-more': item,
  'x-param': [...(item['x-param'] as readonly string[]), 'list'],
});

/** `$step` of one of these probes: the selector and what it found. */
export const stepReference = (about: string, ...probes: readonly string[]): Schema => ({
  type: 'string',
  pattern: REFERENCE_PATTERN,
  description: about,
  'x-step': probes,
  'x-example': '$step',
});

export const object = (
  about: string,
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
): Schema => ({
  type: 'object',
  description: about,
  properties,
  required,
  additionalProperties: false,
});

/**
 * An object of which exactly one of `keys` must be given (a custom keyword rather than `oneOf`, so that one typo gives
 * one problem).
 */
export const exactlyOne = (shape: Schema, ...keys: readonly string[]): Schema => ({ ...shape, 'x-exactly-one': keys });

/** How a service is named: one, or the first of several that exists. */
export const service = (about: string): Schema =>
  exactlyOne(
    object(about, {
      name: text('The name that the service manager knows, or the absolute path of its init script.'),
      first_of: oneOrMore(text('A service name.'), 'Several names: the first that exists on the host is meant.'),
    }),
    'name',
    'first_of',
  );

import { isObject, type Json, type JsonObject } from './json.ts';

/**
 * References are whole scalars: `$mailers` is a step's selector *and* what it found, `$watch` a parameter; `$$x` is the
 * text `$x` (inside of a longer text the loader has unescaped it). `$storm.mailers` is the step `mailers` of the
 * runbook that the step `storm` uses; runbooks use runbooks three deep at the most. Nothing is ever pasted into the
 * middle of a value, so nothing found on a host can become part of a command.
 */
export const REFERENCE_PATTERN = '^\\$[a-z][a-z0-9_-]*(?:\\.[a-z][a-z0-9_-]*){0,3}$';
const REFERENCE = new RegExp(REFERENCE_PATTERN);

export function isReference(value: unknown): value is string {
  return typeof value === 'string' && REFERENCE.test(value);
}

export function referenceName(reference: string): string {
  return reference.slice(1);
}

/** What `$step` becomes once it is resolved: JSON, so that it can cross to a host and into a journal. */
export interface StepReference extends JsonObject {
  readonly $step: string;
  readonly verb: string;
  /** The step's own argument, resolved: plan, run and watch share one selector. */
  readonly selector: Json;
  /** The finding's `detail`, or null where the step has not looked (yet). */
  readonly found: Json;
}

export function isStepReference(value: unknown): value is StepReference {
  return isObject(value) && typeof value.$step === 'string';
}

type Scope = ReadonlyMap<string, Json | StepReference>;

/**
 * Every reference replaced by what the scope holds; `$$` unescaped. Unknown names throw: the loader has refused them
 * before.
 */
export function resolve(value: Json, scope: Scope): Json {
  if (typeof value === 'string') return resolveScalar(value, scope);
  if (Array.isArray(value)) return value.map((item) => resolve(item, scope));
  if (isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, item === undefined ? undefined : resolve(item, scope)]),
    );
  }
  return value;
}

function resolveScalar(value: string, scope: Scope): Json {
  if (value.startsWith('$$')) return value.slice(1);
  if (!isReference(value)) return value;
  const found = scope.get(referenceName(value));
  if (found === undefined) throw new Error(`bug: reference ${value} has passed the loader unresolved`);
  return found;
}

/** Every reference in a value, in the order of the text. */
export function referencesIn(value: Json): readonly string[] {
  if (typeof value === 'string') return isReference(value) ? [referenceName(value)] : [];
  if (Array.isArray(value)) return value.flatMap((item) => referencesIn(item));
  if (isObject(value)) return Object.values(value).flatMap((item) => (item === undefined ? [] : referencesIn(item)));
  return [];
}

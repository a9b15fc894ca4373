import { isObject, type Json, type JsonObject } from './json.ts';

/**
 * A secret is known by where its value is, never by the value: `file:/path`, `env:NAME`, or `command:` and what prints
 * it. That text is what plans, journals, reports and policies hold. The value lives in memory only, from the moment a
 * plan or a run begins to look.
 */
export type SecretSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'command'; readonly argv: readonly string[] };

/**
 * What stands in a step's argument where a secret is meant: it crosses to the host, which alone puts the value in its
 * place.
 */
export interface SecretReference extends JsonObject {
  readonly $secret: string;
  readonly from: string;
}

export function secretReference(name: string, from: string): SecretReference {
  return { $secret: name, from };
}

export function isSecretReference(value: unknown): value is SecretReference {
  return isObject(value) && typeof value.$secret === 'string' && typeof value.from === 'string';
}

/** Undefined: the text names no place of a secret. A command is a JSON list, or plain words without quotes. */
export function parseSecretSource(text: string): SecretSource | undefined {
  const [, kind, rest = ''] = /^(file|env|command):([^\0]+)$/s.exec(text) ?? [];
  if (kind === 'file') return rest.startsWith('/') ? { kind, path: rest } : undefined;
  if (kind === 'env') return /^[A-Za-z_][A-Za-z0-9_]*$/.test(rest) ? { kind, name: rest } : undefined;
  if (kind !== 'command') return undefined;
  const argv = rest.trimStart().startsWith('[') ? wordsOfJson(rest) : plainWords(rest);
  return argv.length > 0 ? { kind, argv } : undefined;
}

function wordsOfJson(text: string): readonly string[] {
  try {
    const words: unknown = JSON.parse(text);
    return Array.isArray(words) && words.every((word) => typeof word === 'string') && words[0] !== '' ? words : [];
  } catch {
    return [];
  }
}

/** Text that a shell would read as more than words is refused, because no shell runs it. */
function plainWords(text: string): readonly string[] {
  return /[\\'"`$*?<>|&;(){}\n]/.test(text) ? [] : text.split(/\s+/).filter(Boolean);
}

/** Every secret in a value, in the order of the text. */
export function secretsIn(value: Json): readonly SecretReference[] {
  if (isSecretReference(value)) return [value];
  if (Array.isArray(value)) return value.flatMap((item: Json) => secretsIn(item));
  return isObject(value) ? Object.values(value).flatMap((item) => (item === undefined ? [] : secretsIn(item))) : [];
}

/** Keeps values out of whatever is shown or written, whatever its form. Looks up what is known at each call. */
export type Redact = <T>(value: T) => T;

/** What an operation may ask of the secrets: to know them before anything is emitted, and to keep them out of it. */
export interface Secrets {
  /** Reads each secret once. Returns a sentence if one cannot be read; null: all are known. */
  learn(references: readonly SecretReference[], signal: AbortSignal): Promise<string | null>;
  readonly redact: Redact;
}

/** Of a run without secrets. */
export const NO_SECRETS: Secrets = {
  learn: async (references) => (references.length === 0 ? null : 'there is nothing here that opens secrets'),
  redact: (value) => value,
};

import { isObject } from '../json.ts';
import type { Redact } from '../secret.ts';
import { latin1OfText } from './bytes.ts';
import { withoutEnd } from './trim.ts';

/** A value and the name that stands for it. */
export interface KnownSecret {
  readonly name: string;
  readonly value: string;
}

/** Shorter ones could not be told from ordinary words, and their forms not from ordinary numbers. */
export const SHORTEST_SECRET = 8;
/**
 * A longer one is looked for in pieces: a regular expression of all of it overflows the stack of its compiler, and the
 * error would show it.
 */
const PIECE = 256;

/**
 * Replaces the values by `‹secret NAME›` in every text of a value, keys too. Found are the value itself, with any of
 * its characters written as URLs or JSON write them, its hexadecimal form, and its base64 at each of the three places
 * that it can have in a longer text, folded or not. Of a value of several lines each line is a secret of its own, since
 * output is shown by lines.
 */
export function redactor(secrets: readonly KnownSecret[]): Redact {
  const forms = secrets.flatMap(({ name, value }) =>
    patternsOf(value).map((pattern) => ({ pattern, shown: `‹secret ${name}›` })),
  );
  if (forms.length === 0) return (value) => value;
  const inText = (text: string): string =>
    forms.reduce((rest, { pattern, shown }) => joined(rest.replace(pattern, shown), shown), text);
  return <T>(value: T): T => walk(value, inText) as T;
}

/** Joins the pieces in which a long secret was found. */
function joined(text: string, shown: string): string {
  const twice = shown + shown;
  let rest = text;
  while (rest.includes(twice)) rest = rest.replaceAll(twice, shown);
  return rest;
}

function walk(value: unknown, inText: (text: string) => string): unknown {
  if (typeof value === 'string') return inText(value);
  if (Array.isArray(value)) return value.map((item) => walk(item, inText));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [inText(key), walk(item, inText)]));
}

/** The whole text comes first, so that one of its lines does not cut it into pieces. */
function patternsOf(value: string): readonly RegExp[] {
  const lines = value.split(/\r?\n/).filter((line) => line.trim().length >= SHORTEST_SECRET);
  const texts = [value, ...lines, ...lines.map((line) => line.trim())].flatMap(piecesOf);
  return [...new Set(texts)].flatMap((text) => {
    const bytes = latin1OfText(text);
    return [anyCase(text), hexOf(bytes), ...[0, 1, 2].map((at) => base64At(bytes, at))].map(
      (source) => new RegExp(source, 'gu'),
    );
  });
}

/** Pieces of equal length, so that the last one is not too short. */
function piecesOf(text: string): readonly string[] {
  const characters = Array.from(text);
  const count = Math.ceil(characters.length / PIECE);
  const size = Math.ceil(characters.length / count);
  return Array.from({ length: count }, (_, at) => characters.slice(at * size, (at + 1) * size).join(''));
}

/** Each character as it is, as URLs (RFC 3986, and `+` of forms) or as JSON write it; so any mixture of them too. */
function anyCase(text: string): string {
  return Array.from(text, (character) => `(?:${writingsOf(character).join('|')})`).join('');
}

function writingsOf(character: string): readonly string[] {
  const short = { '\n': 'n', '\r': 'r', '\t': 't', '\b': 'b', '\f': 'f', '"': '"', '\\': '\\', '/': '/' }[character];
  const units = Array.from({ length: character.length }, (_, at) =>
    character.charCodeAt(at).toString(16).padStart(4, '0'),
  );
  return [
    literal(character),
    Array.from(latin1OfText(character), (byte) => `%${hexByte(byte)}`).join(''),
    units.map((unit) => `\\\\u${caseless(unit)}`).join(''),
    ...(character === ' ' ? ['\\+'] : []),
    ...(short === undefined ? [] : [`\\\\${literal(short)}`]),
  ];
}

const literal = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

const caseless = (hex: string): string => hex.replaceAll(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);

const hexByte = (byte: string): string => caseless(byte.charCodeAt(0).toString(16).padStart(2, '0'));

/** Also as dumps group it, and as `\x41`. */
function hexOf(bytes: string): string {
  return Array.from(bytes, hexByte).join('(?:[\\s:]|\\\\x){0,2}');
}

/**
 * Where `at` bytes of its group of three come before it. The characters that it shares with its neighbours hold bits of
 * it, so they go as well. Both alphabets; a line break may stand anywhere.
 */
function base64At(bytes: string, at: number): string {
  const coded = withoutEnd(btoa('\0'.repeat(at) + bytes), '=');
  const whole = (at + bytes.length) % 3 === 0;
  const own = coded.slice([0, 2, 3][at], whole ? undefined : -1);
  const characters = Array.from(own, (character) => ({ '+': '[+-]', '/': '[/_]' })[character] ?? character);
  return `${at === 0 ? '' : '[A-Za-z0-9+/_-]?'}${characters.join('\\s*')}${whole ? '' : '\\s*[A-Za-z0-9+/_-]?={0,2}'}`;
}

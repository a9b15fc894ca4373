import { isObject, type Json } from '../../model/json.ts';
import type { Place } from '../../model/place.ts';
import type { Problem } from '../../model/problem.ts';

/** Keys and indexes from the root of a document to one of its parts. */
export type Path = readonly (string | number)[];
export type Part = 'key' | 'value';

/**
 * A text that was read: plain JSON, and where each part of it stands. Nobody outside parse.ts sees YAML's own nodes.
 */
export interface Source {
  readonly file: string;
  readonly value: Json;
  /** Of a part that is not there (a missing key): the nearest part around it. */
  placeOf(path: Path, part?: Part): Place;
  /** Of some characters inside of a text, also in a block of several lines. */
  placeIn(path: Path, at: number, length: number): Place;
  /** How a plain scalar was typed: `1.10` where the value is the number 1.1. */
  written(path: Path): string | undefined;
}

/** What a problem needs besides its place. */
export type Complaint = Omit<Problem, 'place'>;

export function problemAt(source: Source, path: Path, part: Part, complaint: Complaint): Problem {
  return { ...complaint, place: source.placeOf(path, part) };
}

/** One string a path, so that paths can be keys of maps and sets (RFC 6901). */
export function pointer(path: Path): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/**
 * The same text with misspelt keys put right, so that one typo does not break everything that depends on it. Places
 * stay those of the text.
 */
export function respelled(source: Source, value: Json, renames: ReadonlyMap<string, string>): Source {
  const original = (path: Path): Path => path.map((part, at) => renames.get(pointer(path.slice(0, at + 1))) ?? part);
  return {
    file: source.file,
    value,
    placeOf: (path, part) => source.placeOf(original(path), part),
    placeIn: (path, at, length) => source.placeIn(original(path), at, length),
    written: (path) => source.written(original(path)),
  };
}

export function valueAt(value: Json, path: Path): Json | undefined {
  return path.reduce<Json | undefined>((part, key) => {
    if (Array.isArray(part)) return part[Number(key)] as Json | undefined;
    return isObject(part) && Object.hasOwn(part, key) ? part[key] : undefined;
  }, value);
}

/** A generated file can hold a mistake a hundred thousand times. */
const MOST_PROBLEMS = 500;

/** In the order of the text, each once; those of a used runbook behind those of the one that uses it. */
export function inTextOrder(problems: readonly Problem[]): readonly Problem[] {
  const unique = new Map(
    problems.map((problem) => [
      `${problem.place.file}:${problem.place.line}:${problem.place.column}:${problem.code}:${problem.message}`,
      problem,
    ]),
  );
  const files = [...new Set(problems.map(({ place }) => place.file))];
  const inText = (a: Problem, b: Problem) => a.place.line - b.place.line || a.place.column - b.place.column;
  const sorted = [...unique.values()].sort(
    (a, b) => files.indexOf(a.place.file) - files.indexOf(b.place.file) || inText(a, b),
  );
  const next = sorted[MOST_PROBLEMS];
  if (!next) return sorted;
  const message = `${sorted.length - MOST_PROBLEMS} more problems from here on are not shown`;
  return [...sorted.slice(0, MOST_PROBLEMS), { code: 'too-many-problems', message, place: next.place }];
}

import { isObject, type Json } from '../../model/json.ts';
import type { Problem } from '../../model/problem.ts';
import type { Schema } from '../../model/verb.ts';
import { complain, patternComplaint } from './complaints.ts';
import type { Allowed } from './shapes.ts';
import { type Path, pointer, problemAt, type Source, valueAt } from './source.ts';
import { checkOf, type Remark } from './validate.ts';

/** A `$name` that was seen, and what it may stand for there. */
export interface Sighting {
  readonly path: Path;
  readonly reference: string;
  readonly allowed: Allowed;
}

export interface ShapeResult {
  readonly problems: readonly Problem[];
  readonly sightings: readonly Sighting[];
}

/**
 * Checks the part of a text at `path` against a shape. `holes` are objects whose missing keys were told already as
 * misspelt ones.
 */
export async function checkShape(
  source: Source,
  part: { readonly path: Path; readonly shape: Schema },
  holes: ReadonlySet<string>,
): Promise<ShapeResult> {
  const value = valueAt(source.value, part.path);
  if (value === undefined) return { problems: [], sightings: [] };
  const remarks = onceEach((await checkOf(part.shape))(value)).map((remark) => ({
    remark,
    path: [...part.path, ...pathOf(remark.pointer, value)],
  }));
  const excused = excusedBy(holes, remarks);
  return {
    problems: remarks.flatMap(({ remark, path }) =>
      excused.has(remark) ? [] : (problemOf(source, remark, path) ?? []),
    ),
    sightings: remarks.flatMap(({ remark, path }) => sightingOf(remark, path) ?? []),
  };
}

/** A value of the wrong type is also none of the words that are wanted: where words are, they say more. */
function onceEach(remarks: readonly Remark[]): readonly Remark[] {
  const at = (keyword: string) =>
    new Map(remarks.filter((one) => one.keyword === keyword).map((one) => [one.pointer, one]));
  const [types, words] = [at('type'), at('enum')];
  const wordsSay = ({ pointer: where }: Remark): boolean =>
    words.has(where) && [types.get(where)?.schema].flat().includes('string');
  return remarks.filter((remark) => {
    if (remark.keyword === 'type') return !wordsSay(remark);
    return remark.keyword !== 'enum' || !types.has(remark.pointer) || wordsSay(remark);
  });
}

interface PlacedRemark {
  readonly remark: Remark;
  readonly path: Path;
}

/** One unknown key was probably meant for the one that is missing: that is one mistake, told already. */
function excusedBy(holes: ReadonlySet<string>, remarks: readonly PlacedRemark[]): ReadonlySet<Remark> {
  const missing = remarks.filter(
    ({ remark, path }) => isMissing(remark) && !severalGiven(remark) && holes.has(pointer(path)),
  );
  const alone = missing.filter(
    ({ path }) => missing.filter((other) => pointer(other.path) === pointer(path)).length === 1,
  );
  // What is empty without the key that was told is not told as empty.
  const emptied = remarks.filter(({ remark, path }) => remark.keyword === 'minProperties' && holes.has(pointer(path)));
  return new Set([...alone, ...emptied].map(({ remark }) => remark));
}

function isMissing(remark: Remark): boolean {
  return remark.keyword === 'required' || remark.keyword === 'x-exactly-one';
}

function sightingOf(remark: Remark, path: Path): Sighting | undefined {
  if (remark.keyword !== 'x-reference' || typeof remark.value !== 'string') return undefined;
  return { path, reference: remark.value.slice(1), allowed: remark.schema as Allowed };
}

function problemOf(source: Source, remark: Remark, path: Path): Problem | undefined {
  if (remark.keyword === 'x-reference') return undefined;
  if (remark.keyword === 'x-regex') return badPattern(source, path, remark.value);
  const { propertyName, additionalProperty, misplaced } = remark.params;
  const key = propertyName ?? additionalProperty ?? misplaced;
  const typed = { value: remark.value, written: source.written(path), name: nameOf(path) };
  if (typeof key === 'string') return problemAt(source, [...path, key], 'key', complain(remark, typed));
  return problemAt(source, path, isMissing(remark) ? 'key' : 'value', complain(remark, typed));
}

function severalGiven(remark: Remark): boolean {
  const keys = Array.isArray(remark.schema) ? remark.schema : [];
  return (
    remark.keyword === 'x-exactly-one' &&
    keys.some((key) => isObject(remark.value) && Object.hasOwn(remark.value, String(key)))
  );
}

/** A regular expression of RE2's syntax; told at its text otherwise. */
export function badPattern(source: Source, path: Path, value: Json): Problem | undefined {
  if (typeof value !== 'string') return undefined;
  const complaint = patternComplaint(value);
  return complaint && problemAt(source, path, 'value', complaint);
}

/** The nearest key on the way: of an item of a list, the list's. */
function nameOf(path: Path): string {
  return String(path.findLast((part) => typeof part === 'string') ?? 'the file');
}

/** A JSON pointer does not say which of its parts are indexes; the value does. */
function pathOf(text: string, root: Json): Path {
  const path: (string | number)[] = [];
  let part: Json | undefined = root;
  for (const raw of text.split('/').slice(1)) {
    const key = raw.replaceAll('~1', '/').replaceAll('~0', '~');
    const step: string | number = Array.isArray(part) ? Number(key) : key;
    part = valueAt(part ?? null, [step]);
    path.push(step);
  }
  return path;
}

import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import type { Problem } from '../../model/problem.ts';
import type { Schema } from '../../model/verb.ts';
import { meaningOf } from '../runbook/meanings.ts';
import { branchesOf, branchFor, hasType, typesOf } from './shapes.ts';
import { type Path, pointer, problemAt, respelled, type Source } from './source.ts';
import { closest, nearestFirst } from './suggest.ts';

/** A document with its misspelt keys put right, and what was wrong with them. */
export interface Spelling {
  readonly source: Source;
  readonly problems: readonly Problem[];
  /** Pointers of objects with a misspelt key: a key that is missing there is probably this one. */
  readonly holes: ReadonlySet<string>;
}

/**
 * Reads a text as its author meant it: an unknown key that is near to a known one is taken for that one. So one typo
 * gives one problem, and everything that depends on the key is still checked. Notes (`x-...`) are taken out.
 */
export function spell(source: Source, shapeAt: readonly { readonly path: Path; readonly shape: Schema }[]): Spelling {
  const speller = new Speller(source);
  const value = shapeAt.reduce(
    (tree, { path, shape }) => replaceAt(tree, path, (part) => speller.read(shape, part, path)),
    source.value,
  );
  return { source: respelled(source, value, speller.renames), problems: speller.problems, holes: speller.holes };
}

class Speller {
  readonly problems: Problem[] = [];
  readonly renames = new Map<string, string>();
  readonly holes = new Set<string>();
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
  }

  /** `path` belongs to the corrected document; the text is searched with the path as it was typed. */
  read(shape: Schema, value: Json, path: Path, typed: Path = path): Json {
    const branches = branchesOf(shape);
    if (branches) {
      const branch = branchFor(branches, value);
      return branch ? this.read(branch, value, path, typed) : value;
    }
    if (Array.isArray(value)) {
      const items = shape.items;
      return isObject(items) ? value.map((item, at) => this.read(items, item, [...path, at], [...typed, at])) : value;
    }
    return isObject(value) ? this.#object(shape, value, path, typed) : value;
  }

  #object(shape: Schema, value: JsonObject, path: Path, typed: Path): Json {
    const known = isObject(shape.properties) ? shape.properties : {};
    const rest = shape.additionalProperties;
    const entries: [string, Json][] = [];
    for (const [key, item] of Object.entries(value)) {
      if (item === undefined) continue;
      const name = Object.hasOwn(known, key) || rest !== false ? key : this.#meant(key, known, value, path, typed);
      if (name === undefined) continue;
      const inner = Object.hasOwn(known, name) ? known[name] : rest;
      entries.push([name, isObject(inner) ? this.read(inner, item, [...path, name], [...typed, key]) : item]);
    }
    return Object.fromEntries(entries);
  }

  /** The known key that was meant; undefined where the key is a note or nobody can tell. */
  #meant(key: string, shapes: JsonObject, siblings: JsonObject, path: Path, typed: Path): string | undefined {
    if (key.startsWith('x-')) return undefined;
    const free = Object.keys(shapes).filter((name) => !Object.hasOwn(siblings, name));
    const meaning = meaningOf(key, Object.keys(shapes));
    const near = closest(
      key,
      free.filter((name) => couldTake(shapes[name], siblings[key] ?? null)),
    );
    // A word of another tool is reported and not read as our key: its value is in the form of that tool too.
    const suggestion = meaning ? undefined : near;
    const meant = meaning ? meaning.key : near;
    this.problems.push(
      problemAt(this.#source, [...typed, key], 'key', {
        code: 'unknown-key',
        message: `\`${key}\` is not a key here`,
        // A message that tells what to type needs no list of words.
        ...(meaning === undefined && { allowed: nearestFirst(key, free).filter((name) => !isElsewhere(shapes[name])) }),
        ...(meant !== undefined && { suggestion: meant }),
        ...(meaning?.hint !== undefined && { hint: meaning.hint }),
        ...(key === '<<' && { hint: 'merge keys are not part of YAML 1.2; write the keys out' }),
      }),
    );
    if (suggestion === undefined || this.renames.has(pointer([...path, suggestion]))) this.holes.add(pointer(path));
    else this.renames.set(pointer([...path, suggestion]), key);
    return this.renames.get(pointer([...path, suggestion ?? ''])) === key ? suggestion : undefined;
  }
}

function replaceAt(tree: Json, path: Path, change: (part: Json) => Json): Json {
  const [head, ...rest] = path;
  if (head === undefined) return change(tree);
  if (Array.isArray(tree)) return tree.map((item, at) => (at === head ? replaceAt(item, rest, change) : item));
  if (!isObject(tree) || tree[head] === undefined) return tree;
  return { ...tree, [head]: replaceAt(tree[head], rest, change) };
}

/** `disk: {...}` is not a misspelt `ask`, which takes no map. */
function couldTake(shape: Json | undefined, value: Json): boolean {
  const types = isObject(shape) ? typesOf(shape) : [];
  return types.length === 0 || value === null || hasType(value, types) || (!isObject(value) && !Array.isArray(value));
}

/** A known key that is never suggested: it is only named if it stands in the wrong place. */
function isElsewhere(shape: Json | undefined): boolean {
  return isObject(shape) && shape['x-elsewhere'] === true;
}

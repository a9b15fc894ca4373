import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLError,
  type YAMLWarning,
} from 'yaml';
import type { Json } from '../../model/json.ts';
import type { Place } from '../../model/place.ts';
import type { Problem } from '../../model/problem.ts';
import { type Complaint, type Part, type Path, pointer, type Source } from './source.ts';

const MAX_CHARACTERS = 1024 * 1024;
/**
 * Lines and indicators, wherever they stand. The library takes some ten microseconds for each: a megabyte of commas
 * would take ten seconds.
 */
const MAX_MARKS = 20_000;
const MAX_DEPTH = 32;
/** Aliases as they are followed, not as they are written: a small file must not become a large tree. */
const MAX_ALIASES = 32;
/** Values, those behind aliases counted each time. */
const MAX_NODES = 2_000_000;

/** Offsets in the text, end excluded. */
type Range = readonly [start: number, end: number];
interface Seat {
  readonly key?: Range;
  readonly value: Range;
  readonly written?: string;
  /** How a text is quoted, and what it is. */
  readonly style?: Style;
  readonly text?: string;
}
type Style = 'single' | 'double' | 'block' | 'plain';

export type Parsed = { readonly source: Source | null; readonly problems: readonly Problem[] };

/** What another's files may have that a runbook may not. */
export interface ParseOptions {
  readonly marks?: number;
  readonly characters?: number;
  readonly aliases?: number;
  /**
   * `left-out`: a value with a tag that we do not know (Ansible's !vault) is `{$tag: '!vault'}`, and told by nobody.
   */
  readonly tags?: 'refused' | 'left-out';
  /** How long such a file may be, in its own words, and what to write instead. */
  readonly tooLong?: string;
}

/** YAML 1.2, core schema, one document. `source` is null where the text has no tree to go on with. */
export function parse(file: string, text: string, options: ParseOptions = {}): Parsed {
  const at = positions(file, text);
  const refused = refuseText(text, options);
  if (refused) return { source: null, problems: [{ ...refused.complaint, place: at(refused.range) }] };
  const document = readDocument(text);
  const broken = document instanceof Error ? tooDeep(text) : firstError(document);
  if (broken) return { source: null, problems: [{ ...broken.complaint, place: at(broken.range) }] };
  const tree = new Tree(document as Document.Parsed, options);
  const problems = tree.complaints.map(({ range, complaint }) => ({ ...complaint, place: at(range) }));
  return { source: tree.usable ? sourceOf(file, tree, at, text) : null, problems };
}

interface Found {
  readonly range: Range;
  readonly complaint: Complaint;
}

function refuseText(
  text: string,
  { marks = MAX_MARKS, characters = MAX_CHARACTERS, tooLong }: ParseOptions,
): Found | undefined {
  if (text.length > characters) {
    return found([0, 1], 'too-large', `the file is larger than ${characters / 1024} KiB`, tooLong);
  }
  const crowded = markBeyond(text, marks);
  if (crowded >= 0) return found([crowded, crowded + 1], 'too-large', tooMany(marks), tooLong);
  if (text.trim() === '' || text === '\uFEFF') return found([0, 1], 'empty-file', 'the file is empty');
  const control = text.search(/[\0-\x08\x0B\x0C\x0E-\x1F\x7F\uFFFD]/);
  if (control < 0) return undefined;
  if (text[control] === '\uFFFD') return found([control, control + 1], 'not-utf8', 'here the file is not UTF-8');
  const name = `U+${text.charCodeAt(control).toString(16).toUpperCase().padStart(4, '0')}`;
  return found(
    [control, control + 1],
    'control-character',
    `the control character ${name} has no place in a YAML text`,
  );
}

const tooMany = (marks: number): string =>
  `the file is too long: up to here it has ${marks.toLocaleString('en').replaceAll(',', ' ')} lines and marks of YAML (: , - [ { " and the like), and it may have no more`;

/** The offset of the first mark that is one too many, or -1. */
function markBeyond(text: string, most: number): number {
  let left = most;
  for (const { index } of text.matchAll(/[\n\r,:[\]{}?&*!%'"#@`|>-]/g)) {
    if (left === 0) return index;
    left -= 1;
  }
  return -1;
}

function found(range: Range, code: string, message: string, hint?: string): Found {
  return { range, complaint: hint === undefined ? { code, message } : { code, message, hint } };
}

/** The library recurses: a text of 100 000 brackets ends its stack, which is caught here as a value. */
function readDocument(text: string): Document.Parsed | Error {
  try {
    const document = parseDocument(text, {
      version: '1.2',
      schema: 'core',
      merge: false,
      // Checked in Tree: the library compares every pair of keys, which takes minutes for 100 000 of them.
      uniqueKeys: false,
      stringKeys: true,
      resolveKnownTags: false,
      prettyErrors: false,
      logLevel: 'error',
    });
    return document as Document.Parsed;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function tooDeep(text: string): Found {
  const opening = Math.max(0, text.search(/[[{]{4}|^[^\S\n]*(?:- ){4}/m));
  return found([opening, opening + 1], 'too-deep', TOO_DEEP);
}

const TOO_DEEP = `the text cannot be read: it is nested more than ${MAX_DEPTH} deep`;

/**
 * A tree after a syntax error is a guess: the first error is told alone. Tags are no syntax errors; Tree tells them.
 */
function firstError(document: Document.Parsed): Found | undefined {
  const all = [...document.errors, ...document.warnings].filter((error) => error.code !== 'TAG_RESOLVE_FAILED');
  const first = all.sort((a, b) => a.pos[0] - b.pos[0])[0];
  // The library catches the end of its stack itself, where it reads a document to its end.
  if (first?.message.includes('call stack')) return found([first.pos[0], first.pos[0] + 1], 'too-deep', TOO_DEEP);
  if (first) return found([first.pos[0], first.pos[1]], 'yaml-syntax', lowerFirst(first.message), syntaxHint(first));
  const version = document.directives?.yaml;
  if (version?.explicit && version.version !== '1.2')
    return found([0, 5], 'yaml-syntax', 'runbooks are YAML 1.2; leave the directive out');
  return undefined;
}

function syntaxHint({ code, message }: YAMLError | YAMLWarning): string | undefined {
  if (message.endsWith('block scalar indicator >'))
    return 'comparators are words, {at_least: 10} or {at_most: 10}; a text that starts with > needs quotes';
  if (message === 'Unexpected flow-map-start at node end') return 'a reference is $name, without braces';
  if (message.startsWith('Nested mappings')) return 'a text that holds ": " needs quotes';
  if (code === 'TAB_AS_INDENT') return 'indent with spaces';
  if (code === 'MULTIPLE_DOCS') return 'one file, one runbook';
  if (code === 'BAD_SCALAR_START') return 'a text that starts with @, ` or % needs quotes';
  return undefined;
}

function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** The document as JSON, with the seat of every part. One walk. */
class Tree {
  readonly seats = new Map<string, Seat>();
  readonly complaints: Found[] = [];
  usable = true;
  readonly value: Json;
  readonly #document: Document.Parsed;
  readonly #most: number;
  readonly #leavesTags: boolean;
  #aliases = 0;
  #nodes = 0;

  constructor(document: Document.Parsed, { aliases = MAX_ALIASES, tags = 'refused' }: ParseOptions) {
    this.#document = document;
    this.#most = aliases;
    this.#leavesTags = tags === 'left-out';
    for (const { code, pos, message } of [...document.errors, ...document.warnings]) {
      if (code === 'TAG_RESOLVE_FAILED' && !this.#leavesTags)
        this.#complain([pos[0], pos[1]], 'unknown-tag', `${lowerFirst(message)}; tags are not part of the language`);
    }
    this.value = this.#convert(document.contents, [], undefined);
  }

  #convert(node: Node | null, path: Path, key: Range | undefined): Json {
    const range = rangeOf(node) ?? key ?? emptyAt(node) ?? [0, 1];
    this.seats.set(pointer(path), { value: range, ...(key && { key }), ...writtenOf(node), ...styleOf(node) });
    if (!this.usable) return null;
    this.#nodes += 1;
    if (this.#nodes > MAX_NODES)
      return this.#giveUp(range, 'too-many-aliases', `its aliases make more than ${MAX_NODES} values of this file`);
    const tag = this.#leavesTags ? ownTag(node) : undefined;
    if (tag !== undefined) return { $tag: tag };
    if (path.length > MAX_DEPTH) return this.#giveUp(range, 'too-deep', `nested more than ${MAX_DEPTH} deep`);
    if (isAlias(node)) return this.#follow(node.source, node.resolve(this.#document) ?? null, path, range);
    if (isMap(node)) return this.#object(node.items as Pair<Node, Node | null>[], path);
    if (isSeq(node)) return node.items.map((item, at) => this.#convert(item as Node, [...path, at], undefined));
    return isScalar(node) ? this.#scalar(node, range) : null;
  }

  #follow(name: string, target: Node | null, path: Path, range: Range): Json {
    this.#aliases += 1;
    if (this.#aliases > this.#most)
      return this.#giveUp(range, 'too-many-aliases', `more than ${this.#most} aliases are followed in this file`);
    if (target === null) return this.#giveUp(range, 'unknown-alias', `no anchor &${name} stands before this alias`);
    const value = this.#convert(target, path, undefined);
    this.seats.set(pointer(path), { value: range });
    return value;
  }

  #object(pairs: readonly Pair<Node, Node | null>[], path: Path): Json {
    const entries = new Map<string, Json>();
    for (const pair of pairs) {
      const name = String(isScalar(pair.key) ? pair.key.value : pair.key);
      const range = rangeOf(pair.key) ?? [0, 1];
      if (entries.has(name)) this.#complain(range, 'duplicate-key', `\`${name}\` stands here twice`);
      else if (name === '__proto__') this.#complain(range, 'unknown-key', '`__proto__` cannot be a key');
      else if (this.usable) entries.set(name, this.#convert(pair.value, [...path, name], range));
    }
    return Object.fromEntries(entries);
  }

  #scalar(node: Scalar, range: Range): Json {
    const { value } = node;
    if (typeof value === 'number') return this.#number(value, node, range);
    if (typeof value === 'string') {
      if (value.includes('\0')) this.#complain(range, 'control-character', 'a NUL character has no place in a value');
      return value;
    }
    return typeof value === 'boolean' ? value : null;
  }

  #number(value: number, node: Scalar, range: Range): Json {
    const written = short(node.source ?? '');
    if (/^[-+]?0\d/.test(written)) {
      this.#complain(
        range,
        'leading-zero',
        `YAML 1.2 reads ${written} as the number ${value}`,
        `write '${written}' for the text, 0o${written.replace(/^[-+]?0+/, '')} for octal`,
      );
    } else if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
      this.#complain(
        range,
        'number-too-large',
        `${written} is no number that can be kept exactly`,
        `write '${written}' for the text`,
      );
    }
    return Number.isFinite(value) ? value : 1;
  }

  #complain(range: Range, code: string, message: string, hint?: string): void {
    this.complaints.push(found(range, code, message, hint));
  }

  /** One complaint, then the walk ends: what is left would only repeat it. */
  #giveUp(range: Range, code: string, message: string): null {
    if (this.usable) this.#complain(range, code, message);
    this.usable = false;
    return null;
  }
}

/** Not one of YAML's own. */
function ownTag(node: Node | null): string | undefined {
  const tag = (node as { readonly tag?: string } | null)?.tag;
  return tag?.startsWith('tag:yaml.org,2002:') ? undefined : tag;
}

function rangeOf(node: unknown): Range | undefined {
  const range = (node as Node | null)?.range;
  return range && range[1] > range[0] ? [range[0], range[1]] : undefined;
}

/** An item of which nothing is written but its dash: the dash is marked. */
function emptyAt(node: Node | null): Range | undefined {
  const at = node?.range?.[0];
  return at === undefined ? undefined : [Math.max(0, at - 1), Math.max(1, at)];
}

function writtenOf(node: unknown): { readonly written?: string } {
  return isScalar(node) && node.type === 'PLAIN' && node.source !== undefined ? { written: node.source } : {};
}

function styleOf(node: unknown): Pick<Seat, 'style' | 'text'> {
  if (!isScalar(node) || typeof node.value !== 'string') return {};
  const { type, value } = node;
  const style =
    type === 'QUOTE_SINGLE'
      ? 'single'
      : type === 'QUOTE_DOUBLE'
        ? 'double'
        : type?.startsWith('BLOCK')
          ? 'block'
          : 'plain';
  return { style, text: value };
}

/**
 * Where a character of a value stands in the text. Quoting, folding and indentation add and take blanks only (and
 * escapes), so all others stand in the same order: the nth of the value is the nth of the text.
 */
function offsetIn(raw: string, { style, text = '' }: Seat, at: number): number {
  const nth = text.slice(0, at).replace(/\s/g, '').length;
  const begin = style === 'block' ? raw.indexOf('\n') + 1 : style === 'single' || style === 'double' ? 1 : 0;
  const unit = style === 'double' ? /\\(?:x..|u.{4}|U.{8}|[\s\S])|\S/g : style === 'single' ? /''|\S/g : /\S/g;
  let seen = 0;
  let last = begin;
  for (const match of raw.slice(begin).matchAll(unit)) {
    // Escapes of blanks are blanks.
    if (style === 'double' && /^\\[ntr \n\t_]/.test(match[0])) continue;
    last = begin + match.index;
    if (seen === nth) return last;
    seen += 1;
  }
  return last;
}

function sourceOf(file: string, tree: Tree, at: (range: Range) => Place, whole: string): Source {
  const { length } = whole;
  const seatOf = (path: Path): Seat =>
    tree.seats.get(pointer(path)) ?? (path.length === 0 ? { value: [0, length] } : seatOf(path.slice(0, -1)));
  return {
    file,
    value: tree.value,
    placeOf: (path: Path, part: Part = 'value') => {
      const seat = seatOf(path);
      // A part that is missing is told at the key that should have held it.
      const missing = !tree.seats.has(pointer(path));
      return at((part === 'key' || missing ? seat.key : undefined) ?? seat.value);
    },
    placeIn: (path, from, count) => {
      const seat = seatOf(path);
      const raw = whole.slice(...seat.value);
      const start = seat.value[0] + offsetIn(raw, seat, from);
      return at([start, Math.max(start + 1, seat.value[0] + offsetIn(raw, seat, from + count - 1) + 1)]);
    },
    written: (path) => tree.seats.get(pointer(path))?.written,
  };
}

/** Offsets to places. A range over several lines is marked on its first. */
function positions(file: string, text: string): (range: Range) => Place {
  const counter = new LineCounter();
  const last = lastMarkable(text);
  counter.addNewLine(0);
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) counter.addNewLine(at + 1);
  return ([start, end]) => {
    const from = Math.min(start, last);
    const { line, col } = counter.linePos(from);
    const newline = text.indexOf('\n', from);
    const lineEnd = newline < 0 ? text.length : newline;
    const length = text.slice(from, Math.min(Math.max(end, from + 1), lineEnd)).trimEnd().length;
    return { file, line, column: col, length: Math.max(1, length) };
  };
}

/** The end of the text would be an empty line after the last one: errors found there are told at the last character. */
function lastMarkable(text: string): number {
  return Math.max(0, text.trimEnd().length - 1);
}

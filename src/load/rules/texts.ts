import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import type { Problem } from '../../model/problem.ts';
import { unchecked, uncheckedItems } from '../../model/read.ts';
import { isReference } from '../../model/reference.ts';
import { COMMAND } from '../../model/runbook/command.ts';
import type { Infer } from '../../model/runbook/shape.ts';
import { type DraftStep, paramsIn, type Use } from '../runbook/draft.ts';
import { ACCEPTED, OPEN } from '../runbook/language.ts';
import { mentionedIn } from '../runbook/text-references.ts';
import { badReference } from '../text/complaints.ts';
import type { Path } from '../text/source.ts';
import { type CheckedDraft, problemOf } from './checked.ts';

/**
 * References are whole scalars: what stands in the middle of a text reaches the program, the file or the person as it
 * is written. So a `$name` there is a mistake wherever the word names a parameter or a step of this file. A text for a
 * shell is another language: there it is a variable.
 */
export function textRules(checked: CheckedDraft): readonly Problem[] {
  const { draft } = checked;
  return [
    ...draft.steps.filter((step) => !step.grafted).flatMap((step) => ofStep(checked, step)),
    ...uncheckedItems(OPEN, draft.root.open).flatMap((item, at) => [
      ...prose(checked, item?.say, ['open', at, 'say']),
      ...inside(checked, item?.when ?? null, ['open', at, 'when'], CONDITION),
    ]),
    ...paramsIn(draft).flatMap(([name, json]) => [
      ...inside(checked, json.default ?? null, ['params', name, 'default'], DEFAULT),
      ...referencesIn(checked, json.default, ['params', name, 'default']),
      ...prose(checked, json.about, ['params', name, 'about']),
    ]),
    ...prose(checked, draft.root.title, ['title']),
    ...prose(checked, draft.root.about, ['about']),
  ];
}

/** Items of a list's default; a plain default is read with the parameter. */
function referencesIn(checked: CheckedDraft, value: Json | undefined, path: Path): readonly Problem[] {
  return Array.isArray(value)
    ? value.flatMap((item: Json, at) =>
        isReference(item) ? [problemOf(checked, [...path, at], 'value', NO_REFERENCE)] : [],
      )
    : [];
}

const NO_REFERENCE = {
  code: 'reference-not-allowed',
  message: 'bad default: a value cannot be a reference; write $$ for a text that starts with $',
};

function ofStep(checked: CheckedDraft, { json, path, use, undo }: DraftStep): readonly Problem[] {
  const conditions = (['expect', 'when', 'hold'] as const).flatMap((key) =>
    inside(checked, json[key] ?? null, [...path, key], CONDITION),
  );
  return [
    ...[...(use ? [use] : []), ...undo].flatMap((each) => ofUse(checked, each)),
    ...conditions,
    ...prose(checked, json.why, [...path, 'why']),
    ...prose(checked, json.undo, [...path, 'undo']),
    ...prose(checked, json.until, [...path, 'until']),
    ...undo.flatMap((each) => prose(checked, each.why, [...each.path, 'why'])),
    ...uncheckedItems(ACCEPTED, json.accept).flatMap((one, at) =>
      prose(checked, one?.because, [...path, 'accept', at, 'because']),
    ),
  ];
}

/**
 * Names of a command's environment may stand in its arguments: `argv: [sh, -c, 'echo "$port"']` with `env: {port:
 * $port}`.
 */
function ofUse(checked: CheckedDraft, { path, verb, arg }: Use): readonly Problem[] {
  const { env } = unchecked(COMMAND, arg);
  const skip: readonly (keyof Infer<typeof COMMAND>)[] = verb === 'run' ? ['shell'] : [];
  return inside(checked, arg, [...path, verb], { hint: ARGUMENT, skip, env: isObject(env) ? Object.keys(env) : [] });
}

interface Walk {
  /** What to type instead of the name. */
  readonly hint: (name: string) => string;
  /** Keys whose text is another language. */
  readonly skip?: readonly string[];
  readonly env?: readonly string[];
}

const ARGUMENT = (name: string): string =>
  `a reference is the whole value: make the whole text a parameter, or write $$${name} where the text itself is meant`;
const CONDITION: Walk = {
  hint: () => 'a reference is the whole value: make the whole text a parameter, or write [$] in a pattern',
};
const DEFAULT: Walk = { hint: () => 'a default is a plain value, without references' };

/** In these texts a `$` may belong to another language. */
const PATTERNS = ['matches', 'pattern', 'with', 'stdout', 'stderr'];

function inside(checked: CheckedDraft, value: Json, path: Path, walk: Walk): readonly Problem[] {
  if (typeof value === 'string') return inText(checked, value, path, walk);
  if (Array.isArray(value)) return value.flatMap((item: Json, at) => inside(checked, item, [...path, at], walk));
  return entriesOf(value)
    .filter(([key]) => !walk.skip?.includes(key))
    .flatMap(([key, item]) => inside(checked, item, [...path, key], walk));
}

function inText(checked: CheckedDraft, text: string, path: Path, { hint, env = [] }: Walk): readonly Problem[] {
  if (isReference(text)) return [];
  const bad = PATTERNS.includes(String(path.at(-1))) ? undefined : badReference(text);
  if (bad) return [problemOf(checked, path, 'value', bad)];
  const name = mentionedIn(text, isName(checked)).find((each) => !env.includes(each));
  return name === undefined ? [] : [problemOf(checked, path, 'value', complaint(name, hint(name)))];
}

/** A text for people takes no reference, not even as its whole value. */
function prose(checked: CheckedDraft, text: Json | undefined, path: Path): readonly Problem[] {
  const [name] = typeof text === 'string' ? mentionedIn(text, isName(checked)) : [];
  if (name === undefined) return [];
  return [
    problemOf(
      checked,
      path,
      'value',
      complaint(name, `this is shown as it stands: write ${name}, or what it means, without the $`),
    ),
  ];
}

function complaint(name: string, hint: string) {
  return { code: 'reference-in-text', message: `\`$${name}\` stands inside a text, where it is not replaced`, hint };
}

const isName =
  ({ names }: CheckedDraft) =>
  (name: string): boolean =>
    names.params.has(name) || names.steps.has(name);

const entriesOf = (json: Json | undefined): readonly (readonly [string, Json])[] =>
  isObject(json)
    ? Object.entries(json as JsonObject).flatMap(([key, item]) => (item === undefined ? [] : [[key, item] as const]))
    : [];

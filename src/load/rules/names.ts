import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import type { Problem } from '../../model/problem.ts';
import type { COMMAND } from '../../model/runbook/command.ts';
import type { Infer } from '../../model/runbook/shape.ts';
import { paramsIn } from '../runbook/draft.ts';
import { ID } from '../runbook/language.ts';
import { mentionedIn } from '../runbook/text-references.ts';
import type { Path } from '../text/source.ts';
import { type CheckedDraft, problemOf } from './checked.ts';

/** Parameters and steps share one namespace, or `$x` could mean two things. */
export function nameRules(checked: CheckedDraft): readonly Problem[] {
  const params = paramsIn(checked.draft).map(([name]) => name);
  const named: readonly { readonly name: string; readonly path: Path; readonly part: 'key' | 'value' }[] = [
    ...params.map((name) => ({ name, path: ['params', name], part: 'key' as const })),
    ...checked.draft.steps.flatMap(({ id, path, grafted }) =>
      id === undefined || grafted ? [] : [{ name: id, path: [...path, 'id'], part: 'value' as const }],
    ),
  ];
  const first = new Map<string, Path>();
  const duplicates = named.flatMap(({ name, path, part }) => {
    const before = first.get(name);
    if (!before) first.set(name, path);
    return before ? [problemOf(checked, path, part, duplicate(checked, name, before))] : [];
  });
  return [...duplicates, ...badNames(checked, params), ...unused(checked, params)];
}

function duplicate({ draft }: CheckedDraft, name: string, before: Path) {
  const { line } = draft.source.placeOf(before);
  const what = before[0] === 'params' ? 'a parameter' : 'a step';
  return { code: 'duplicate-id', message: `\`${name}\` is the name of ${what} already (line ${line})` };
}

function badNames(checked: CheckedDraft, params: readonly string[]): readonly Problem[] {
  const bad = params.filter((name) => !new RegExp(ID).test(name));
  const hint = 'small letters, digits, _ and -, a letter first';
  return bad.map((name) =>
    problemOf(checked, ['params', name], 'key', {
      code: 'bad-name',
      message: `\`${name}\` cannot be referred to`,
      hint,
    }),
  );
}

/** A parameter without any effect is a trap: somebody will set it and rely on it. */
function unused(checked: CheckedDraft, params: readonly string[]): readonly Problem[] {
  // A misspelt name is reported once, as an unknown reference.
  const { params: names, steps } = checked.names;
  if (checked.mentions.some(({ reference }) => !names.has(reference) && !steps.has(reference))) return [];
  // A name inside of a text is reported there.
  const inText = new Set(
    textsIn(checked.draft.source.value).flatMap((text) => mentionedIn(text, (name) => names.has(name))),
  );
  return params
    .filter((name) => !checked.draft.written.has(name) && !inText.has(name) && new RegExp(ID).test(name))
    .map((name) =>
      problemOf(checked, ['params', name], 'key', { code: 'unused-parameter', message: `no step uses \`$${name}\`` }),
    );
}

const SHELL = 'shell' satisfies keyof Infer<typeof COMMAND>;

function textsIn(value: Json): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap((item: Json) => textsIn(item));
  if (!isObject(value)) return [];
  // In a shell's text `$name` is a variable of its own.
  return Object.entries(value as JsonObject).flatMap(([key, item]) =>
    item === undefined || key === SHELL ? [] : textsIn(item),
  );
}

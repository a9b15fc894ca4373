import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import type { Problem } from '../../model/problem.ts';
import { referencesIn } from '../../model/reference.ts';
import { badReference } from '../complaints.ts';
import { lintShell } from '../shell.ts';
import type { Path } from '../source.ts';
import { argPath, type Checked, told, verbOf } from './checked.ts';

/** Texts that a shell will read, and texts that look as if something were pasted into them. */
export function shellRules(checked: Checked): readonly Problem[] {
  return checked.draft.steps
    .filter((step) => !step.grafted)
    .flatMap((step) => {
      const arg = step.use?.arg ?? null;
      const shell = verbOf(step) === 'run' && isObject(arg) && typeof arg.shell === 'string' ? arg.shell : undefined;
      const linted =
        shell === undefined ? [] : lintShell(shell).map((complaint) => told(checked, argPath(step, 'shell'), 'value', complaint));
      return [...linted, ...pasted(checked, arg, argPath(step))];
    });
}

/** Keys whose text a program reads in its own language, where `$x` is that language's. */
const OTHERS_LANGUAGE = ['shell', 'argv', 'matches', 'pattern', 'replace'];

/** References are whole scalars. `/srv/$name/log` is no path that anybody wants. */
function pasted(checked: Checked, value: Json, path: Path): readonly Problem[] {
  if (typeof value === 'string') return pastedIn(checked, value, path);
  if (Array.isArray(value)) return value.flatMap((item: Json, at) => pasted(checked, item, [...path, at]));
  if (!isObject(value)) return [];
  const own = Object.entries(value as JsonObject).filter(([key]) => !OTHERS_LANGUAGE.includes(key));
  return own.flatMap(([key, item]) => (item === undefined ? [] : pasted(checked, item, [...path, key])));
}

function pastedIn(checked: Checked, text: string, path: Path): readonly Problem[] {
  const bad = badReference(text);
  if (bad) return [told(checked, path, 'value', bad)];
  if (text.startsWith('$$') || referencesIn(text).length > 0) return [];
  const name = [...text.matchAll(/\$\{?([a-z][a-z0-9_-]*)\}?/g)]
    .map((match) => match[1] ?? '')
    .find((found) => checked.names.params.has(found) || checked.names.steps.has(found));
  if (name === undefined) return [];
  const message = `\`$${name}\` stands inside a text, where it is not replaced`;
  return [
    told(checked, path, 'value', {
      code: 'reference-in-text',
      message,
      hint: 'a reference is the whole value; make the whole text a parameter',
    }),
  ];
}

import { loadRunbook } from '../../src/load/load.ts';
import { bindParams } from '../../src/load/runbook/params.ts';
import type { Problem } from '../../src/model/problem.ts';
import { folderCatalogue } from '../../src/wiring/catalogue.ts';

const HEAD = 'firebreak: 1\nrunbook: a\nversion: 1.0.0\ntitle: a\n';

/**
 * What `check` says of a runbook with the verbs that ship: `5:31 code: message (hint)`, one line a problem. Its own
 * text begins in line 5.
 */
export async function complaints(
  body: string,
  used: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const loaded = await load(body, used);
  return loaded.ok ? [] : loaded.problems.map(said);
}

/** What `--param` says of values for a runbook without a problem. */
export async function paramComplaints(
  body: string,
  given: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const loaded = await load(body, {});
  if (!loaded.ok) throw new Error(loaded.problems.map(said).join('\n'));
  const bound = bindParams(loaded.value, given);
  return bound.ok ? [] : bound.problems.map((problem) => said(problem).replace(/^\S+ /, ''));
}

function load(body: string, used: Readonly<Record<string, string>>) {
  const findUsed = (name: string) =>
    used[name] === undefined ? 'there is none' : { path: name, text: `${HEAD}${used[name]}` };
  return loadRunbook({ path: 'a.yaml', text: `${HEAD}${body}`, catalogue: folderCatalogue(), findUsed });
}

export function said({ place, code, message, hint, suggestion }: Problem): string {
  const more = [suggestion === undefined ? [] : [`did you mean ${suggestion}?`], hint ?? []].flat();
  const file = place.file === 'a.yaml' ? '' : `${place.file}:`;
  return `${file}${place.line}:${place.column} ${code}: ${message}${more.length > 0 ? ` (${more.join('; ')})` : ''}`;
}

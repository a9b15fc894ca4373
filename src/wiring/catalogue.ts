import { readdirSync } from 'node:fs';
import type { Catalogue } from '../model/ports.ts';
import type { ActionVerb, ProbeVerb, Verb } from '../model/verb.ts';

/**
 * A folder is the list of its verbs: the path is the name. Files that start with `_` are shared by verbs, not verbs.
 */
export function folderCatalogue(): Catalogue {
  const probes = verbsIn('probes');
  const actions = verbsIn('actions');
  return {
    probes: [...probes.keys()],
    actions: [...actions.keys()],
    probe: (name) => load(probes, name) as Promise<ProbeVerb>,
    action: (name) => load(actions, name) as Promise<ActionVerb>,
  };
}

function verbsIn(folder: 'probes' | 'actions'): ReadonlyMap<string, string> {
  const home = new URL(`../${folder}/`, import.meta.url);
  const files = readdirSync(home).filter((file) => /^[a-z][a-z_]*\.[jt]s$/.test(file));
  return new Map(files.sort().map((file) => [file.slice(0, -3), new URL(file, home).href]));
}

async function load(verbs: ReadonlyMap<string, string>, name: string): Promise<Verb> {
  const url = verbs.get(name);
  if (url === undefined) throw new Error(`bug: no verb ${name}; the loader lets none of these pass`);
  return ((await import(url)) as { default: Verb }).default;
}

import { readdirSync } from 'node:fs';
import type { Catalogue } from '../model/ports.ts';
import type { ActionVerb, ProbeVerb, Verb } from '../model/verb.ts';

/**
 * The tree is the list of verbs: verbs/FIELD/NAME.probe.ts or NAME.action.ts, and NAME is the verb. Other files there
 * are what the verbs of one field share.
 */
export function folderCatalogue(): Catalogue {
  const files = verbFiles();
  const probes = verbsOf('probe', files);
  const actions = verbsOf('action', files);
  return {
    probes: [...probes.keys()],
    actions: [...actions.keys()],
    probe: (name) => load(probes, name) as Promise<ProbeVerb>,
    action: (name) => load(actions, name) as Promise<ActionVerb>,
  };
}

/** Where each file of a verb lies, by its name. */
function verbFiles(): readonly (readonly [string, string])[] {
  const home = new URL('../verbs/', import.meta.url);
  const fields = readdirSync(home).map((field) => new URL(`${field}/`, home));
  return fields.flatMap((field) => readdirSync(field).map((file) => [file, new URL(file, field).href] as const));
}

function verbsOf(kind: Verb['kind'], files: ReturnType<typeof verbFiles>): ReadonlyMap<string, string> {
  const verb = new RegExp(`^([a-z][a-z_]*)\\.${kind}\\.[jt]s$`);
  const found = files.flatMap(([file, url]) => (verb.exec(file) ?? []).slice(1).map((name) => [name, url] as const));
  return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function load(verbs: ReadonlyMap<string, string>, name: string): Promise<Verb> {
  const url = verbs.get(name);
  if (url === undefined) throw new Error(`bug: no verb ${name}; the loader lets none of these pass`);
  return ((await import(url)) as { default: Verb }).default;
}

import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import { HOSTS } from '../src/load/inventory/language.ts';
import { POLICY } from '../src/load/policy/language.ts';
import { RUNBOOK, USE } from '../src/load/runbook/language.ts';
import { checkable } from '../src/load/text/schema.ts';
import { schemaHash } from '../src/load/text/validate.ts';
import { createAjv } from '../src/load/text/validate-now.ts';
import { WATCH } from '../src/model/run/watch.ts';
import type { Schema } from '../src/model/verb.ts';
import { folderCatalogue } from '../src/wiring/catalogue.ts';

const root = join(import.meta.dirname, '..');

/**
 * Puts the checks of the language and of every verb, compiled ahead of time, in the place of src/load/text/compiled.ts:
 * one module each, so that a command reads only those of the verbs that its runbook uses.
 */
export function compiledChecks(): Plugin {
  const made = checkSources();
  return {
    name: 'compiled-checks',
    async setup(build) {
      const sources = await made;
      build.onLoad({ filter: /[/\\]src[/\\]load[/\\]text[/\\]compiled\.ts$/ }, () => ({
        contents: `export const COMPILED = {${[...sources.keys()].map((hash) => `'${hash}': () => import('check:${hash}')`).join(',')}};`,
        loader: 'js',
        resolveDir: root,
      }));
      build.onResolve({ filter: /^check:/ }, ({ path }) => ({ path, namespace: 'check' }));
      build.onLoad({ filter: /.*/, namespace: 'check' }, ({ path }) => ({
        contents: sources.get(path.slice('check:'.length)) ?? '',
        loader: 'js',
        resolveDir: root,
      }));
    },
  };
}

/** Module texts by the hash of their schema. */
async function checkSources(): Promise<ReadonlyMap<string, string>> {
  const standalone = createRequire(import.meta.url)('ajv/dist/standalone').default as (
    ajv: unknown,
    validate: unknown,
  ) => string;
  const sources = new Map<string, string>();
  for (const shape of await shapes()) {
    const schema = checkable(shape);
    const ajv = createAjv({ source: true, esm: true });
    sources.set(schemaHash(schema), standalone(ajv, ajv.compile(schema)));
  }
  return sources;
}

async function shapes(): Promise<readonly Schema[]> {
  const { probes, actions, probe, action } = folderCatalogue();
  const verbs = await Promise.all([...probes.map((name) => probe(name)), ...actions.map((name) => action(name))]);
  return [RUNBOOK, WATCH, USE, POLICY, HOSTS, ...verbs.map((verb) => verb.schema)];
}

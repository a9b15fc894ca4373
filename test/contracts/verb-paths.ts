import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Host } from '../../src/model/host.ts';
import { isObject, type Json } from '../../src/model/json.ts';
import type { Clock, Look, Schema, Verb } from '../../src/model/verb.ts';
import { folderCatalogue } from '../../src/wiring/catalogue.ts';
import type { PathsUnderTest } from './paths.ts';

/** A host that runs as root, and its files as `pathsContract` has them. */
export type VerbsUnderTest = Pick<PathsUnderTest, 'folder' | 'put' | 'state'> & { readonly host: Host };

const STRANGER = 1001;
const clock: Clock = { now: Date.now, monotonic: () => performance.now(), sleep: async () => {} };

type Place = { readonly folder: string; readonly file: string };

/**
 * What is asked by `KIND/VERB.KEY`, where the verb's example with the path in that key would not do. A new verb needs no
 * line here unless its own example excludes the key.
 */
const ARGUMENTS: Readonly<Record<string, (place: Place) => Json>> = {
  'probe/cron_jobs.crontabs': ({ folder }) => ({ of: 'users', crontabs: [folder] }),
  'probe/cron_jobs.system': ({ folder }) => ({ of: 'system', system: [folder] }),
  'probe/files.in': ({ folder }) => ({ in: folder }),
  'probe/processes.exe': ({ file }) => ({ exe: file }),
  'action/delete.files.in': ({ folder }) => ({ files: { in: folder } }),
  'action/edit.file': ({ file }) => ({ file, add_line: { line: 'x' } }),
  'action/kill.processes.exe': ({ file }) => ({ processes: { exe: file } }),
};

/** A path is what must begin with a slash, a service by its init script, and a program by its file. */
export function pathKeys(schema: Schema, path: string): readonly string[] {
  const item = isObject(schema['x-one-or-more']) ? schema['x-one-or-more'] : schema;
  const isPath = item.pattern === '^/' || /absolute path/.test(String(item.description)) || path.endsWith('.exe');
  const inner = isObject(schema.properties) ? Object.entries(schema.properties) : [];
  return [
    ...(isPath ? [path] : []),
    ...inner.flatMap(([key, value]) => (isObject(value) ? pathKeys(value, `${path}.${key}`) : [])),
  ];
}

const catalogue = folderCatalogue();
const verbs: readonly Verb[] = await Promise.all([
  ...catalogue.probes.map((name) => catalogue.probe(name)),
  ...catalogue.actions.map((name) => catalogue.action(name)),
]);
const names = [...catalogue.probes, ...catalogue.actions];
const found = verbs.flatMap((verb, nth) =>
  pathKeys(verb.schema, `${verb.kind}/${names[nth]}`).map((key) => ({ key, verb })),
);

it('this contract lists no key that no verb has', () => {
  assert.deepEqual(
    Object.keys(ARGUMENTS).filter((key) => !found.some((one) => one.key === key)),
    [],
  );
});

/** The example, with the path at `keys`; beside it a service has no other name. */
function exampleWith(example: Json, keys: readonly string[], path: string): Json {
  const [key = '', ...more] = keys;
  const { first_of: _, ...rest } = isObject(example) ? example : {};
  return { ...rest, [key]: more.length === 0 ? path : exampleWith(rest[key] ?? {}, more, path) };
}

/** Why it is refused; null: it is not. */
async function refusalOf(host: Host, verb: Verb, arg: Json): Promise<string | null> {
  const look: Look = { host, clock, signal: new AbortController().signal, progress: () => {} };
  if (verb.kind === 'probe') return (await verb.look(look, arg)).unknown ?? null;
  const observation = await verb.observe(look, arg);
  return observation.verdict === 'cannot' ? (observation.reason ?? '') : null;
}

export function verbPathsContract(adapter: string, make: (test: TestContext) => VerbsUnderTest): void {
  describe(`every verb that takes a path, on ${adapter}`, () => {
    for (const { key, verb } of found) {
      for (const [planted, leads] of [
        ['app', 'victim'],
        ['app/queue', 'victim/queue'],
        ['app/queue/in', 'victim/queue/in'],
      ] as const) {
        it(`${key} refuses a link that a stranger planted at ${planted}, and says where it leads`, async (test) => {
          const on = make(test);
          for (const name of ['victim', 'victim/queue', 'victim/queue/in', 'sp'])
            on.put(`${on.folder}/${name}`, { type: 'directory' });
          on.put(`${on.folder}/victim/queue/in/conf`, { type: 'file', bytes: '#!/bin/sh\nexit 3\n', mode: 0o755 });
          for (const name of ['sp/app', 'sp/app/queue'].slice(0, planted.split('/').length - 1))
            on.put(`${on.folder}/${name}`, { type: 'directory', uid: STRANGER });
          on.put(`${on.folder}/sp/${planted}`, { type: 'symlink', bytes: `${on.folder}/${leads}`, uid: STRANGER });
          const before = on.state();
          const folder = `${on.folder}/sp/app/queue/in`;
          const file = `${folder}/conf`;
          const arg = ARGUMENTS[key]?.({ folder, file }) ?? exampleWith(verb.example, key.split('.').slice(1), file);
          const reason = await refusalOf(on.host, verb, arg);
          assert.ok(reason?.includes(`${on.folder}/victim/queue/in`), String(reason));
          assert.deepEqual(on.state(), before);
        });
      }
    }
  });
}

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Host } from '../../src/model/host.ts';
import { isObject, type Json } from '../../src/model/json.ts';
import type { Clock, Look, Schema } from '../../src/model/verb.ts';
import { folderCatalogue } from '../../src/wiring/catalogue.ts';
import type { PathsUnderTest } from './paths.ts';

/** A host that runs as root, and its files as `pathsContract` has them. */
export type VerbsUnderTest = Pick<PathsUnderTest, 'folder' | 'put' | 'state'> & { readonly host: Host };

const STRANGER = 1001;
const clock: Clock = { now: Date.now, monotonic: () => performance.now(), sleep: async () => {} };

/** By `verb.key` of every key that takes a path: an argument that names a folder or a file by it. */
const ARGUMENTS: Readonly<Record<string, (place: { readonly folder: string; readonly file: string }) => Json>> = {
  'probes/cron_jobs.crontabs': ({ folder }) => ({ of: 'users', crontabs: [folder] }),
  'probes/cron_jobs.system': ({ folder }) => ({ of: 'system', system: [folder] }),
  'probes/disk.path': ({ folder }) => ({ path: folder }),
  'probes/files.in': ({ folder }) => ({ in: folder }),
  'probes/processes.exe': ({ file }) => ({ exe: file }),
  'probes/service.name': ({ file }) => ({ name: file }),
  'probes/text.file': ({ file }) => ({ file, contains: 'x' }),
  'actions/delete.files.in': ({ folder }) => ({ files: { in: folder } }),
  'actions/edit.file': ({ file }) => ({ file, add_line: { line: 'x' } }),
  'actions/kill.processes.exe': ({ file }) => ({ processes: { exe: file } }),
  'actions/restart.service.name': ({ file }) => ({ service: { name: file } }),
  'actions/start.service.name': ({ file }) => ({ service: { name: file } }),
  'actions/stop.service.name': ({ file }) => ({ service: { name: file }, lease: '1m' }),
  'actions/wait.until.service.name': ({ file }) => ({
    for: '1s',
    until: { service: { name: file }, state: 'running' },
  }),
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

it('no verb has a key for a path that this contract does not know', async () => {
  const found = [
    ...(await Promise.all(
      catalogue.probes.map(async (name) => pathKeys((await catalogue.probe(name)).schema, `probes/${name}`)),
    )),
    ...(await Promise.all(
      catalogue.actions.map(async (name) => pathKeys((await catalogue.action(name)).schema, `actions/${name}`)),
    )),
  ].flat();
  assert.deepEqual(found.toSorted(), Object.keys(ARGUMENTS).toSorted());
});

/** Why it is refused; null: it is not. */
async function refusalOf(host: Host, key: string, arg: Json): Promise<string | null> {
  const look: Look = { host, clock, signal: new AbortController().signal, progress: () => {} };
  const [, kind, name = ''] = /^(probes|actions)\/(\w+)/.exec(key) ?? [];
  if (kind === 'probes') return (await (await catalogue.probe(name)).look(look, arg)).unknown ?? null;
  const observation = await (await catalogue.action(name)).observe(look, arg);
  return observation.verdict === 'cannot' ? (observation.reason ?? '') : null;
}

export function verbPathsContract(adapter: string, make: (test: TestContext) => VerbsUnderTest): void {
  describe(`every verb that takes a path, on ${adapter}`, () => {
    for (const [key, argument] of Object.entries(ARGUMENTS)) {
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
          const reason = await refusalOf(on.host, key, argument({ folder, file: `${folder}/conf` }));
          assert.ok(reason?.includes(`${on.folder}/victim/queue/in`), String(reason));
          assert.deepEqual(on.state(), before);
        });
      }
    }
  });
}

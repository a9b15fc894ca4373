import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { fakeHost } from '../src/hosts/fake.ts';
import { readOnly } from '../src/hosts/read-only.ts';
import { loadRunbook } from '../src/load/load.ts';
import { publishable } from '../src/load/text/schema.ts';
import { isObject, type Json, type JsonObject } from '../src/model/json.ts';
import { referencesIn, resolve, type StepReference } from '../src/model/reference.ts';
import type { ActionVerb, Look, ProbeVerb, Schema, Verb } from '../src/model/verb.ts';
import { folderCatalogue } from '../src/wiring/catalogue.ts';
import { systemClock } from '../src/wiring/clock.ts';
import { emptyWorld, service, THREE_AM } from './support/hosts/fake-world.ts';

/** The contract that every verb must keep. */
const catalogue = folderCatalogue();
const filesOf = (kind: string) =>
  globSync(`*/*.${kind}.ts`, { cwd: join(import.meta.dirname, '../src/verbs') }).map((file) =>
    basename(file, `.${kind}.ts`),
  );

test('the catalogue is the tree: each file of a verb is in it by its name, and each name once', () => {
  assert.deepEqual([catalogue.probes, catalogue.actions], [filesOf('probe').sort(), filesOf('action').sort()]);
  for (const names of [catalogue.probes, catalogue.actions]) assert.equal(new Set(names).size, names.length);
  assert.ok(catalogue.probes.includes('cron_jobs') && catalogue.actions.includes('kill'));
});

const verbs: readonly (readonly [string, Promise<Verb>])[] = [
  ...catalogue.probes.map((name) => [`probe/${name}`, catalogue.probe(name)] as const),
  ...catalogue.actions.map((name) => [`action/${name}`, catalogue.action(name)] as const),
];

for (const [path, loading] of verbs) {
  const name = basename(path);

  test(`${path} is of its file's kind and says what it is for`, async () => {
    const verb = await loading;
    assert.equal(verb.kind, path.startsWith('probe/') ? 'probe' : 'action');
    assert.match(verb.summary, /^[a-z][^.\n]{5,79}$/, 'one line, imperative, no full stop');
    assert.ok(verb.about.length > verb.summary.length, 'about says more than the summary');
    assert.deepEqual(
      verb.needs.filter((need) => !['fork', 'inode', 'root'].includes(need)),
      [],
    );
  });

  test(`${path} describes every property, and every measure, for whoever writes a runbook`, async () => {
    const verb = await loading;
    assert.deepEqual(undescribed(verb.schema, name), []);
    if (verb.kind !== 'probe') return;
    const measures = Object.entries(verb.measures);
    assert.ok(measures.length > 0);
    assert.deepEqual(
      measures.filter(([, { about }]) => about.length < 10),
      [],
    );
  });

  test(`${path} has a schema that compiles strictly, closed against unknown keys`, async () => {
    const verb = await loading;
    const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, validateFormats: false });
    const validate = ajv.compile(publishable(verb.schema));
    assert.deepEqual([validate(verb.example), validate.errors ?? []], [true, []]);
    if (isObject(verb.example)) assert.equal(validate({ ...verb.example, no_such_key: 1 }), false);
  });

  test(`${path} has an example that a runbook can use as it stands`, async () => {
    const text = JSON.stringify(await runbookWith(name, await loading), null, 1);
    const loaded = await loadRunbook({ path: '/contract.yaml', text, catalogue });
    assert.deepEqual(loaded.ok ? [] : loaded.problems.map(({ code, message }) => `${code}: ${message}`), []);
  });

  test(`${path} changes nothing while it looks, and says what a person could type instead`, async () => {
    const verb = await loading;
    const world = furnished();
    const before = structuredClone({ files: world.files, processes: world.processes, services: world.services });
    const look: Look = {
      host: readOnly(fakeHost(world)),
      clock: systemClock,
      signal: new AbortController().signal,
      progress: () => {},
    };
    const arg = await resolved(verb, look);
    const explained = verb.kind === 'probe' ? await looked(verb, look, arg) : await observed(verb, look, arg);
    assert.deepEqual(world.log, []);
    assert.deepEqual({ files: world.files, processes: world.processes, services: world.services }, before);
    assert.ok(explained.every((line) => typeof line === 'string' && line.length > 0));
    assert.ok(explained.length > 0, 'explain is empty');
  });
}

async function looked(verb: ProbeVerb, look: Look, arg: Json): Promise<readonly string[]> {
  const finding = await verb.look(look, arg);
  assert.deepEqual(Object.keys(finding.measures).sort(), Object.keys(verb.measures).sort(), 'measures as declared');
  assert.match(finding.summary, /^[^\n]+$/);
  assert.deepEqual(notJson(finding), []);
  return verb.explain(arg);
}

async function observed(verb: ActionVerb, look: Look, arg: Json): Promise<readonly string[]> {
  const observation = await verb.observe(look, arg);
  assert.match(observation.summary, /^[^\n]+$/);
  if (observation.verdict === 'cannot') assert.ok(observation.reason, 'what cannot be done has a reason');
  if (observation.undo.kind === 'irreversible') assert.ok(observation.undo.because.length > 0);
  assert.deepEqual(notJson(observation), []);
  return observation.verdict === 'change' ? observation.explain : ['(not asked)'];
}

/** What crosses into a journal is JSON: no dates, maps, functions, NaN. */
function notJson(value: unknown, path = ''): readonly string[] {
  if (value === null || value === undefined || typeof value === 'string' || typeof value === 'boolean') return [];
  if (typeof value === 'number') return Number.isFinite(value) ? [] : [path];
  if (Array.isArray(value)) return value.flatMap((item, at) => notJson(item, `${path}[${at}]`));
  const plain = typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype;
  return plain ? Object.entries(value).flatMap(([key, item]) => notJson(item, `${path}.${key}`)) : [path];
}

/** The example with its `$step` looked at, as the plan would. */
async function resolved(verb: Verb, look: Look): Promise<Json> {
  const scope = new Map<string, StepReference>();
  for (const reference of referencesIn(verb.example)) {
    const [source = ''] = stepsMeant(verb.schema);
    const probe = await catalogue.probe(source);
    const finding = await probe.look(look, probe.example);
    scope.set(reference, { $step: reference, verb: source, selector: probe.example, found: finding.detail });
  }
  return resolve(verb.example, scope);
}

/** The example as the one step of a runbook, with the probes it refers to before it. */
async function runbookWith(name: string, verb: Verb): Promise<JsonObject> {
  const [source = ''] = stepsMeant(verb.schema);
  const referred = await Promise.all(
    referencesIn(verb.example).map(async (id) => ({ id, [source]: (await catalogue.probe(source)).example })),
  );
  const looks = { id: 'room', disk: { path: '/var' }, expect: { space_free: '5%' } };
  return {
    firebreak: 1,
    runbook: 'contract',
    version: '1.0.0',
    title: 'the example of one verb',
    about: 'See test/catalogue.test.ts.',
    diagnose: [looks, ...referred, ...(verb.kind === 'probe' ? [{ id: 'it', [name]: verb.example }] : [])],
    ...(verb.kind === 'action' && {
      act: [{ id: 'it', why: 'the contract', undo: 'a person puts it back', [name]: verb.example }],
    }),
    verify: [
      {
        id: 'calm',
        watch: { for: '1m', every: '15s', proof: { cron_minutes: 1 } },
        hold: [{ of: '$room', inodes_free: { at_least: '1%' } }],
      },
    ],
  };
}

function stepsMeant(schema: Json | undefined): readonly string[] {
  if (Array.isArray(schema)) return (schema as readonly Json[]).flatMap(stepsMeant);
  if (!isObject(schema)) return [];
  return [
    ...(Array.isArray(schema['x-step']) ? (schema['x-step'] as readonly string[]) : []),
    ...Object.values(schema).flatMap(stepsMeant),
  ];
}

function undescribed(schema: Schema, path: string): readonly string[] {
  const own = typeof schema.description === 'string' && schema.description.length >= 8 ? [] : [path];
  const { properties, additionalProperties: more, 'x-one-or-more': item } = schema;
  const inner = isObject(properties) ? Object.entries(properties) : [];
  return [
    ...own,
    ...inner.flatMap(([key, value]) => (isObject(value) ? undescribed(value, `${path}.${key}`) : [])),
    ...(isObject(item) ? undescribed(item, `${path}[]`) : []),
    ...(isObject(more) ? undescribed(more, `${path}.*`) : []),
  ];
}

/** A host that has something of everything the examples name. */
function furnished() {
  const file = (text: string, inode: number, type: 'file' | 'directory' = 'file') =>
    ({
      type,
      bytes: Buffer.from(text).toString('base64'),
      mode: 0o644,
      uid: 0,
      gid: 0,
      modified: THREE_AM - 60_000,
      inode,
    }) as const;
  return emptyWorld({
    services: new Map(['cron', 'crond', 'postfix'].map((name) => [name, service(name, 'running')])),
    commands: () => ({ exit: 0, stdout: 'ok\n' }),
    files: new Map([
      ['/etc/crontab', file('MAILTO=root\n* * * * * root echo hello\n', 10)],
      ['/var/spool/cron/crontabs/root', file('* * * * * echo hello\n', 11)],
      ['/var/spool/postfix/maildrop/A1', file('Subject: Cron <root@fake> echo hello\n', 12)],
      ['/var/spool/postfix/main.cf', file('inet_interfaces = all\n', 13)],
      ['/etc/postfix/main.cf', file('inet_interfaces = all\n', 14)],
    ]),
  });
}

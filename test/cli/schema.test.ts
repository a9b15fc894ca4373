import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { main } from '../../src/cli.ts';
import { parse } from '../../src/load/text/parse.ts';
import { isObject, type Json, type JsonObject } from '../../src/model/json.ts';
import { testIo } from '../support/test-io.ts';

const root = join(import.meta.dirname, '../..');

async function schema(...args: readonly string[]): Promise<JsonObject> {
  const { io, out } = testIo();
  assert.equal(await main(['schema', ...args], io), 0);
  return JSON.parse(out()) as JsonObject;
}

function validator(of: JsonObject): (text: string) => boolean {
  const check = new Ajv2020({
    strict: true,
    strictRequired: false,
    strictTypes: false,
    allErrors: true,
    formats: { regex: true },
  }).compile(of);
  return (text) => check(parse('x.yaml', text).source?.value);
}

const shipped = globSync(['runbooks/*.yaml', 'examples/*.yaml'], { cwd: root }).map(
  (file) => [file, readFileSync(join(root, file), 'utf8')] as const,
);

test('the published schemas are plain draft 2020-12 and accept every runbook, policy and hosts.yaml that comes with firebreak', async () => {
  const [runbook, policy, hosts] = [await schema(), await schema('policy'), await schema('hosts')];
  assert.equal(runbook.$schema, 'https://json-schema.org/draft/2020-12/schema');
  assert.deepEqual(
    keysOf(runbook).filter((key) => key.startsWith('x-')),
    [],
  );
  const [isRunbook, isPolicy, isHosts] = [validator(runbook), validator(policy), validator(hosts)];
  assert.ok(shipped.length >= 2);
  const checkFor = (text: string) =>
    text.includes('firebreak_policy:') ? isPolicy : text.includes('firebreak_hosts:') ? isHosts : isRunbook;
  for (const [file, text] of shipped) assert.equal(checkFor(text)(text), true, file);
});

test('the published schema refuses what an editor should underline', async () => {
  const isRunbook = validator(await schema());
  const storm = readFileSync(join(root, 'runbooks/cron-mail-storm.yaml'), 'utf8');
  const mistakes: readonly (readonly [string, string])[] = [
    ['title:', 'titel:'],
    ['{path: $spool}', '{pth: $spool}'],
    ['disk: {path', 'disc: {path'],
    ['inodes_free: {at_most:', 'inode_free: {at_most:'],
    ['{at_most: $inodes_free}', '{at_moast: $inodes_free}'],
    ['kill_after: 5s', 'kill_after: 5'],
    ['signal: TERM', 'signal: TREM'],
    ['targets: $mail,', 'targets: mail,'],
    ['    why: the jobs must run again\n', ''],
    ['    kill: {', '    x-kill: {'],
    ['  - id: postfix', '  - id: Postfix'],
  ];
  for (const [from, to] of mistakes) {
    assert.ok(storm.includes(from), from);
    assert.equal(isRunbook(storm.replace(from, to)), false, to);
  }
});

test('every property has a description', async () => {
  for (const [name, of] of [
    ['runbook', await schema()],
    ['policy', await schema('policy')],
    ['hosts', await schema('hosts')],
  ] as const) {
    assert.deepEqual(undescribed(of, name), []);
  }
});

test('`schema` refuses an unknown language', async () => {
  const { io, err } = testIo();
  assert.equal(await main(['schema', 'poem'], io), 64);
  assert.match(err(), /none of `poem`/);
});

function keysOf(json: Json): readonly string[] {
  if (Array.isArray(json)) return json.flatMap((item: Json) => keysOf(item));
  return isObject(json) ? Object.entries(json).flatMap(([key, item]) => [key, ...keysOf(item ?? null)]) : [];
}

function undescribed(json: Json, path: string): readonly string[] {
  if (Array.isArray(json)) return json.flatMap((item: Json, at) => undescribed(item, `${path}/${at}`));
  if (!isObject(json)) return [];
  // Conditions of `if` speak of properties that are described where they stand.
  const properties = isObject(json.properties) && !/\/(?:allOf|if)\b/.test(path) ? Object.entries(json.properties) : [];
  const bare = properties
    .filter(([, shape]) => !isObject(shape) || typeof shape.description !== 'string')
    .map(([key]) => `${path}.${key}`);
  return [...bare, ...Object.entries(json).flatMap(([key, item]) => undescribed(item ?? null, `${path}/${key}`))];
}

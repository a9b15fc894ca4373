import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOSTS } from '../../src/load/inventory/language.ts';
import { POLICY } from '../../src/load/policy/language.ts';
import { RUNBOOK } from '../../src/load/runbook/language.ts';
import { isObject, type Json, type JsonObject } from '../../src/model/json.ts';
import { read, unchecked } from '../../src/model/read.ts';
import { WATCH } from '../../src/model/run/watch.ts';
import {
  byDefault,
  either,
  integer,
  list,
  mapOf,
  object,
  oneOrMore,
  quantity,
  stepReference,
  text,
} from '../../src/model/runbook/shape.ts';
import { folderCatalogue } from '../../src/wiring/catalogue.ts';

const TABLE = object(
  'A table.',
  {
    name: oneOrMore(text('A name.'), 'Names.'),
    wait: byDefault('1m', quantity('duration', 'How long. Default 1m.')),
    size: quantity('size', 'How large.'),
    from: stepReference('A step.', 'files'),
    parts: list('Parts.', object('A part.', { of: integer('How many.') })),
    env: mapOf('Variables.', text('A value.')),
    way: either('A word, or a map.', oneOrMore(text('A word.'), 'Words.'), object('A map.', { to: text('Where.') })),
  },
  ['name'],
);

test('units become numbers, a single value becomes a list, missing keys get their defaults, notes are left out', () => {
  assert.deepEqual(read(TABLE, { name: 'a', size: '2KiB', 'x-note': 'n' }), { name: ['a'], wait: 60_000, size: 2048 });
  assert.deepEqual(read(TABLE, { name: ['a', 7], wait: '5s', way: { to: 'b' }, env: { A: 1 }, parts: [{ of: 2 }] }), {
    name: ['a', '7'],
    wait: 5000,
    way: { to: 'b' },
    env: { A: '1' },
    parts: [{ of: 2 }],
  });
});

test('a parameter of type size may already be a number; a text that is no quantity is thrown, because without it more would be selected', () => {
  assert.equal(read(TABLE, { name: 'a', size: 512 }).size, 512);
  assert.throws(() => read(TABLE, { name: 'a', size: 'big' }), /"big" is no size/);
});

test('a step that is referred to is given as it is: its selector is read by its own table', () => {
  const from = { $step: 'mail', verb: 'files', selector: { in: '/x', older_than: '1m' }, found: null };
  assert.deepEqual(read(TABLE, { name: 'a', from }).from, from);
});

test('an unchecked value is read as an object, whatever it is', () => {
  assert.deepEqual([unchecked(TABLE, 'text'), unchecked(TABLE, undefined), unchecked(TABLE, ['a'])], [{}, {}, {}]);
  assert.equal(unchecked(TABLE, { wait: 5 }).wait, 5);
});

test('the description of a key tells its default in the words of the language', async () => {
  const catalogue = folderCatalogue();
  const verbs = await Promise.all([
    ...catalogue.probes.map((name) => catalogue.probe(name)),
    ...catalogue.actions.map((name) => catalogue.action(name)),
  ]);
  const silent = [RUNBOOK, POLICY, HOSTS, WATCH, ...verbs.map(({ schema }) => schema)].flatMap(untold);
  assert.deepEqual(silent, []);
});

/** Defaults that their description does not say. */
function untold(shape: Json): readonly string[] {
  if (Array.isArray(shape)) return (shape as readonly Json[]).flatMap(untold);
  if (!isObject(shape)) return [];
  const { 'x-default': written, description } = shape as JsonObject;
  const words = written === undefined ? [] : [written].flat().map(String);
  return [
    ...words.filter(
      (word) => !/default/i.test(word) && !String(description).toLowerCase().includes(word.toLowerCase()),
    ),
    ...Object.values(shape).flatMap((part) => (part === undefined ? [] : untold(part))),
  ];
}

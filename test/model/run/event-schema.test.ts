import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { main } from '../../../src/cli.ts';
import { isObject, type JsonObject } from '../../../src/model/json.ts';
import { eventSchema } from '../../../src/model/run/event-schema.ts';
import { anyEvents } from '../../support/any-event.ts';
import { assertEvent, isValidEvent } from '../../support/event-schema.ts';
import { anyFleetEvents } from '../../support/fleet/any-fleet.ts';
import { FLEETS, fleetEvents } from '../../support/fleet/demo-fleet-events.ts';
import { STARTED, stamped } from '../../support/story.ts';
import { testIo } from '../../support/test-io.ts';
import { demoEvents } from '../../support/views/demo-events.ts';

const root = join(import.meta.dirname, '../../..');

test('`firebreak schema events` prints the schema, versioned, every property described', async () => {
  const { io, out, err } = testIo();
  assert.deepEqual([await main(['schema', 'events'], io), err()], [0, '']);
  const schema = JSON.parse(out()) as JsonObject;
  assert.deepEqual(schema, JSON.parse(JSON.stringify(eventSchema())));
  assert.equal(schema.$id, 'urn:firebreak:schema:event:1');
  assert.deepEqual(undescribed(schema, ''), []);
});

function undescribed(schema: JsonObject, at: string): readonly string[] {
  const properties = isObject(schema.properties) ? Object.entries(schema.properties) : [];
  const nested = Object.entries(schema).flatMap(([key, value]) =>
    [value]
      .flat()
      .flatMap((inner) => (isObject(inner) && key !== 'properties' ? undescribed(inner, `${at}/${key}`) : [])),
  );
  const own = properties.flatMap(([name, inner]) =>
    isObject(inner) && !['description', '$ref', 'const', 'anyOf'].some((word) => word in inner)
      ? [`${at}/${name}`]
      : [],
  );
  return [
    ...own,
    ...nested,
    ...properties.flatMap(([name, inner]) => (isObject(inner) ? undescribed(inner, `${at}/${name}`) : [])),
  ];
}

test('any event that the types allow is one of the schema', () => {
  fc.assert(
    fc.property(anyEvents, (events) => events.forEach(assertEvent)),
    { numRuns: 200 },
  );
});

test('any event of a fleet run is one of the schema', () => {
  fc.assert(
    fc.property(anyFleetEvents, (events) => events.forEach(assertEvent)),
    { numRuns: 200 },
  );
});

test('the stories that the views are tested with are events of the schema', () => {
  for (const story of ['held', 'recurred', 'undone', 'elsewhere'] as const) demoEvents(story).forEach(assertEvent);
  for (const story of [FLEETS.held, FLEETS.recurred]) fleetEvents(story).forEach(assertEvent);
});

test('the schema refuses an event of a fleet with an unknown key, a missing key or an unknown word', () => {
  const ended = fleetEvents(FLEETS.held).find(({ type }) => type === 'host.finished');
  assert.ok(ended?.type === 'host.finished' && isValidEvent(ended));
  const { reasons: _, ...without } = ended;
  assert.deepEqual(
    [{ ...ended, more: 1 }, without, { ...ended, outcome: 'fine' }, { ...ended, host: null }].map(isValidEvent),
    [false, false, false, false],
  );
});

test('the schema refuses an event with an unknown key, a missing key, an unknown word or another version', () => {
  const [started] = stamped([STARTED]);
  assert.ok(started?.type === 'run.started');
  assert.equal(isValidEvent(started), true);
  const { who: _, ...without } = started;
  assert.deepEqual(
    [
      { ...started, more: 1 },
      without,
      { ...started, mode: 'robot' },
      { ...started, v: 2 },
      { ...started, type: 'run.dreamt' },
      { ...started, runbook: { ...started.runbook, colour: 'red' } },
    ].map(isValidEvent),
    [false, false, false, false, false, false],
  );
});

for (const file of globSync('test/fixtures/journals/*.ndjson', { cwd: root })) {
  test(`the events of ${file}, which a released version wrote, are of the schema`, () => {
    const [, ...lines] = readFileSync(join(root, file), 'utf8').trim().split('\n');
    assert.ok(lines.length > 10);
    for (const line of lines) assertEvent(eventOf(line));
  });
}

/** A journal's line is an event with the chain's hash as its last key. */
function eventOf(line: string): unknown {
  const { h: _h, hash: _hash, chain: _chain, ...event } = JSON.parse(line) as JsonObject;
  return event;
}

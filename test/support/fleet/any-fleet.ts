import fc from 'fast-check';
import { EVENT_VERSION, type RunEvent } from '../../../src/model/event.ts';
import type { FleetEvent } from '../../../src/model/fleet/ports.ts';
import { ORDERS } from '../../../src/model/fleet/strategy.ts';
import { targetNamed } from '../../../src/model/fleet/target.ts';
import type { FleetFact } from '../../../src/model/fleet.ts';
import { OUTCOMES, type OutcomeName } from '../../../src/model/outcome.ts';
import { anyEvents } from '../any-event.ts';

/**
 * Any stream of a fleet run there can be, sensible order or not; hosts and texts are as hostile as an inventory and a
 * host can make them.
 */

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('', '\u001b[2J', 'a\nb', '| x |', '<script>', '](http://x)', '\ud800', '\u202eevil'),
);
const texts = fc.array(text, { maxLength: 3 });
const host = fc.oneof(
  fc.constantFrom(
    'web-1',
    'web-2',
    'web-3',
    'web-10',
    'db.eu.example.com',
    '\u001b[31mred',
    'x'.repeat(90),
    '日本',
    'a\nb',
  ),
  text,
);
const hosts = fc.array(host, { maxLength: 12 });
const outcome = fc.constantFrom(...(Object.keys(OUTCOMES) as OutcomeName[]));
const verdict = fc.option(fc.constantFrom('held', 'recurred', 'inconclusive'));
const run = fc.constantFrom('r1', 'r2', 'r3');
const end = { host, run: fc.option(run), outcome, verdict, reasons: texts };
const size = fc.oneof(
  fc.record({ kind: fc.constant('hosts'), count: fc.nat(300) }),
  fc.record({ kind: fc.constant('share'), percent: fc.nat(100) }),
);
const strategy = fc.record({
  batches: fc.array(fc.oneof(size, fc.constant({ kind: 'rest' })), { maxLength: 4 }),
  atOnce: fc.integer({ min: 1, max: 300 }),
  pause: fc.nat(100_000),
  failures: size,
  order: fc.constantFrom(...ORDERS),
});
const group = fc.record({
  kind: fc.constantFrom('act', 'not-this-incident', 'refused', 'unreachable'),
  hosts,
  says: text,
  example: fc.option(host),
});

const fleetFact = fc.oneof(
  fc.record({
    type: fc.constant('fleet.started'),
    runbook: fc.record({ name: text, version: text, title: text, path: text, hash: text }),
    params: fc.dictionary(text, text, { maxKeys: 3 }),
    strategy,
    hosts: fc.uniqueArray(host, { maxLength: 30 }).map((names) => names.map((name) => targetNamed(name))),
    skipped: hosts,
    who: text,
    mode: fc.constantFrom('interactive', 'unattended'),
    policy: fc.option(fc.record({ path: text, hash: text })),
    tool: text,
    reach: fc.constant(null),
  }),
  fc.record({ type: fc.constant('fleet.resumed'), to: fc.constantFrom('finish', 'roll-back'), who: text, hosts }),
  fc.record({ type: fc.constant('fleet.planned'), groups: fc.array(group, { maxLength: 4 }) }),
  fc.record({ type: fc.constant('batch.started'), batch: fc.nat(9), of: fc.nat(9), hosts }),
  fc.record({ type: fc.constant('host.started'), host, run }),
  fc.record({ type: fc.constant('host.finished'), ...end }),
  fc.record({ type: fc.constant('host.rolled-back'), ...end }),
  fc.record({ type: fc.constant('batch.finished'), batch: fc.nat(9), failed: hosts }),
  fc.record({ type: fc.constant('fleet.stopped'), why: text, notBegun: hosts }),
  fc.record({ type: fc.constant('fleet.noted'), text }),
  fc.record({ type: fc.constant('fleet.finished'), outcome, reasons: texts }),
) as unknown as fc.Arbitrary<FleetFact>;

const stamp = (at: number) =>
  ({
    v: EVENT_VERSION,
    seq: at + 1,
    at: new Date(Date.UTC(2026, 10, 23, 16, 55, at)).toISOString(),
    mono: at * 1000,
    run: 'fleet',
    host: 'bastion',
  }) as const;

export const anyFleetEvents: fc.Arbitrary<readonly FleetEvent[]> = fc
  .array(fleetFact, { maxLength: 20 })
  .map((facts) => facts.map((fact, at) => ({ ...stamp(at), ...fact }) as FleetEvent));

/** Its own events with those of its hosts' runs among them. */
export const anyFleetStream: fc.Arbitrary<readonly (FleetEvent | RunEvent)[]> = fc
  .tuple(anyFleetEvents, fc.array(fc.tuple(fc.nat(20), host, anyEvents), { maxLength: 3 }))
  .map(([fleet, runs]) => {
    const stream: (FleetEvent | RunEvent)[] = [...fleet];
    for (const [at, name, events] of runs) stream.splice(at, 0, ...events.map((event) => ({ ...event, host: name })));
    return stream;
  });

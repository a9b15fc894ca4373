import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FleetEvent } from '../../../src/model/fleet/ports.ts';
import { applyFleet, fleetStateOf } from '../../../src/model/fleet/state.ts';
import { DEFAULT_STRATEGY } from '../../../src/model/fleet/strategy.ts';
import { targetNamed } from '../../../src/model/fleet/target.ts';
import type { FleetFact, HostEnd } from '../../../src/model/fleet.ts';
import type { OutcomeName } from '../../../src/model/outcome.ts';

const HOSTS = ['web-1', 'web-2', 'web-3'];

const STARTED: FleetFact = {
  type: 'fleet.started',
  runbook: { name: 'storm', version: '1.0.0', title: 'a storm', path: '/storm.yaml', hash: 'aa' },
  params: {},
  strategy: DEFAULT_STRATEGY,
  hosts: HOSTS.map((name) => targetNamed(name)),
  skipped: ['db-1'],
  who: 'ada',
  mode: 'unattended',
  policy: null,
  tool: '0.1.0',
  reach: null,
};

const events = (facts: readonly FleetFact[]): readonly FleetEvent[] =>
  facts.map(
    (fact, at) =>
      ({
        v: 1,
        seq: at + 1,
        at: '2026-11-23T03:00:00.000Z',
        mono: at,
        run: 'fleet-1',
        host: 'laptop',
        ...fact,
      }) as FleetEvent,
  );

const end = (host: string, run: string | null, outcome: OutcomeName): HostEnd => ({
  host,
  run,
  outcome,
  verdict: null,
  reasons: [],
});

const statuses = (facts: readonly FleetFact[]) =>
  fleetStateOf(events([STARTED, ...facts])).hosts.map(({ status }) => status);

test('a host waits, runs, has ended or is rolled back; a rollback keeps how it had ended', () => {
  const facts: readonly FleetFact[] = [
    { type: 'host.started', host: 'web-1', run: 'r1' },
    { type: 'host.finished', ...end('web-1', 'r1', 'recurred') },
    { type: 'host.started', host: 'web-1', run: 'r1' },
    { type: 'host.rolled-back', ...end('web-1', 'r1', 'rolled-back') },
  ];
  assert.deepEqual(statuses([]), ['waiting', 'waiting', 'waiting']);
  assert.deepEqual(statuses(facts.slice(0, 1)), ['running', 'waiting', 'waiting']);
  assert.deepEqual(statuses(facts.slice(0, 2)), ['ended', 'waiting', 'waiting']);
  const state = fleetStateOf(events([STARTED, ...facts]));
  assert.equal(state.run, 'fleet-1');
  const [host] = state.hosts;
  assert.deepEqual(
    [host?.status, host?.run, host?.end?.outcome, host?.rolledBack?.outcome],
    ['rolled-back', 'r1', 'recurred', 'rolled-back'],
  );
});

test('a rollback that could not be begun has undone nothing: the host stays as it had ended', () => {
  const facts: readonly FleetFact[] = [
    { type: 'host.started', host: 'web-1', run: 'r1' },
    { type: 'host.finished', ...end('web-1', 'r1', 'held') },
    { type: 'host.rolled-back', ...end('web-1', 'r1', 'outcome-unknown') },
  ];
  assert.deepEqual(statuses(facts), ['ended', 'waiting', 'waiting']);
});

test('a resume cancels a stop: hosts that were never begun wait for their turn again', () => {
  const before: readonly FleetFact[] = [
    { type: 'host.finished', ...end('web-1', null, 'outcome-unknown') },
    { type: 'host.finished', ...end('web-2', null, 'not-this-incident') },
    { type: 'fleet.stopped', why: 'SIGINT', notBegun: ['web-3'] },
    { type: 'fleet.finished', outcome: 'outcome-unknown', reasons: [] },
  ];
  const stopped = fleetStateOf(events([STARTED, ...before]));
  assert.deepEqual([stopped.stopped?.notBegun, stopped.finished?.exit], [['web-3'], 10]);
  const resumed = fleetStateOf(
    events([STARTED, ...before, { type: 'fleet.resumed', to: 'finish', who: 'ada', hosts: ['web-1', 'web-3'] }]),
  );
  assert.deepEqual([resumed.stopped, resumed.finished, resumed.resumes], [null, null, 1]);
  assert.deepEqual(
    resumed.hosts.map(({ status }) => status),
    ['waiting', 'ended', 'waiting'],
  );
});

test('batches are kept in their order, each with those that failed once it has ended', () => {
  const { batches } = fleetStateOf(
    events([
      STARTED,
      { type: 'batch.started', batch: 1, of: 2, hosts: ['web-1'] },
      { type: 'batch.finished', batch: 1, failed: [] },
      { type: 'batch.started', batch: 2, of: 2, hosts: ['web-2', 'web-3'] },
    ]),
  );
  assert.deepEqual(batches, [
    { batch: 1, of: 2, hosts: ['web-1'], failed: [] },
    { batch: 2, of: 2, hosts: ['web-2', 'web-3'], failed: null },
  ]);
});

const host = fc.constantFrom(...HOSTS, 'nobody');
const outcome = fc.constantFrom<OutcomeName>('held', 'recurred', 'outcome-unknown', 'not-this-incident', 'rolled-back');
const anEnd = fc.record({
  host,
  run: fc.option(fc.constantFrom('r1', 'r2')),
  outcome,
  verdict: fc.constant(null),
  reasons: fc.constant([]),
});
const fact: fc.Arbitrary<FleetFact> = fc.oneof(
  fc.constant(STARTED),
  fc.record({ type: fc.constant('host.started' as const), host, run: fc.constantFrom('r1', 'r2') }),
  anEnd.map((one): FleetFact => ({ type: 'host.finished', ...one })),
  anEnd.map((one): FleetFact => ({ type: 'host.rolled-back', ...one })),
  fc.constant<FleetFact>({ type: 'batch.finished', batch: 1, failed: [] }),
  fc.constant<FleetFact>({ type: 'batch.started', batch: 1, of: 1, hosts: HOSTS }),
  fc.constant<FleetFact>({ type: 'fleet.resumed', to: 'finish', who: 'ada', hosts: HOSTS }),
  fc.constant<FleetFact>({ type: 'fleet.stopped', why: 'why', notBegun: [] }),
  fc.constant<FleetFact>({ type: 'fleet.finished', outcome: 'held', reasons: [] }),
);

test('any facts in any order have a state: the hosts are those that were chosen, and one that runs has a run', () => {
  fc.assert(
    fc.property(fc.array(fact, { maxLength: 30 }), (facts) => {
      const state = fleetStateOf(events(facts));
      assert.deepEqual(
        state.hosts.map((one) => one.host),
        facts.includes(STARTED) ? HOSTS : [],
      );
      assert.ok(state.hosts.every(({ status, run }) => status !== 'running' || run !== null));
    }),
  );
});

test('an event of a newer version changes only the number of the last event', () => {
  const before = fleetStateOf(events([STARTED]));
  const after = applyFleet(before, { ...events([STARTED])[0], type: 'host.painted', seq: 2 } as unknown as FleetEvent);
  assert.deepEqual({ ...after, last: before.last }, before);
});

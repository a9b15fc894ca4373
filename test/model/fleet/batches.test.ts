import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { batchesLeft, batchesOf, inBatchOrder, mayFail, withCanary } from '../../../src/model/fleet/batches.ts';
import { isFailure, worstOf } from '../../../src/model/fleet/outcome.ts';
import { DEFAULT_STRATEGY, type Size } from '../../../src/model/fleet/strategy.ts';
import { exitCode, OUTCOMES, type OutcomeName } from '../../../src/model/outcome.ts';

const hostsOf = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => `web-${at + 1}`);
const lengths = (batches: readonly (readonly string[])[]): readonly number[] => batches.map(({ length }) => length);

const size: fc.Arbitrary<Size> = fc.oneof(
  fc.record({ kind: fc.constant('hosts' as const), count: fc.integer({ min: 1, max: 300 }) }),
  fc.record({ kind: fc.constant('share' as const), percent: fc.integer({ min: 1, max: 100 }) }),
  fc.constant({ kind: 'rest' as const }),
);
const sizes = fc.array(size, { minLength: 1, maxLength: 6 });
const fleet = fc.integer({ min: 0, max: 250 }).map(hostsOf);

test('sizes say how many are done when a batch has ended: 1, 5%, 25%, rest', () => {
  assert.deepEqual(lengths(batchesOf(DEFAULT_STRATEGY, hostsOf(200))), [1, 9, 40, 150]);
  assert.deepEqual(lengths(batchesOf(DEFAULT_STRATEGY, hostsOf(5))), [1, 4]);
  assert.deepEqual(lengths(batchesOf(DEFAULT_STRATEGY, hostsOf(1))), [1]);
  assert.deepEqual(lengths(batchesOf(DEFAULT_STRATEGY, [])), []);
});

test('a share that is less than one host still gives a canary', () => {
  const batches: readonly Size[] = [{ kind: 'share', percent: 10 }, { kind: 'rest' }];
  assert.deepEqual(lengths(batchesOf({ batches }, hostsOf(5))), [1, 4]);
});

test('whatever the sizes are, every host is in one batch, in its order, and no batch is empty', () => {
  fc.assert(
    fc.property(sizes, fleet, (batches, hosts) => {
      const cut = batchesOf({ batches }, hosts);
      assert.deepEqual(cut.flat(), hosts);
      assert.ok(cut.every(({ length }) => length > 0));
    }),
  );
});

test('what is left after any number of hosts are done is the same hosts in batches that are no larger', () => {
  fc.assert(
    fc.property(sizes, fleet, fc.nat(250), (batches, hosts, count) => {
      const done = new Set(hosts.slice(0, count));
      const left = batchesLeft({ batches }, hosts, done);
      assert.deepEqual(left.flat(), hosts.slice(count));
      const most = Math.max(0, ...lengths(batchesOf({ batches }, hosts)));
      assert.ok(left.every(({ length }) => length > 0 && length <= most));
    }),
  );
});

test('while no host has held, the next batch is no larger than the canary, and no host is left out', () => {
  fc.assert(
    fc.property(sizes, fleet, fc.integer({ min: 1, max: 9 }), (batches, hosts, canary) => {
      const all = batchesOf({ batches }, hosts);
      const cut = withCanary(all, canary);
      assert.deepEqual(cut.flat(), all.flat());
      assert.ok((cut[0]?.length ?? 0) <= canary);
    }),
  );
});

test('how many may fail is a number, or a share rounded down', () => {
  assert.equal(mayFail(DEFAULT_STRATEGY, 200), 0);
  assert.equal(mayFail({ failures: { kind: 'share', percent: 10 } }, 19), 1);
  assert.equal(mayFail({ failures: { kind: 'hosts', count: 3 } }, 200), 3);
});

test('every order is the same hosts; by name 9 comes before 10', () => {
  const targets = ['web-10', 'web-9', 'db-1'].map((name) => ({ name }));
  const names = (order: Parameters<typeof inBatchOrder>[0]) =>
    inBatchOrder(order, targets, () => 0.5).map(({ name }) => name);
  assert.deepEqual(names('given'), ['web-10', 'web-9', 'db-1']);
  assert.deepEqual(names('reverse'), ['db-1', 'web-9', 'web-10']);
  assert.deepEqual(names('name'), ['db-1', 'web-9', 'web-10']);
  fc.assert(
    fc.property(fleet, fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })), (hosts, numbers) => {
      const drawn = numbers[Symbol.iterator]();
      const random = (): number => drawn.next().value ?? 0;
      const shuffled = inBatchOrder(
        'shuffled',
        hosts.map((name) => ({ name })),
        random,
      );
      assert.deepEqual(shuffled.map(({ name }) => name).sort(), [...hosts].sort());
    }),
  );
});

// ---------------------------------------------------------------- how it ends

const outcomes = Object.keys(OUTCOMES) as readonly OutcomeName[];

test('from the worst exit code to the best: 10, 9, 4, 8, 5, 7, 3, 2, 0; an interrupt counts if nothing worse happened', () => {
  const promised = [10, 9, 4, 8, 5, 7, 3, 2, 0];
  for (const [at, worse] of promised.entries())
    for (const better of promised.slice(at)) {
      const named = outcomes.filter((outcome) => [worse, better].includes(exitCode(outcome)));
      assert.equal(exitCode(worstOf(named)), worse);
    }
  assert.equal(worstOf(['held', 'interrupted', 'not-this-incident']), 'interrupted');
  assert.equal(worstOf(['interrupted', 'needs-a-human']), 'needs-a-human');
  assert.equal(worstOf([]), 'held');
});

test('the worst of several outcomes is one of them in any order, and one more outcome never makes it better', () => {
  const some = fc.array(fc.constantFrom(...outcomes), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(some, fc.constantFrom(...outcomes), (all, more) => {
      const worst = worstOf(all);
      assert.ok(all.includes(worst));
      assert.equal(worstOf(all.toReversed()), worst);
      assert.equal(worstOf([worstOf([...all, more]), worst]), worstOf([...all, more]));
    }),
  );
});

test('not this incident and an interrupt are no failures of the remedy', () => {
  assert.deepEqual(
    outcomes.filter((outcome) => !isFailure({ outcome })),
    ['held', 'looked-only', 'not-this-incident', 'interrupted'],
  );
});

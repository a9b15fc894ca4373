import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  batchFault,
  DEFAULT_STRATEGY,
  parseBatchSize,
  parseFailures,
  parsePause,
  type Size,
  sizeText,
  strategyOf,
} from '../../../src/model/fleet/strategy.ts';

const sizes = (text: string): readonly Size[] => text.split(' ').flatMap((word) => parseBatchSize(word) ?? []);

test('a size is a number, a share or the rest', () => {
  assert.deepEqual(['3', '5%', '0.5%', 'rest'].map(parseBatchSize), [
    { kind: 'hosts', count: 3 },
    { kind: 'share', percent: 5 },
    { kind: 'share', percent: 0.5 },
    { kind: 'rest' },
  ]);
  assert.deepEqual(
    ['', '-1', '1.5', '101%', '5 %', 'Rest', '1e3', '9999999999'].map(parseBatchSize),
    Array(8).fill(undefined),
  );
  assert.deepEqual([parseFailures('0'), parseFailures('rest')], [{ kind: 'hosts', count: 0 }, undefined]);
  assert.deepEqual([parsePause('0'), parsePause('30s'), parsePause('30')], [0, 30_000, undefined]);
});

test('a size is written as it is read', () => {
  const any = fc.oneof(
    fc.nat({ max: 999_999_999 }).map(String),
    fc.integer({ min: 0, max: 100 }).map((percent) => `${percent}%`),
    fc.constant('rest'),
  );
  fc.assert(fc.property(any, (text) => assert.equal(sizeText(parseBatchSize(text) ?? assert.fail(text)), text)));
});

test('batches grow, and the last one ends with all hosts', () => {
  for (const text of ['rest', '1 rest', '1 5% 25% rest', '1 10 50% 100%', '100%'])
    assert.equal(batchFault(sizes(text)), null, text);
  assert.deepEqual(batchFault([]), { at: 0, says: 'no batch is named' });
  assert.deepEqual(batchFault(sizes('0 rest')), { at: 0, says: 'a batch has at least one host' });
  assert.deepEqual(batchFault(sizes('1 25% 5% rest')), {
    at: 2,
    says: '5% are done already after 25%: a batch says how many are done when it has ended',
  });
  assert.deepEqual(batchFault(sizes('rest 1')), { at: 1, says: 'rest is everybody: nothing can come after it' });
  assert.deepEqual(batchFault(sizes('1 25%')), {
    at: 1,
    says: 'the last batch is `rest`: it says what becomes of everybody else',
  });
});

test('flags win over the runbook, which wins over the default', () => {
  const runbook = { atOnce: 2, pause: 1000 };
  assert.deepEqual(strategyOf(runbook, { atOnce: 5 }), { ...DEFAULT_STRATEGY, atOnce: 5, pause: 1000 });
  assert.deepEqual(strategyOf(undefined, {}), DEFAULT_STRATEGY);
});

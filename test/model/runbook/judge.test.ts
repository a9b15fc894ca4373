import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Comparator, Condition, Measure, Truth } from '../../../src/model/condition.ts';
import { judge } from '../../../src/model/runbook/judge.ts';

const clause = (measure: string, comparator: Comparator): Condition => ({
  kind: 'clause',
  clause: { measure, comparator },
});
const truthOf = (measure: Measure, comparator: Comparator): Truth =>
  judge(clause('m', comparator), () => ({ m: measure })).truth;

test('comparators are words and compare numbers, shares, durations, sizes, texts', () => {
  const rows: readonly [Measure, Comparator, Truth][] = [
    [4, { at_least: 4 }, 'yes'],
    [3, { at_least: 4 }, 'no'],
    [{ value: 2, of: 4000 }, { at_most: '5%' }, 'yes'],
    [{ value: 2000, of: 4000 }, { at_most: '5%' }, 'no'],
    [{ value: 2000, of: 4000 }, { at_least: 1000 }, 'yes'],
    [{ value: 0, of: 0 }, { at_least: '20%' }, 'yes'],
    [90_000, { at_least: '1m30s' }, 'yes'],
    [2 ** 31, { at_least: '2GiB' }, 'yes'],
    ['stopped', { is: 'stopped' }, 'yes'],
    ['running', { one_of: ['stopped', 'failed'] }, 'no'],
    [true, { is: true }, 'yes'],
    ['a\nSubject: Cron <root>', { matches: '^Subject: Cron <' }, 'yes'],
    [7, { between: [1, 10] }, 'yes'],
    [7, { is_not: 7 }, 'no'],
    [null, { at_most: 0 }, 'unknown'],
    ['text', { at_least: 4 }, 'no'],
  ];
  for (const [measure, comparator, truth] of rows)
    assert.equal(truthOf(measure, comparator), truth, JSON.stringify([measure, comparator]));
});

test('the wanted and the seen value are worded for people', () => {
  const { judgements } = judge(clause('inodes_free', { at_most: '5%' }), () => ({
    inodes_free: { value: 3600, of: 4000 },
  }));
  assert.deepEqual(judgements, [{ truth: 'no', wanted: 'inodes free at most 5%', seen: '3 600 of 4 000 (90 %)' }]);
});

test('a step that has not looked is unknown', () => {
  const condition: Condition = {
    kind: 'clause',
    clause: { step: 'postfix', measure: 'state', comparator: { is: 'stopped' } },
  };
  assert.deepEqual(
    judge(condition, () => undefined),
    {
      truth: 'unknown',
      judgements: [{ truth: 'unknown', wanted: 'postfix: state is stopped', seen: 'not looked' }],
    },
  );
});

test('combinations keep to three-valued logic for every assignment', () => {
  const value = fc.constantFrom<Truth>('yes', 'no', 'unknown');
  const part = (truth: Truth): Condition => clause(truth, { is: true });
  const seen = { yes: true, no: false, unknown: null };
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 5 }), (truths) => {
      const of = (kind: 'all_of' | 'any_of' | 'none_of') =>
        judge({ kind, conditions: truths.map(part) }, () => seen).truth;
      const all = truths.includes('no') ? 'no' : truths.includes('unknown') ? 'unknown' : 'yes';
      const any = truths.includes('yes') ? 'yes' : truths.includes('unknown') ? 'unknown' : 'no';
      const none = any === 'unknown' ? 'unknown' : any === 'yes' ? 'no' : 'yes';
      assert.deepEqual([of('all_of'), of('any_of'), of('none_of')], [all, any, none]);
    }),
  );
});

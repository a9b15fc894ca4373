import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decideFleet, tooManyHosts } from '../../../src/model/fleet/limits.ts';
import { DEFAULT_STRATEGY } from '../../../src/model/fleet/strategy.ts';
import { targetNamed } from '../../../src/model/fleet/target.ts';
import type { Policy, PolicyRule } from '../../../src/model/policy.ts';
import type { Runbook } from '../../../src/model/runbook.ts';
import { ruleOf } from '../../support/policies.ts';

const runbook = { name: 'storm', version: '1.0.0', source: { path: '', hash: 'h', text: '' } } as Runbook;
const policyOf = (...rules: readonly Partial<PolicyRule>[]): Policy => ({
  rules: rules.map((rule, at) => ruleOf({ id: `rule-${at + 1}`, runbook: 'storm', ...rule })),
  freeze: [],
  source: { path: 'p.yaml', hash: 'h' },
});
const hosts = (count: number, groups: readonly string[] = [], name = 'web') =>
  Array.from({ length: count }, (_, at) => targetNamed(`${name}${at + 1}`, { groups }));
const decide = (policy: Policy, targets = hosts(5)) => {
  const { strategy, notes } = decideFleet({ policy, runbook, params: {}, hosts: targets }, DEFAULT_STRATEGY);
  assert.deepEqual({ ...strategy, atOnce: 10 }, DEFAULT_STRATEGY);
  return [strategy.atOnce, ...notes];
};

test('a rule without `fleet:` allows one host after the other', () => {
  assert.deepEqual(decide(policyOf({})), [1, 'at most 1 host at once instead of 10: rule rule-1 has no `fleet:`']);
});

test('a strategy is lowered to what the rule allows; a more careful one stays as it is', () => {
  assert.deepEqual(decide(policyOf({ fleet: { atOnce: 4, share: 100, hostsADay: null } })), [
    4,
    'at most 4 hosts at once instead of 10: rule rule-1 has fleet.at_once: 4',
  ]);
  assert.deepEqual(decide(policyOf({ fleet: { atOnce: 20, share: 100, hostsADay: null } })), [10]);
});

test('no group has more hosts at work than its share, but one host always may be', () => {
  const fleet = { atOnce: 10, share: 25, hostsADay: null };
  const why = 'rule rule-1 has fleet.share: 25%, of the';
  assert.deepEqual(decide(policyOf({ fleet }), hosts(20, ['web'])), [
    5,
    `at most 5 hosts at once instead of 10: ${why} 20 hosts in web`,
  ]);
  assert.deepEqual(decide(policyOf({ fleet }), hosts(3)), [
    1,
    `at most 1 host at once instead of 10: ${why} 3 hosts in no group`,
  ]);
  assert.deepEqual(decide(policyOf({ fleet }), [...hosts(80, ['web']), ...hosts(12, ['db'], 'db')]), [
    3,
    `at most 3 hosts at once instead of 10: ${why} 12 hosts in db`,
  ]);
  // One host is never more than one.
  assert.deepEqual(decide(policyOf({ fleet }), [...hosts(80, ['web']), ...hosts(1, ['db'], 'db')]), [10]);
});

test('of several rules that could allow it the strictest counts, and those for other hosts, runbooks or parameters do not', () => {
  const fleet = (atOnce: number) => ({ fleet: { atOnce, share: 100, hostsADay: null } });
  const two = policyOf({ ...fleet(8), hosts: ['web*'] }, { ...fleet(3), hosts: ['db*'] });
  assert.equal(decide(two, [...hosts(2), ...hosts(2, [], 'db')])[0], 3);
  assert.equal(decide(two)[0], 8);
  assert.equal(decide(policyOf(fleet(8), { ...fleet(2), runbook: 'other' }))[0], 8);
  assert.equal(decide(policyOf(fleet(8), { ...fleet(2), params: { a: { is: 1 } } }))[0], 8);
});

test('whichever hosts are at work together, no group is over its share', () => {
  const groups = fc.subarray(['a', 'b', 'c']);
  fc.assert(
    fc.property(fc.array(groups, { minLength: 1, maxLength: 60 }), fc.integer({ min: 1, max: 100 }), (all, share) => {
      const targets = all.map((each, at) => targetNamed(`h${at}`, { groups: each }));
      const { strategy } = decideFleet(
        { policy: policyOf({ fleet: { atOnce: 50, share, hostsADay: null } }), runbook, params: {}, hosts: targets },
        { ...DEFAULT_STRATEGY, atOnce: 50 },
      );
      for (const group of ['a', 'b', 'c']) {
        const size = targets.filter((target) => target.groups.includes(group)).length;
        const worst = Math.min(size, strategy.atOnce);
        assert.ok(worst <= Math.max(1, (size * share) / 100), `${worst} of ${size} at ${share}%`);
      }
      assert.ok(strategy.atOnce >= 1);
    }),
  );
});

test('more different hosts within a day than the rule allows is over the limit; a host counts once', () => {
  const policy = policyOf({ fleet: { atOnce: 1, share: 100, hostsADay: 5 } });
  const many = (acting: number, changed: readonly string[]) =>
    tooManyHosts({ policy, runbook, params: {} }, { acting: hosts(acting), changed });
  assert.equal(many(5, []), null);
  assert.equal(many(5, ['web1', 'WEB2']), null);
  assert.deepEqual(many(6, []), {
    outcome: 'over-limit',
    reason: 'this would change 6 hosts; rule rule-1 allows 5 hosts a day',
  });
  assert.deepEqual(many(4, ['web1', 'db1', 'db2']), {
    outcome: 'over-limit',
    reason: 'this would change 4 hosts, after 2 others in the last 24 hours; rule rule-1 allows 5 hosts a day',
  });
  assert.equal(tooManyHosts({ policy: policyOf({}), runbook, params: {} }, { acting: hosts(2000), changed: [] }), null);
});

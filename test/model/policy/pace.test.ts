import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lookBack, tooOften } from '../../../src/model/policy/pace.ts';
import type { Asked } from '../../../src/model/policy/permit.ts';
import type { PastRun, Policy, PolicyRule } from '../../../src/model/policy.ts';
import type { Runbook } from '../../../src/model/runbook.ts';
import { ruleOf } from '../../support/policies.ts';

const MINUTE = 60_000;
const NOW = Date.parse('2026-11-23T18:00Z');
const asked = { runbook: { name: 'storm' } as Runbook, params: {}, host: 'mail-1', at: NOW } satisfies Asked;

/** A run that changed something, held, and ended so many minutes ago; it took five. */
const ago = (minutes: number, more: Partial<PastRun> = {}): PastRun => ({
  id: `run-${minutes}`,
  runbook: 'storm',
  host: 'mail-1',
  started: NOW - (minutes + 5) * MINUTE,
  ended: NOW - minutes * MINUTE,
  acted: true,
  held: true,
  ...more,
});

function refusal(rule: Partial<PolicyRule>, past: readonly PastRun[], more: { readonly forgotten?: string } = {}) {
  const one = ruleOf({ runbook: 'storm', ...rule });
  const policy: Policy = { rules: [one], freeze: [], source: { path: 'p.yaml', hash: 'h' } };
  return tooOften(
    { kind: 'unattended', policy, trigger: { who: 'root', zone: 'UTC', past, ...more } },
    { kind: 'allowed', rule: one },
    asked,
  );
}

test('the same incident again soon after a fix that held needs a person, who is told which run to read', () => {
  assert.deepEqual(refusal({ coolDown: 60 * MINUTE }, [ago(50), ago(20), ago(90)]), {
    outcome: 'needs-a-human',
    reasons: [
      'storm held 20 min ago (run-20) and the incident is back within the cool_down of 1 h of rule rule-1: the fix does not last; read the report of that run: firebreak report run-20',
    ],
  });
});

test('where the earlier runs cannot be read a rule that asks for them needs a person, and no other does', () => {
  const more = { forgotten: '/var/lib/firebreak belongs to uid 1001' };
  assert.deepEqual(refusal({ coolDown: 60 * MINUTE }, [], more), {
    outcome: 'needs-a-human',
    reasons: [
      'rule rule-1 asks what ran here before, and that cannot be told: /var/lib/firebreak belongs to uid 1001; give the folder back to its owner, or move it away',
    ],
  });
  assert.equal(refusal({ coolDown: 0 }, [], more), null);
});

test('a cool-down follows only a run of this runbook that changed this host and held', () => {
  const others = [
    ago(20, { held: false }),
    ago(20, { acted: false }),
    ago(20, { host: 'db-1' }),
    ago(20, { runbook: 'other' }),
    ago(20, { ended: null }),
  ];
  assert.equal(refusal({ coolDown: 60 * MINUTE }, others), null);
  assert.equal(refusal({ coolDown: 60 * MINUTE }, [ago(60)]), null);
  assert.equal(refusal({ coolDown: 0 }, [ago(0)]), null);
});

test('a run above the runs of an hour or a day is over the limit, with the rule that sets it', () => {
  const three = [ago(10, { held: false }), ago(30), ago(50)];
  assert.equal(refusal({ runs: { anHour: 4 } }, three), null);
  assert.deepEqual(refusal({ runs: { anHour: 3, aDay: 3 } }, three), {
    outcome: 'over-limit',
    reasons: [
      'this would be run 4 of storm in an hour; rule rule-1 allows 3 runs an hour',
      'this would be run 4 of storm in a day; rule rule-1 allows 3 runs a day',
    ],
  });
  assert.equal(refusal({ runs: { anHour: 3 } }, [...three.slice(1), ago(56)]), null);
});

test('more different hosts within a day than the rule allows is over the limit', () => {
  const fleet = { atOnce: 1, share: 100, hostsADay: 3 };
  const changed = [ago(10, { host: 'db-1' }), ago(20, { host: 'db-1' }), ago(30, { host: 'db-2' })];
  assert.equal(refusal({ fleet }, changed), null);
  assert.deepEqual(refusal({ fleet }, [...changed, ago(40, { host: 'db-3' })]), {
    outcome: 'over-limit',
    reasons: ['mail-1 would be host 4 that storm changes in a day; rule rule-1 allows 3 hosts a day'],
  });
  const others = [
    ago(40),
    ago(24 * 60, { host: 'db-3' }),
    ago(40, { host: 'db-4', acted: false }),
    ago(40, { host: 'db-5', runbook: 'other' }),
  ];
  assert.equal(refusal({ fleet }, [...changed, ...others]), null);
});

test('a run whose journal cannot be read counts', () => {
  const damaged = ago(10, { runbook: null, host: null, ended: null, held: false });
  assert.equal(refusal({ runs: { anHour: 1 } }, [damaged])?.outcome, 'over-limit');
});

test('journals are read only as far back as a rule asks', () => {
  const back = (...rules: readonly Partial<PolicyRule>[]) =>
    lookBack({ rules: rules.map((rule) => ruleOf(rule)), freeze: [], source: { path: '', hash: '' } });
  assert.equal(back({}), 0);
  assert.equal(back({ coolDown: 5 * MINUTE }, { runs: { anHour: 1 } }), 60 * MINUTE);
  assert.equal(back({ runs: { aDay: 1 } }), 24 * 60 * MINUTE);
  assert.equal(back({ fleet: { atOnce: 1, share: 100, hostsADay: 3 } }), 24 * 60 * MINUTE);
  assert.equal(back({ fleet: { atOnce: 1, share: 100, hostsADay: null } }), 0);
});

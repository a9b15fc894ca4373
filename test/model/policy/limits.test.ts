import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitsFor, overLimit } from '../../../src/model/policy/decide.ts';
import { DEFAULT_LIMITS, LIMITS } from '../../../src/model/runbook.ts';
import run from '../../../src/verbs/commands/run.action.ts';
import { ruleOf } from '../../support/policies.ts';
import { complaints } from '../../support/real-verbs.ts';

const attended = { kind: 'attended' } as const;
const bare = { limits: {} } as Parameters<typeof limitsFor>[1];

test('every kind of limit has a low default', () => {
  const limits = limitsFor(attended, bare, {});
  assert.deepEqual(Object.keys(limits), [...LIMITS]);
  for (const name of LIMITS) {
    const over = overLimit({ limits, used: { [name]: 1 }, costs: { [name]: limits[name] }, rule: null, own: {} });
    assert.match(
      over ?? '',
      new RegExp(
        `^${name} .* is over the limit of .* \\(the default: the runbook has no \`limits\\.${name}\`\\); a person may raise it`,
      ),
    );
    assert.equal(
      overLimit({ limits, used: {}, costs: { [name]: limits[name] }, rule: null, own: {} }),
      undefined,
      name,
    );
  }
});

test('a refusal by a default limit names the flag for a person and the rule for automation', () => {
  const of = (rule: Parameters<typeof overLimit>[0]['rule'], own = {}) =>
    overLimit({ limits: { ...DEFAULT_LIMITS, ...own }, used: {}, costs: { kill: 51 }, rule, own });
  assert.equal(
    of(null),
    'kill 51 is over the limit of 50 (the default: the runbook has no `limits.kill`); a person may raise it for this run: --limit kill=51',
  );
  assert.equal(
    of(null, { kill: 50 }),
    'kill 51 is over the limit of 50; a person may raise it for this run: --limit kill=51',
  );
  assert.equal(
    of(ruleOf({ id: 'r', limits: {} })),
    'kill 51 is over the limit of 50 (the default: the runbook has no `limits.kill`); rule r does not raise it',
  );
  assert.equal(of(ruleOf({ id: 'r', limits: { kill: 50 } })), 'kill 51 is over the limit of 50 of rule r');
});

test("a rule's limit overrides the runbook's, and a person's overrides both", () => {
  const own = { limits: { kill: 2000, delete: 7 } } as Parameters<typeof limitsFor>[1];
  assert.deepEqual(limitsFor(attended, own, { delete: 9 }), { ...DEFAULT_LIMITS, kill: 2000, delete: 9 });
  const rule = ruleOf({ id: 'r', limits: { kill: 3, services: 1 } });
  assert.deepEqual(limitsFor({ kind: 'allowed', rule } as Parameters<typeof limitsFor>[0], own, {}), {
    ...DEFAULT_LIMITS,
    kill: 3,
    delete: 7,
    services: 1,
  });
});

test('a command that writes counts for `commands`, also if it fails; one that reads does not count', async () => {
  const look = { host: { commands: { which: async () => '/bin/x' } } } as unknown as Parameters<typeof run.observe>[0];
  assert.deepEqual((await run.observe(look, { argv: ['x'], effect: 'write' })).costs, { commands: 1 });
  assert.deepEqual((await run.observe(look, { argv: ['x'], effect: 'read' })).costs, {});
});

test('a batch or a lease that is over a default is an error in check, with what to add', async () => {
  const text = (batch: string, within: string) => `diagnose:
  - {id: old, files: {in: /srv/x}, expect: {count: {at_least: 1}}}
act:
  - {id: s, why: w, stop: {service: {name: nginx}, restore_within: ${within}}}
  - {id: d, why: w, delete: {targets: $old, batch: ${batch}}}
  - {id: t, why: w, start: {service: {name: nginx}}}
verify:
  - {id: w, files: {in: /srv/x}, expect: {count: 0}}
`;
  assert.deepEqual(await complaints(text('1000', '15m')), []);
  assert.deepEqual(await complaints(text('1001', '16m')), [
    '8:68 lease-over-limit: a lease of 16m is longer than `limits.stopped_for` (15 min by default) (add `limits: {stopped_for: 16m}`)',
    '9:52 limit-below-batch: a batch of 1001 is more than `limits.delete` allows, 1000 by default (add `limits: {delete: ...}`, as many as a run may delete at the most)',
  ]);
});

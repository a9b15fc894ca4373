import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Json } from '../../src/model/json.ts';
import { decide, limitsFor } from '../../src/model/policy/decide.ts';
import { explain } from '../../src/model/policy/explain.ts';
import { type Asked, type Mode, permit } from '../../src/model/policy/permit.ts';
import type { Freeze, Policy, PolicyRule, TimeWindow } from '../../src/model/policy.ts';
import { DEFAULT_LIMITS, type Runbook, type Step } from '../../src/model/runbook.ts';
import { ruleOf } from '../support/policies.ts';

const place = { file: 'r.yaml', line: 1, column: 1, length: 1 };
const step = (verb: string, more: Partial<Step> = {}): Step => ({
  id: `the-${verb}`,
  phase: 'act',
  verb,
  arg: {},
  decisive: true,
  ask: true,
  onFail: 'stop',
  place,
  ...more,
});

function runbook(given: Partial<Runbook> = {}): Runbook {
  return {
    name: 'storm',
    version: '1.0.0',
    title: '',
    about: '',
    params: [],
    limits: { kill: 5 },
    diagnose: [],
    act: [step('kill')],
    verify: [],
    open: [],
    source: { path: 'r.yaml', hash: 'a'.repeat(64), text: '' },
    ...given,
  };
}

/** Monday. */
const AT = Date.parse('2026-11-23T18:00Z');
const asked = (given: Partial<Asked> = {}): Asked => ({
  runbook: runbook(),
  params: { watch: '10m' },
  host: 'mail-1',
  at: AT,
  ...given,
});

const policy = (rules: readonly Partial<PolicyRule>[], freeze: readonly Freeze[] = []): Policy => ({
  rules: rules.map((rule) => ruleOf({ id: 'r', runbook: 'storm', ...rule })),
  freeze,
  source: { path: 'p.yaml', hash: 'h' },
});

const by = (of: Policy, who = 'root'): Extract<Mode, { kind: 'unattended' }> => ({
  kind: 'unattended',
  policy: of,
  trigger: { who, zone: 'UTC', past: [] },
});

/** `allowed`, or why not. */
function said(rule: Partial<PolicyRule>, given: Partial<Asked> = {}, who = 'root'): string {
  const answer = permit(by(policy([rule]), who), asked(given));
  return answer.kind === 'denied'
    ? answer.reason.replace('no rule of p.yaml allows storm@1.0.0: rule r: ', '')
    : answer.kind;
}

test('a person is always asked, whatever a policy says', () => {
  const given = permit({ kind: 'attended' }, asked());
  assert.deepEqual(decide(given, step('kill')), { effect: 'ask', reason: 'a person decides', rule: null });
  assert.deepEqual(limitsFor(given, runbook(), { kill: 9 }), { ...DEFAULT_LIMITS, kill: 9 });
});

test('a decision carries the rule that made it, and the limits are those of the rule; nobody unattended raises them', () => {
  const given = permit(
    by(
      policy([
        { id: 'one', runbook: 'other' },
        { id: 'two', limits: { delete: 7 } },
      ]),
    ),
    asked(),
  );
  assert.deepEqual(decide(given, step('kill')), { effect: 'allow', reason: 'rule two allows storm', rule: 'two' });
  assert.deepEqual(limitsFor(given, runbook(), { kill: 9 }), { ...DEFAULT_LIMITS, kill: 5, delete: 7 });
});

test('what no rule allows is denied', () => {
  assert.deepEqual(decide(permit(by(policy([])), asked()), step('kill')), {
    effect: 'deny',
    reason: 'no rule of p.yaml allows storm@1.0.0',
    rule: null,
  });
});

test('a rule names the runbook, its version, or its bytes', () => {
  assert.equal(said({ runbook: 'storm' }), 'allowed');
  assert.equal(said({ runbook: 'storm@1.0.0' }), 'allowed');
  assert.equal(said({ runbook: `sha256:${'a'.repeat(64)}` }), 'allowed');
  assert.equal(said({ runbook: 'storm@1.0.1' }), 'no rule of p.yaml allows storm@1.0.0');
  assert.equal(said({ runbook: `sha256:${'b'.repeat(64)}` }), 'no rule of p.yaml allows storm@1.0.0');
});

test('a denial names for the nearest rule which condition failed', () => {
  const rules = policy([
    { id: 'far', who: ['nagios'], hosts: ['db-*'] },
    { id: 'near', params: { watch: { at_most: '15m' } } },
    { id: 'elsewhere', runbook: 'other' },
  ]);
  const answer = permit(by(rules), asked({ params: { watch: '1h' } }));
  assert.deepEqual(answer, {
    kind: 'denied',
    reason: 'no rule of p.yaml allows storm@1.0.0: rule near: watch 1h is over 15m',
  });
});

test('each condition that fails has its own message', () => {
  assert.equal(said({ who: ['nagios', 'ada'] }), 'started by root, not by nagios or ada');
  assert.equal(said({ who: ['nagios', 'unattended'] }), 'allowed');
  assert.equal(said({ hosts: ['db-*', 'MAIL-?'] }), 'allowed');
  assert.equal(said({ hosts: ['mail'] }), 'host mail-1 is none of mail');
  assert.equal(said({ hosts: ['mail.1'] }), 'host mail-1 is none of mail.1');
  assert.equal(said({ deny: ['kill'] }), 'the-kill would kill, which is denied');
  assert.equal(
    said({ during: [{ days: [2], from: 0, to: 1440, zone: null }] }),
    'mon 18:00 UTC is outside of tue 00:00 to 24:00',
  );
  const reading = runbook({ diagnose: [step('run', { id: 'ping', phase: 'diagnose' })] });
  assert.equal(
    said({}, { runbook: reading }),
    'ping would run a command that its author declares to read only, and declared_read is deny',
  );
  assert.equal(said({ declaredRead: 'allow' }, { runbook: reading }), 'allowed');
});

test('a command in act is denied as an action, or as a declared read, by its effect', () => {
  const write = runbook({ act: [step('run', { arg: { effect: 'write' } })] });
  const read = runbook({ act: [step('run', { arg: { effect: 'read' } })] });
  assert.equal(
    said({ deny: ['run'], declaredWrite: 'allow' }, { runbook: write }),
    'the-run would run, which is denied',
  );
  assert.equal(said({ deny: ['run'], declaredRead: 'allow' }, { runbook: read }), 'allowed');
  assert.match(said({}, { runbook: read }), /declares to read only/);
  const undoes = { kind: 'steps', steps: [{ verb: 'run', arg: {} }] } as const;
  for (const writing of [write, runbook({ act: [step('stop', { undo: undoes })] })]) {
    assert.match(
      said({}, { runbook: writing }),
      /^the-(run|stop) would run a command that changes what only its author knows, and declared_write is deny$/,
    );
    assert.equal(said({ declaredWrite: 'allow' }, { runbook: writing }), 'allowed');
  }
});

test('a secret comes from where the runbook says, unless the rule names another source', () => {
  const own = { type: 'secret', about: '', place: { file: '', line: 1, column: 1, length: 1 } } as const;
  const given = runbook({
    params: [
      { ...own, name: 'token', default: 'file:/etc/api.token' },
      { ...own, name: 'key' },
    ],
  });
  const by = (params: Asked['params'], rule: Partial<PolicyRule> = {}) => said(rule, { runbook: given, params });
  const key = { key: { is: 'env:KEY' } };
  assert.equal(by({ token: 'file:/etc/api.token', key: 'env:KEY' }, { params: key }), 'allowed');
  assert.equal(
    by({ token: 'file:/etc/shadow', key: 'env:KEY' }, { params: key }),
    'token is not taken from file:/etc/api.token: name its source under `params` to allow it',
  );
  assert.equal(
    by({ token: 'file:/etc/api.token', key: 'env:KEY' }),
    'key is not taken from where the runbook says, which names nothing: name its source under `params` to allow it',
  );
  const other = { token: { one_of: ['file:/etc/other.token'] }, ...key };
  assert.equal(by({ token: 'file:/etc/other.token', key: 'env:KEY' }, { params: other }), 'allowed');
  assert.equal(
    by({ token: 'file:/etc/shadow', key: 'env:KEY' }, { params: other }),
    'token file:/etc/shadow is none of file:/etc/other.token',
  );
});

test('a freeze denies what every rule allows, with its reason', () => {
  const frozen = policy([{}], [{ from: '2026-11-20', to: '2026-11-23', why: 'the sale', zone: null }]);
  assert.deepEqual(permit(by(frozen), asked()), {
    kind: 'denied',
    reason: 'frozen from 2026-11-20 to 2026-11-23: the sale (p.yaml)',
  });
  assert.equal(permit(by(frozen), asked({ at: AT + 6 * 3_600_000 })).kind, 'allowed');
});

test('an explanation has every condition of every rule, and says whether it may start', () => {
  const mode = by(policy([{ id: 'one', who: ['nagios'] }, { id: 'two' }]));
  const explained = explain(mode, asked(), null);
  assert.deepEqual(
    [explained.rule, explained.refusal, explained.rules.map(({ id, allows }) => [id, allows])],
    [
      'two',
      null,
      [
        ['one', false],
        ['two', true],
      ],
    ],
  );
  assert.deepEqual(explained.rules[0]?.conditions[1], {
    condition: 'who',
    holds: false,
    say: 'started by root, not by nagios',
  });
  assert.deepEqual(explain(mode, asked(), 'the switch').refusal, {
    outcome: 'refused-by-policy',
    reasons: ['the switch'],
  });
});

// ---------------------------------------------------------------- never an act that no rule allows

/** The policy in ten lines, another way: all in UTC, watches in seconds, weeks in minutes from Sunday's midnight. */
function model(of: Policy, given: Asked, who: string): boolean {
  const minute = Math.floor(given.at / 60_000 + 4 * 1440) % 10_080;
  const open = ({ days, from, to }: TimeWindow) =>
    days.some((day) => (minute - day * 1440 - from + 10_080) % 10_080 < (to > from ? to - from : to - from + 1440));
  if (of.freeze.some((one) => given.at >= Date.parse(one.from) && given.at < Date.parse(one.to) + 86_400_000))
    return false;
  return of.rules.some((rule) => {
    const names = [
      given.runbook.name,
      `${given.runbook.name}@${given.runbook.version}`,
      `sha256:${given.runbook.source.hash}`,
    ];
    const watch = Number.parseInt(String(given.params.watch), 10);
    const most = Number.parseInt(String(rule.params.watch?.at_most ?? '999999s'), 10);
    const hosts =
      rule.hosts.length === 0 ||
      rule.hosts.some((host) => (host.endsWith('*') ? given.host.startsWith(host.slice(0, -1)) : host === given.host));
    const whom = rule.who.length === 0 || rule.who.some((one) => one === who || one === 'unattended');
    const verbs = given.runbook.act.every(({ verb }) => !rule.deny.includes(verb));
    const reads = rule.declaredRead === 'allow' || given.runbook.diagnose.every(({ verb }) => verb !== 'run');
    return (
      names.includes(rule.runbook) &&
      watch <= most &&
      hosts &&
      whom &&
      verbs &&
      reads &&
      (rule.during.length === 0 || rule.during.some(open))
    );
  });
}

const some = <T>(...items: readonly T[]) => fc.subarray([...items]);
const day = fc.integer({ min: 0, max: 27 }).map((at) => `2026-11-${String(at + 1).padStart(2, '0')}`);
const anyWindow: fc.Arbitrary<TimeWindow> = fc
  .record({
    days: some(0, 1, 2, 3, 4, 5, 6),
    from: fc.nat(1439),
    to: fc.integer({ min: 1, max: 1440 }),
    zone: fc.constant(null),
  })
  .filter(({ days, from, to }) => days.length > 0 && from !== to);
const anyRule: fc.Arbitrary<PolicyRule> = fc.record({
  id: fc.constantFrom('a', 'b', 'c'),
  who: some('root', 'nagios', 'unattended'),
  runbook: fc.constantFrom(
    'storm',
    'storm',
    'other',
    'storm@1.0.0',
    'storm@2.0.0',
    `sha256:${'a'.repeat(64)}`,
    `sha256:${'b'.repeat(64)}`,
  ),
  params: fc.option(fc.nat(900)).map((most) => (most === null ? {} : { watch: { at_most: `${most}s` } })),
  hosts: some('mail-1', 'mail-*', 'db-1', '*'),
  during: fc.array(anyWindow, { maxLength: 2 }),
  deny: some('kill', 'delete', 'stop'),
  declaredRead: fc.constantFrom('allow', 'deny'),
  declaredWrite: fc.constantFrom('allow', 'deny'),
  limits: fc.constant({}),
  runs: fc.constant({}),
  coolDown: fc.constant(0),
  onFailure: fc.constantFrom('undo', 'leave'),
  undo: fc.constantFrom('safe', 'all', 'none'),
});
const anyFreeze: fc.Arbitrary<Freeze> = fc.record({
  from: day,
  to: day,
  why: fc.constant('because'),
  zone: fc.constant(null),
});
const anyPolicy: fc.Arbitrary<Policy> = fc.record({
  rules: fc.array(anyRule, { maxLength: 3 }),
  freeze: fc.array(anyFreeze, { maxLength: 1 }),
  source: fc.constant({ path: 'p.yaml', hash: 'h' }),
});
const anyAsked: fc.Arbitrary<Asked> = fc.record({
  runbook: fc
    .record({
      name: fc.constantFrom('storm', 'other'),
      version: fc.constantFrom('1.0.0', '2.0.0'),
      act: some('kill', 'delete', 'start').map((verbs) => verbs.map((verb) => step(verb))),
      diagnose: fc.boolean().map((reads) => (reads ? [step('run', { phase: 'diagnose' })] : [])),
      hash: fc.constantFrom('a'.repeat(64), 'b'.repeat(64)),
    })
    .map(({ hash, ...rest }) => runbook({ ...rest, source: { path: 'r.yaml', hash, text: '' } })),
  params: fc.nat(900).map((seconds): Record<string, Json> => ({ watch: `${seconds}s` })),
  host: fc.constantFrom('mail-1', 'mail-2', 'db-1'),
  at: fc.integer({ min: Date.parse('2026-11-01T00:00Z'), max: Date.parse('2026-11-28T23:59Z') }),
});

test('10 000 random policies and requests: never an act that no rule allows, and none denied that one does', () => {
  let allowed = 0;
  fc.assert(
    fc.property(anyPolicy, anyAsked, fc.constantFrom('root', 'nagios', 'ada'), (of, given, who) => {
      const answer = permit(by(of, who), given);
      const expected = model(of, given, who);
      if (expected) allowed += 1;
      assert.equal(answer.kind, expected ? 'allowed' : 'denied');
      for (const one of given.runbook.act) assert.equal(decide(answer, one).effect, expected ? 'allow' : 'deny');
    }),
    { numRuns: 10_000 },
  );
  assert.ok(allowed > 300 && allowed < 9000, `the property says something of both: ${allowed} of 10 000 are allowed`);
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isPolicyText, loadPolicy } from '../../src/load/policy.ts';
import { ruleOf } from '../support/policies.ts';
import { brief } from './storm.ts';

const catalogue = { actions: ['delete', 'kill', 'run', 'stop'] };

const POLICY = `firebreak_policy: 1
allow:
  - id: storm
    runbook: storm@1.0.0
    limits: {kill: 10, stopped_for: 5m}
    on_failure: undo
  - runbook: other
`;

async function problemsOf(text: string): Promise<readonly string[]> {
  const loaded = await loadPolicy({ path: 'p.yaml', text, catalogue });
  return loaded.ok ? [] : loaded.problems.map(brief);
}

test('a policy holds its rules; what a rule leaves out comes from the runbook, or is the safe value', async () => {
  assert.deepEqual(await loadPolicy({ path: 'p.yaml', text: POLICY, catalogue }), {
    ok: true,
    value: {
      rules: [
        ruleOf({
          id: 'storm',
          runbook: 'storm@1.0.0',
          limits: { kill: 10, stopped_for: 300_000 },
          onFailure: 'undo',
          coolDown: 3_600_000,
        }),
        ruleOf({ id: 'allow-2', runbook: 'other', coolDown: 3_600_000 }),
      ],
      freeze: [],
      source: { path: 'p.yaml', hash: createHash('sha256').update(POLICY).digest('hex') },
    },
  });
});

test('a mistake in a policy is reported at its place, with the word that was probably meant', async () => {
  assert.deepEqual(await problemsOf(POLICY.replace('runbook: other', 'runbok: other')), [
    '7:5+6 unknown-key (runbook)',
  ]);
  assert.deepEqual(await problemsOf(POLICY.replace('runbook: other', 'id: storm')), [
    '7:5+9 missing-key',
    '7:9+5 duplicate-id',
  ]);
  assert.deepEqual(await problemsOf(POLICY.replace('on_failure: undo', 'on_failure: udno')), [
    '6:17+4 unknown-word (undo)',
  ]);
  assert.deepEqual(await problemsOf(POLICY.replace('storm@1.0.0', 'storm@1')), ['4:14+7 bad-value']);
  assert.deepEqual(await problemsOf(POLICY.replace('stopped_for: 5m', 'stopped_for: 5')), ['5:37+1 bad-duration']);
  assert.deepEqual(await problemsOf(POLICY.replace('firebreak_policy: 1', 'firebreak_policy: 2')), [
    '1:19+1 unknown-word',
  ]);
  assert.deepEqual(await problemsOf('firebreak_policy: 1\nallow: all\n'), ['2:8+3 wrong-type']);
  assert.deepEqual(await problemsOf('- allow\n'), ['1:1+7 wrong-type']);
});

const FULL = `firebreak_policy: 1
freeze:
  - {from: 2026-12-20, to: 2027-01-02T06:00Z, why: holidays, zone: Europe/Berlin}
allow:
  - id: storm
    who: [nagios, unattended]
    runbook: storm
    params:
      watch: {at_least: 1m, at_most: 15m}
      signal: [TERM, HUP]
      spool: /var/spool
    hosts: mail-*
    during:
      - {days: [mon..wed, sat], from: "22:00", to: 06:00, zone: UTC}
      - {days: fri..mon}
    deny: [delete, run]
    declared_read: allow
    runs: {an_hour: 2, a_day: 4}
    cool_down: 30m
    undo: all
    fleet: {at_once: 5, share: 12.5%, hosts_a_day: 50}
`;

test('every condition that a rule can have', async () => {
  const loaded = await loadPolicy({ path: 'p.yaml', text: FULL, catalogue });
  assert.ok(loaded.ok, JSON.stringify(loaded));
  assert.deepEqual(loaded.value.freeze, [
    { from: '2026-12-20', to: '2027-01-02T06:00Z', why: 'holidays', zone: 'Europe/Berlin' },
  ]);
  assert.deepEqual(loaded.value.rules, [
    ruleOf({
      id: 'storm',
      who: ['nagios', 'unattended'],
      runbook: 'storm',
      params: {
        watch: { at_least: '1m', at_most: '15m' },
        signal: { one_of: ['TERM', 'HUP'] },
        spool: { is: '/var/spool' },
      },
      hosts: ['mail-*'],
      during: [
        { days: [1, 2, 3, 6], from: 1320, to: 360, zone: 'UTC' },
        { days: [0, 1, 5, 6], from: 0, to: 1440, zone: null },
      ],
      deny: ['delete', 'run'],
      declaredRead: 'allow',
      runs: { anHour: 2, aDay: 4 },
      coolDown: 1_800_000,
      undo: 'all',
      fleet: { atOnce: 5, share: 12.5, hostsADay: 50 },
    }),
  ]);
});

test('a mistake in a condition is reported at its place, with the word that was probably meant', async () => {
  const broken = async (from: string, to: string) => {
    assert.ok(FULL.includes(from), from);
    return problemsOf(FULL.replace(from, to));
  };
  assert.deepEqual(await broken('deny: [delete, run]', 'deny: [delete, kil]'), ['16:20+3 unknown-verb (kill)']);
  assert.deepEqual(await broken('deny: [delete, run]', 'deny: kill'), ['16:11+4 wrong-type']);
  assert.deepEqual(await broken('at_most: 15m', 'at_moast: 15m'), ['9:29+8 unknown-key (at_most)']);
  assert.deepEqual(await broken('at_most: 15m', 'at_most: soon'), ['9:38+4 bad-number']);
  assert.deepEqual(await broken('at_most: 15m', 'at_most: $watch'), ['9:38+6 reference-not-allowed']);
  assert.deepEqual(await broken('at_most: 15m', "at_most: '<= 15m'"), ['9:38+8 bad-comparator ({at_most: 15m})']);
  assert.deepEqual(await broken('{at_least: 1m, at_most: 15m}', '{between: [15m, 1m]}'), ['9:24+9 out-of-range']);
  assert.deepEqual(await broken('spool: /var/spool', "spool: {matches: '('}"), ['11:24+3 bad-pattern']);
  assert.deepEqual(await broken('sat]', 'sut]'), ['14:27+3 unknown-word (sun)']);
  assert.deepEqual(await broken('days: fri..mon', 'days: fri..mno'), ['15:16+8 unknown-word (mon)']);
  assert.deepEqual(await broken('days: fri..mon', 'days: []'), ['15:16+2 missing-value']);
  assert.deepEqual(await broken('to: 06:00', 'to: 22:00'), ['14:52+5 empty-window']);
  assert.deepEqual(await broken('to: 06:00', 'to: 6:00'), ['14:52+4 bad-value']);
  assert.deepEqual(await broken('zone: UTC', 'zone: Europe/Berlni'), ['14:65+13 unknown-zone (Europe/Berlin)']);
  assert.deepEqual(await broken('to: 2027-01-02T06:00Z', 'to: 2026-12-19'), ['3:28+10 empty-window']);
  assert.deepEqual(await broken('to: 2027-01-02T06:00Z', 'to: 2027-02-30'), ['3:28+10 bad-date']);
  assert.deepEqual(await broken('to: 2027-01-02T06:00Z', 'to: 2027-01-02T06:00'), ['3:28+16 bad-value']);
  assert.deepEqual(await broken('runs: {an_hour: 2, a_day: 4}', 'runs: {}'), ['18:11+2 missing-value']);
  assert.deepEqual(await broken('cool_down: 30m', 'cool_down: 30'), ['19:16+2 bad-duration']);
  assert.deepEqual(await broken('undo: all', 'undo: none\n    on_failure: undo'), ['20:11+4 contradiction']);
  assert.deepEqual(await broken('runbook: storm\n', 'runbook: sha256:abc\n'), ['7:14+10 bad-value']);
});

test('the fleet part of a rule is checked like the rest; what it leaves out gets the careful value', async () => {
  const broken = async (to: string) => problemsOf(FULL.replace('{at_once: 5, share: 12.5%, hosts_a_day: 50}', to));
  assert.deepEqual(await broken('{}'), ['21:12+2 missing-value']);
  assert.deepEqual(await broken('{at_onec: 5}'), ['21:13+7 unknown-key (at_once)']);
  assert.deepEqual(await broken('{at_once: 0}'), ['21:22+1 out-of-range']);
  assert.deepEqual(await broken('{share: 101%}'), ['21:20+4 bad-value']);
  assert.deepEqual(await broken('{share: 25}'), ["21:20+2 wrong-type ('25')"]);
  assert.deepEqual(await broken('{hosts_a_day: 0}'), ['21:26+1 out-of-range']);
  const loaded = await loadPolicy({
    path: 'p.yaml',
    text: POLICY.replace('on_failure: undo', 'fleet: {share: 25%}'),
    catalogue,
  });
  assert.deepEqual(loaded.ok && loaded.value.rules.map(({ fleet }) => fleet), [
    { atOnce: 1, share: 25, hostsADay: null },
    undefined,
  ]);
});

test('neither a freeze of one day nor one that ends in the hour of its begin is empty', async () => {
  assert.deepEqual(await problemsOf(FULL.replace('to: 2027-01-02T06:00Z', 'to: 2026-12-20')), []);
});

test('a policy is recognised by its first key', () => {
  assert.equal(isPolicyText(`# a note\n${POLICY}`), true);
  assert.equal(isPolicyText('firebreak: 1\nabout: no firebreak_policy: here\n'), false);
});

test('the example policy allows the mail storm', async () => {
  const path = join(import.meta.dirname, '../../examples/policy.yaml');
  const loaded = await loadPolicy({ path, text: readFileSync(path, 'utf8'), catalogue });
  assert.ok(loaded.ok);
  assert.deepEqual(
    loaded.value.rules.map((rule) => rule.runbook),
    ['cron-mail-storm'],
  );
});

test('a policy without its first line, and days and zones as people write them, are one error each', async () => {
  const rule = (during: string) =>
    `firebreak_policy: 1\nallow: [{id: a, runbook: b, during: [{${during}, from: '22:00', to: '06:00'}]}]\n`;
  const told = async (text: string) => {
    const loaded = await loadPolicy({ path: 'p.yaml', text, catalogue });
    return loaded.ok ? [] : loaded.problems.map(({ code, suggestion }) => `${code} ${suggestion}`);
  };
  const first = 'policy: 1\nallow: [{id: a, runbook: b}]\n';
  assert.deepEqual([isPolicyText(first), await told(first)], [true, ['unknown-key firebreak_policy']]);
  assert.equal(isPolicyText('runbook: x\nallow: []\n'), false);
  for (const [during, meant] of [
    ['days: weekdays', 'mon..fri'],
    ['days: mon-fri', 'mon..fri'],
    ['days: Sunday', 'sun'],
  ] as const)
    assert.deepEqual(await told(rule(during)), [`unknown-word ${meant}`], during);
  assert.deepEqual(await told(rule('days: mon, zone: Berlin')), ['unknown-zone Europe/Berlin']);
});

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { GROUP, HOSTS } from '../../src/load/inventory/language.ts';
import { loadRunbook } from '../../src/load/load.ts';
import { POLICY } from '../../src/load/policy/language.ts';
import { loadPolicy } from '../../src/load/policy.ts';
import { HOLD, RUNBOOK, USE } from '../../src/load/runbook/language.ts';
import { decideFleet, tooManyHosts } from '../../src/model/fleet/limits.ts';
import { DEFAULT_STRATEGY } from '../../src/model/fleet/strategy.ts';
import { targetNamed } from '../../src/model/fleet/target.ts';
import { isObject, type JsonObject } from '../../src/model/json.ts';
import { limitsFor } from '../../src/model/policy/decide.ts';
import type { PolicyRule } from '../../src/model/policy.ts';
import { WATCH } from '../../src/model/run/watch.ts';
import { LIMITS, type Runbook } from '../../src/model/runbook.ts';
import { folderCatalogue } from '../../src/wiring/catalogue.ts';
import { complaints, paramComplaints } from '../support/real-verbs.ts';
import { type Said, setStage } from '../support/stage.ts';
import { keysOf } from '../support/tables.ts';

/**
 * Every key of a runbook, a policy and an inventory does what its description says. A case is a part of a text with the
 * key and one without it, and what is seen of each: it is not the same, so a key that is ignored fails. The walk at the
 * end fails for a key that has no case here and is not walked by the test that it names.
 */
type Case = readonly [withKey: string, without: string, seen: unknown, otherwise: unknown, see?: See];
type See = (t: TestContext, part: string) => Promise<unknown>;
type Cases = Readonly<Record<string, Case>>;

const catalogue = folderCatalogue();
const HEAD = 'firebreak: 1\nrunbook: k\nversion: 1.0.0\ntitle: t\n';
const YES = '{id: yes, run: {argv: [echo, up], effect: read}, expect: {exit: 0}}';
/** Looked at without a command of its author's, which `plan` would ask for. */
const ROOM = '{id: yes, disk: {path: /}, expect: {space_free: {at_least: 0%}}}';
const OK = '{id: ok, disk: {path: /}, expect: {space_free: {at_least: 0%}}}';
const ACT = "{id: a, why: w, run: {argv: ['true'], effect: write}}";
const book = ({ head = HEAD, diagnose = YES, act = ACT, verify = OK, more = '' } = {}): string =>
  `${head}${more}diagnose:\n  - ${diagnose}\nact:\n  - ${act}\nverify:\n  - ${verify}\n`;
const ALLOW =
  'firebreak_policy: 1\nallow:\n  - {runbook: k, declared_read: allow, declared_write: allow, cool_down: 0s}\n';

/** One command on a stage of its own, of which the case is `k.yaml`. */
async function said(
  t: TestContext,
  text: string,
  argv: readonly string[],
  files: Readonly<Record<string, string>> = {},
) {
  const stage = setStage(t);
  for (const [name, other] of Object.entries({ 'policy.yaml': ALLOW, 'k.yaml': text, ...files }))
    stage.write(name, other);
  return stage.firebreak(argv);
}
const RUN = ['run', './k.yaml', '--unattended', '--policy', 'policy.yaml'];
const exitOf = async (said: Promise<Said>): Promise<number> => (await said).exit;
const json = async (said: Promise<Said>): Promise<JsonObject> => JSON.parse((await said).out) as JsonObject;
const planned = (t: TestContext, text: string, files?: Readonly<Record<string, string>>) =>
  json(said(t, text, ['plan', './k.yaml', '--json'], files));
const stepsOf = async (plan: Promise<JsonObject>): Promise<readonly JsonObject[]> =>
  (await plan).steps as readonly JsonObject[];

async function loaded(text: string): Promise<Runbook> {
  const read = await loadRunbook({ path: 'k.yaml', text, catalogue });
  assert.ok(read.ok, JSON.stringify(read));
  return read.value;
}

// ---------------------------------------------------------------- a runbook

const headed =
  (key: string): See =>
  async (t, part) =>
    (
      (await planned(t, book({ head: HEAD.replace(new RegExp(`^${key}: .*$`, 'm'), part), diagnose: ROOM })))
        .runbook as JsonObject
    )[key === 'runbook' ? 'name' : key];
const HOSTS_AND_BATCHES = ['hosts', './k.yaml', '--hosts', 'b,a,c', '--json'];
const fleet =
  (told: (hosts: JsonObject) => unknown): See =>
  async (t, part) =>
    told(await json(said(t, book({ more: part }), HOSTS_AND_BATCHES)));
const inBatches = (hosts: JsonObject): unknown => (hosts.hosts as readonly JsonObject[]).map(({ batch }) => batch);
const strategy = (key: string) => fleet((hosts) => (hosts.strategy as JsonObject)[key]);

const A_RUNBOOK: Cases = {
  firebreak: [
    'firebreak: 1',
    'firebreak: 2',
    0,
    65,
    (t, part) => exitOf(said(t, book({ head: HEAD.replace('firebreak: 1', part) }), ['check', './k.yaml'])),
  ],
  runbook: ['runbook: k', 'runbook: other', 'k', 'other', headed('runbook')],
  version: ['version: 1.0.0', 'version: 2.0.0', '1.0.0', '2.0.0', headed('version')],
  title: ['title: t', 'title: u', 't', 'u', headed('title')],
  about: ['about: it is wrong\n', '', 'it is wrong', '', async (_, part) => (await loaded(book({ more: part }))).about],
  'params.about': [
    'about: which',
    'about: that',
    ['missing-param: `p` has no default and no value (--param p=...   (which))'],
    ['missing-param: `p` has no default and no value (--param p=...   (that))'],
    (_, part) =>
      paramComplaints(
        `params: {p: {type: string, ${part}}}\ndiagnose:\n  - {id: a, run: {argv: [$p], effect: read}}\n`,
        {},
      ),
  ],
  'fleet.batches': ['fleet: {batches: [2, rest]}\n', '', [1, 1, 2], [1, 2, 2], fleet(inBatches)],
  'fleet.at_once': ['fleet: {at_once: 3}\n', '', 3, 10, strategy('atOnce')],
  'fleet.pause': ['fleet: {pause: 30s}\n', '', 30_000, 0, strategy('pause')],
  'fleet.max_failures': [
    'fleet: {max_failures: 5%}\n',
    '',
    { kind: 'share', percent: 5 },
    { kind: 'hosts', count: 0 },
    strategy('failures'),
  ],
  'fleet.order': ['fleet: {order: name}\n', '', [2, 1, 2], [1, 2, 2], fleet(inBatches)],
};

const retried: See = async (_, part) =>
  (await loaded(book({ verify: OK.replace('expect', `retry: ${part}, expect`) }))).verify[0]?.retry;
const accepted: See = (_, part) =>
  complaints(`diagnose:\n  - {id: a, run: {shell: 'ls $A', effect: read, env: {A: b}}${part}}\n`).then((all) =>
    all.map((each) => / ([a-z-]+):/.exec(each)?.[1]),
  );
const watching: See = async (t, part) =>
  (
    await stepsOf(
      planned(
        t,
        book({
          verify: `{id: w, watch: {for: 1s, every: 100ms${part}}, hold: [{of: $yes, space_free: {at_least: 0%}}]}`,
          diagnose: ROOM,
        }),
      ),
    )
  ).flatMap(({ watch }) => (isObject(watch) ? [watch.proof] : []))[0];
const held: See = (t, part) =>
  exitOf(
    said(
      t,
      book({
        diagnose: `${YES}\n  - {id: no, run: {argv: ['false'], effect: read}, decisive: false, expect: {exit: {at_least: 0}}}`,
        verify: `{id: w, watch: {for: 20ms, every: 5ms}, hold: [{of: $yes, stdout: up}, ${part}]}`,
      }),
      RUN,
    ),
  );
const using: See = async (t, part) => {
  const sub = (word: string) =>
    `firebreak: 1\nrunbook: sub\nversion: 1.0.0\ntitle: s\nparams: {p: {type: string, default: p, about: p}}\ndiagnose:\n  - ${ROOM}\nact:\n  - {id: b, why: w, run: {argv: [${word}, $p], effect: write}}\nverify:\n  - ${OK}\n`;
  const text = book({ act: `{id: s, why: w, runbook: ${part}}`, diagnose: ROOM });
  const steps = await stepsOf(planned(t, text, { 'sub.yaml': sub('one'), 'other.yaml': sub('two') }));
  return steps.flatMap(({ id, arg }) => (id === 's.b' ? [(arg as JsonObject).argv] : []))[0];
};

const A_STEP: Cases = {
  'retry.times': [
    '{times: 3, every: 1s}',
    '{times: 2, every: 1s}',
    { times: 3, every: 1000 },
    { times: 2, every: 1000 },
    retried,
  ],
  'retry.every': [
    '{times: 3, every: 1s}',
    '{times: 3, every: 5s}',
    { times: 3, every: 1000 },
    { times: 3, every: 5000 },
    retried,
  ],
  'accept.finding': [
    ', accept: [{finding: unquoted-expansion, because: b}]',
    ', accept: [{finding: eval, because: b}]',
    [],
    ['unquoted-expansion', 'nothing-to-accept'],
    accepted,
  ],
  'accept.because': [
    ', accept: [{finding: unquoted-expansion, because: b}]',
    ', accept: [{finding: unquoted-expansion}]',
    [],
    ['missing-key'],
    accepted,
  ],
};
const A_WATCH: Cases = {
  'proof.cron_minutes': [
    ', proof: {cron_minutes: 3}',
    '',
    { cronMinutes: 3, services: ['crond', 'cron'] },
    null,
    watching,
  ],
  'proof.service.name': [
    ', proof: {cron_minutes: 1, service: {name: my-cron}}',
    ', proof: {cron_minutes: 1}',
    { cronMinutes: 1, services: ['my-cron'] },
    { cronMinutes: 1, services: ['crond', 'cron'] },
    watching,
  ],
  'proof.service.first_of': [
    ', proof: {cron_minutes: 1, service: {first_of: [a, b]}}',
    ', proof: {cron_minutes: 1}',
    { cronMinutes: 1, services: ['a', 'b'] },
    { cronMinutes: 1, services: ['crond', 'cron'] },
    watching,
  ],
};
const A_LINE: Cases = {
  of: ['{of: $yes, exit: 0}', '{of: $no, exit: 0}', 0, 4, held],
  when: ['{of: $no, exit: 0, when: {yes: {exit: {at_least: 1}}}}', '{of: $no, exit: 0}', 0, 4, held],
};
const A_USE: Cases = {
  use: ['{use: ./sub.yaml}', '{use: ./other.yaml}', ['one', 'p'], ['two', 'p'], using],
  with: ['{use: ./sub.yaml, with: {p: q}}', '{use: ./sub.yaml}', ['one', 'q'], ['one', 'p'], using],
};

// ---------------------------------------------------------------- a policy

const policy = (rule: string, more = ''): string => `firebreak_policy: 1\n${more}allow:\n  - {${rule}}\n`;
const RULE = 'runbook: k, declared_read: allow, declared_write: allow';
/** Wednesday the 23rd of December 2026, 03:00 UTC, on mail-1. */
const EXPLAIN = [
  'policy',
  'explain',
  './k.yaml',
  '--policy',
  'policy.yaml',
  '--host',
  'mail-1',
  '--at',
  '2026-12-23T03:00Z',
  '--json',
];
const PARAMS = book({
  more: 'params: {word: {type: string, default: a, about: w}}\n',
  diagnose: YES.replace('up', '$word'),
});
const explained = (t: TestContext, text: string) => said(t, PARAMS, EXPLAIN, { 'policy.yaml': text });
/** Whether the rule lets it run. */
const allows: See = (t, part) => exitOf(explained(t, policy(part)));
const window: See = (t, part) => exitOf(explained(t, policy(`${RULE}, during: [{zone: UTC${part}}]`)));
const frozen: See = (t, part) => exitOf(explained(t, policy(RULE, `freeze: [{${part}}]\n`)));
const freezes = ', to: 2026-12-24, why: w';

async function ruleOf(part: string): Promise<PolicyRule> {
  const read = await loadPolicy({ path: 'p.yaml', text: policy(`${RULE}${part}`), catalogue });
  assert.ok(read.ok, JSON.stringify(read));
  return read.value.rules[0] ?? assert.fail();
}
const limited =
  (name: (typeof LIMITS)[number]): See =>
  async (_, part) =>
    limitsFor({ kind: 'allowed', rule: await ruleOf(part) }, await loaded(book()), {})[name];
const web = ['w1', 'w2', 'w3', 'w4'].map((name) => targetNamed(name, { groups: ['web'] }));
const asked = async (part: string) => ({
  policy: { rules: [await ruleOf(part)], freeze: [], source: { path: 'p.yaml', hash: '' } },
  runbook: await loaded(book()),
  params: {},
});
const atOnce: See = async (_, part) =>
  decideFleet({ ...(await asked(part)), hosts: web }, DEFAULT_STRATEGY).strategy.atOnce;
const inADay: See = async (_, part) => tooManyHosts(await asked(part), { acting: web, changed: [] })?.outcome;

/** Two runs, one behind the other, each of which acts and holds: how they end. */
const twice: See = async (t, part) => {
  const stage = setStage(t);
  stage.write('k.yaml', book());
  stage.write('policy.yaml', policy(`${RULE}${part}`));
  return [(await stage.firebreak(RUN)).exit, (await stage.firebreak(RUN)).exit];
};
/** Whether what was done is still there once a later act has failed. */
const failing =
  (onFail = ''): See =>
  async (t, part) => {
    const stage = setStage(t);
    const touch = `run: {argv: [touch, ${stage.path('done')}], effect: write}, undo: [{run: {argv: [rm, ${stage.path('done')}], effect: write}}]`;
    stage.write(
      'k.yaml',
      book({ act: `{id: a, why: w, ${touch}}\n  - {id: b, why: w, run: {argv: ['false'], effect: write}${onFail}}` }),
    );
    stage.write('policy.yaml', policy(`${RULE}${part}`));
    await stage.firebreak(RUN);
    return existsSync(stage.path('done'));
  };

const A_POLICY: Cases = {
  firebreak_policy: [
    'firebreak_policy: 1',
    'firebreak_policy: 2',
    0,
    65,
    (t, part) =>
      exitOf(
        said(t, book(), ['policy', 'check', 'policy.yaml'], {
          'policy.yaml': ALLOW.replace('firebreak_policy: 1', part),
        }),
      ),
  ],
  'freeze.from': [`from: 2026-12-20${freezes}`, `from: 2026-12-24${freezes}`, 77, 0, frozen],
  'freeze.to': ['from: 2026-12-20, to: 2026-12-24, why: w', 'from: 2026-12-20, to: 2026-12-22, why: w', 77, 0, frozen],
  'freeze.why': [
    'why: the shop is full',
    'why: nobody is here',
    true,
    false,
    async (t, part) =>
      (await explained(t, policy(RULE, `freeze: [{from: 2026-12-20, to: 2026-12-24, ${part}}]\n`))).out.includes(
        'the shop is full',
      ),
  ],
  'freeze.zone': [
    'from: 2026-12-23, to: 2026-12-23, why: w, zone: America/New_York',
    'from: 2026-12-23, to: 2026-12-23, why: w, zone: UTC',
    0,
    77,
    frozen,
  ],
  'allow.id': [', id: marks', '', 'marks', 'allow-1', async (_, part) => (await ruleOf(part)).id],
  'allow.who': [`${RULE}, who: nobody-of-ours`, RULE, 77, 0, allows],
  'allow.runbook': [RULE, RULE.replace('runbook: k', 'runbook: k@9.9.9'), 0, 77, allows],
  'allow.hosts': [`${RULE}, hosts: 'db-*'`, RULE, 77, 0, allows],
  'allow.during.days': [', days: mon..tue', '', 77, 0, window],
  'allow.during.from': [", from: '04:00'", '', 77, 0, window],
  'allow.during.to': [", to: '02:00'", '', 77, 0, window],
  'allow.during.zone': [
    "zone: Asia/Tokyo, from: '11:00', to: '13:00'",
    "zone: UTC, from: '11:00', to: '13:00'",
    0,
    77,
    (t, part) => exitOf(explained(t, policy(`${RULE}, during: [{${part}}]`))),
  ],
  'allow.deny': [`${RULE}, deny: [run]`, RULE, 77, 0, allows],
  'allow.declared_read': [RULE, RULE.replace('declared_read: allow, ', ''), 0, 77, allows],
  'allow.declared_write': [RULE, RULE.replace(', declared_write: allow', ''), 0, 77, allows],
  ...Object.fromEntries(
    LIMITS.map((name): [string, Case] => {
      const [value, seen] = name === 'stopped_for' ? ['20m', 1_200_000] : ['7', 7];
      const otherwise = { kill: 50, delete: 1000, edit: 5, stopped_for: 900_000, services: 5, commands: 10 }[name];
      return [`allow.limits.${name}`, [`, limits: {${name}: ${value}}`, '', seen, otherwise, limited(name)]];
    }),
  ),
  'allow.runs.an_hour': [', cool_down: 0s, runs: {an_hour: 1}', ', cool_down: 0s', [0, 5], [0, 0], twice],
  'allow.runs.a_day': [', cool_down: 0s, runs: {a_day: 1}', ', cool_down: 0s', [0, 5], [0, 0], twice],
  'allow.cool_down': [', cool_down: 0s', '', [0, 0], [0, 3], twice],
  'allow.fleet.at_once': [', fleet: {at_once: 3}', '', 3, 1, atOnce],
  'allow.fleet.share': [', fleet: {at_once: 9, share: 50%}', ', fleet: {at_once: 9}', 2, 9, atOnce],
  'allow.fleet.hosts_a_day': [', fleet: {hosts_a_day: 3}', '', 'over-limit', undefined, inADay],
  'allow.on_failure': [', on_failure: undo', '', false, true, failing()],
  'allow.undo': [', undo: none', '', true, false, failing(', on_fail: undo')],
  ...Object.fromEntries(
    Object.entries({
      is: ['a', 'b'],
      is_not: ['b', 'a'],
      at_least: ['1', '9', 'n'],
      at_most: ['9', '1', 'n'],
      matches: ["'[a-c]'", "'[d-f]'"],
      one_of: ['[a, b]', '[c, d]'],
      between: ['[1, 9]', '[8, 9]', 'n'],
    }).map(([word, [good, bad, name = 'word']]): [string, Case] => [
      `allow.params.${word}`,
      [
        `${RULE}, params: {${name}: {${word}: ${good}}}`,
        `${RULE}, params: {${name}: {${word}: ${bad}}}`,
        0,
        77,
        (t, part) =>
          exitOf(
            said(
              t,
              PARAMS.replace('params: {', 'params: {n: {type: integer, default: 5, about: n}, ').replace(
                '$word',
                '$word, $n',
              ),
              EXPLAIN,
              { 'policy.yaml': policy(part) },
            ),
          ),
      ],
    ]),
  ),
};

// ---------------------------------------------------------------- an inventory

const inventory =
  (told: (hosts: readonly JsonObject[]) => unknown): See =>
  async (t, part) =>
    told(
      (await json(said(t, book(), ['hosts', '--inventory', 'hosts.yaml', '--json'], { 'hosts.yaml': part })))
        .hosts as readonly JsonObject[],
    );
const way = inventory(([host]) => {
  const { hostname, port, user } = (host?.ssh ?? {}) as JsonObject;
  return [hostname, port, user];
});
const told = (key: string) => inventory(([host]) => host?.[key]);
const hostsFile = (host: string, more = ''): string =>
  `firebreak_hosts: 1\n${more}hosts: {web1: {${host}}, web2: {user: me}}\n`;
/** Whether the pattern selects a host. If it selects none, that is an error. */
const chosen =
  (limit: string): See =>
  (t, part) =>
    exitOf(said(t, book(), ['hosts', '--inventory', 'hosts.yaml', '--limit', limit], { 'hosts.yaml': part }));
const ME = 'user: me, port: 22';

const AN_INVENTORY: Cases = {
  firebreak_hosts: [
    'firebreak_hosts: 1',
    'firebreak_hosts: 2',
    0,
    65,
    (t, part) =>
      exitOf(
        said(t, book(), ['hosts', '--inventory', 'hosts.yaml', '--json'], {
          'hosts.yaml': hostsFile(ME).replace('firebreak_hosts: 1', part),
        }),
      ),
  ],
  'defaults.port': [
    hostsFile('user: me', 'defaults: {port: 2222}\n'),
    hostsFile(ME),
    ['web1', 2222, 'me'],
    ['web1', 22, 'me'],
    way,
  ],
  'defaults.user': [
    hostsFile('port: 22', 'defaults: {user: you}\n'),
    hostsFile(ME),
    ['web1', 22, 'you'],
    ['web1', 22, 'me'],
    way,
  ],
  'defaults.identity': [hostsFile(ME, 'defaults: {identity: /k}\n'), hostsFile(ME), '/k', null, told('identity')],
  'defaults.become': [hostsFile(ME, 'defaults: {become: true}\n'), hostsFile(ME), true, null, told('become')],
  'groups.children': [
    hostsFile('groups: web', 'groups: {web: , eu: {children: [web]}}\n'),
    hostsFile('groups: web', 'groups: {web: , eu: }\n'),
    ['web', 'eu'],
    ['web'],
    told('groups'),
  ],
  'groups.labels': [
    hostsFile('groups: web', 'groups: {web: {labels: {role: front}}}\n'),
    hostsFile('groups: web', 'groups: {web: }\n'),
    { role: 'front' },
    {},
    told('labels'),
  ],
  'hosts.address': [
    hostsFile(`${ME}, address: 10.0.0.7`),
    hostsFile(ME),
    ['10.0.0.7', 22, 'me'],
    ['web1', 22, 'me'],
    way,
  ],
  'hosts.port': [hostsFile('user: me, port: 2222'), hostsFile(ME), ['web1', 2222, 'me'], ['web1', 22, 'me'], way],
  'hosts.user': [hostsFile('user: you, port: 22'), hostsFile(ME), ['web1', 22, 'you'], ['web1', 22, 'me'], way],
  'hosts.identity': [hostsFile(`${ME}, identity: /k`), hostsFile(ME), '/k', null, told('identity')],
  'hosts.become': [hostsFile(`${ME}, become: false`), hostsFile(ME), false, null, told('become')],
  'hosts.groups': [
    hostsFile('groups: web', 'groups: {web: }\n'),
    hostsFile('', 'groups: {web: }\n'),
    0,
    64,
    chosen('web'),
  ],
  'hosts.labels': [hostsFile('labels: {role: front}'), hostsFile('labels: {role: back}'), 0, 64, chosen('role=front')],
};

// ---------------------------------------------------------------- all of them

const TABLES: Readonly<Record<string, { readonly table: JsonObject; readonly cases: Cases }>> = {
  'a runbook': {
    table: RUNBOOK,
    cases: { ...A_RUNBOOK, ...Object.fromEntries(Object.entries(A_STEP).map(([key, one]) => [`act.${key}`, one])) },
  },
  'a watch': { table: WATCH, cases: A_WATCH },
  'a line of hold': { table: HOLD, cases: A_LINE },
  'the use of a runbook': { table: USE, cases: A_USE },
  'a policy': { table: POLICY, cases: A_POLICY },
  'an inventory': { table: HOSTS, cases: AN_INVENTORY },
};

for (const [name, { cases }] of Object.entries(TABLES)) {
  for (const [key, [withKey, without, seen, otherwise, see]] of Object.entries(cases)) {
    test(`${name}: \`${key}\` does what it says`, async (t) => {
      assert.deepEqual([await see?.(t, withKey), await see?.(t, without)], [seen, otherwise]);
      assert.notDeepEqual(seen, otherwise, 'this would not be seen where the key is ignored');
    });
  }
}

test('a key that would mean nothing where it stands is an error', async () => {
  const look = (verb: string, more = '') => `diagnose:\n  - {id: a, ${verb}${more}}\n`;
  const edit = (line: string) => `act:\n  - {id: a, why: w, edit: {file: /etc/x, add_line: {line: x${line}}}}\n`;
  const found = async (text: string) =>
    (await complaints(text)).filter((each) => /says nothing|not several|could stay/.test(each));
  assert.deepEqual(await found(look('disk: {path: /}', ', until: noon')), [
    '6:30 misplaced-key: a step that only looks changes nothing that could stay',
  ]);
  assert.deepEqual(await found(look('cron_jobs: {choose: all}')), [
    '6:25 misplaced-key: `choose` says nothing without `mail_in` or `mailed_by`',
  ]);
  assert.deepEqual(await found(look('files: {in: /srv, holds: {text: a, without: b}}')), [
    '6:48 misplaced-key: `without` says nothing without `header`',
  ]);
  assert.deepEqual(await found(edit(', after: a, at: start')), [
    '6:52 exactly-one: `add_line` takes one of `after` or `before` or `at`, not several',
  ]);
  assert.deepEqual(await found(edit(', after: a')), []);
  const frozenIn = async (text: string) => {
    const read = await loadPolicy({
      path: 'p.yaml',
      text: policy(RULE, `freeze: [{${text}, why: w, zone: UTC}]\n`),
      catalogue,
    });
    return read.ok ? [] : read.problems.map(({ code }) => code);
  };
  assert.deepEqual(await frozenIn('from: 2026-12-20T06:00Z, to: 2026-12-21T06:00Z'), ['misplaced-key']);
  assert.deepEqual(await frozenIn('from: 2026-12-20, to: 2026-12-21T06:00Z'), []);
});

/** Keys with a walk of their own, by the test that walks them. */
const WALKED: Readonly<Record<string, RegExp>> = {
  'test/cli/step-keys.test.ts': /^a runbook: (?:open|act)\.(?!retry\.|accept\.)[a-z_]+$/,
  'test/cli/keys.test.ts': /^a runbook: (?:params\.(?!about)|limits\.)[a-z_]+$|^a watch: [a-z_]+$/,
};
/** A note has no effect. */
const NOTES = ['a policy: about', 'an inventory: about', 'an inventory: groups.about'];
/** Phases have the same keys. */
const OTHER_PHASES = /^a runbook: (?:diagnose|verify)\./;
const walked = (key: string): boolean =>
  NOTES.includes(key) || OTHER_PHASES.test(key) || Object.values(WALKED).some((of) => of.test(key));

test('every key of a runbook, a policy and an inventory has a case above, or in the test that walks it', () => {
  const keys = Object.entries(TABLES).flatMap(([name, { table }]) => keysOf(table).map((key) => `${name}: ${key}`));
  const cases = Object.entries(TABLES).flatMap(([name, one]) => Object.keys(one.cases).map((key) => `${name}: ${key}`));
  assert.deepEqual(cases.toSorted(), keys.filter((key) => !walked(key)).toSorted());
  for (const about of [POLICY, HOSTS, GROUP].map(({ properties }) => (properties as JsonObject).about))
    assert.match(String((about as JsonObject).description), /^A note/);
  for (const file of Object.keys(WALKED))
    assert.match(readFileSync(join(import.meta.dirname, '../..', file), 'utf8'), /has (?:a case below|its test here)/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadRunbook } from '../../../src/load/load.ts';
import type { FindUsed } from '../../../src/load/runbook/compose.ts';
import type { Problem } from '../../../src/model/problem.ts';
import type { Step } from '../../../src/model/runbook.ts';
import { brief } from '../storm.ts';
import { testCatalogue } from '../verbs.ts';

/** Another runbook as one step. The used runbook is whole in itself, and is broken in one place at a time. */
const STORM = `firebreak: 1
runbook: storm
version: 1.0.0
title: a storm
params:
  spool: {type: path, under: /var, about: the folder that is full}
  least: {type: integer, default: 4, min: 2, max: 9}
  names: {type: list, default: [cron, $$crond]}
limits: {kill: 50, delete: 9000}
diagnose:
  - id: hung
    processes: {name: $names}
    expect: {count: {at_least: $least}}
  - id: mail
    files: {in: $spool}
    when: {hung: {count: {at_least: 1}}}
act:
  - id: end
    why: they refill
    kill: {targets: $hung}
  - id: empty
    why: these hold the inodes
    delete: {targets: $mail, batch: 1000}
    on_fail: ask
verify:
  - id: calm
    watch: {for: 10m, every: 15s}
    hold: [{of: $mail, growth: {at_most: 0}}]
open:
  - say: They come back.
    when: {hung: {count: {at_least: $least}}}
`;

const MAIN = `firebreak: 1
runbook: main
version: 1.0.0
title: all of it
params:
  folder: {type: path, default: /var/mail}
  few: {type: integer, default: 3}
limits: {kill: 100, edit: 1}
diagnose:
  - id: inodes
    disk: {path: $folder}
    expect: {inodes_free: {at_most: 5%}}
act:
  - id: before
    why: first
    stop: {service: {name: nginx}}
  - id: s
    runbook: {use: ./sub/storm.yaml, with: {spool: $folder, least: $few}}
  - id: after
    why: last
    start: {service: {name: nginx}}
    when: {s.hung: {count: {at_least: 1}}}
verify:
  - id: watched
    watch: {for: 10m, every: 15s}
    hold: [{of: $s.hung, count: {at_most: 0}}]
`;

const files =
  (texts: Readonly<Record<string, string>>): FindUsed =>
  (name) => {
    const text = texts[name];
    return text === undefined ? `there is no runbook ${name}` : { path: name.replace(/^\.\//, ''), text };
  };

async function load(main: string, used: Readonly<Record<string, string>> = { './sub/storm.yaml': STORM }) {
  return loadRunbook({ path: 'main.yaml', text: main, catalogue: testCatalogue(), findUsed: files(used) });
}

async function runbook(main = MAIN, used?: Readonly<Record<string, string>>) {
  const loaded = await load(main, used);
  assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.problems, null, 1));
  return loaded.value;
}

const inFile = (problem: Problem): string => `${problem.place.file}:${brief(problem)}`;

async function problems(main: string, used?: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const loaded = await load(main, used);
  return loaded.ok ? [] : loaded.problems.map(inFile);
}

const ids = (steps: readonly Step[]) => steps.map(({ id }) => id);

test('the used diagnosis joins ours, its acts stand in the place of the step, its verification joins ours', async () => {
  const { diagnose, act, verify, open, limits } = await runbook();
  assert.deepEqual([diagnose, act, verify].map(ids), [
    ['inodes', 's.hung', 's.mail'],
    ['before', 's.end', 's.empty', 'after'],
    ['watched', 's.calm'],
  ]);
  assert.deepEqual(limits, { kill: 50, delete: 9000, edit: 1 });
  assert.deepEqual(
    open.map(({ say }) => say),
    ['They come back.'],
  );
});

test('references of a used runbook mean its own steps and the given values or defaults of its parameters', async () => {
  const { diagnose, act, verify, open } = await runbook();
  const [, hung, mail] = diagnose;
  assert.deepEqual(hung?.arg, { name: ['cron', '$$$crond'] });
  assert.deepEqual(hung?.expect, { kind: 'clause', clause: { measure: 'count', comparator: { at_least: '$few' } } });
  assert.deepEqual(mail?.arg, { in: '$folder' });
  assert.deepEqual(mail?.when, {
    kind: 'clause',
    clause: { step: 's.hung', measure: 'count', comparator: { at_least: 1 } },
  });
  assert.deepEqual(act[1]?.arg, { targets: '$s.hung' });
  assert.deepEqual(
    verify.map(({ hold }) => hold?.map(({ of }) => of)),
    [['s.hung'], ['s.mail']],
  );
  assert.deepEqual(open[0]?.when, {
    kind: 'clause',
    clause: { step: 's.hung', measure: 'count', comparator: { at_least: '$few' } },
  });
  assert.deepEqual(act[1]?.place, { file: 'sub/storm.yaml', line: 18, column: 5, length: act[1]?.place.length });
});

test('the keys of the step apply to all steps of the used runbook', async () => {
  const { diagnose, act, verify } = await runbook(
    MAIN.replace(
      '  - id: s\n',
      '  - id: s\n    why: room first\n    ask: false\n    on_fail: undo\n    when: {inodes: {inodes_free: {at_most: 1%}}}\n',
    ),
  );
  const when = { kind: 'clause', clause: { step: 'inodes', measure: 'inodes_free', comparator: { at_most: '1%' } } };
  const own = { kind: 'clause', clause: { step: 's.hung', measure: 'count', comparator: { at_least: 1 } } };
  assert.deepEqual(
    [diagnose, act, verify].map((steps) => steps.map((step) => step.when)),
    [
      [undefined, when, { kind: 'all_of', conditions: [when, own] }],
      [undefined, when, when, own],
      [undefined, when],
    ],
  );
  assert.deepEqual(
    act.map(({ why, ask, onFail }) => [why, ask, onFail]),
    [
      ['first', true, 'stop'],
      ['room first: they refill', false, 'undo'],
      ['room first: these hold the inodes', false, 'ask'],
      ['last', true, 'stop'],
    ],
  );
});

test('the texts of used runbooks are part of the runbook’s identity', async () => {
  const [one, other] = [
    await runbook(),
    await runbook(MAIN, { './sub/storm.yaml': STORM.replace('they refill', 'they come back') }),
  ];
  assert.notEqual(one.source.hash, other.source.hash);
  assert.equal(one.source.text, `${MAIN}--- # ./sub/storm.yaml\n${STORM}`);
});

test('a mistake in a used runbook is reported in its own text, after those of the runbook that uses it, and only once', async () => {
  const sub = STORM.replace('batch: 1000', 'batsch: 1000').replace('    why: they refill\n', '');
  assert.deepEqual(await problems(MAIN.replace('at_most: 5%', 'at_most: 5 %'), { './sub/storm.yaml': sub }), [
    'main.yaml:12:37+3 bad-number',
    'sub/storm.yaml:18:5+7 missing-why',
    'sub/storm.yaml:22:30+6 unknown-key (batch)',
  ]);
  assert.deepEqual(await problems(MAIN, {}), ['main.yaml:18:20+16 no-such-runbook']);
});

const GIVEN: readonly (readonly [string, string, readonly string[]])[] = [
  ['a value that is not of the type', 'with: {spool: /var/x, least: many}', ['18:67+4 wrong-type']],
  ['a value out of range', 'with: {spool: /var/x, least: 10}', ['18:67+2 out-of-range']],
  ['a path that lies elsewhere', 'with: {spool: /srv/x}', ['18:52+6 bad-path']],
  ['a name that it has not', 'with: {spool: /var/x, laest: 3}', ['18:60+5 unknown-param (least)']],
  ['nothing where there is no default', 'with: {least: 3}', ['18:38+4 missing-param']],
  ['a parameter of another type', 'with: {spool: $few}', ['18:52+4 reference-of-wrong-kind']],
  ['a parameter that is not there', 'with: {spool: $foldr}', ['18:52+6 unknown-reference ($folder)']],
  ['a list with a reference in it', 'with: {spool: /var/x, names: [$few, x]}', ['18:67+9 reference-not-allowed']],
  ['a map', 'with: {spool: {is: /var/x}}', ['18:52+12 wrong-type']],
];
for (const [title, given, told] of GIVEN) {
  test(`a given value is read by its type and checked: ${title}`, async () => {
    // Both parameters of MAIN stay in use.
    const main = MAIN.replace('with: {spool: $folder, least: $few}', given).replace(
      'count: {at_most: 0}',
      'count: {at_most: $few}',
    );
    assert.deepEqual(
      await problems(main),
      told.map((one) => `main.yaml:${one}`),
    );
  });
}

test("a parameter that is handed on takes only values that the used runbook's parameter takes", async () => {
  assert.deepEqual(await problems(MAIN.replace('default: 3', 'default: 10')), ['main.yaml:7:33+2 out-of-range']);
  assert.deepEqual(await problems(MAIN.replace('default: /var/mail', 'default: /srv/mail')), [
    'main.yaml:6:33+9 bad-path',
  ]);
  assert.deepEqual(await problems(MAIN.replace('default: /var/mail', 'under: /srv')), ['main.yaml:6:31+4 bad-path']);
  assert.deepEqual(await problems(MAIN.replace('default: /var/mail', 'under: /var/mail')), []);
  const { params } = await runbook();
  assert.deepEqual(
    params.map(({ name, min, max, under }) => ({ name, min, max, under })),
    [
      { name: 'folder', min: undefined, max: undefined, under: '/var' },
      { name: 'few', min: 2, max: 9, under: undefined },
    ],
  );
});

test('steps of a used runbook are named `step.name`, and have no other name', async () => {
  const wrong = (from: string, to: string) => problems(MAIN.replace(from, to));
  assert.deepEqual(await wrong('of: $s.hung', 'of: $s.hnug'), ['main.yaml:26:17+7 unknown-reference ($s.hung)']);
  assert.deepEqual(await wrong('of: $s.hung', 'of: $s'), ['main.yaml:26:17+2 reference-of-wrong-kind']);
  assert.deepEqual(await wrong('of: $s.hung', 'of: $s.end'), ['main.yaml:26:17+6 reference-of-wrong-kind']);
  assert.deepEqual(await wrong('when: {s.hung:', 'when: {s:'), ['main.yaml:22:12+1 reference-of-wrong-kind']);
  assert.deepEqual(await wrong('when: {s.hung:', 'when: {hung:'), ['main.yaml:22:12+4 unknown-reference (s.hung)']);
});

test('the rules of order hold across both texts', async () => {
  const main = MAIN.replace('  - id: after\n', '  - {id: k, why: late, kill: {targets: $s.hung}}\n  - id: after\n');
  assert.deepEqual(await problems(main), ['main.yaml:17:5+5 delete-before-kill']);
  assert.deepEqual(await problems(MAIN.replace('kill: 100', 'delete: 500')), ['main.yaml:17:5+5 limit-below-batch']);
});

test('the verification of the used runbook is enough if ours has none', async () => {
  const main = MAIN.slice(0, MAIN.indexOf('verify:'));
  assert.deepEqual(ids((await runbook(main)).verify), ['s.calm']);
});

test('a step that uses a runbook takes no keys of one verb, and belongs in act', async () => {
  assert.deepEqual(await problems(MAIN.replace('  - id: s\n', '  - id: s\n    timeout: 1h\n    undo: by hand\n')), [
    'main.yaml:18:5+7 misplaced-key',
    'main.yaml:19:5+4 misplaced-key',
  ]);
  const diagnose = MAIN.replace(
    'act:\n',
    '  - {id: t, runbook: {use: ./sub/storm.yaml, with: {spool: /var/x}}}\nact:\n',
  );
  assert.deepEqual(await problems(diagnose), ['main.yaml:13:13+7 wrong-phase']);
  assert.deepEqual(await problems(MAIN.replace('use: ./sub/storm.yaml', 'use: /etc/shadow')), [
    'main.yaml:18:20+11 bad-value',
  ]);
});

test('runbooks use one another three deep, never in a circle', async () => {
  const using = (name: string) =>
    `firebreak: 1\nrunbook: x\nversion: 1.0.0\ntitle: x\nact:\n  - {id: u, runbook: {use: ${name}}}\n`;
  const leaf = 'firebreak: 1\nrunbook: x\nversion: 1.0.0\ntitle: x\ndiagnose:\n  - {id: d, disk: {path: /}}\n';
  const chain = { 'b.yaml': using('c.yaml'), 'c.yaml': using('d.yaml'), 'd.yaml': leaf, 'e.yaml': leaf };
  assert.deepEqual(ids((await runbook(using('b.yaml'), chain)).diagnose), ['u.u.u.d']);
  assert.deepEqual(await problems(using('b.yaml'), { ...chain, 'd.yaml': using('e.yaml') }), [
    'd.yaml:6:28+6 runbooks-too-deep',
  ]);
  assert.deepEqual(await problems(using('b.yaml'), { ...chain, 'c.yaml': using('b.yaml') }), [
    'c.yaml:6:28+6 runbook-cycle',
  ]);
  assert.deepEqual(await problems(using('main.yaml'), { 'main.yaml': leaf }), ['main.yaml:6:28+9 runbook-cycle']);
});

test('without a way to other runbooks a use is a problem, not a crash', async () => {
  const loaded = await loadRunbook({ path: 'main.yaml', text: MAIN, catalogue: testCatalogue() });
  assert.deepEqual(loaded.ok ? [] : loaded.problems.map(inFile), ['main.yaml:18:20+16 no-such-runbook']);
});

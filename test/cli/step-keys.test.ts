import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { RUNBOOK, STEP_KEYS } from '../../src/load/runbook/language.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { PAINT_POLICY, type Said, type Stage, setStage } from '../support/stage.ts';

/** A small runbook over real files, of which a case changes what it needs. */
interface Parts {
  readonly diagnose?: string;
  readonly act?: string;
  readonly verify?: string;
  readonly open?: string;
  readonly limits?: string;
}

const RED = (folder: string): string =>
  `  - {id: red, text: {file: ${folder}/conf, matches: '^colour = red'}, expect: {matches: {at_least: 1}}}\n`;
const CALM = (folder: string): string =>
  `  - {id: calm, files: {in: ${folder}/spool, type: file}, expect: {count: {at_least: 1}}}\n`;
const touch = (folder: string, name: string): string => `run: {argv: [touch, ${folder}/${name}], effect: write}`;

function write(stage: Stage, { diagnose = '', act = '', verify, open, limits }: Parts): void {
  const { folder } = stage;
  stage.write(
    'keys.yaml',
    `firebreak: 1\nrunbook: keys\nversion: 1.0.0\ntitle: each key does what it says\n${limits === undefined ? '' : `limits: ${limits}\n`}` +
      `diagnose:\n${RED(folder)}${diagnose}act:\n${act || `  - {id: a, why: w, ${touch(folder, 'a')}}\n`}verify:\n${verify ?? CALM(folder)}` +
      (open === undefined ? '' : `open:\n${open}`),
  );
  stage.write(
    'policy.yaml',
    PAINT_POLICY.replaceAll('paint', 'keys').replace(', limits: {delete: 5}', ', declared_read: allow'),
  );
}

const run = (stage: Stage): Promise<Said> =>
  stage.firebreak(['run', './keys.yaml', '--unattended', '--policy', 'policy.yaml']);
const plan = (stage: Stage): Promise<Said> => stage.firebreak(['plan', './keys.yaml', '--json'], { columns: 400 });

/** Compares the result with the key and without it, or with two of its values. They must differ. */
interface Case {
  readonly parts: (folder: string, key: boolean) => Parts;
  readonly see: (stage: Stage) => Promise<unknown>;
  readonly seen: readonly [withKey: unknown, without: unknown];
}

const exitOf = async (stage: Stage): Promise<number> => (await run(stage)).exit;
const did =
  (...names: readonly string[]) =>
  async (stage: Stage): Promise<readonly string[]> => {
    await run(stage);
    return names.filter((name) => existsSync(stage.path(name)));
  };

async function planned(stage: Stage, id: string): Promise<JsonObject> {
  const { out, err } = await plan(stage);
  const { steps } = JSON.parse(out || '{}') as { readonly steps?: readonly JsonObject[] };
  const step = steps?.find((one) => one.id === id);
  assert.ok(step, out + err);
  return step;
}

const STEP_CASES: Readonly<Record<string, Case>> = {
  id: {
    parts: (folder, key) => ({ act: `  - {id: ${key ? 'named' : 'other'}, why: w, ${touch(folder, 'a')}}\n` }),
    see: async (stage) => /"named"/.test((await plan(stage)).out),
    seen: [true, false],
  },
  why: {
    parts: (folder, key) => ({ act: `  - {id: a, why: ${key ? 'it is wrong' : 'w'}, ${touch(folder, 'a')}}\n` }),
    see: async (stage) => (await planned(stage, 'a')).why,
    seen: ['it is wrong', 'w'],
  },
  when: {
    parts: (folder, key) => ({
      act: `  - {id: a, why: w, ${key ? 'when: {red: {matches: {at_least: 9}}}, ' : ''}${touch(folder, 'a')}}\n`,
    }),
    see: did('a'),
    seen: [[], ['a']],
  },
  expect: {
    parts: (folder, key) => ({
      act: `  - {id: look, text: {file: ${folder}/conf, matches: '^colour = blue'}${key ? ', expect: {matches: {at_least: 1}}' : ''}}\n  - {id: a, why: w, ${touch(folder, 'a')}}\n`,
    }),
    see: did('a'),
    seen: [[], ['a']],
  },
  decisive: {
    parts: (folder, key) => ({
      diagnose: `  - {id: blue, text: {file: ${folder}/conf, matches: '^colour = blue'}, expect: {matches: {at_least: 1}}${key ? ', decisive: false' : ''}}\n`,
    }),
    see: exitOf,
    seen: [0, 2],
  },
  ask: {
    parts: (folder, key) => ({
      act: `  - {id: a, why: w, edit: {file: ${folder}/conf, set_line: {matching: '^colour', to: colour = blue}}${key ? ', ask: false' : ''}}\n`,
    }),
    see: async (stage) => ((await planned(stage, 'a')).decision as JsonObject).effect,
    seen: ['allow', 'ask'],
  },
  undo: {
    parts: (folder, key) => ({
      act: `  - {id: a, why: w, ${touch(folder, 'a')}${key ? `, undo: [{run: {argv: [rm, ${folder}/a], effect: write}}]` : ''}}\n  - {id: b, why: w, run: {argv: ['false'], effect: write}, on_fail: undo}\n`,
    }),
    see: async (stage) => [await exitOf(stage), existsSync(stage.path('a'))],
    seen: [
      [8, false],
      [9, true],
    ],
  },
  timeout: {
    parts: (_, key) => ({
      act: `  - {id: a, why: w, run: {argv: [sleep, '1'], effect: write}${key ? ', timeout: 100ms' : ''}}\n`,
    }),
    see: exitOf,
    seen: [9, 0],
  },
  retry: {
    parts: (folder, key) => ({
      act: `  - {id: a, why: w, run: {shell: 'test -e "$F" || { : >"$F"; exit 1; }', effect: write, env: {F: ${folder}/f}}${key ? ', retry: {times: 1, every: 10ms}' : ''}}\n`,
    }),
    see: exitOf,
    seen: [0, 9],
  },
  on_fail: {
    parts: (folder, key) => ({
      act: `  - {id: a, why: w, run: {argv: ['false'], effect: write}${key ? ', on_fail: continue' : ''}}\n  - {id: b, why: w, ${touch(folder, 'b')}}\n`,
    }),
    see: did('b'),
    seen: [['b'], []],
  },
  until: {
    parts: (folder, key) => ({
      act: `  - {id: a, why: w, edit: {file: ${folder}/conf, set_line: {matching: '^colour', to: colour = blue}}${key ? ', until: it is spring' : ''}}\n`,
    }),
    see: async (stage) => /stays until it is spring; then [\s\S]*--only[\s\S]*\ba\b/.test((await run(stage)).out),
    seen: [true, false],
  },
  hold: {
    parts: (_, key) => ({
      verify: `  - {id: calm, watch: {for: 100ms, every: 20ms}, hold: [{of: $red, matches: {${key ? 'at_most: 0' : 'at_least: 0'}}}]}\n`,
    }),
    see: exitOf,
    seen: [4, 0],
  },
};

const OPEN_CASES: Readonly<Record<string, Case>> = {
  say: {
    parts: (_, key) => ({ open: `  - say: ${key ? 'the painter is not told' : 'nothing of note'}\n` }),
    see: async (stage) => (await run(stage)).out.includes('the painter is not told'),
    seen: [true, false],
  },
  when: {
    parts: (_, key) => ({
      open: `  - say: the painter is not told\n${key ? '    when: {red: {matches: {at_least: 9}}}\n' : ''}`,
    }),
    see: async (stage) => (await run(stage)).out.includes('the painter is not told'),
    seen: [false, true],
  },
  of: {
    parts: (_, key) => ({ open: `  - say: the painter is not told\n${key ? '    of: $red\n' : ''}` }),
    see: async (stage) => (await run(stage)).out.includes('the painter is not told: '),
    seen: [true, false],
  },
};

async function differs(t: TestContext, { parts, see, seen }: Case): Promise<void> {
  const both: unknown[] = [];
  for (const key of [true, false]) {
    const stage = setStage(t);
    write(stage, parts(stage.folder, key));
    both.push(await see(stage));
  }
  assert.deepEqual(both, seen);
}

const keysOf = (shape: unknown): readonly string[] => Object.keys((shape as JsonObject).properties as JsonObject);

/** Keys that have no effect on a run: the answer of `check` is compared. */
const ELSEWHERE: Readonly<Record<string, string>> = { accept: 'test/load/runbook/shell.test.ts' };

test('every key of a step, and of an open item, has a case below, or in the file that is named', () => {
  const root = join(import.meta.dirname, '../..');
  for (const key of Object.keys(STEP_KEYS).filter((one) => !Object.hasOwn(STEP_CASES, one)))
    assert.match(readFileSync(join(root, ELSEWHERE[key] ?? 'no case for the key'), 'utf8'), new RegExp(`\\b${key}\\b`));
  const { open } = RUNBOOK.properties as { readonly open: JsonObject };
  assert.deepEqual(Object.keys(OPEN_CASES), keysOf(open.items));
});

for (const [key, one] of Object.entries(STEP_CASES))
  test(`a step's \`${key}\` does what it says, from the file to the host`, (t) => differs(t, one));
for (const [key, one] of Object.entries(OPEN_CASES))
  test(`an open item's \`${key}\` does what it says`, (t) => differs(t, one));

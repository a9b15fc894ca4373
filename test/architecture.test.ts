import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { MUTANTS, sourcesOf, troubleWith } from './mutants/table.ts';
import { crowded, violations } from './support/architecture.ts';
import { foldersOfOneMachine } from './support/machine.ts';

const src = join(import.meta.dirname, '../src');

test('the house stands as src/README.md draws it', () => {
  const sources = new Map(
    globSync('**/*.ts', { cwd: src }).map((path) => [path, readFileSync(join(src, path), 'utf8')]),
  );
  assert.ok(sources.size > 20);
  assert.deepEqual(violations(sources), []);
});

test('each mutant of test/mutants/table.ts is found exactly once in src, and so are its test and its title', () => {
  const sources = sourcesOf();
  const lost = MUTANTS.flatMap((mutant) => {
    const trouble = troubleWith(mutant, sources);
    return trouble === null ? [] : [`${mutant.promise}: ${trouble}`];
  });
  assert.deepEqual(lost, []);
});

test('a mutant whose text, test or title is not there exactly once is caught', () => {
  const [mutant] = MUTANTS;
  assert.ok(mutant);
  const twice = new Map([
    ['src/a.ts', `${mutant.search}\n`],
    ['src/b.ts', `${mutant.search}\n`],
  ]);
  assert.equal(troubleWith(mutant, new Map()), 'its text is in no file of src: give the row the line as it is now');
  assert.equal(troubleWith(mutant, twice), 'its text is in src/a.ts, src/b.ts: make it longer');
  const sources = sourcesOf();
  assert.equal(troubleWith({ ...mutant, test: 'no.test.ts' }, sources), 'there is no single test file no.test.ts');
  assert.equal(
    troubleWith({ ...mutant, title: 'no such title' }, sources),
    `there is no title with "no such title" in ${mutant.test}`,
  );
});

test('no test, bench or tool names a folder that only one machine has', () => {
  const root = join(src, '..');
  const files = globSync(['{bench,test,tools}/**/*.{ts,js,mjs,sh,yaml}', 'bin/*', '.ci/*'], { cwd: root }).filter(
    (path) => !path.startsWith('test/fixtures/') && path !== 'test/architecture.test.ts',
  );
  assert.ok(files.length > 200, String(files.length));
  const named = files.flatMap((path) =>
    foldersOfOneMachine(readFileSync(join(root, path), 'utf8')).map((folder) => `${path}: ${folder}`),
  );
  assert.deepEqual(named, []);
});

test('a folder of one machine is found wherever it is named, and what only looks like one is not', () => {
  const named = ["'/work/shared/lab'", 'cd /work/main && ls', 'IdentityFile /Users/kim/key'];
  assert.deepEqual(named.flatMap(foldersOfOneMachine), ['/work/shared', '/work/main', '/Users/kim']);
  const none = ["'/run/work/tab'", '${out}/work/x', '../work/x', '/home/ada/old', 'network/x', '/media/work'];
  assert.deepEqual(none.flatMap(foldersOfOneMachine), []);
});

/** Each rule, broken on purpose: [what the planted file is, path, text, what the checker must say]. */
const PLANTED: readonly (readonly [string, string, string, string])[] = [
  ['model imports a higher floor', 'model/a.ts', "import { x } from '../load/x.ts';", 'may not import load/x.ts'],
  ['a type-only import counts', 'model/a.ts', "import type { X } from '../run/x.ts';", 'may not import run/x.ts'],
  ['a re-export counts', 'model/a.ts', "export { x } from '../run/x.ts';", 'may not import run/x.ts'],
  [
    'an import over several lines counts',
    'model/a.ts',
    "import {\n  x,\n  y,\n} from '../run/x.ts';",
    'may not import run/x.ts',
  ],
  ['a dynamic import counts', 'load/a.ts', "const x = await import('../views/x.ts');", 'may not import views/x.ts'],
  ['siblings of floor 2', 'verbs/cron/a.ts', "import { x } from '../../load/x.ts';", 'may not import load/x.ts'],
  [
    'a verb imports a verb',
    'verbs/cron/a.action.ts',
    "import x from './b.probe.ts';",
    'verbs never import each other: move what verbs/cron/b.probe.ts shares',
  ],
  [
    'a field of verbs imports another',
    'verbs/cron/a.action.ts',
    "import { x } from '../files/x.ts';",
    'fields of verbs never import each other: verbs/files/x.ts',
  ],
  [
    'what two adapters share imports one of them',
    'hosts/linux/a.ts',
    "import { x } from '../local/x.ts';",
    'linux/ knows nothing of local/: move what hosts/local/x.ts shares',
  ],
  [
    'an adapter imports another',
    'hosts/ssh/files/a.ts',
    "import { x } from '../../local/x.ts';",
    'ssh/ knows nothing of local/: move what hosts/local/x.ts shares',
  ],
  ['siblings of floor 3', 'operations/a.ts', "import { x } from '../wiring/x.ts';", 'may not import wiring/x.ts'],
  [
    'an operation imports a command',
    'operations/a.ts',
    "import x from '../commands/x.ts';",
    'may not import commands/x.ts',
  ],
  [
    'a command imports a command',
    'commands/a.ts',
    "import x from './b.ts';",
    'commands never import each other: a.ts imports b.ts',
  ],
  ['a folder nobody knows', 'things/a.ts', '', 'things is no floor of the house'],
  [
    'model imports node:',
    'model/a.ts',
    "import { join } from 'node:path';",
    'model/ has no node: imports, and this one has node:path',
  ],
  ['plan imports node:', 'plan/a.ts', "import 'node:fs';", 'plan/ has no node: imports, and this one has node:fs'],
  [
    'a verb imports node:',
    'verbs/cron/a.ts',
    "import { readFileSync } from 'node:fs';",
    'verbs/ has no node: imports, and this one has node:fs',
  ],
  [
    'a verb imports a package',
    'verbs/cron/a.ts',
    "import { execa } from 'execa';",
    'execa belongs to ^hosts\\/spawn\\b',
  ],
  [
    'a package away from its owner',
    'load/rules.ts',
    "import { parseDocument } from 'yaml';",
    'yaml belongs to ^load\\/text\\/parse\\b',
  ],
  [
    "a package's subpath",
    'load/text/parse.ts',
    "import Ajv from 'ajv/dist/2020.js';",
    'ajv belongs to ^load\\/text\\/validate\\b',
  ],
  [
    'a scoped package',
    'views/lines.ts',
    "import { select } from '@inquirer/prompts';",
    '@inquirer/prompts belongs to ^views\\/terminal\\b',
  ],
  [
    'a package without an owner',
    'load/a.ts',
    "import _ from 'lodash';",
    'lodash has no owner: add it to OWNERS and to package.json',
  ],
  [
    'a builtin without node:',
    'hosts/a.ts',
    "import fs from 'fs';",
    'fs has no owner: add it to OWNERS and to package.json',
  ],
  [
    'process.env outside cli.ts',
    'commands/a.ts',
    'const home = process.env.HOME;',
    'process.env is for cli.ts and hosts/ only',
  ],
  ['process in a template', 'views/a.ts', 'const x = `${process.cwd()}`;', 'process.cwd is for cli.ts and hosts/ only'],
  ['our own pid', 'journal/a.ts', 'const x = process.pid;', 'process.pid is for cli.ts and hosts/ only'],
  [
    'node:process',
    'views/a.ts',
    "import { stdout } from 'node:process';",
    'node:process is for cli.ts and hosts/ only',
  ],
  ['any', 'load/a.ts', 'export function f(x: any): void {}', 'any is not used'],
  ['any in a generic', 'load/a.ts', 'const x = new Map<string, any>();', 'any is not used'],
  ['as any', 'load/a.ts', 'const x = y as any;', 'any is not used'],
  ['enum', 'model/a.ts', 'export const enum Colour { Red }', 'enum is not used: one `as const` table instead'],
  ['non-null', 'load/a.ts', 'const x = y!.z;', 'the non-null `!` is not used'],
  ['non-null after an index', 'load/a.ts', 'const x = y[0]!;', 'the non-null `!` is not used'],
  [
    'a word in a file name',
    'load/yaml-helpers.ts',
    '',
    '"helpers" says nothing (load/yaml-helpers.ts): see the ten words',
  ],
  [
    'a word in an exported name',
    'load/a.ts',
    'export class RunManager {}',
    '"manager" says nothing (RunManager): see the ten words',
  ],
  [
    'a word in an export list',
    'load/a.ts',
    'const a = 1;\nexport { a as stepInfo };',
    '"info" says nothing (stepInfo): see the ten words',
  ],
  [
    'a drawer that knows a plan',
    'views/draw/page.ts',
    "import type { Plan } from '../../model/plan.ts';",
    'a drawer knows documents only, and this one has model/plan.ts',
  ],
  ['colours outside views', 'model/a.ts', "const red = '\\x1b[31m';", 'escape sequences are for views/ only'],
];

for (const [title, path, text, says] of PLANTED) {
  test(`a planted violation is caught: ${title}`, () => {
    assert.deepEqual(violations(new Map([[path, text]])), [`${path}: ${says}`]);
  });
}

test('an import cycle is caught, inside a folder too, with its way', () => {
  const cycle = new Map([
    ['load/a.ts', "import { b } from './b.ts';"],
    ['load/b.ts', "import type { c } from './deep/c.ts';"],
    ['load/deep/c.ts', "import { a } from '../a.ts';"],
    ['load/d.ts', "import { a } from './a.ts';"],
  ]);
  assert.deepEqual(violations(cycle), [
    'load/a.ts: import cycle load/a.ts -> load/b.ts -> load/deep/c.ts -> load/a.ts',
  ]);
});

test('a name that two files export is caught, whatever it names', () => {
  const twice = new Map([
    ['hosts/a.ts', 'export const LABEL = 1;'],
    ['views/a.ts', 'export function label() {}\nexport type Label = 1;'],
    ['views/b.ts', 'export const LABEL = 2;\nexport { label } from "./a.ts";\nfunction Label() {}'],
  ]);
  assert.deepEqual(violations(twice), [
    'views/b.ts: LABEL is exported by hosts/a.ts too, and means another thing there',
  ]);
});

test('no folder of src or test has more than 30 files', () => {
  const files = ['src', 'test'].flatMap((part) =>
    globSync(`${part}/**/*.*`, { cwd: join(src, '..') }).filter((path) => /\.\w+$/.test(path)),
  );
  assert.ok(files.length > 500);
  assert.deepEqual(crowded(files), []);
  assert.deepEqual(crowded(['a/b', 'a/c', 'a/d/e', 'f'], 1), ['a has 2 files']);
});

test('what is allowed, and what only looks like a violation, is left alone', () => {
  const innocent = new Map([
    [
      'model/a.ts',
      "// import { x } from '../load/x.ts'\n/* process.env, any, enum Foo */\nimport type { B } from './b.ts';\nexport const many: B = 1;",
    ],
    [
      'load/text/parse.ts',
      "import { parseDocument } from 'yaml';\nimport { readFileSync } from 'node:fs';\nexport const about = 'any, process.env and import(\"./x\")';",
    ],
    [
      'verbs/processes/processes.probe.ts',
      "import { shared } from './tree.ts';\nexport default (list: P[]) => list.map((process) => process.pid + process.name);",
    ],
    [
      'verbs/processes/tree.ts',
      'export const shared = (process: P) => process.state !== undefined && !process.args[0];',
    ],
    ['commands/run.ts', "import { parse } from './_params.ts';\nimport { run } from '../operations/run.ts';"],
    [
      'cli.ts',
      "import { Command } from 'commander';\nconst run = () => import('./commands/run.ts');\nprocess.exitCode = 1;",
    ],
    ['hosts/local.ts', "import { readdirSync } from 'node:fs';\nprocess.kill(1, 0);"],
    ['views/terminal.ts', "import { Listr } from 'listr2';\nconst bold = '\\x1b[1m';\nconst r = /any!;/;"],
    [
      'load/text/schema.ts',
      'const schema = { metadata: 1, any: 2 };\nexport const informed = (any: X) => schema.any || any === 1 ? any : 2;',
    ],
  ]);
  assert.deepEqual(violations(innocent), []);
});

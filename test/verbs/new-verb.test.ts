import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { inOwnPlaces } from '../support/lab/own-places.ts';

/**
 * "Add a verb" of src/README.md, done: a copy of the tree gets a probe and an action in a field that has none yet, one
 * file each, and no other file of it is touched.
 */
const root = join(import.meta.dirname, '../..');
const copy = realpathSync(mkdtempSync(join(tmpdir(), 'firebreak-new-verb-')));
after(() => rmSync(copy, { recursive: true, force: true }));
const setting = join(copy, 'setting');
const runbook = join(copy, 'setting.yaml');

const RUNBOOK = `firebreak: 1
runbook: setting
version: 1.0.0
title: too few process ids
params:
  file: {type: path, default: ${setting}, about: the setting}
diagnose:
  - {id: now, setting: {file: $file}, expect: {value: {is_not: '65536'}}}
act:
  - {id: raise, why: more processes are wanted, setting: {file: $file, to: '65536'}}
verify:
  - {id: raised, setting: {file: $file}, expect: {value: {is: '65536'}}}
`;

before(() => {
  for (const part of [
    'src',
    'test',
    'tools',
    'bin',
    'runbooks',
    'examples',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
  ])
    cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  mkdirSync(join(copy, 'src/verbs/kernel'));
  for (const kind of ['probe', 'action'])
    cpSync(join(root, `test/fixtures/new-verb/setting.${kind}.txt`), join(copy, `src/verbs/kernel/setting.${kind}.ts`));
  writeFileSync(setting, '32768\n', { mode: 0o644 });
  writeFileSync(runbook, RUNBOOK, { mode: 0o644 });
});

function inCopy(argv: readonly string[]): { readonly exit: number | null; readonly out: string } {
  const own = inOwnPlaces(join(copy, 'state'), [process.execPath, ...argv], { lock: 'process' });
  const [program = '', ...rest] = own.argv;
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(program, rest, {
    cwd: copy,
    env: { ...env, ...own.env },
    encoding: 'utf8',
    timeout: 120_000,
  });
  return { exit: status, out: stdout + stderr };
}
const firebreak = (...argv: readonly string[]) => inCopy(['src/cli.ts', ...argv]);

test('a new verb compiles, and keeps the rules of the house and the contracts of every verb', () => {
  const compiled = inCopy(['node_modules/typescript/bin/tsc']);
  assert.deepEqual(compiled, { exit: 0, out: '' });
  const tests = ['architecture', 'catalogue', 'hosts/fake/paths'];
  const { exit, out } = inCopy(['--test', ...tests.map((name) => `test/${name}.test.ts`)]);
  assert.equal(exit, 0, out);
  assert.match(out, /probe\/setting.* changes nothing while it looks/);
  assert.match(out, /action\/setting.file refuses a link that a stranger planted/);
});

test('a new verb is known to check, schema and plan', () => {
  assert.deepEqual(firebreak('check', runbook), {
    exit: 0,
    out: `ok  ${runbook}  setting 1.0.0: 1 diagnose, 1 act, 1 verify\n`,
  });
  assert.match(firebreak('schema').out, /Its file below \/proc\/sys/);
  const plan = firebreak('plan', runbook);
  assert.equal(plan.exit, 0, plan.out);
  assert.match(plan.out, new RegExp(`set ${setting} to 65536`));
});

test('a new verb is in the build, by its file', () => {
  assert.deepEqual(inCopy(['tools/build.ts', '--strict']), { exit: 0, out: '' });
  assert.match(readFileSync(join(copy, 'dist/verbs/kernel/setting.probe.js'), 'utf8'), /setting\.probe\.ts/);
  const plan = inCopy(['dist/cli.js', 'plan', runbook]);
  assert.match(plan.out, new RegExp(`set ${setting} to 65536`));
});

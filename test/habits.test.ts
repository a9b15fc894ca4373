import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from '../src/load/text/parse.ts';

/** What CONTRIBUTING.md promises to whoever changes Firebreak. */
const root = join(import.meta.dirname, '..');
const textOf = (file: string) => readFileSync(join(root, file), 'utf8');

test('one test runs by `npm run test:one -- FILE` with the Node of the repository, whatever Node npm itself runs on', () => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  // PATH without our own Node, as in a shell of a system with another Node.
  const PATH = (env.PATH ?? '')
    .split(':')
    .filter((folder) => !folder.includes('node_modules/.bin'))
    .join(':');
  const { status, stdout, stderr } = spawnSync(
    'npm',
    ['run', 'test:one', '--', 'test/fixtures/habits/node-version.ts'],
    {
      cwd: root,
      env: { ...env, PATH, npm_config_loglevel: 'error' },
      encoding: 'utf8',
      timeout: 120_000,
    },
  );
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /^. the Node of the repository runs this test/m);
  assert.match(stdout, /^ℹ pass 1$/m);
});

test('the changelog is in sections, each entry is one line, and no entry stands twice', () => {
  const lines = textOf('CHANGELOG.md')
    .split('\n')
    .filter((line) => line !== '');
  const body = lines.slice(lines.indexOf('## Unreleased'));
  const form = /^(## (Unreleased|\d+\.\d+\.\d+ - \d{4}-\d\d-\d\d)|### (Added|Changed|Fixed)|- .*)$/;
  assert.deepEqual(
    body.filter((line) => !form.test(line)),
    [],
  );
  const entries = body.filter((line) => line.startsWith('- '));
  assert.deepEqual(
    entries.filter((line, at) => entries.indexOf(line) !== at),
    [],
  );
  const firstRelease = body.findIndex((line) => /^## \d/.test(line));
  assert.deepEqual(
    body.filter((line, at) => line.startsWith('- ') && at > firstRelease && /^## /.test(body[at - 1] ?? '')),
    [],
  );
});

test('the files of the hosted service are YAML, and their actions are pinned by their commit', () => {
  const files = globSync('.github/**/*.yml', { cwd: root });
  assert.ok(files.includes('.github/workflows/ci.yml') && files.length >= 4, String(files));
  for (const file of files) assert.deepEqual(parse(file, textOf(file)).problems, []);
  const actions = [...textOf('.github/workflows/ci.yml').matchAll(/uses: (.*)/g)].map(([, name]) => name ?? '');
  assert.deepEqual(
    actions.filter((name) => !/^[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(name)),
    [],
  );
  const commands = [...textOf('.github/workflows/ci.yml').matchAll(/run: (\.ci\/run.*)/g)].map(
    ([, command]) => command,
  );
  assert.deepEqual(commands, ['.ci/run --quick']);
});

test('the pages that a newcomer looks for are there', () => {
  const wanted = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'LICENSE', '.editorconfig'];
  assert.deepEqual(
    wanted.filter((file) => !existsSync(join(root, file))),
    [],
  );
});

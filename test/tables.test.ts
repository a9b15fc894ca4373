import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

/**
 * The language is one typed table an object: a key that is renamed in its table does not compile wherever it is read.
 * The tables of a copy of src get other keys, all at once, and the compiler is asked once.
 */
const RENAMED: Readonly<Record<string, string>> = {
  'a runbook': 'title: words(',
  'a step': 'on_fail: byDefault(',
  'a watch': 'settle: quantity(',
  'a parameter': 'under: literal(',
  'the limits': 'stopped_for: literal(',
  'what stays open': 'say: words(',
  'a fleet': 'max_failures: either(',
  "a policy's rule": 'cool_down: byDefault(',
  "a policy's window": 'days: oneOrMore(',
  'an inventory': 'children: list(',
  'the argument of the action delete': 'at_most: integer(',
  'a selector of processes': 'started_by: oneOrMore(',
  'the argument of the probe files': 'newer_than: quantity(',
  'an argument that only the loader and the verb read': 'restore_within: quantity(',
};

test('a key that is renamed in its table does not compile wherever it is read', (t) => {
  const root = join(import.meta.dirname, '..');
  const copy = mkdtempSync(join(tmpdir(), 'firebreak-tables-'));
  t.after(() => rmSync(copy, { recursive: true }));
  cpSync(join(root, 'src'), join(copy, 'src'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  cpSync(join(root, 'package.json'), join(copy, 'package.json'));
  const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')) as {
    compilerOptions: object;
  };
  writeFileSync(join(copy, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
  const keys = Object.values(RENAMED).map((text) => rename(copy, text));
  const { stdout } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc')], {
    cwd: copy,
    encoding: 'utf8',
    timeout: 240_000,
  });
  // A table that is held to the keys of another type (`satisfies`) is told by its new key.
  const silent = keys.filter((key) => !new RegExp(`'(?:renamed_)?${key}'`).test(stdout));
  assert.deepEqual(silent, [], stdout);
});

function rename(copy: string, text: string): string {
  const [key = ''] = text.split(':', 1);
  const at = new RegExp(`^( +)${text.replace('(', '\\(')}`, 'm');
  const files = globSync('src/**/*.ts', { cwd: copy }).filter((file) =>
    at.test(readFileSync(join(copy, file), 'utf8')),
  );
  assert.equal(files.length, 1, `${text} stands in ${files.join(', ')}`);
  const [file = ''] = files;
  const before = readFileSync(join(copy, file), 'utf8');
  writeFileSync(join(copy, file), before.replace(at, `$1renamed_${text}`));
  return key;
}

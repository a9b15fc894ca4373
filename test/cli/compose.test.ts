import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DEFAULT_LIMITS } from '../../src/model/runbook.ts';
import { inOwnPlaces } from '../support/lab/own-places.ts';

/** A runbook that uses another, run for real: its steps are found, done, verified and journaled under `step.name`. */
// A run uses no file that others could have written, so the tests set their own umask.
process.umask(0o022);
const work = mkdtempSync(join(tmpdir(), 'firebreak-compose-'));
after(() => rmSync(work, { recursive: true }));
const logs = join(work, 'logs');
mkdirSync(logs);
for (const name of ['a.gz', 'b.gz', 'c.log']) writeFileSync(join(logs, name), name);

const HEAD = (name: string): string => `firebreak: 1\nrunbook: ${name}\nversion: 1.0.0\ntitle: ${name}\n`;
const CLEAN = `${HEAD('clean')}params: {folder: {type: path}, least: {type: integer, default: 1}}
limits: {delete: 5}
diagnose:
  - {id: old, files: {in: $folder, type: file, name: {matches: '[.]gz$'}}, expect: {count: {at_least: $least}}}
act:
  - {id: empty, why: they fill the disk, delete: {targets: $old, batch: 2}}
verify:
  - {id: gone, files: {in: $folder, type: file, name: {matches: '[.]gz$'}}, expect: {count: 0}}
`;
const MAIN = `${HEAD('main')}params: {where: {type: path}}
act:
  - {id: room, why: first of all, runbook: {use: ./clean.yaml, with: {folder: $where, least: 2}}}
open:
  - {say: Few were old., when: {room.old: {count: {at_most: 9}}}}
`;
writeFileSync(join(work, 'clean.yaml'), CLEAN);
writeFileSync(join(work, 'main.yaml'), MAIN);
writeFileSync(join(work, 'policy.yaml'), 'firebreak_policy: 1\nallow:\n  - {id: all, runbook: main}\n');

function firebreak(...args: readonly string[]) {
  const program = [process.execPath, join(import.meta.dirname, '../../src/cli.ts')];
  const { argv, env } = inOwnPlaces(join(work, 'state'), [...program, ...args], { lock: 'process' });
  const [file = '', ...rest] = argv;
  const ran = spawnSync(file, rest, { cwd: work, env: { ...process.env, HOME: work, ...env }, encoding: 'utf8' });
  return { code: ran.status, text: ran.stdout + ran.stderr };
}
const run = () =>
  firebreak('run', './main.yaml', '--unattended', '--policy', 'policy.yaml', '--param', `where=${logs}`);

test('a composed runbook is diagnosed, done and verified as one, and its limit is the lower one', () => {
  const { code, text } = run();
  assert.equal(code, 0, text);
  assert.deepEqual(readdirSync(logs), ['c.log']);
  assert.match(text, /room\.empty +done/);
  assert.match(text, /Few were old\./);
  const plan = JSON.parse(firebreak('plan', './main.yaml', '--json', '--param', `where=${logs}`).text) as {
    readonly limits: object;
    readonly steps: readonly { readonly id: string; readonly truth?: string }[];
  };
  assert.deepEqual(plan.limits, { ...DEFAULT_LIMITS, delete: 5 });
  assert.deepEqual(plan.steps.map(({ id, truth }) => [id, truth]).slice(0, 1), [['room.old', 'no']]);
});

test('where the used diagnosis says no, nothing is done', () => {
  writeFileSync(join(logs, 'd.gz'), 'd');
  const { code, text } = run();
  assert.equal(code, 2, text);
  assert.deepEqual(readdirSync(logs), ['c.log', 'd.gz']);
});

test('a mistake in the used file is shown there, with its frame', () => {
  writeFileSync(join(work, 'clean.yaml'), CLEAN.replace('batch: 2', 'batsch: 2'));
  const { code, text } = firebreak('check', 'main.yaml');
  assert.equal(code, 65);
  assert.match(text, /^clean\.yaml:10:66: error\[unknown-key\]: `batsch` is not a key here\n/);
  assert.match(text, /\n10 \| .*batsch: 2/);
});

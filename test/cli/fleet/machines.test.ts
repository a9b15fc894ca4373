import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import type { Command } from '../../../src/commands/_command.ts';
import { setStage } from '../../support/stage.ts';

const commands = join(import.meta.dirname, '../../../src/commands');
const names = globSync('[a-z]*.ts', { cwd: commands }).map((file) => basename(file, '.ts'));

test('every command that prints can print for machines', async () => {
  assert.ok(names.length >= 14);
  const mute: string[] = [];
  for (const name of names) {
    const { default: command } = (await import(join(commands, `${name}.ts`))) as { default: Command };
    const flags = command.options.map((option) => option.flags.split(' ')[0]);
    const outputs = command.options.find((option) => option.flags.startsWith('--output'))?.choices ?? [];
    if (!flags.includes('--json') && !outputs.includes('ndjson')) mute.push(name);
  }
  assert.deepEqual(mute, []);
});

/** The order matters: a run must exist before it is reported. */
const JSON_COMMANDS: readonly (readonly [string, number, RegExp])[] = [
  ['list --json', 0, /"name"/],
  ['check ./paint.yaml --json', 0, /"ok"/],
  ['policy check policy.yaml --json', 0, /"ok"/],
  ['policy explain ./paint.yaml --policy policy.yaml --json', 0, /paints/],
  ['schema --json', 0, /"\$schema"/],
  ['schema events --json', 0, /"\$defs"/],
  ['doctor --json', 0, /"checks"/],
  ['prepare --json', 0, /"state"/],
  ['plan ./paint.yaml --json', 0, /"steps"/],
  ['plan ./paint.yaml --policy policy.yaml --save plan.json --format json', 0, /"steps"/],
  ['plan --diff plan.json --json', 0, /"drift"/],
  ['show plan.json --json', 0, /"identity"/],
  ['run ./paint.yaml --dry-run --json', 0, /"steps"/],
];

test('--json prints one JSON text on stdout and nothing else', async (t) => {
  const stage = setStage(t);
  for (const [line, exit, holds] of JSON_COMMANDS) {
    const said = await stage.firebreak(line.split(' '));
    assert.equal(said.exit, exit, `${line}: ${said.err}`);
    assert.doesNotThrow(() => JSON.parse(said.out), line);
    assert.match(said.out, holds, line);
  }
  const run = await stage.firebreak([
    'run',
    './paint.yaml',
    '--unattended',
    '--policy',
    'policy.yaml',
    '--output',
    'ndjson',
  ]);
  assert.deepEqual([run.exit, run.err], [0, '']);
  for (const line of ['runs --json', 'report --json', 'report --format json']) {
    const { out } = await stage.firebreak(line.split(' '));
    assert.match(JSON.stringify(JSON.parse(out)), /"held"/, line);
  }
});

test('a plan ends with the very line that runs it, as it was typed', async (t) => {
  const stage = setStage(t);
  const last = async (...argv: readonly string[]) =>
    (await stage.firebreak(['plan', ...argv], { columns: 200 })).out.trim().split('\n').at(-1);
  const asks = 'To run it, with a question before each action: ';
  assert.equal(await last('./paint.yaml'), `${asks}firebreak run ./paint.yaml`);
  assert.equal(
    await last('./paint.yaml', '-p', `spool=${stage.path('spool')}`, '--limit', 'delete=7'),
    `${asks}firebreak run ./paint.yaml --param spool=${stage.path('spool')} --limit delete=7`,
  );
  assert.equal(
    await last('./paint.yaml', '--policy', 'policy.yaml'),
    'To run it, as the policy allows: firebreak run ./paint.yaml --unattended --policy policy.yaml',
  );
  assert.equal(await last('./paint.yaml', '--save', 'my plan.json'), `${asks}firebreak run --plan 'my plan.json'`);
});

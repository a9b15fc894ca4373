import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CONF, type Stage, setStage } from '../support/stage.ts';

const ALONE = ['--unattended', '--policy', 'policy.yaml'];

/** A command in a process of its own, so that it can be killed. */
function apart({ folder }: Stage, argv: readonly string[]) {
  const from = (path: string): string => JSON.stringify(join(import.meta.dirname, path));
  const env = { PATH: '/usr/bin:/bin', FIREBREAK_STATE: join(folder, 'state'), FIREBREAK_LOCK: `undo-${process.pid}` };
  const script = `const { main } = await import(${from('../../src/cli.ts')});
    const { testIo } = await import(${from('../support/test-io.ts')});
    const { io, out, err } = testIo(${JSON.stringify({ env, cwd: folder, home: folder })});
    process.exitCode = await main(${JSON.stringify(argv)}, io);
    process.stdout.write(out() + err());`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', timeout: 60_000 });
}

interface Scene {
  readonly undo: (folder: string) => string;
  /** The act behind it fails. */
  readonly fails: boolean;
}

/** Real files: an act that moves one away, with an undo, and a second act. */
function stage(t: TestContext, { undo, fails }: Scene): Stage {
  const made = setStage(t);
  made.write(
    'away.yaml',
    `firebreak: 1
runbook: away
version: 1.0.0
title: the file is in the way
diagnose:
  - id: red
    text: {file: ${made.folder}/conf, matches: '^colour = red'}
    expect: {matches: {at_least: 1}}
act:
  - id: aside
    why: it is in the way
    run: {argv: [mv, ${made.folder}/conf, ${made.folder}/aside], effect: write}
    undo: ${undo(made.folder)}
  - id: last
    why: to see what comes of it
    ${fails ? "run: {argv: ['false'], effect: write}\n    on_fail: undo" : `edit: {file: ${made.folder}/other, set_line: {matching: '^colour', to: colour = blue}}`}
verify:
  - id: calm
    files: {in: ${made.folder}/spool, type: file}
    expect: {count: {at_least: 1}}
`,
  );
  made.write('other', 'colour = red\n');
  made.write('policy.yaml', 'firebreak_policy: 1\nallow:\n  - {id: away, runbook: away, declared_write: allow}\n');
  return made;
}

const moveBack = (folder: string): string => `
      - run: {argv: [mv, ${folder}/aside, ${folder}/conf], effect: write}
        why: it was there
      - run: {shell: 'echo undone >>"$F"', effect: write, env: {F: ${folder}/told}}`;
const withSteps = (t: TestContext, fails: boolean): Stage => stage(t, { undo: moveBack, fails });

test('undo steps are shown by the plan with what they would run, and nothing of them is done', async (t) => {
  const here = withSteps(t, true);
  const { exit, out, err } = await here.firebreak(['plan', './away.yaml', '--policy', 'policy.yaml'], { columns: 200 });
  assert.equal(exit, 0, err);
  assert.deepEqual(
    out
      .replaceAll(here.folder, 'F')
      .split('\n')
      .filter((line) => /^( {4}(undo|then|by itself)|for good) /.test(line)),
    [
      '    undo      1. run mv F/aside F/conf: it was there',
      `    undo      2. run /bin/sh -c 'echo undone >>"$F"'`,
      '    by itself it cannot be undone: nobody can tell what a command changes',
      '    undo      IRREVERSIBLE: nobody can tell what a command changes',
      'for good  last: cannot be undone',
    ],
  );
  assert.deepEqual([existsSync(here.path('conf')), existsSync(here.path('told'))], [true, false]);
});

test('a run that fails runs the undo steps: all is as before, exit 8', async (t) => {
  const here = withSteps(t, true);
  const { exit, out } = await here.firebreak(['run', './away.yaml', ...ALONE]);
  assert.equal(exit, 8, out);
  assert.deepEqual(
    [existsSync(here.path('conf')), existsSync(here.path('aside')), readFileSync(here.path('told'), 'utf8')],
    [true, false, 'undone\n'],
  );
});

test('a rollback runs the undo steps of a run that held', async (t) => {
  const here = withSteps(t, false);
  const run = await here.firebreak(['run', './away.yaml', ...ALONE]);
  assert.equal(run.exit, 0, run.out + run.err);
  const { exit, out, err } = await here.firebreak(['rollback', ...ALONE]);
  assert.equal(exit, 0, out + err);
  assert.deepEqual([here.world().conf, readFileSync(here.path('told'), 'utf8')], [CONF, 'undone\n']);
});

test('an undo note is on every screen that tells how to undo, and a run that leaves it to do ends with 9', async (t) => {
  const here = stage(t, { undo: () => 'mv it back by hand', fails: true });
  const said = /by\s+hand:\s+mv\s+it\s+back\s+by\s+hand/;
  const { exit, out } = await here.firebreak(['run', './away.yaml', ...ALONE]);
  assert.equal(exit, 9, out);
  assert.match(out, said);
  assert.match((await here.firebreak(['report'])).out, said);
  const back = await here.firebreak(['rollback', ...ALONE]);
  assert.equal(back.exit, 9, back.out + back.err);
  assert.match(back.out + back.err, said);
});

test('a note beside an act that takes itself back is told with it, and nothing is left once that is done', async (t) => {
  const here = stage(t, { undo: moveBack, fails: false });
  const text = readFileSync(here.path('away.yaml'), 'utf8');
  here.write('away.yaml', text.replace('  - id: last\n', '  - id: last\n    undo: tell the painter\n'));
  const run = await here.firebreak(['run', './away.yaml', ...ALONE]);
  assert.match(run.out, /by\s+hand:\s+tell\s+the\s+painter/);
  assert.equal((await here.firebreak(['rollback', ...ALONE])).exit, 0);
  assert.deepEqual([here.world().conf, readFileSync(here.path('other'), 'utf8')], [CONF, 'colour = red\n']);
});

test('a run that is killed -9 inside an undo step is taken up there, and what must not be done twice is told', async (t) => {
  const here = withSteps(t, true);
  const text = readFileSync(here.path('away.yaml'), 'utf8');
  here.write('away.yaml', text.replace('echo undone >>"$F"', 'echo undone >>"$F"; kill -9 "$PPID"'));
  const firebreak = (...argv: readonly string[]) => apart(here, argv);
  const killed = firebreak('run', './away.yaml', ...ALONE);
  assert.equal(killed.signal ?? killed.status, killed.signal === null ? 137 : 'SIGKILL', killed.stdout + killed.stderr);
  const again = firebreak('resume', ...ALONE);
  assert.equal(again.status, 9, again.stdout + again.stderr);
  assert.match(again.stdout, /whether\s+it\s+was\s+done\s+before\s+is\s+not\s+known/);
  // The move is not tried again, and the word was written once.
  assert.deepEqual([existsSync(here.path('conf')), readFileSync(here.path('told'), 'utf8')], [true, 'undone\n']);
});

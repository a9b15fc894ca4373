import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { PAINT_POLICY, type Stage, setStage } from '../support/stage.ts';

const ALONE = ['--unattended', '--policy', 'policy.yaml'];

/**
 * Real files: a look behind the first act tells whether the last one may delete for good. `ran` counts how often the
 * reading command ran.
 */
function stage(t: TestContext, guard = '', read = 'exit 0'): Stage {
  const made = setStage(t);
  made.write(
    'late.yaml',
    `firebreak: 1
runbook: late
version: 1.0.0
title: what is left is known at its turn
limits: {delete: 5}
diagnose:
  - id: red
    text: {file: ${made.folder}/conf, matches: '^colour = red'}
    expect: {matches: {at_least: 1}}
act:
  - id: mark
    why: the first act
    run: {argv: [touch, ${made.folder}/marked], effect: write}
  - id: asked
    why: to see once
    run: {shell: 'echo looked >>${made.folder}/ran; ${read}', effect: read}
${guard}  - id: left
    files: {in: ${made.folder}/spool, type: file}
  - id: clean
    why: they are old
    when: {left: {count: {at_least: 1}}}
    ask: false
    delete: {targets: $left, batch: 2}
verify:
  - id: calm
    files: {in: ${made.folder}/spool, type: file}
    expect: {count: {at_most: 0}}
`,
  );
  made.write(
    'policy.yaml',
    PAINT_POLICY.replaceAll('paint', 'late').replace('limits: {delete: 5}', 'declared_read: allow'),
  );
  return made;
}

test('a plan shows what is decided at its turn, counts it, and runs no reading command; its run runs it once', async (t) => {
  const here = stage(t);
  const planned = await here.firebreak(['plan', './late.yaml', '--policy', 'policy.yaml', '--save', 'plan.json']);
  assert.equal(planned.exit, 0, planned.err);
  assert.match(planned.out, /at turn +looked at when its turn comes; it informs the\s+steps behind it/);
  assert.match(
    planned.out,
    /when +decided at its turn, when left has been looked at;\s+counted\s+here\s+as\s+if\s+it\s+ran/,
  );
  assert.match(planned.out, /for good +mark, clean: cannot be undone/);
  assert.match(planned.out, /in all +delete 3 of 5 allowed/);
  assert.equal(existsSync(here.path('ran')), false);
  const ran = await here.firebreak(['run', '--plan', 'plan.json', ...ALONE]);
  assert.equal(ran.exit, 0, ran.out + ran.err);
  assert.equal(readFileSync(here.path('ran'), 'utf8'), 'looked\n');
  assert.deepEqual(here.world().spool, []);
});

for (const [title, read] of [
  ['that says no', 'exit 1'],
  ['that could not look', 'sleep 30'],
] as const) {
  test(`a guard ${title} stops a run before the act behind it, and what is behind it stays`, async (t) => {
    const here = stage(t, `    timeout: 300ms\n    expect: {exit: {is: 0}}\n`, read);
    const before = here.world().spool;
    const ran = await here.firebreak(['run', './late.yaml', ...ALONE]);
    assert.equal(ran.exit, 9, ran.out + ran.err);
    assert.deepEqual([here.world().spool, existsSync(here.path('marked'))], [before, true]);
  });
}

test('check says where `ask: false` has no effect', async (t) => {
  const here = stage(t);
  const { exit, out, err } = await here.firebreak(['check', 'late.yaml']);
  assert.deepEqual(
    [exit, out, err],
    [
      0,
      'ok  late.yaml  late 1.0.0: 1 diagnose, 4 act, 1 verify\n',
      'firebreak: note: late.yaml:19: `ask: false` says nothing here: what `delete` does cannot be undone, so a person is always asked\n',
    ],
  );
});

test('what a delete that is decided at its turn may find by then is among what goes for good', async (t) => {
  const here = setStage(t);
  const made = `files: {in: ${here.folder}/spool, type: file, name: made}`;
  here.write(
    'late.yaml',
    `firebreak: 1
runbook: late
version: 1.0.0
title: what is made on the way goes too
diagnose:
  - {id: old, files: {in: ${here.folder}/spool}, expect: {count: {at_least: 1}}}
act:
  - {id: make, why: w, run: {argv: [touch, ${here.folder}/spool/made], effect: write}}
  - {id: left, ${made}}
  - {id: clean, why: w, when: {left: {count: {at_least: 1}}}, delete: {targets: $left}}
verify:
  - {id: calm, ${made}, expect: {count: 0}}
`,
  );
  const { out, err } = await here.firebreak(['plan', './late.yaml'], { columns: 200 });
  assert.match(out, /^for good +make, clean \(what it finds at its turn\): cannot be undone$/m, out + err);
});

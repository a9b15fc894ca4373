import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Fact } from '../../src/model/event.ts';
import { writeRun } from '../support/journals.ts';
import { PAINT_POLICY, type Stage, setStage } from '../support/stage.ts';

/** A drill of the stage's own runbook: its scene is a folder beside everything else that the runbook could touch. */
function setScene(test: TestContext): {
  readonly stage: Stage;
  readonly scene: string;
  readonly inScene: readonly string[];
} {
  const stage = setStage(test);
  const scene = realpathSync(mkdtempSync(join(tmpdir(), 'firebreak-drill.')));
  test.after(() => rmSync(scene, { recursive: true, force: true }));
  mkdirSync(join(scene, 'spool'));
  for (const name of ['a', 'b', 'c']) writeFileSync(join(scene, 'spool', name), name);
  writeFileSync(join(scene, 'conf'), 'colour = red\n', { mode: 0o644 });
  stage.write('scene.yaml', readFileSync(stage.path('paint.yaml'), 'utf8').replaceAll(`${stage.folder}/`, `${scene}/`));
  return { stage, scene, inScene: ['run', stage.path('scene.yaml')] };
}

const ALONE = (stage: Stage) => ['--unattended', '--policy', stage.path('policy.yaml')];

test('a drill is marked wherever its run is shown', async (context) => {
  const { stage, scene, inScene } = setScene(context);
  const ran = await stage.firebreak([...inScene, ...ALONE(stage)], { scene });
  assert.equal(ran.exit, 0, ran.err);
  assert.match(ran.out, / run +started +drill of paint 1\.0\.0 on /);
  assert.match(ran.out, /\ndrill of paint 1\.0\.0 on /);
  const [row] = JSON.parse((await stage.firebreak(['runs', '--json'])).out) as { drill: boolean }[];
  assert.equal(row?.drill, true);
  assert.match((await stage.firebreak(['runs'])).out, /\n {4}drill of paint 1\.0\.0 on /);
  const report = (await stage.firebreak(['report'])).out;
  assert.match(report, /^# Drill of paint on /);
  assert.ok(
    report.includes(`| Drill | in ${scene}; nothing outside of it was touched, and it counts for no real run |`),
    report,
  );
});

test('a drill that would act outside of its scene is refused before it touches anything, and says what is outside', async (context) => {
  const { stage, scene } = setScene(context);
  const before = stage.world();
  const ran = await stage.firebreak(['run', stage.path('paint.yaml'), ...ALONE(stage)], { scene });
  assert.equal(ran.exit, 77, ran.out);
  assert.ok(ran.out.includes(`paint would act outside of the drill's scene ${scene}: ${stage.folder}/conf`), ran.out);
  assert.ok(ran.out.includes(`clean would act outside of the drill's scene ${scene}: ${stage.folder}/spool`), ran.out);
  assert.deepEqual(stage.world(), before);
  assert.equal(
    (await stage.firebreak(['run', 'cron-mail-storm', '--host', 'web1', ...ALONE(stage)], { scene })).exit,
    64,
  );
});

test('a drill that held does not keep the real remedy from starting, and uses no run of the hour', async (context) => {
  const { stage, scene, inScene } = setScene(context);
  stage.write('policy.yaml', PAINT_POLICY.replace('limits:', 'cool_down: 1h, runs: {an_hour: 1}, limits:'));
  assert.equal((await stage.firebreak([...inScene, ...ALONE(stage)], { scene })).exit, 0);
  const real = await stage.firebreak(['run', stage.path('paint.yaml'), ...ALONE(stage)]);
  assert.equal(real.exit, 0, real.out);
  stage.write('conf', 'colour = red\n');
  const again = await stage.firebreak(['run', stage.path('paint.yaml'), ...ALONE(stage)]);
  assert.equal(again.exit, 3, 'a real run that held does');
});

test('resume and rollback refuse a drill: without an id they skip it, with its id they tell why', async (context) => {
  const { stage, scene, inScene } = setScene(context);
  assert.equal((await stage.firebreak([...inScene, ...ALONE(stage)], { scene })).exit, 0);
  const [row] = JSON.parse((await stage.firebreak(['runs', '--json'])).out) as { run: string }[];
  const id = row?.run ?? '';
  assert.equal((await stage.firebreak(['rollback', ...ALONE(stage)])).exit, 66);
  const named = await stage.firebreak(['rollback', id, ...ALONE(stage)]);
  assert.deepEqual(
    [named.exit, named.err],
    [
      64,
      `firebreak: ${id} was a drill: its scene ${scene} ended with it, and there is nothing to take up. To rehearse again: firebreak drill paint\n`,
    ],
  );
  const inside = await stage.firebreak(['rollback', ...ALONE(stage)], { scene });
  assert.equal(inside.exit, 0, 'in the scene it is what is meant');
});

test('inside of a drill resume and rollback refuse a real run', async (context) => {
  const { stage, scene } = setScene(context);
  assert.equal((await stage.firebreak(['run', stage.path('paint.yaml'), ...ALONE(stage)])).exit, 0);
  assert.equal((await stage.firebreak(['rollback', ...ALONE(stage)], { scene })).exit, 66);
  const [row] = JSON.parse((await stage.firebreak(['runs', '--json'])).out) as { run: string }[];
  const named = await stage.firebreak(['rollback', row?.run ?? '', ...ALONE(stage)], { scene });
  assert.deepEqual(
    [named.exit, named.err],
    [64, `firebreak: ${row?.run} was a real run, and this is a drill: it is not touched here\n`],
  );
});

test('a drill that was killed promises no lease: its scene is gone, and with it what was stopped', async (context) => {
  const stage = setStage(context);
  const facts: readonly Fact[] = [
    {
      type: 'run.started',
      runbook: { name: 'paint', version: '1.0.0', title: 'a drill', path: '/paint.yaml', hash: 'h' },
      text: '',
      params: {},
      limits: {},
      steps: [{ id: 'stop-it', phase: 'act', verb: 'stop', why: null, kind: 'action' }],
      who: 'ada',
      mode: 'unattended',
      policy: null,
      tool: '0.1.0',
      boot: { id: 'b', at: 0 },
      drill: { scene: '/mnt' },
    },
    {
      type: 'lease.armed',
      step: 'stop-it',
      key: 'service:x',
      service: 'x',
      within: 60_000,
      undo: null,
      say: 'start x',
    },
  ];
  await writeRun(stage.path('state'), process.getuid?.() ?? 0, '20261123-165504-paint-3f2a', facts);
  const said = [
    await stage.firebreak(['runs']),
    await stage.firebreak(['report']),
    await stage.firebreak(['report', '--json']),
  ];
  assert.deepEqual(
    said.map(({ out }) => /lease: |is neither released|"service": "x"/.test(out)),
    [false, false, false],
  );
});

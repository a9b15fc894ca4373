import assert from 'node:assert/strict';
import { chmodSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setStage } from '../support/stage.ts';
import { fakeTerminal } from '../support/views/fake-terminal.ts';

const PLAN = ['plan', './paint.yaml', '--policy', 'policy.yaml'];
const RUN = ['run', './paint.yaml', '--unattended', '--policy', 'policy.yaml'];
const TTY = { stdin: true, stdout: true, stderr: true };

test('a runbook or a policy that others could have written is not used: exit 77, and what to type', async (t) => {
  for (const name of ['paint.yaml', 'policy.yaml']) {
    const stage = setStage(t);
    chmodSync(stage.path(name), 0o666);
    const before = stage.world();
    for (const argv of [PLAN, RUN, [...RUN, '--trust']]) {
      const said = await stage.firebreak(argv);
      assert.deepEqual([said.exit, said.out, stage.world()], [77, '', before], said.err);
      assert.ok(said.err.includes(`  ${stage.path(name)} can be written by everybody\n`), said.err);
      assert.ok(said.err.includes(`  chmod go-w ${stage.path(name)}\n`), said.err);
    }
    chmodSync(stage.path(name), 0o644);
    assert.equal((await stage.firebreak(PLAN)).exit, 0);
  }
});

test('a runbook that is used by another is looked at as well', async (t) => {
  const stage = setStage(t);
  const main = `firebreak: 1\nrunbook: main\nversion: 1.0.0\ntitle: t\nact:\n  - {id: all, why: w, runbook: {use: ./paint.yaml}}\n`;
  stage.write('main.yaml', main);
  assert.equal((await stage.firebreak(['plan', './main.yaml'])).exit, 0);
  chmodSync(stage.path('paint.yaml'), 0o664);
  const said = await stage.firebreak(['plan', './main.yaml']);
  assert.equal(said.exit, 77);
  assert.match(said.err, /paint\.yaml can be written by its group/);
});

test('--trust overrides at a terminal, and the journal says so; `check` only warns', async (t) => {
  const stage = setStage(t);
  chmodSync(stage.path('paint.yaml'), 0o666);
  assert.equal((await stage.firebreak([...PLAN, '--trust'], { tty: TTY })).exit, 0);
  const terminal = fakeTerminal();
  terminal.stdin.end();
  terminal.stdin.resume();
  const streams = { ...terminal.streams, stdout: process.stdout };
  const ran = await stage.firebreak(['run', './paint.yaml', '--trust'], { tty: TTY, streams });
  assert.match(ran.err, /trusted at your word \(--trust\): .*paint\.yaml/);
  const runs = JSON.parse((await stage.firebreak(['runs', '--json'])).out) as object;
  assert.ok(JSON.stringify(runs).includes('paint'));
  const report = await stage.firebreak(['report', '--json']);
  assert.match(report.out + report.err, /was trusted at a person's word \(--trust\)/);
  const check = await stage.firebreak(['check', 'paint.yaml']);
  assert.equal(check.exit, 0);
  assert.match(check.err, /warning: no run would use these: .*[\s\S]*chmod go-w/);
  assert.match(readFileSync(stage.path('conf'), 'utf8'), /colour = red/);
});

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { type Stage, setStage } from '../support/stage.ts';
import { fakeTerminal } from '../support/views/fake-terminal.ts';

/** A runbook whose "reading" command leaves a trace: only its author says that it reads. */
function stageOf(t: TestContext): Stage {
  const stage = setStage(t);
  stage.write(
    'theirs.yaml',
    `firebreak: 1
runbook: theirs
version: 1.0.0
title: a look that does more than look
diagnose:
  - id: ping
    run: {argv: [touch, ${stage.path('trace')}], effect: read}
    expect: {exit: {is: 0}}
`,
  );
  return stage;
}

const looked = (stage: Stage): boolean => existsSync(stage.path('trace'));

test("a runbook's own commands are shown and not run where nobody can be asked", async (t) => {
  const stage = stageOf(t);
  for (const argv of [
    ['plan', './theirs.yaml'],
    ['run', './theirs.yaml', '--dry-run'],
    ['plan', './theirs.yaml', '--json'],
    ['plan', './theirs.yaml', '--save', 'plan.json'],
  ]) {
    const said = await stage.firebreak(argv, { columns: 200 });
    assert.deepEqual(said, {
      exit: 77,
      out: '',
      err: `To look, theirs runs commands of its own. Its author says that they only read; nobody has verified it:
  ping  touch ${stage.path('trace')}
firebreak: read them, then add --allow-reads, or a --policy whose rule says declared_read: allow; nothing was looked at
`,
    });
  }
  assert.equal(looked(stage), false);
});

test('an option of the command line or a policy lets them run', async (t) => {
  const stage = stageOf(t);
  const policy = (more: string) => stage.write('p.yaml', `firebreak_policy: 1\nallow:\n  - {runbook: theirs${more}}\n`);
  policy('');
  assert.equal((await stage.firebreak(['plan', './theirs.yaml', '--policy', 'p.yaml'])).exit, 77);
  policy(', declared_read: allow, hosts: [elsewhere]');
  assert.equal((await stage.firebreak(['plan', './theirs.yaml', '--policy', 'p.yaml'])).exit, 77);
  assert.equal(looked(stage), false);
  policy(', declared_read: allow');
  await stage.firebreak(['plan', './theirs.yaml', '--policy', 'p.yaml']);
  assert.equal(looked(stage), true);
  const other = stageOf(t);
  await other.firebreak(['plan', './theirs.yaml', '--allow-reads']);
  assert.equal(looked(other), true);
});

const QUESTION = 'Type the word run';
for (const { title, answers, runs } of [
  { title: 'the word lets them run', answers: [[QUESTION, 'run\r']], runs: true },
  { title: 'nothing typed does not', answers: [[QUESTION, '\r']], runs: false },
  {
    title: 'a letter is no answer, and does nothing',
    answers: [
      [QUESTION, 'r\r'],
      ['nothing has been run', '\x7f\r'],
    ],
    runs: false,
  },
] as const) {
  test(`at a terminal they are asked for before they run: ${title}`, { timeout: 60_000 }, async (t) => {
    const stage = stageOf(t);
    const terminal = fakeTerminal();
    const streams = { ...terminal.streams, stdout: process.stdout };
    const left: (readonly [string, string])[] = [...answers];
    const typing = setInterval(() => {
      const [awaited, typed] = left[0] ?? [];
      if (awaited === undefined || !terminal.drawn().includes(awaited)) return;
      left.shift();
      assert.equal(looked(stage), false);
      terminal.type(typed ?? '');
    }, 50).unref();
    const said = await stage.firebreak(['plan', './theirs.yaml'], {
      streams,
      tty: { stdin: true, stdout: true, stderr: true },
    });
    clearInterval(typing);
    assert.deepEqual([looked(stage), said.exit === 77, left], [runs, !runs, []], said.err);
  });
}

test('a command that prints a secret is asked for as well', async (t) => {
  const stage = setStage(t);
  stage.write(
    'secret.yaml',
    `firebreak: 1
runbook: secret
version: 1.0.0
title: a secret that a command prints
params:
  token: {type: secret, default: 'command:["touch", "${stage.path('trace')}"]', about: a token}
diagnose:
  - {id: ask, run: {argv: ['true'], effect: read, env: {TOKEN: $token}}}
`,
  );
  const said = await stage.firebreak(['plan', './secret.yaml'], { columns: 200 });
  assert.equal(said.exit, 77);
  assert.ok(said.err.includes(`\n  ask  TOKEN=`) || said.err.includes('\n  ask  true\n'), said.err);
  assert.ok(said.err.includes(`\n  secret token  touch ${stage.path('trace')}\n`), said.err);
  assert.equal(looked(stage), false);
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { refuse, settle } from '../../src/commands/_result.ts';
import { takeLock } from '../../src/journal/lock.ts';
import type { Fact } from '../../src/model/event.ts';
import { OUTCOMES, type OutcomeName } from '../../src/model/outcome.ts';
import { manualInterrupts } from '../../src/wiring/interrupts.ts';
import { littleDaemon } from '../support/hosts/daemon.ts';
import { writeRun } from '../support/journals.ts';
import { PAINT_POLICY, paintRunbook, type Said, type Stage, setStage } from '../support/stage.ts';
import { STARTED } from '../support/story.ts';
import { testIo } from '../support/test-io.ts';

const launcher = join(import.meta.dirname, '../../bin/firebreak');
const ALONE = ['--unattended', '--policy', 'policy.yaml'];
const RUN = ['run', './paint.yaml', ...ALONE];

/** The stage's runbook with one text in the place of another. */
function edited(stage: Stage, ...changes: readonly (readonly [string, string])[]): Stage {
  const text = changes.reduce((all, [from, to]) => {
    assert.ok(all.includes(from), from);
    return all.replace(from, to);
  }, paintRunbook(stage.folder));
  stage.write('paint.yaml', text);
  return stage;
}

const FAILS = "  - id: fail\n    why: to see what comes of it\n    run: {argv: ['false'], effect: write}\n";
const CLEAN = '  - id: clean\n    why: they are old\n    delete: {targets: $old, batch: 2}\n';
const policy = (stage: Stage, more: string) =>
  stage.write('policy.yaml', PAINT_POLICY.replace('limits: {delete: 5}', more));

/** A service of this stage alone, stopped for longer than the runbook allows. */
async function overdue(t: TestContext): Promise<Said> {
  const stage = setStage(t);
  const daemon = littleDaemon(t);
  assert.equal(spawnSync(daemon.script, ['start'], { stdio: 'ignore' }).status, 0);
  edited(
    stage,
    ['edit: 1, delete: 5', 'edit: 1, delete: 5, stopped_for: 1s'],
    [
      'act:\n',
      `act:\n  - {id: halt, why: for a second, stop: {service: {name: ${daemon.script}}, restore_within: 1s}}\n  - {id: long, why: it takes too long, run: {argv: [sleep, '20'], effect: write}}\n`,
    ],
    [CLEAN, `${CLEAN}  - {id: go, why: it must run, start: {service: {name: ${daemon.script}}}}\n`],
  );
  return stage.firebreak(RUN);
}

/** Killed during a step that may not be done twice; nobody knows whether it was done. */
async function unknownOutcome(t: TestContext): Promise<Said> {
  const stage = edited(setStage(t), [CLEAN, FAILS.replace("'false'", "'true'")]);
  const text = readFileSync(stage.path('paint.yaml'), 'utf8');
  assert.ok(STARTED.type === 'run.started');
  const step = (
    id: string,
    phase: 'diagnose' | 'act' | 'verify',
    verb: string,
    kind: 'probe' | 'action' | 'watch',
  ) => ({
    id,
    phase,
    verb,
    why: null,
    kind,
  });
  const facts: readonly Fact[] = [
    {
      ...STARTED,
      runbook: { ...STARTED.runbook, name: 'paint', path: stage.path('paint.yaml') },
      text,
      params: { for: '200ms', spool: stage.path('spool') },
      steps: [
        step('red', 'diagnose', 'text', 'probe'),
        step('old', 'diagnose', 'files', 'probe'),
        step('paint', 'act', 'edit', 'action'),
        step('fail', 'act', 'run', 'action'),
        step('calm', 'verify', 'watch', 'watch'),
      ],
    },
    {
      type: 'action.intended',
      step: 'fail',
      verb: 'run',
      attempt: 1,
      targets: { kind: 'command', count: 1, members: ['true'], detail: null },
      undo: { kind: 'irreversible', because: 'it is a command', evidence: '' },
      records: {},
    },
  ];
  await writeRun(stage.path('state'), process.getuid?.() ?? 0, '20261123-165504-paint-3f2a', facts);
  return stage.firebreak(['resume', ...ALONE]);
}

async function mismatch(t: TestContext): Promise<Said> {
  const stage = setStage(t);
  await stage.firebreak(['plan', './paint.yaml', '--policy', 'policy.yaml', '--save', 'plan.json']);
  appendFileSync(stage.path('conf'), 'more\n');
  return stage.firebreak(['run', '--plan', 'plan.json', ...ALONE]);
}

async function damaged(t: TestContext): Promise<Said> {
  const stage = setStage(t);
  await stage.firebreak(RUN);
  const [run = ''] = readdirSync(stage.path('state/runs'));
  const journal = stage.path(`state/runs/${run}/journal.ndjson`);
  stage.write(`state/runs/${run}/journal.ndjson`, readFileSync(journal, 'utf8').replace('"yes"', '"no"'));
  return stage.firebreak(['report']);
}

/** The program itself, its output on a disk that is full. */
async function cutOff(): Promise<Said> {
  const full = openSync('/dev/full', 'w');
  const ended = spawnSync(launcher, ['list'], { stdio: ['ignore', full, 'pipe'], encoding: 'utf8' });
  closeSync(full);
  return { exit: ended.status ?? -1, out: '', err: ended.stderr };
}

async function locked(t: TestContext): Promise<Said> {
  const stage = setStage(t);
  const name = `exit-codes-${process.pid}`;
  const taken = await takeLock(
    { uid: process.getuid?.() ?? 0, name },
    { run: 'another', who: 'ada', pid: 1, since: '2026-11-23T16:55:04Z' },
  );
  assert.ok(taken.ok);
  t.after(() => taken.lock.release());
  return stage.firebreak(RUN, { env: { FIREBREAK_STATE: stage.path('state'), FIREBREAK_LOCK: name } });
}

/** The launcher itself: a Node that is too old for the program. */
async function tooOld(t: TestContext): Promise<Said> {
  const stage = setStage(t);
  const node = stage.write('node', '#!/bin/sh\necho v18.0.0\n');
  spawnSync('chmod', ['755', node]);
  const { status, stdout, stderr } = spawnSync(launcher, ['list'], {
    env: { PATH: '/usr/bin:/bin', FIREBREAK_NODE: node },
    encoding: 'utf8',
  });
  return { exit: status ?? -1, out: stdout, err: stderr };
}

const broken = () => {
  throw new Error('the screen is gone, and nobody has foreseen it');
};

async function interrupted(t: TestContext): Promise<Said> {
  const interrupts = manualInterrupts();
  interrupts.raise('SIGINT');
  return setStage(t).firebreak(RUN, { interrupts });
}

/** Each row of the table: a command that ends so, and what it says. */
const ROWS: Readonly<Record<OutcomeName, readonly [(t: TestContext) => Promise<Said>, RegExp]>> = {
  held: [(t) => setStage(t).firebreak(RUN), /\nHELD\n/],
  'looked-only': [
    async (t) => {
      const stage = setStage(t);
      const look = 'diagnose:\n  - {id: root, disk: {path: /}}\n';
      stage.write('paint.yaml', `firebreak: 1\nrunbook: paint\nversion: 1.0.0\ntitle: a look\n${look}`);
      return stage.firebreak(RUN);
    },
    /LOOKED ONLY/,
  ],
  'not-this-incident': [
    async (t) => {
      const stage = setStage(t);
      stage.write('conf', 'colour = green\n');
      return stage.firebreak(RUN);
    },
    /NOT THIS INCIDENT/,
  ],
  'needs-a-human': [
    (t) =>
      edited(setStage(t), [
        CLEAN,
        '  - {id: ask, why: only a person can, manual: {do: look at the wall, confirm: is it blue?}}\n',
      ]).firebreak(RUN),
    /ask is for a person: look at the wall/,
  ],
  recurred: [(t) => edited(setStage(t), ['at_most: 0', 'at_least: 1']).firebreak(RUN), /RECURRED/],
  'over-limit': [
    (t) =>
      edited(setStage(t), ['edit: 1, delete: 5', 'edit: 1, delete: 2']).firebreak(['run', './paint.yaml', '--dry-run']),
    /--limit delete=3/,
  ],
  'plan-mismatch': [mismatch, /file .*\/conf: then sha256/],
  inconclusive: [(t) => edited(setStage(t), ['/conf, matches', '/spool, matches']).firebreak(RUN), /could not look/],
  'rolled-back': [
    (t) => {
      const stage = edited(setStage(t), [CLEAN, FAILS]);
      policy(stage, 'on_failure: undo');
      return stage.firebreak(RUN);
    },
    /ROLLED BACK/,
  ],
  'rollback-incomplete': [(t) => edited(setStage(t), [CLEAN, CLEAN + FAILS]).firebreak(RUN), /fail failed/],
  'outcome-unknown': [unknownOutcome, /whether fail was done is not known/],
  usage: [(t) => setStage(t).firebreak(['run', './paint.yaml', '--unatended']), /Did you mean --unattended/],
  'invalid-runbook': [
    (t) => edited(setStage(t), ['version', 'versoin']).firebreak(RUN),
    /paint\.yaml:3:1: error\[unknown-key\]/,
  ],
  'no-such-file': [
    (t) => setStage(t).firebreak(['run', './none.yaml', ...ALONE]),
    /there is no runbook \.\/none\.yaml/,
  ],
  'unsupported-machine': [tooOld, /Node/],
  bug: [(t) => setStage(t).firebreak(['list'], { stdout: broken }), /a bug in firebreak/],
  'no-output': [cutOff, /the output could not be written and is cut off: ENOSPC: no space is left/],
  'no-journal': [
    (t) => {
      const stage = setStage(t);
      return stage.firebreak(RUN, {
        env: { FIREBREAK_STATE: stage.path('conf/state'), FIREBREAK_LOCK: `no-journal-${process.pid}` },
      });
    },
    /journal/,
  ],
  'journal-damaged': [damaged, /was changed, removed or reordered/],
  locked: [locked, /another run holds this host: another, .*ada/],
  'refused-by-policy': [
    (t) => {
      const stage = setStage(t);
      stage.write('policy.yaml', PAINT_POLICY.replace('runbook: paint', 'runbook: other'));
      return stage.firebreak(RUN);
    },
    /paint/,
  ],
  deadline: [overdue, /lease/],
  interrupted: [interrupted, /SIGINT before anything was done/],
};

for (const [name, [command, says]] of Object.entries(ROWS)) {
  const { exit, about } = OUTCOMES[name as OutcomeName];
  test(`exit ${exit}: ${about}`, { timeout: 60_000 }, async (t) => {
    const said = await command(t);
    assert.equal(said.exit, exit, said.out + said.err);
    assert.match(said.out + said.err, says);
  });
}

test('every row is in --help, of the program and of each command', async () => {
  const { main } = await import('../../src/cli.ts');
  for (const argv of [['--help'], ['run', '--help'], ['plan', '--help']]) {
    const { io, out } = testIo();
    assert.equal(await main(argv, io), 0);
    for (const { exit, about } of Object.values(OUTCOMES))
      assert.ok(out().includes(`${String(exit).padStart(5)}  ${about}\n`), `${argv}: ${about}`);
  }
});

test('several lines of a refusal stay several lines, and a newline in a name adds none', () => {
  let said = '';
  const result = refuse(['others could have written a\nfirebreak: all is well:', '  b\x1b[2J'], 'refused-by-policy');
  const exit = settle(result, (text) => {
    said += text;
  });
  assert.equal(said, 'firebreak: others could have written a\\nfirebreak: all is well:\n  b\\x1b[2J\n');
  assert.equal(exit, 77);
});

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Said, type Stage, setStage } from '../support/stage.ts';
import { fakeTerminal } from '../support/views/fake-terminal.ts';

/** A secret with characters that every encoding changes. */
const CANARY = 'Kanarie/1 & "zwei"+drei=50%~ü';
const FORMS: readonly string[] = [
  CANARY,
  JSON.stringify(CANARY).slice(1, -1),
  encodeURIComponent(CANARY),
  new URLSearchParams({ a: CANARY }).toString().slice(2),
  Buffer.from(CANARY).toString('hex'),
  // The part of its base64 that does not depend on the neighbours, for each of the three positions.
  ...[0, 1, 2].flatMap((at) => {
    const core = Buffer.from('\0'.repeat(at) + CANARY)
      .toString('base64')
      .slice(4, -4);
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  }),
];
const leaksIn = (text: string): readonly string[] => FORMS.filter((form) => text.includes(form));

const PRINTS = `printf '%s\\n' "$T"; read -r line; echo "$line" >&2; printf %s "$T" | base64; printf 'ab%s' "$T" | base64 -w 20; printf %s "$T" | od -An -tx1`;

/**
 * A secret on every way that a host has: in a file that is edited, in what commands print, in a name; and on every way
 * in.
 */
function runbook(folder: string, fails: boolean): string {
  const use = (effect: string, script: string, secret: string) =>
    `run: {effect: ${effect}, shell: ${JSON.stringify(script)}, env: {T: ${secret}}, stdin: ${secret}}`;
  return `firebreak: 1
runbook: canary
version: 1.0.0
title: a secret goes everywhere
params:
  filed: {type: secret, default: 'file:${folder}/token'}
  named: {type: secret, default: env:CANARY}
  printed: {type: secret, default: 'command:cat ${folder}/token2'}
limits: {edit: 5, delete: 5}
diagnose:
  - {id: seen, text: {file: ${folder}/conf, matches: '^password'}, expect: {matches: {at_least: 1}}}
  - {id: asked, ${use('read', PRINTS, '$printed')}, expect: {exit: 0}}
  - {id: spool, files: {in: ${folder}/spool, type: file}, decisive: false}
act:
  - {id: paint, why: red is wrong, edit: {file: ${folder}/conf, set_line: {matching: '^colour', to: colour = blue}}}
  - {id: tell, why: they must know, ${use('write', PRINTS, '$filed')}}
  - {id: tell-again, why: they forget, ${use('write', `${PRINTS}; exit ${fails ? 3 : 0}`, '$named')}, on_fail: undo}
verify:
  - {id: well, ${use('read', PRINTS, '$filed')}, expect: {exit: 0}}
`;
}

const POLICY =
  'firebreak_policy: 1\nallow:\n  - {id: all, runbook: canary, declared_read: allow, declared_write: allow, on_failure: undo, undo: all, cool_down: 0s}\n';

function stageOf(t: TestContext, { fails = false } = {}): Stage {
  const stage = setStage(t);
  stage.write('canary.yaml', runbook(stage.folder, fails));
  stage.write('policy.yaml', POLICY);
  stage.write('token', `${CANARY}\n`);
  stage.write('token2', CANARY);
  stage.write(
    'conf',
    `# ${CANARY}\ncolour = red # ${CANARY}\npassword = ${CANARY}\nurl = ${encodeURIComponent(CANARY)}\n`,
  );
  stage.write(`spool/${CANARY.replaceAll('/', '-')}`, 'a name');
  return stage;
}

const envOf = (stage: Stage) => ({
  CANARY,
  PATH: '/usr/bin:/bin',
  FIREBREAK_STATE: stage.path('state'),
  FIREBREAK_LOCK: `canary-${stage.folder.split('/').at(-1)}`,
});

/** Every file below: what it is called and what it holds. */
function filesBelow(folder: string): readonly (readonly [string, string])[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [[path, readFileSync(path, 'utf8')] as const];
  });
}

const isRecord = (path: string): boolean => /\/records\//.test(path);

/** Nothing of it anywhere but in the bytes that undo needs, which are for their owner alone. */
function assertClean(stage: Stage, said: readonly Said[]): void {
  for (const { out, err } of said) assert.deepEqual(leaksIn(out + err), [], out + err);
  const files = filesBelow(stage.path('state'));
  for (const [path, text] of files) {
    if (isRecord(path)) assert.equal(statSync(path).mode & 0o777, 0o600, path);
    else assert.deepEqual([path, leaksIn(text)], [path, []]);
  }
}

const RUN = ['run', './canary.yaml', '--unattended', '--policy', 'policy.yaml'];

test('a secret is in no plan: text, all of it, JSON, Markdown, saved, shown again, compared', async (t) => {
  const stage = stageOf(t);
  const env = envOf(stage);
  const said = [];
  for (const more of [[], ['--all'], ['--json'], ['--format', 'md'], ['--save', 'plan.json']])
    said.push(await stage.firebreak(['plan', './canary.yaml', '--policy', 'policy.yaml', ...more], { env }));
  for (const argv of [
    ['show', 'plan.json'],
    ['show', 'plan.json', '--json'],
    ['show', 'plan.json', '--format', 'md'],
    ['plan', '--diff', 'plan.json'],
  ])
    said.push(await stage.firebreak(argv, { env }));
  assert.deepEqual(
    said.map(({ exit }) => exit),
    said.map(() => 0),
    said.map(({ err }) => err).join(),
  );
  for (const { out, err } of said) assert.deepEqual(leaksIn(out + err), [], out);
  assert.deepEqual(leaksIn(readFileSync(stage.path('plan.json'), 'utf8')), []);
  assert.match(said[1]?.out ?? '', /‹secret printed›/);
  assert.match(said[1]?.out ?? '', /T="\$\(cat\s+\S*\/token\)"/);
  assert.match(readFileSync(stage.path('plan.json'), 'utf8'), /file:\/.*\/token/);
  const ran = await stage.firebreak(['run', '--plan', 'plan.json', '--unattended', '--policy', 'policy.yaml'], { env });
  assert.equal(ran.exit, 0, ran.out + ran.err);
  assertClean(stage, [ran]);
});

for (const fails of [false, true]) {
  test(`a secret is nowhere after a run that ${fails ? 'fails and is undone' : 'goes well'}: text, all of it, NDJSON, JUnit, reports, journal`, async (t) => {
    const stage = stageOf(t, { fails });
    const env = envOf(stage);
    const conf = readFileSync(stage.path('conf'), 'utf8');
    const said = [];
    for (const more of [[], ['--all'], ['--output', 'ndjson'], ['--output', 'junit']]) {
      stage.write('conf', conf);
      said.push(await stage.firebreak([...RUN, ...more], { env }));
    }
    assert.deepEqual(
      said.map(({ exit }) => exit),
      // What its commands changed nobody can take back.
      said.map(() => (fails ? 9 : 0)),
      said[0]?.out,
    );
    for (const argv of [['report'], ['report', '--json'], ['runs'], ['runs', '--json']])
      said.push(await stage.firebreak(argv, { env }));
    assertClean(stage, said);
    assert.match(said[2]?.out ?? '', /‹secret \w+›/);
    assert.match(said[2]?.out ?? '', /"filed":"file:/);
    const kept = filesBelow(stage.path('state')).filter(([path, text]) => isRecord(path) && text.includes(CANARY));
    assert.ok(kept.length > 0, 'undo needs the bytes as they were');
    if (fails) assert.equal(readFileSync(stage.path('conf'), 'utf8'), conf);
  });
}

test('a secret is in no error message, also if a view breaks or Firebreak has a bug', async (t) => {
  const stage = stageOf(t);
  const env = envOf(stage);
  const stdout = () => {
    throw new TypeError(`cannot write ${CANARY} to ${Buffer.from(CANARY).toString('base64')}`);
  };
  const crash = await stage.firebreak(['plan', './canary.yaml', '--allow-reads'], { env, stdout });
  assert.equal(crash.exit, 70);
  assert.match(crash.err, /cannot write ‹secret \w+› to ‹secret \w+›/);
  const broken = await stage.firebreak(RUN, { env, stdout });
  assert.equal(broken.exit, 0, broken.err);
  const typo = await stage.firebreak(
    ['run', './canary.yaml', '--param', `filed=${CANARY}`, '--unattended', '--policy', 'policy.yaml'],
    {
      env,
    },
  );
  assert.equal(typo.exit, 64);
  assertClean(stage, [crash, broken, typo]);
});

test('a secret is not drawn on the terminal that asks', { timeout: 60_000 }, async (t) => {
  const stage = stageOf(t);
  const terminal = fakeTerminal();
  const streams = { ...terminal.streams, stdout: process.stdout };
  // Types one answer only: after quit nothing more is asked.
  const typing = setInterval(() => {
    if (!terminal.drawn().includes('what now?')) return;
    clearInterval(typing);
    terminal.type('quit\r');
  }, 50).unref();
  const tty = { stdin: true, stdout: true, stderr: true };
  const said = await stage.firebreak(['run', './canary.yaml', '--all', '--allow-reads'], {
    env: envOf(stage),
    streams,
    tty,
  });
  clearInterval(typing);
  assert.match(terminal.drawn(), /colour = blue/);
  assert.match(terminal.drawn(), /‹secret \w+›/);
  assert.deepEqual(leaksIn(terminal.drawn()), []);
  assertClean(stage, [said]);
});

test('a secret that cannot be read ends the run before it begins, and a runbook that contains its secret is refused', async (t) => {
  const stage = stageOf(t);
  const { CANARY: _, ...env } = envOf(stage);
  for (const argv of [['plan', './canary.yaml', '--allow-reads'], RUN]) {
    const said = await stage.firebreak(argv, { env });
    assert.equal(said.exit, 66, said.out + said.err);
    assert.match(said.out + said.err, /the secret named cannot be had from env:CANARY/);
  }
  assert.match(readFileSync(stage.path('conf'), 'utf8'), /colour = red/);
  stage.write(
    'canary.yaml',
    runbook(stage.folder, false).replace('title: a secret goes everywhere', () => `title: ${JSON.stringify(CANARY)}`),
  );
  const own = await stage.firebreak(RUN, { env: envOf(stage) });
  assert.equal(own.exit, 65, own.out + own.err);
  assertClean(stage, [own]);
});

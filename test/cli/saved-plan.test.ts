import assert from 'node:assert/strict';
import { chmodSync, lchownSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { type TestContext, test } from 'node:test';
import { sealPlan } from '../../src/load/saved-plan.ts';
import type { SavedPlan } from '../../src/model/run/saved-plan.ts';
import { ROOT_ONLY } from '../support/hosts/paths-stage.ts';
import { CONF, PAINT_POLICY, paintRunbook, type Said, type Stage, setStage } from '../support/stage.ts';
import { fakeTerminal } from '../support/views/fake-terminal.ts';

const SAVE = ['plan', './paint.yaml', '--policy', 'policy.yaml', '--save', 'plan.json'];
const RUN = ['run', '--plan', 'plan.json', '--unattended', '--policy', 'policy.yaml', '--output', 'ndjson'];

async function saved(t: TestContext, argv: readonly string[] = SAVE): Promise<Stage> {
  const stage = setStage(t);
  const { exit, err } = await stage.firebreak(argv);
  assert.equal(exit, 0, err);
  return stage;
}

const read = (stage: Stage): SavedPlan => JSON.parse(readFileSync(stage.path('plan.json'), 'utf8')) as SavedPlan;

/** The plan as another program, machine or hour would have saved it. */
function forge(stage: Stage, change: (plan: SavedPlan) => Partial<SavedPlan>): readonly string[] {
  const plan = read(stage);
  const { id: _, ...rest } = { ...plan, ...change(plan) };
  writeFileSync(stage.path('plan.json'), JSON.stringify(sealPlan(rest)));
  return [];
}

/** Asserts that the plan is refused, that the difference is named, and that nothing has changed. */
async function refuses(stage: Stage, argv: readonly string[], expected: RegExp): Promise<Said> {
  const before = stage.world();
  const said = await stage.firebreak(argv);
  assert.deepEqual([said.exit, stage.world()], [6, before], said.out + said.err);
  assert.match((said.out + said.err).replace(/\s+/g, ' '), expected);
  return said;
}

test('a plan is saved readable for its owner only, never over a file, and without data that was not shown', async (t) => {
  const stage = await saved(t);
  assert.equal(statSync(stage.path('plan.json')).mode & 0o777, 0o600);
  const text = readFileSync(stage.path('plan.json'), 'utf8');
  assert.deepEqual([text.includes('colour = blue'), text.includes('far-away')], [true, false]);
  const again = await stage.firebreak(SAVE);
  assert.deepEqual([again.exit, readFileSync(stage.path('plan.json'), 'utf8')], [64, text]);
  assert.match(again.err, /plan\.json is there already/);
});

test('a plan is not saved through a link of another user’s', ROOT_ONLY, async (t) => {
  const stage = setStage(t);
  symlinkSync(stage.path('spool'), stage.path('his'));
  lchownSync(stage.path('his'), 1001, 1001);
  const before = stage.world();
  const { exit, err } = await stage.firebreak(['plan', './paint.yaml', '--save', 'his/plan.json']);
  assert.deepEqual([exit, stage.world()], [73, before], err);
  assert.match(
    err.replace(/\s+/g, ' '),
    /his is a symbolic link that another user made .* It leads to \S+\/spool: name that/,
  );
});

test('what was planned runs once; the report says what was new; a second time it is used, by that run', async (t) => {
  const stage = await saved(t);
  stage.write('spool/d', 'd');
  stage.write('spool/e', 'e');
  const { exit, err } = await stage.firebreak(RUN);
  assert.deepEqual([exit, stage.world()], [0, { conf: CONF.replace('red', 'blue'), spool: [] }], err);
  const report = (await stage.firebreak(['report'])).out;
  assert.match(report, /\| Reviewed plan \| plan [0-9a-f]{12}, saved .* by ada \|/);
  assert.match(report, /\| Since the plan \| clean: 5 files now, 3 when planned: at least 2 new \|/);
  stage.write('conf', CONF);
  await refuses(
    stage,
    RUN,
    /plan [0-9a-f]{12} is used: run \d{8}-\d{6}-paint-[0-9a-f]{4} has carried it out; plan again; nothing was touched/,
  );
});

test('a plan whose run touched nothing is not used up', async (t) => {
  const stage = await saved(t);
  stage.write('conf', CONF.replace('line 3', 'line three'));
  await refuses(stage, RUN, /file .*conf/);
  stage.write('conf', CONF);
  assert.equal((await stage.firebreak(RUN)).exit, 0);
});

const changed = (stage: Stage, name: string, text: string): readonly string[] => {
  stage.write(name, text);
  return [];
};

/** Changes something, and returns the extra words of the command line. */
const CHANGES: readonly (readonly [string, (stage: Stage) => readonly string[], RegExp])[] = [
  [
    'a byte of the runbook',
    (stage) => changed(stage, 'paint.yaml', paintRunbook(stage.folder).replace('batch: 2', 'batch: 3')),
    /paint\.yaml:22: then ` delete: \{targets: \$old, batch: 2\}`, now ` delete: \{targets: \$old, batch: 3\}`/,
  ],
  [
    'a byte that makes the runbook none',
    (stage) => changed(stage, 'paint.yaml', `${paintRunbook(stage.folder)}]`),
    /paint\.yaml:28: then ``, now `\]`/,
  ],
  ['a parameter', () => ['--param', 'for=9s'], /parameter for: then 200ms, now 9s/],
  ['a limit', () => ['--policy', 'higher.yaml'], /higher\.yaml:3: then .*delete: 5.*, now .*delete: 9/],
  [
    'the policy',
    (stage) => changed(stage, 'policy.yaml', PAINT_POLICY.replace('id: paints', 'id: draws')),
    /policy\.yaml:3: then .*id: paints.*, now .*id: draws/,
  ],
  [
    'a file to be edited',
    (stage) => changed(stage, 'conf', `${CONF}more\n`),
    /file .*\/conf: then sha256 [0-9a-f]{64}, now sha256 [0-9a-f]{64}/,
  ],
  ['the place of the line in it', (stage) => changed(stage, 'conf', `\n${CONF}`), /file .*\/conf: then sha256/],
  [
    'the host',
    (stage) => forge(stage, ({ machine }) => ({ machine: { ...machine, host: 'elsewhere' } })),
    /is of another host: it was made on elsewhere, this is .*; plan again here/,
  ],
  [
    'the life of the host',
    (stage) => forge(stage, ({ machine }) => ({ machine: { ...machine, boot: 'an-earlier-one' } })),
    /is of another life of this host: it was booted since/,
  ],
  [
    'the user',
    (stage) => forge(stage, ({ machine }) => ({ machine: { ...machine, uid: 4711 } })),
    /was made as uid 4711, this is uid \d+/,
  ],
  [
    'the hour',
    (stage) =>
      forge(stage, ({ machine, valid }) => ({ machine: { ...machine, uptime: machine.uptime - valid - 60_000 } })),
    /has expired: it was valid for 1 h, and is 1 h 1 min old; plan again/,
  ],
  [
    "firebreak's version",
    (stage) =>
      forge(stage, ({ identity }) => ({
        identity: identity.map((line) => (line.name === 'firebreak' ? { ...line, value: '0.0.9' } : line)),
      })),
    /firebreak: then 0\.0\.9, now \d/,
  ],
];
for (const [what, change, expected] of CHANGES) {
  test(`${what} has changed since the plan: exit 6 names it, and nothing is changed`, async (t) => {
    const stage = await saved(t);
    stage.write('higher.yaml', PAINT_POLICY.replace('delete: 5', 'delete: 9'));
    const typed = change(stage);
    await refuses(stage, [...RUN, ...typed], expected);
    await refuses(stage, ['plan', '--diff', 'plan.json', ...typed], expected);
  });
}

test('a limit that is raised beside a saved plan is refused', async (t) => {
  const stage = await saved(t, ['plan', './paint.yaml', '--save', 'plan.json']);
  await refuses(stage, ['plan', '--diff', 'plan.json', '--limit', 'delete=9'], /limit delete: then 5, now 9/);
});

test('a runbook that is used by the planned one has changed: its line is named', async (t) => {
  const stage = setStage(t);
  stage.write(
    'whole.yaml',
    'firebreak: 1\nrunbook: whole\nversion: 1.0.0\ntitle: uses another\nlimits: {edit: 1, delete: 5}\nact:\n  - {id: all, why: it is the same, runbook: {use: ./paint.yaml}}\n',
  );
  stage.write('policy.yaml', PAINT_POLICY.replace('runbook: paint', 'runbook: whole'));
  const planned = await stage.firebreak(SAVE.map((word) => word.replace('paint.yaml', 'whole.yaml')));
  assert.equal(planned.exit, 0, planned.err);
  assert.equal((await stage.firebreak(['plan', '--diff', 'plan.json'])).exit, 0);
  stage.write('paint.yaml', paintRunbook(stage.folder).replace('batch: 2', 'batch: 3'));
  await refuses(stage, RUN, /paint\.yaml:22: then ` delete: .*batch: 2\}`, now ` delete: .*batch: 3\}`/);
});

test('if more targets came since the plan than the limit allows: exit 5 before anything is touched', async (t) => {
  const stage = await saved(t);
  for (const name of ['d', 'e', 'f']) stage.write(`spool/${name}`, name);
  const before = stage.world();
  const { exit, out } = await stage.firebreak(RUN);
  assert.deepEqual([exit, stage.world()], [5, before]);
  assert.match(out, /clean: delete 6 is over the limit of 5/);
});

test('a plan that was saved without a policy runs only where a person is asked', async (t) => {
  const stage = await saved(t, ['plan', './paint.yaml', '--save', 'plan.json', '--valid', '30m']);
  assert.deepEqual([read(stage).valid, read(stage).asked.policy], [1_800_000, null]);
  await refuses(stage, RUN, /saved without a policy, so it runs only where a person is asked/);
  const nobody = await stage.firebreak(['run', '--plan', 'plan.json']);
  assert.deepEqual([nobody.exit, /there is no terminal to ask at/.test(nobody.err)], [77, true]);
});

test('at a terminal a plan without a policy runs as it was reviewed, and with a limit raised beside it does not', async (t) => {
  const stage = setStage(t);
  // Without its delete: what cannot be undone is asked for at a terminal, whatever the runbook says.
  const text = paintRunbook(stage.folder).replace(/ {2}- id: clean\n(?: {4}.*\n)+/, '');
  stage.write('paint.yaml', text.replaceAll(/( +)why: /g, '$1ask: false\n$1why: '));
  assert.equal((await stage.firebreak(['plan', './paint.yaml', '--save', 'plan.json'])).exit, 0);
  const { streams, drawn } = fakeTerminal();
  const person = { tty: { stdin: true, stdout: true, stderr: true }, streams: { ...streams, stdout: process.stdout } };
  const before = stage.world();
  const raised = await stage.firebreak(['run', '--plan', 'plan.json', '--limit', 'delete=9'], person);
  assert.deepEqual([raised.exit, stage.world()], [6, before], drawn());
  assert.match(drawn(), /limit delete: then 5, now 9/);
  const { exit } = await stage.firebreak(['run', '--plan', 'plan.json'], person);
  assert.deepEqual([exit, stage.world().conf.startsWith('colour = blue')], [0, true], drawn());
});

test('the plan knows its policy, its parameters and its runbook, wherever it is run from', async (t) => {
  const stage = await saved(t, [...SAVE, '--param', 'for=150ms']);
  const { exit, err } = await stage.firebreak(['run', '--plan', stage.path('plan.json'), '--unattended'], { cwd: '/' });
  assert.equal(exit, 0, err);
});

test('compared with now: nothing but drift is exit 0, also for a program', async (t) => {
  const stage = await saved(t);
  stage.write('spool/d', 'd');
  const text = await stage.firebreak(['plan', './paint.yaml', '--diff', 'plan.json']);
  assert.deepEqual(
    [text.exit, text.out.split('\n').slice(1)],
    [
      0,
      [
        'what it would touch:',
        '  - clean: 4 files now, 3 when planned: at least 1 new',
        `── in short ${'─'.repeat(68)}`,
        'The plan still holds.',
        '',
      ],
    ],
  );
  const json = await stage.firebreak(['plan', '--diff', 'plan.json', '--json']);
  assert.deepEqual(JSON.parse(json.out), {
    v: 1,
    plan: read(stage).id,
    same: true,
    unusable: null,
    differences: [],
    drift: [{ step: 'clean', kind: 'files', planned: 3, now: 4, new: 1, gone: 0 }],
  });
});

test('a plan is shown again without the host, the runbook and the policy: as text, as Markdown, as JSON', async (t) => {
  const stage = await saved(t);
  const planned = read(stage);
  for (const name of ['paint.yaml', 'policy.yaml', 'conf', 'spool']) rmSync(stage.path(name), { recursive: true });
  const text = await stage.firebreak(['show', 'plan.json']);
  assert.deepEqual([text.exit, text.err], [0, '']);
  const lines = text.out.split('\n');
  assert.equal(lines[0], `SAVED ${planned.id.slice(0, 12)}`);
  for (const line of [
    '      -colour = red',
    '      +colour = blue',
    '2   clean · delete · allowed by rule paints',
    'Nothing was changed.',
  ])
    assert.ok(lines.includes(line), `${line}\n${text.out}`);
  assert.match(
    text.out.replace(/\n\s+/g, ' '),
    /To run it, as the policy allows: firebreak run --plan plan\.json --unattended --policy/,
  );
  assert.deepEqual(JSON.parse((await stage.firebreak(['show', 'plan.json', '--json'])).out), planned);
  const { out } = await stage.firebreak(['show', 'plan.json', '--format', 'md']);
  assert.match(out, /^# Plan: paint on .*\n/);
  assert.match(out, /\n### 2\. clean\n\nWhy: they are old\.\n\n- \*\*Will:\*\* delete 3 files/);
});

test('the same plan is one Markdown page, whole', async (t) => {
  const stage = setStage(t);
  const { exit, out } = await stage.firebreak(['plan', './paint.yaml', '--format', 'md', '--param', 'for=1s']);
  assert.equal(exit, 0);
  assert.deepEqual(
    out.split('\n').filter((line) => line.startsWith('#')),
    [
      out.split('\n')[0],
      '## In short',
      '## Diagnosis',
      '### red: yes',
      '### old: informs only',
      '## Actions',
      '### 1. paint',
      '### 2. clean',
      '## Verification',
      '### calm',
      '## To run it',
    ],
  );
  assert.match(out, /```sh\nfirebreak run \.\/paint\.yaml --param for=1s\n```\n$/);
});

const BROKEN: readonly (readonly [string, number, (text: string) => string, RegExp])[] = [
  ['no JSON', 65, (text) => text.slice(0, 400), /plan\.json:\d+:\d+: error\[yaml-syntax\]/],
  ['empty', 65, () => '', /plan\.json:1:1: error\[empty-file\]/],
  [
    'something else',
    65,
    () => 'firebreak: 1\nrunbook: x\n',
    /plan\.json:1:12: error\[not-a-plan\]: this is no saved plan/,
  ],
  [
    'misspelt',
    65,
    (text) => text.replace('"pinned"', '"pined"'),
    /plan\.json:\d+:3: error\[unknown-key\]: `pined`[\s\S]*did you mean pinned\?/,
  ],
  [
    'of a later format',
    65,
    (text) => text.replace('"format": 1', '"format": 2'),
    /plan\.json:3:13: error\[newer-format\]/,
  ],
  ['edited', 6, (text) => text.replace('they are old', 'because'), /plan\.json:4:9: error\[changed-plan\]/],
];
for (const [what, exit, damage, expected] of BROKEN) {
  test(`a plan that is ${what}: exit ${exit}, with its place`, async (t) => {
    const stage = await saved(t);
    writeFileSync(stage.path('plan.json'), damage(readFileSync(stage.path('plan.json'), 'utf8')));
    for (const argv of [RUN, ['show', 'plan.json'], ['plan', '--diff', 'plan.json']]) {
      const said = await stage.firebreak(argv);
      assert.equal(said.exit, exit, said.err);
      assert.match(said.err, expected);
    }
  });
}

test('a plan that others may write to, a link, or none at all is not run', async (t) => {
  const stage = await saved(t);
  chmodSync(stage.path('plan.json'), 0o660);
  const open = await stage.firebreak(RUN);
  assert.deepEqual(
    [open.exit, /plan\.json can be written by its group[\s\S]*chmod go-w .*plan\.json\n/.test(open.err)],
    [77, true],
    open.err,
  );
  chmodSync(stage.path('plan.json'), 0o600);
  symlinkSync('plan.json', stage.path('link.json'));
  assert.equal((await stage.firebreak(RUN.map((word) => (word === 'plan.json' ? 'link.json' : word)))).exit, 77);
  assert.equal((await stage.firebreak(RUN.map((word) => (word === 'plan.json' ? 'none.json' : word)))).exit, 66);
  assert.deepEqual(stage.world().spool, ['a', 'b', 'c']);
});

test('--valid without --save, a time that is none, and no runbook are usage', async (t) => {
  const stage = setStage(t);
  const exits = [];
  for (const argv of [
    ['plan', './paint.yaml', '--valid', '1h'],
    [...SAVE, '--valid', 'soon'],
    ['plan'],
    ['run', '--unattended', '--policy', 'policy.yaml'],
  ])
    exits.push((await stage.firebreak(argv)).exit);
  assert.deepEqual(exits, [64, 64, 64, 64]);
});

/** The file with a change of whatever form, and an id that fits it: anybody can compute one. */
function forged(stage: Stage, change: (plan: Record<string, unknown>) => Record<string, unknown>): void {
  const { id: _, ...rest } = change(JSON.parse(readFileSync(stage.path('plan.json'), 'utf8')));
  const sealed = sealPlan(rest as unknown as Parameters<typeof sealPlan>[0]);
  writeFileSync(stage.path('forged.json'), JSON.stringify(sealed), { mode: 0o600 });
}

test('a plan whose content has another form is told where it is wrong, whatever its id, and is no bug', async (t) => {
  const stage = setStage(t);
  assert.equal((await stage.firebreak(['plan', './paint.yaml', '--save', 'plan.json'])).exit, 0);
  const changes: readonly ((plan: Record<string, unknown>) => Record<string, unknown>)[] = [
    (plan) => ({ ...plan, plan: {} }),
    (plan) => ({ ...plan, plan: { ...(plan.plan as object), steps: [{}] } }),
    (plan) => ({ ...plan, plan: { ...(plan.plan as object), steps: [null] } }),
    (plan) => ({ ...plan, plan: { ...(plan.plan as object), diagnosis: null } }),
    (plan) => ({ ...plan, machine: {} }),
    (plan) => ({ ...plan, asked: { params: 'x' } }),
    (plan) => ({ ...plan, texts: [] }),
    (plan) => ({ ...plan, at: {} }),
    (plan) => ({
      ...plan,
      plan: { ...(plan.plan as object), steps: [{ kind: 'action', id: 'a', phase: 'act', verb: 'edit' }] },
    }),
    (plan) => ({ ...plan, plan: { ...(plan.plan as object), open: [{}] } }),
  ];
  for (const change of changes) {
    forged(stage, change);
    for (const argv of [
      ['show', 'forged.json'],
      ['run', '--plan', 'forged.json', '--unattended', '--policy', 'policy.yaml'],
      ['plan', '--diff', 'forged.json'],
    ]) {
      const said = await stage.firebreak(argv);
      // What is compared with now are the lines that it holds fast: its steps may show anything.
      const allowed = argv[0] === 'plan' ? [0, 6, 65] : [2, 6, 65, 77];
      assert.ok(allowed.includes(said.exit), `${argv[0]} ${String(change)}: exit ${said.exit}: ${said.err}`);
      assert.doesNotMatch(said.err, /bug|at .*\.ts:/);
    }
  }
  assert.equal(stage.world().conf.startsWith('colour = red'), true);
});

test('a plan that names another author than the owner of its file says whose file it is', async (t) => {
  const stage = setStage(t);
  await stage.firebreak(['plan', './paint.yaml', '--save', 'plan.json']);
  forged(stage, (plan) => ({ ...plan, by: 'the-boss' }));
  const { out } = await stage.firebreak(['show', 'forged.json']);
  assert.match(out, new RegExp(`${userInfo().username}, whose file it is \\(it says the-boss\\)`));
});

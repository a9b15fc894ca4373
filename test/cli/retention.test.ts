import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import { openJournal } from '../../src/journal/append.ts';
import { readTally } from '../../src/journal/tally.ts';
import type { Fact } from '../../src/model/event.ts';
import { PAINT_POLICY, type Stage, setStage } from '../support/stage.ts';
import { DIAGNOSED, HELD, intends, KILL, STOPPED, stamped } from '../support/story.ts';

const ALONE = ['--unattended', '--policy', 'policy.yaml'];
const RUN = ['run', './paint.yaml', ...ALONE];
const uid = process.getuid?.() ?? 0;

/** Every file and folder below the state folder. */
function all(stage: Stage): readonly string[] {
  return existsSync(stage.path('state'))
    ? readdirSync(stage.path('state'), { recursive: true }).map(String).sort()
    : [];
}
const runsOf = (stage: Stage): readonly string[] => readdirSync(stage.path('state/runs')).sort();
const tally = (stage: Stage) => readTally([{ path: stage.path('state'), home: true }], uid);
const healthy = (stage: Stage): void => void stage.write('conf', 'colour = blue\n');

test('a watchman who finds nothing every five minutes leaves one folder, and a line of each in the tally', async (t) => {
  const stage = setStage(t);
  healthy(stage);
  mock.timers.enable({ apis: ['Date'], now: Date.UTC(2026, 10, 23) });
  t.after(() => mock.timers.reset());
  for (let each = 0; each < 24; each += 1) {
    assert.equal((await stage.firebreak(RUN)).exit, 2);
    assert.equal(runsOf(stage).length, 1, `after ${each + 1}`);
    mock.timers.tick(300_000);
  }
  const [last = ''] = runsOf(stage);
  assert.match(last, /^20261123-015500-paint-/);
  assert.deepEqual(all(stage), [
    'runs',
    `runs/${last}`,
    `runs/${last}/journal.ndjson`,
    `runs/${last}/records`,
    'tally.ndjson',
  ]);
  assert.deepEqual(
    tally(stage).map(({ why, outcome, acted }) => [why, outcome, acted]),
    Array.from({ length: 23 }, () => ['a later look found the same', 'not-this-incident', null]),
  );
});

test('a look that saw the incident, and what changed something, outlives the looks that found nothing after it', async (t) => {
  const stage = setStage(t);
  stage.write('policy.yaml', PAINT_POLICY.replace('limits: {delete: 5}', 'limits: {delete: 1}'));
  assert.equal((await stage.firebreak(RUN)).exit, 5);
  stage.write('policy.yaml', PAINT_POLICY);
  assert.equal((await stage.firebreak(RUN)).exit, 0);
  for (let each = 0; each < 3; each += 1) assert.equal((await stage.firebreak(RUN)).exit, 2);
  const { out } = await stage.firebreak(['runs', '--json']);
  assert.deepEqual(
    (JSON.parse(out) as readonly { outcome: string }[]).map(({ outcome }) => outcome),
    ['not-this-incident', 'held', 'over-limit'],
  );
});

const AGO = (days: number): string =>
  new Date(Date.now() - days * 86_400_000).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);

/** A run of so many days ago, as its journal and its file's time tell it. */
async function old(stage: Stage, days: number, name: string, facts: readonly Fact[]): Promise<string> {
  const run = `${AGO(days)}-${name}-0001`;
  const opened = await openJournal({ places: [{ path: stage.path('state'), home: true }], uid, run });
  assert.ok(opened.ok);
  const then = Date.now() - days * 86_400_000;
  for (const event of stamped(facts, run)) {
    const at = new Date(then + event.mono).toISOString();
    await opened.journal.append({ ...event, at }, { light: false });
  }
  await opened.journal.close();
  utimesSync(join(opened.journal.folder, 'journal.ndjson'), then / 1000, then / 1000);
  return run;
}

const LOOKED: readonly Fact[] = [
  ...DIAGNOSED.slice(0, 3),
  { type: 'run.finished', outcome: 'not-this-incident', verdict: null, reasons: [], open: [], missed: [] },
];

test('--prune takes what is old, keeps and names what is needed still, and a dry run takes nothing', async (t) => {
  const stage = setStage(t);
  const kept = await old(stage, 800, 'storm', [...STOPPED, ...intends(KILL)]);
  const held = await old(stage, 700, 'storm', HELD);
  const looked = await old(stage, 500, 'storm', LOOKED);
  const young = await old(stage, 5, 'storm', HELD);
  const before = all(stage);
  const dry = await stage.firebreak(['runs', '--prune', '--dry-run']);
  const lines = `${kept}  kept: it may hold a lease\n`;
  assert.deepEqual(dry, {
    exit: 0,
    out: `${held}  would go: older than what is kept\n${looked}  would go: older than what is kept\n${lines}`,
    err: '2 runs would go; nothing was removed\n',
  });
  assert.deepEqual(all(stage), before);
  const { out } = await stage.firebreak(['runs', '--prune', '--json']);
  assert.deepEqual(JSON.parse(out), {
    dry: false,
    removed: [held, looked].map((run) => ({ run, why: 'older than what is kept' })),
    kept: [{ run: kept, why: 'it may hold a lease' }],
  });
  assert.deepEqual(runsOf(stage), [kept, young].sort());
  assert.deepEqual(
    tally(stage).map(({ gone, killed, outcome }) => [gone, killed, outcome]),
    [
      [looked, 0, 'not-this-incident'],
      [held, 3, 'held'],
    ],
  );
  assert.equal((await stage.firebreak(['runs', '--keep', '1'])).exit, 64);
  assert.equal((await stage.firebreak(['runs', '--prune', '--older-than', 'long'])).exit, 64);
});

test('a cool-down and the limits of an hour count a run that has gone, and a plan that it has used stays used', async (t) => {
  const stage = setStage(t);
  stage.write('policy.yaml', PAINT_POLICY.replace('limits: {delete: 5}', 'limits: {delete: 5}, cool_down: 1h'));
  await stage.firebreak(['plan', './paint.yaml', '--policy', 'policy.yaml', '--save', 'plan.json']);
  const ran = await stage.firebreak(['run', '--plan', 'plan.json', ...ALONE]);
  assert.equal(ran.exit, 0, ran.err);
  const [run = ''] = runsOf(stage);
  // As after a prune with shorter terms.
  const { appendTally } = await import('../../src/journal/tally.ts');
  const { goneOf } = await import('../../src/model/run/retention.ts');
  const { readJournal } = await import('../../src/journal/read.ts');
  const { stateOf } = await import('../../src/model/state.ts');
  const { realDisk } = await import('../../src/journal/disk.ts');
  const read = readJournal(stage.path(`state/runs/${run}`));
  const state = stateOf(read.ok ? read.events : []);
  appendTally({ path: stage.path('state'), home: true }, goneOf(run, { why: 'test', at: Date.now() }, state), realDisk);
  rmSync(stage.path(`state/runs/${run}`), { recursive: true });
  stage.write('conf', `${stage.world().conf.replace('blue', 'red')}`);
  const again = await stage.firebreak(RUN);
  assert.deepEqual([again.exit, again.out.includes(`(${run})`)], [3, true], again.out);
  const planned = await stage.firebreak(['run', '--plan', 'plan.json', ...ALONE]);
  assert.deepEqual([planned.exit, planned.err.includes(run)], [6, true], planned.err);
});

test('a half-removed run is gone after the next run, and folders that are no runs of ours are left alone', async (t) => {
  const stage = setStage(t);
  healthy(stage);
  await stage.firebreak(RUN);
  const [run = ''] = runsOf(stage);
  const runs = stage.path('state/runs');
  renameSync(join(runs, run), join(runs, `.gone-${run}`));
  mkdirSync(join(runs, 'lost+found'));
  mkdirSync(stage.path('theirs'));
  writeFileSync(stage.path('theirs/journal.ndjson'), 'not ours\n');
  symlinkSync(stage.path('theirs'), join(runs, '20200101-000000-paint-0001'));
  await stage.firebreak(RUN);
  await stage.firebreak(['runs', '--prune', '--older-than', '1h']);
  const now = runsOf(stage);
  assert.equal(now.length, 3, now.join());
  assert.ok(!now.some((name) => name.startsWith('.gone-')), now.join());
  assert.ok(now.includes('lost+found') && lstatSync(join(runs, '20200101-000000-paint-0001')).isSymbolicLink());
  assert.equal(readFileSync(stage.path('theirs/journal.ndjson'), 'utf8'), 'not ours\n');
});

test('without a line in the tally nothing goes: on a disk that takes none, the old look stays', async (t) => {
  const stage = setStage(t);
  healthy(stage);
  await stage.firebreak(RUN);
  mkdirSync(stage.path('state/tally.ndjson'));
  assert.equal((await stage.firebreak(RUN)).exit, 2);
  assert.equal(runsOf(stage).length, 2);
  rmSync(stage.path('state/tally.ndjson'), { recursive: true });
  assert.equal((await stage.firebreak(RUN)).exit, 2);
  assert.equal(runsOf(stage).length, 1);
});

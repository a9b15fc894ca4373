import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { main } from '../../src/cli.ts';
import { takeLock } from '../../src/journal/lock.ts';
import type { Fact } from '../../src/model/event.ts';
import { writeRun } from '../support/journals.ts';
import { HELD, intends, KILL, SILENCE, STOPPED } from '../support/story.ts';
import { testIo } from '../support/test-io.ts';

const folder = fs.mkdtempSync(join(tmpdir(), 'firebreak-runs-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));
const uid = fs.statSync(folder).uid;
let made = 0;

const EARLY = '20261123-165504-cron-mail-storm-3f2a';
const LATE = '20261124-030000-cron-mail-storm-77aa';

function newState(): string {
  return join(folder, `state-${++made}`);
}

async function firebreak(
  state: string,
  ...argv: readonly string[]
): Promise<{ code: number; out: string; err: string }> {
  const { io, out, err } = testIo({ env: { FIREBREAK_STATE: state }, uid });
  const code = await main(argv, io);
  return { code, out: out(), err: err() };
}

test('runs are listed newest first, with how each ended or the last thing known of it', async () => {
  const state = newState();
  await writeRun(state, uid, EARLY, HELD);
  await writeRun(state, uid, LATE, [...STOPPED, ...intends(KILL)]);
  assert.deepEqual(await firebreak(state, 'runs'), {
    code: 0,
    out: `${LATE}  unfinished: kill-mailers: outcome unknown
    cron-mail-storm 1.0.0 on lab, unattended by root, 2026-11-23 16:55:04 UTC
    killed 0, deleted 0, edited 0; cut short, up to 3 more killed
    lease: cron starts again by 17:10:12 UTC
${EARLY}  held (exit 0)
    cron-mail-storm 1.0.0 on lab, unattended by root, 2026-11-23 16:55:04 UTC,
    took 36 s
    killed 3, deleted 0, edited 1; 1 item open
`,
    err: '',
  });
});

test('without a run stdout is empty and stderr says so; as JSON it is an empty list', async () => {
  assert.deepEqual(await firebreak(newState(), 'runs'), { code: 0, out: '', err: 'there is no run yet\n' });
  assert.deepEqual(await firebreak(newState(), 'runs', '--json'), { code: 0, out: '[]\n', err: '' });
});

test('JSON has every run with its counters, its outcome and the pids that were meant to end', async () => {
  const state = newState();
  const path = await writeRun(state, uid, EARLY, HELD);
  await writeRun(state, uid, LATE, STOPPED);
  const { out } = await firebreak(state, 'runs', '--json');
  const [late, early] = JSON.parse(out);
  assert.deepEqual(early, {
    run: EARLY,
    runbook: 'cron-mail-storm',
    version: '1.0.0',
    host: 'lab',
    who: 'root',
    mode: 'unattended',
    drill: false,
    started: '2026-11-23T16:55:04.000Z',
    finished: '2026-11-23T16:55:40.000Z',
    took: 36_000,
    outcome: 'held',
    exit: 0,
    verdict: 'held',
    running: false,
    unfinished: null,
    killed: 3,
    deleted: 0,
    edited: 1,
    pids: [412, 413, 414],
    open: ['The mail service is still stopped; find out why, then start it.'],
    leases: [],
    place: state,
    folder: path,
    problem: null,
    damaged: false,
    verified: null,
  });
  assert.deepEqual([late.run, late.outcome, late.unfinished, late.pids], [LATE, null, 'stop-cron: done', []]);
  assert.deepEqual(late.leases, [{ service: 'cron', by: '2026-11-23T17:10:12.000Z' }]);
});

test('the newest ten are shown, all of them with --all', async () => {
  const state = newState();
  for (let day = 10; day < 22; day += 1) await writeRun(state, uid, `202611${day}-000000-x-0000`, STOPPED);
  const newest = await firebreak(state, 'runs');
  assert.equal(newest.out.match(/^\d/gm)?.length, 10);
  assert.match(newest.out, /^20261121-/);
  assert.equal(newest.err, '2 older: firebreak runs --all\n');
  const all = await firebreak(state, 'runs', '--all');
  assert.deepEqual([all.out.match(/^\d/gm)?.length, all.err], [12, '']);
});

test('a changed journal is named with its line, and --verify ends with 74', async () => {
  const state = newState();
  const path = join(await writeRun(state, uid, EARLY, HELD), 'journal.ndjson');
  fs.writeFileSync(path, fs.readFileSync(path, 'utf8').replace('3 processes ended', '2 processes ended'));
  const listed = await firebreak(state, 'runs');
  assert.equal(listed.code, 0);
  const problem =
    /line 17 of the journal does not continue the one before: something was\n {4}changed, removed or reordered/;
  assert.match(listed.out, problem);
  assert.match(listed.out, /^\S+ {2}journal damaged\n/);
  const verified = await firebreak(state, 'runs', '--verify');
  assert.equal(verified.code, 74);
  assert.match(verified.out, problem);
});

test('of a journal that is damaged near its beginning nobody says that nothing changed', async () => {
  const state = newState();
  const path = join(await writeRun(state, uid, EARLY, HELD), 'journal.ndjson');
  fs.writeFileSync(path, fs.readFileSync(path, 'utf8').split('\n').toSpliced(1, 1).join('\n'));
  const { out } = await firebreak(state, 'runs');
  assert.match(out, /what it was cannot be told\n {4}what was changed cannot be told\n {4}line 2 of the journal/);
  const told = await firebreak(state, 'report');
  assert.match(told.out, /\*\*What was changed from there on cannot be told\*\*/);
});

test('--verify says what it has checked, and misses a record that is gone', async () => {
  const state = newState();
  await writeRun(state, uid, EARLY, HELD);
  const whole = await firebreak(state, 'runs', '--verify');
  assert.equal(whole.code, 0);
  assert.match(whole.out, /verified: 37 events in an unbroken chain, 0 records intact\n$/);
  const name = 'ab'.repeat(32);
  const withRecord = intends(SILENCE).map(
    (fact): Fact => (fact.type === 'action.intended' ? { ...fact, records: { before: name } } : fact),
  );
  await writeRun(state, uid, LATE, [...STOPPED, ...withRecord]);
  const lost = await firebreak(state, 'runs', '--verify', '--json');
  assert.deepEqual([lost.code, JSON.parse(lost.out)[0].problem], [74, `the record ${name} is missing`]);
});

test('a torn tail is mentioned and is no damage', async () => {
  const state = newState();
  const path = join(await writeRun(state, uid, EARLY, STOPPED), 'journal.ndjson');
  fs.appendFileSync(path, '{"hash":"12');
  const { code, out } = await firebreak(state, 'runs', '--verify');
  assert.equal(code, 0);
  assert.match(out, /11 bytes of a last line are left out: its write was cut short/);
});

test('a run that is at work and one that died are distinguished', async () => {
  const state = newState();
  const since = new Date(Date.now() - 1000).toISOString();
  await writeRun(state, uid, EARLY, [...STOPPED, ...intends(KILL)]);
  fs.utimesSync(join(state, 'runs', EARLY, 'journal.ndjson'), 1000, 1000);
  await writeRun(state, uid, LATE, [...STOPPED, ...intends(KILL)]);
  const env = { FIREBREAK_STATE: state, FIREBREAK_LOCK: `runs-test-${process.pid}` };
  const taken = await takeLock(
    { uid, name: env.FIREBREAK_LOCK },
    { run: 'cron-mail-storm', who: 'ada', pid: 4711, since },
  );
  assert.ok(taken.ok);
  const { io, out } = testIo({ env, uid });
  assert.equal(await main(['runs'], io), 0);
  const report = testIo({ env, uid });
  assert.equal(await main(['report'], report.io), 0);
  taken.lock.release();
  assert.deepEqual(
    out()
      .split('\n')
      .filter((line) => !line.startsWith(' ')),
    [
      `${LATE}  running now, pid 4711, by ada since ${since}`,
      `${EARLY}  unfinished: kill-mailers: outcome unknown`,
      '',
    ],
  );
  assert.match(report.out(), /^# cron-mail-storm on lab: running\n/);
  assert.doesNotMatch(report.out(), /## Open|did not finish/);
});

test('a place that belongs to somebody else is not read, and is named', async () => {
  const state = newState();
  await writeRun(state, uid, EARLY, HELD);
  const { io, out, err } = testIo({ env: { FIREBREAK_STATE: state }, uid: uid + 1 });
  assert.equal(await main(['runs', '--json'], io), 0);
  assert.deepEqual([out(), err()], ['[]\n', `firebreak: not looked at: ${state} belongs to uid ${uid}\n`]);
});

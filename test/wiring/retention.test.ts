import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { realDisk } from '../../src/journal/disk.ts';
import { findRuns } from '../../src/journal/find.ts';
import { removeRun } from '../../src/journal/remove.ts';
import { reopenJournal } from '../../src/journal/reopen.ts';
import { appendTally, readTally } from '../../src/journal/tally.ts';
import type { Fact } from '../../src/model/event.ts';
import { goneOf } from '../../src/model/run/retention.ts';
import { initialState } from '../../src/model/state.ts';
import { pruneAll, tidyAfter } from '../../src/wiring/retention.ts';
import { temporaryFolder } from '../support/folder.ts';
import { writeRun } from '../support/journals.ts';
import { DIAGNOSED } from '../support/story.ts';

const uid = process.getuid?.() ?? 0;
const LOOKED: readonly Fact[] = [
  ...DIAGNOSED.slice(0, 3),
  { type: 'run.finished', outcome: 'not-this-incident', verdict: null, reasons: [], open: [], missed: [] },
];
const idOf = (n: number): string => `20261123-${String(100000 + n)}-cron-mail-storm-00${String(n).padStart(2, '0')}`;

function stageOf(context: TestContext) {
  const state = join(temporaryFolder(context), 'state');
  const who = { env: { FIREBREAK_STATE: state }, uid, home: '/nonexistent' };
  const place = { path: state, home: true };
  return { state, who, place, ids: () => findRuns({ places: [place], uid }).runs.map(({ id }) => id) };
}

test('of many equal looks each new one deletes a few, and the command deletes all', async (context) => {
  const { state, who, ids } = stageOf(context);
  for (let n = 0; n < 40; n += 1) await writeRun(state, uid, idOf(n), LOOKED);
  tidyAfter(who, idOf(39));
  assert.equal(ids().length, 15);
  assert.equal(pruneAll(who, { terms: { age: 1e15, runs: 1e9 }, dry: false }).removed.length, 14);
  assert.deepEqual(ids(), [idOf(39)]);
});

test('a run that a move home has left twice goes with both of its copies', async (context) => {
  const { state, who, ids } = stageOf(context);
  const folder = await writeRun(state, uid, idOf(1), LOOKED);
  await writeRun(state, uid, idOf(2), LOOKED);
  const copy = join(state, 'ready/runs', idOf(1));
  mkdirSync(join(state, 'ready/runs'), { recursive: true, mode: 0o700 });
  cpSync(folder, copy, { recursive: true });
  tidyAfter(who, idOf(2));
  assert.deepEqual([ids(), existsSync(copy)], [[idOf(2)], false]);
});

test('a run that is resumed while it is looked at is not deleted, and a deleted one is not resumed', async (context) => {
  const { state, place, ids } = stageOf(context);
  const folder = await writeRun(state, uid, idOf(1), LOOKED);
  utimesSync(join(folder, 'journal.ndjson'), 1000, 1000);
  const [found] = findRuns({ places: [place], uid }).runs;
  assert.ok(found);
  const opened = await reopenJournal({ found, places: [place], uid });
  assert.ok(opened.ok);
  await opened.journal.close();
  const removed = removeRun(found, uid, realDisk);
  assert.deepEqual([!removed.ok && removed.code, ids()], ['changed', [idOf(1)]]);
  const [again] = findRuns({ places: [place], uid }).runs;
  assert.ok(again && removeRun(again, uid, realDisk).ok);
  const late = await reopenJournal({ found, places: [place], uid });
  assert.equal(late.ok, false);
  // Two that remove it at once: the second finds nothing.
  const twice = removeRun(again, uid, realDisk);
  assert.equal(!twice.ok && twice.code, 'foreign');
});

test('a tally whose last line was cut short goes on with a new one, tells each run once, and drops looks before it grows for ever', (context) => {
  const { state, place } = stageOf(context);
  mkdirSync(join(state, 'runs'), { recursive: true, mode: 0o700 });
  const gone = (id: string, acted: string | null) => ({ ...goneOf(id, { why: 'w', at: 1 }, initialState), acted });
  const disk = { ...realDisk };
  appendTally(place, gone('one', null), disk);
  const file = join(state, 'tally.ndjson');
  disk.writeSync(disk.openSync(file, 'a'), Buffer.from('{"gone":"to'));
  appendTally(place, gone('two', '2026-11-23T16:55:04Z'), disk);
  appendTally(place, gone('two', '2026-11-23T16:55:04Z'), disk);
  assert.deepEqual(
    readTally([place], uid).map((one) => one.gone),
    ['two', 'one'],
  );
  assert.equal(statSync(file).mode & 0o777, 0o600);
  for (let each = 0; each < 1500; each += 1) appendTally(place, gone(`look-${each}`, null), disk);
  assert.ok(statSync(file).size < 1 << 18, `${statSync(file).size}`);
  assert.ok(readFileSync(file, 'utf8').includes('"gone":"two"'));
});

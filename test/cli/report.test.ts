import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { main } from '../../src/cli.ts';
import { writeRun } from '../support/journals.ts';
import { HELD, STOPPED } from '../support/story.ts';
import { testIo } from '../support/test-io.ts';

const folder = fs.mkdtempSync(join(tmpdir(), 'firebreak-report-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));
const uid = fs.statSync(folder).uid;

const EARLY = '20261123-165504-cron-mail-storm-3f2a';
const LATE = '20261124-030000-cron-mail-storm-77aa';

async function firebreak(
  state: string,
  ...argv: readonly string[]
): Promise<{ code: number; out: string; err: string }> {
  const { io, out, err } = testIo({ env: { FIREBREAK_STATE: join(folder, state) }, uid });
  const code = await main(argv, io);
  return { code, out: out(), err: err() };
}

async function twoRuns(state: string): Promise<void> {
  await writeRun(join(folder, state), uid, EARLY, HELD);
  await writeRun(join(folder, state), uid, LATE, STOPPED);
}

test('the newest run is reported, or the one that is named by a part of its id', async () => {
  await twoRuns('named');
  const newest = await firebreak('named', 'report');
  assert.match(newest.out, /^# cron-mail-storm on lab: unfinished\n/);
  assert.deepEqual(await firebreak('named', 'report', 'last'), newest);
  const early = await firebreak('named', 'report', '3f2a');
  assert.deepEqual([early.code, early.err], [0, '']);
  const expected = fs.readFileSync(new URL('../fixtures/reports/held.md', import.meta.url), 'utf8');
  assert.equal(early.out, expected.replaceAll('/var/lib/firebreak/runs', join(folder, 'named', 'runs')));
});

test('as JSON it is one object with the state and the timeline', async () => {
  await twoRuns('json');
  const { code, out } = await firebreak('json', 'report', EARLY, '--format', 'json');
  const { run, outcome, state, timeline } = JSON.parse(out);
  assert.deepEqual(
    [code, run, outcome, state.used.kill, timeline[0].text],
    [0, EARLY, 'held', 3, 'started by root, unattended'],
  );
});

test('no such run is 66, more than one is 64, and both say what to do', async () => {
  await twoRuns('which');
  assert.deepEqual(await firebreak('which', 'report', 'nope'), {
    code: 66,
    out: '',
    err: 'firebreak: no run is called nope; see: firebreak runs\n',
  });
  assert.deepEqual(await firebreak('which', 'report', '202611'), {
    code: 64,
    out: '',
    err: `firebreak: 202611 may be any of ${LATE}, ${EARLY}\n`,
  });
  assert.deepEqual(await firebreak('nothing', 'report'), {
    code: 66,
    out: '',
    err: 'firebreak: there is no run yet\n',
  });
});

test('an unknown format is a mistake in use', async () => {
  assert.equal((await firebreak('named', 'report', '--format', 'pdf')).code, 64);
});

test('a damaged journal is reported as far as it goes, with exit 74', async () => {
  const run = await writeRun(join(folder, 'damaged'), uid, EARLY, HELD);
  const path = join(run, 'journal.ndjson');
  const lines = fs.readFileSync(path, 'utf8').split('\n');
  fs.writeFileSync(path, lines.toSpliced(6, 1).join('\n'));
  const { code, out, err } = await firebreak('damaged', 'report');
  assert.equal(code, 74);
  assert.equal(
    err,
    'firebreak: line 7 of the journal does not continue the one before: something was changed, removed or reordered\n',
  );
  assert.match(out, /\*\*The journal is not whole:\*\* line 7/);
});

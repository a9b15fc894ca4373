import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findRuns, pickRun } from '../../src/journal/find.ts';
import type { JournalPlace } from '../../src/journal/places.ts';

const folder = fs.mkdtempSync(join(tmpdir(), 'firebreak-find-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));
const uid = fs.statSync(folder).uid;
let made = 0;

function newPlaces(): readonly [JournalPlace, JournalPlace] {
  const at = join(folder, `case-${++made}`);
  return [
    { path: join(at, 'home'), home: true },
    { path: join(at, 'run'), home: false },
  ];
}

function put(place: JournalPlace, id: string, content = 'x', written = 1000): void {
  const run = join(place.path, 'runs', id);
  fs.mkdirSync(run, { recursive: true, mode: 0o700 });
  fs.writeFileSync(join(run, 'journal.ndjson'), content);
  fs.utimesSync(join(run, 'journal.ndjson'), written, written);
}

const EARLY = '20261123-165504-cron-mail-storm-3f2a';
const LATE = '20261124-030000-cron-mail-storm-77aa';
const OTHER = '20261124-030000-aaa-1111';

test('runs of all places are listed newest first', () => {
  const [home, run] = newPlaces();
  put(home, EARLY);
  put(run, LATE, 'x', 3000);
  put(home, OTHER, 'x', 2000);
  const { runs, refused } = findRuns({ places: [home, run], uid });
  assert.deepEqual(
    runs.map(({ id, place }) => [id, place.home]),
    [
      [LATE, false],
      [OTHER, true],
      [EARLY, true],
    ],
  );
  assert.deepEqual(refused, []);
});

test('a run that is in two places because a move was cut short is listed once: the longer, else the one at home', () => {
  const [home, run] = newPlaces();
  put(home, EARLY, 'short');
  put(run, EARLY, 'longer');
  put(home, LATE, 'same');
  put(run, LATE, 'same');
  const { runs } = findRuns({ places: [home, run], uid });
  assert.deepEqual(
    runs.map(({ id, place }) => [id, place.home]),
    [
      [LATE, true],
      [EARLY, false],
    ],
  );
});

test('what is not a run is left out: half a move, a file, a folder without a journal, a linked journal', () => {
  const [home] = newPlaces();
  put(home, `.${EARLY}.moving`);
  const runs = join(home.path, 'runs');
  fs.writeFileSync(join(runs, 'file'), '');
  fs.mkdirSync(join(runs, 'empty'));
  fs.mkdirSync(join(runs, 'linked'));
  fs.symlinkSync('/etc/passwd', join(runs, 'linked', 'journal.ndjson'));
  assert.deepEqual(findRuns({ places: [home], uid }).runs, []);
});

test('a place of somebody else is refused and named; a place that is not there is nothing', () => {
  const [home, run] = newPlaces();
  put(home, EARLY);
  assert.deepEqual(findRuns({ places: [home, run], uid: uid + 1 }), {
    runs: [],
    refused: [{ ok: false, code: 'EPERM', message: `${home.path} belongs to uid ${uid}` }],
    homeless: `${home.path} belongs to uid ${uid}`,
  });
});

test('a run is picked by last, by its id, by a beginning that only it has, or by its last four characters', () => {
  const [home] = newPlaces();
  put(home, EARLY);
  put(home, LATE, 'x', 3000);
  put(home, OTHER, 'x', 2000);
  const { runs } = findRuns({ places: [home], uid });
  const picked = (wanted: string): string => {
    const result = pickRun(runs, wanted);
    return result.ok ? result.run.id : `${result.code}: ${result.message}`;
  };
  assert.equal(picked('last'), LATE);
  assert.equal(picked(EARLY), EARLY);
  assert.equal(picked('20261123'), EARLY);
  assert.equal(picked('77aa'), LATE);
  assert.equal(picked('20261124'), `ambiguous: 20261124 may be any of ${LATE}, ${OTHER}`);
  assert.equal(picked('zzz'), 'no-run: no run is called zzz; see: firebreak runs');
  assert.deepEqual(pickRun([], 'last'), { ok: false, code: 'no-run', message: 'there is no run yet' });
});

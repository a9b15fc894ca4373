import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readJournal } from '../../src/journal/read.ts';
import { apply, initialState, stateOf } from '../../src/model/state.ts';
import { reportOf } from '../../src/views/tell/report.ts';
import { reportMarkdown } from '../support/views/drawn.ts';
import { sameAsFixture } from '../support/views/golden.ts';

/**
 * Journals that were recorded in ../shared/lab/mail-storm, by version. They are never written anew: what a released
 * version wrote must be read for ever. How one is recorded: run the incident there, and copy journal.ndjson out.
 */
const journals = fileURLToPath(new URL('../fixtures/journals', import.meta.url));
const folder = fs.mkdtempSync(join(tmpdir(), 'firebreak-replay-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

function read(bytes: Uint8Array): ReturnType<typeof readJournal> {
  fs.writeFileSync(join(folder, 'journal.ndjson'), bytes);
  return readJournal(folder);
}

const recorded = fs.readdirSync(journals).map((file) => file.replace(/\.ndjson$/, ''));
assert.ok(recorded.length >= 2, 'the recorded journals are gone');

for (const name of recorded) {
  const bytes = fs.readFileSync(join(journals, `${name}.ndjson`));

  test(`${name} is read whole, and its report reads as it did`, () => {
    const journal = read(bytes);
    assert.ok(journal.ok);
    assert.equal(journal.torn, null);
    const source = {
      id: name,
      folder: `/var/lib/firebreak/runs/${name}`,
      place: { path: '/var/lib/firebreak', home: true },
    };
    const quiet = { problem: null, damaged: false, running: null, verified: null };
    sameAsFixture(`reports/${name}.md`, reportMarkdown(reportOf({ ...source, ...quiet, events: journal.events })));
  });

  test(`${name} cut anywhere is a beginning of itself, and the fold goes on from it`, () => {
    const journal = read(bytes);
    assert.ok(journal.ok);
    const whole = stateOf(journal.events);
    for (let end = 0; end < bytes.length; end += 997) {
      const cut = read(bytes.subarray(0, end));
      assert.ok(cut.ok, `cut at ${end}`);
      assert.deepEqual(cut.events, journal.events.slice(0, cut.events.length), `cut at ${end}`);
      const rest = journal.events.slice(cut.events.length);
      assert.deepEqual(rest.reduce(apply, cut.events.reduce(apply, initialState)), whole, `cut at ${end}`);
    }
  });
}

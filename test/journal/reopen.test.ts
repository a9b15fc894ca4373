import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readJournal } from '../../src/journal/read.ts';
import { reopenJournal } from '../../src/journal/reopen.ts';
import { writeRun } from '../support/journals.ts';
import { RUN, STOPPED, stamped } from '../support/story.ts';

const folder = fs.mkdtempSync(join(tmpdir(), 'firebreak-reopen-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));
const uid = fs.statSync(folder).uid;
const place = { path: folder, home: true };
const events = stamped(STOPPED);
const [first] = events;
assert.ok(first);
const more = { ...first, seq: events.length + 1, type: 'note' as const, text: 'taken up again' };

function reopen(at: string) {
  return reopenJournal({ found: { id: RUN, folder: at, place }, places: [place], uid });
}

async function written(): Promise<string> {
  fs.rmSync(join(folder, 'runs'), { recursive: true, force: true });
  return writeRun(folder, uid, RUN, STOPPED);
}

for (const tail of ['', '{"hash":"12', '\0\0\0', '\0\0"}\n']) {
  test(`a journal that ends in ${JSON.stringify(tail)} is gone on with, and the chain holds`, async () => {
    const at = await written();
    fs.appendFileSync(join(at, 'journal.ndjson'), tail);
    const opened = await reopen(at);
    assert.ok(opened.ok);
    assert.deepEqual(opened.events, events);
    await opened.journal.append(more, { light: false });
    await opened.journal.close();
    const read = readJournal(at);
    assert.deepEqual(read.ok && [read.events, read.torn], [[...events, more], null]);
  });
}

test('a damaged journal is not continued', async () => {
  const at = await written();
  const path = join(at, 'journal.ndjson');
  fs.writeFileSync(path, fs.readFileSync(path, 'utf8').replace('"who":"root"', '"who":"boot"'));
  const opened = await reopen(at);
  assert.deepEqual(!opened.ok && [opened.code, opened.message.slice(0, 21)], ['damaged', 'line 2 of the journal']);
});

test('a journal with nothing but its head has nothing to go on with', async () => {
  const at = await written();
  const path = join(at, 'journal.ndjson');
  fs.writeFileSync(path, `${fs.readFileSync(path, 'utf8').split('\n')[0]}\n`);
  const opened = await reopen(at);
  assert.deepEqual(!opened.ok && opened.code, 'empty');
});

import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type LocalJournal, openJournal } from '../../src/journal/append.ts';
import type { Disk } from '../../src/journal/disk.ts';
import { findRuns } from '../../src/journal/find.ts';
import { type JournalPlace, placesFor } from '../../src/journal/places.ts';
import { JOURNAL_BYTES, preparedIn, prepareJournal, removePrepared } from '../../src/journal/prepared.ts';
import { readJournal } from '../../src/journal/read.ts';
import { reopenJournal } from '../../src/journal/reopen.ts';
import type { RunEvent } from '../../src/model/event.ts';

const work = fs.mkdtempSync(join(tmpdir(), 'firebreak-prepared-'));
after(() => fs.rmSync(work, { recursive: true, force: true }));
const uid = fs.statSync(work).uid;
let made = 0;

const placesHere = (): readonly JournalPlace[] =>
  placesFor({ env: { FIREBREAK_STATE: join(work, `case-${++made}`) }, uid, home: '/' });

function note(seq: number, text = `note ${seq}`): RunEvent {
  return { v: 1, seq, at: '2026-11-23T16:55:04.000Z', mono: seq, run: 'r1', host: 'lab', type: 'note', text };
}

const full = (): never => {
  throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
};
/**
 * A disk on which not one inode and not one block is free: nothing is made, no file grows. That a rename and writing
 * over what is there need neither is the file system's part; test/lab/full-disk.lab.ts proves it on ext4 and tmpfs.
 */
const FULL: Disk = {
  ...fs,
  mkdirSync: full as Disk['mkdirSync'],
  openSync: ((path: string, flags: number, mode?: number) =>
    (Number(flags) & fs.constants.O_CREAT) !== 0 ? full() : fs.openSync(path, flags, mode)) as Disk['openSync'],
  writeSync: ((fd: number, bytes: Uint8Array, from: number, length: number, at: number | null) =>
    at === null || at + length > fs.fstatSync(fd).size
      ? full()
      : fs.writeSync(fd, bytes, from, length, at)) as Disk['writeSync'],
  statfsSync: ((path: string) => ({ ...fs.statfsSync(path), bavail: 0, ffree: 0 })) as Disk['statfsSync'],
};

function prepared(): readonly JournalPlace[] {
  const places = placesHere();
  const result = prepareJournal({ places, uid });
  assert.ok(result.ok && result.made);
  return places;
}

async function open(places: readonly JournalPlace[], disk?: Disk, run = 'r1'): Promise<LocalJournal> {
  const opened = await openJournal({ places, uid, run, ...(disk && { disk }) });
  assert.ok(opened.ok, opened.ok ? '' : opened.message);
  return opened.journal;
}

const KEPT = Buffer.from('MAILTO=root\n* * * * * true\n').toString('base64');

test('to prepare twice makes it once, and to remove it leaves nothing', () => {
  const places = prepared();
  assert.deepEqual(prepareJournal({ places, uid }), { ok: true, prepared: preparedIn(places, uid), made: false });
  assert.deepEqual(removePrepared({ places, uid }), { ok: true, removed: true });
  assert.deepEqual(removePrepared({ places, uid }), { ok: true, removed: false });
  const [home] = places;
  assert.deepEqual(fs.readdirSync(home?.path ?? ''), []);
});

test('what was prepared is really taken from the disk, not only promised', () => {
  const { folder } = preparedIn(prepared(), uid) ?? assert.fail('nothing is prepared');
  const { blocks, size } = fs.statSync(join(folder, 'journal.ndjson'));
  assert.equal(size, JOURNAL_BYTES);
  assert.ok(blocks * 512 >= JOURNAL_BYTES);
});

test('without an inode and without a block a run is journaled with its records in what was prepared', async () => {
  const places = prepared();
  const journal = await open(places, FULL);
  for (let seq = 1; seq <= 50; seq += 1) await journal.append(note(seq), { light: false });
  const record = await journal.keep(KEPT);
  assert.equal(await journal.keep(KEPT), record);
  await journal.close();
  assert.deepEqual([journal.place.ready, await journal.recall(record)], [true, KEPT]);
  const [found, ...others] = findRuns({ places, uid }).runs;
  assert.deepEqual([found?.id, others], ['r1', []]);
  const read = readJournal(found?.folder ?? '');
  assert.deepEqual(read.ok && [read.events.length, read.torn, read.size, read.head], [
    50,
    null,
    found?.size,
    journal.head,
  ]);
});

test('without anything prepared a full disk takes no run', async () => {
  const opened = await openJournal({ places: placesHere(), uid, run: 'r1', disk: FULL });
  assert.deepEqual(!opened.ok && opened.code, 'no-journal');
});

test('home goes first while it has room: what was prepared is kept for worse times', async () => {
  const places = prepared();
  const journal = await open(places);
  await journal.close();
  assert.equal(journal.place.home, true);
  assert.notEqual(preparedIn(places, uid), null);
});

test('a run moves home from it without the bytes nobody wrote, and is prepared for anew', async () => {
  const places = prepared();
  let isFull = true;
  const disk = new Proxy(FULL, { get: (target, name: keyof Disk) => (isFull ? target : fs)[name] });
  const journal = await open(places, disk);
  await journal.append(note(1), { light: false });
  const record = await journal.keep(KEPT);
  isFull = false;
  assert.deepEqual(journal.settle().ok, true);
  await journal.append(note(2), { light: false });
  await journal.close();
  const read = readJournal(journal.folder);
  assert.deepEqual(read.ok && read.events, [note(1), note(2)]);
  assert.equal(fs.statSync(join(journal.folder, 'journal.ndjson')).size, read.ok && read.size);
  assert.deepEqual(fs.readdirSync(join(journal.folder, 'records')), [record]);
  assert.deepEqual([journal.place.home, await journal.recall(record)], [true, KEPT]);
  assert.notEqual(preparedIn(places, uid), null);
  assert.deepEqual(
    findRuns({ places, uid }).runs.map(({ folder }) => folder),
    [journal.folder],
  );
});

for (const torn of ['', '{"hash":"12', `{"hash":"${'1'.repeat(400)}`]) {
  test(`a run that died in it after ${torn.length} bytes of a line is gone on with, on the disk that is still full`, async () => {
    const places = prepared();
    const journal = await open(places, FULL);
    await journal.append(note(1), { light: false });
    const path = join(journal.folder, 'journal.ndjson');
    const before = readJournal(journal.folder);
    const fd = fs.openSync(path, 'r+');
    fs.writeSync(fd, Buffer.from(torn), 0, torn.length, before.ok ? before.size : 0);
    fs.closeSync(fd);
    const [found] = findRuns({ places, uid }).runs;
    assert.ok(found);
    const reopened = await reopenJournal({ found, places, uid, disk: FULL });
    assert.ok(reopened.ok);
    await reopened.journal.append(note(2, 'x'), { light: false });
    await reopened.journal.keep(KEPT);
    await reopened.journal.close();
    const read = readJournal(found.folder);
    assert.deepEqual(read.ok && [read.events, read.torn], [[note(1), note(2, 'x')], null]);
    assert.equal(fs.statSync(path).size, JOURNAL_BYTES);
  });
}

test('a record that no blank is large enough for needs the disk, and says so where it is full', async () => {
  const journal = await open(prepared(), FULL);
  await assert.rejects(journal.keep(Buffer.alloc(100_000, 'x').toString('base64')), /cannot be kept .* ENOSPC/);
  await journal.append(note(1), { light: false });
  await journal.close();
});

test('records of all blanks are kept apart; the one after them needs the disk', async () => {
  const journal = await open(prepared(), FULL);
  const names = new Set<string>();
  for (let each = 0; each < 32; each += 1)
    names.add(await journal.keep(Buffer.from(`record ${each}`).toString('base64')));
  assert.equal(names.size, 32);
  await assert.rejects(journal.keep(Buffer.from('one more').toString('base64')), /ENOSPC/);
  for (const name of names) assert.match(Buffer.from(await journal.recall(name), 'base64').toString(), /^record \d+$/);
  await journal.close();
});

test('a host without room to spare, and a file system that never writes over a block, are not prepared', () => {
  const places = placesHere();
  const poor = { ...fs, statfsSync: FULL.statfsSync } as Disk;
  const btrfs = {
    ...fs,
    statfsSync: ((path: string) => ({ ...fs.statfsSync(path), type: 0x9123683e })) as Disk['statfsSync'],
  };
  const codes = [poor, btrfs].map((disk) => {
    const result = prepareJournal({ places, uid, disk });
    return !result.ok && result.code;
  });
  assert.deepEqual(codes, ['ENOSPC', 'copy-on-write']);
});

import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { type LocalJournal, openJournal } from '../../src/journal/append.ts';
import type { Disk } from '../../src/journal/disk.ts';
import type { JournalPlace } from '../../src/journal/places.ts';
import { readJournal } from '../../src/journal/read.ts';
import type { RunEvent } from '../../src/model/event.ts';
import { JournalError } from '../../src/model/ports.ts';

const folder = fs.mkdtempSync(join(tmpdir(), 'firebreak-append-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));
const real: Disk = fs;
const uid = fs.statSync(folder).uid;
let made = 0;

/** Home and two fallbacks, new for every test. */
function newPlaces(): readonly [JournalPlace, JournalPlace, JournalPlace] {
  const at = join(folder, `case-${++made}`);
  return [
    { path: join(at, 'home', 'firebreak'), home: true },
    { path: join(at, 'run', 'firebreak'), home: false },
    { path: join(at, 'shm', 'firebreak'), home: false },
  ];
}

function note(seq: number, text = `note ${seq}`): RunEvent {
  return { v: 1, seq, at: '2026-11-23T16:55:04.000Z', mono: seq, run: 'r1', host: 'lab', type: 'note', text };
}

function failing(code: string): never {
  throw Object.assign(new Error(`${code}: as the test wants`), { code });
}

/** A disk that is the real one but for `calls`. */
function diskWith(calls: Partial<Disk>): Disk {
  return { ...real, ...calls };
}

/** No inode on the file system below `path`. */
function withoutInodes(paths: readonly string[]): Disk {
  const full = (path: unknown): boolean => paths.some((place) => String(path).startsWith(`${place}/`));
  return diskWith({
    mkdirSync: ((path: string, options: fs.MakeDirectoryOptions) =>
      full(path) ? failing('ENOSPC') : fs.mkdirSync(path, options)) as Disk['mkdirSync'],
  });
}

async function open(places: readonly JournalPlace[], disk?: Disk, run = 'r1'): Promise<LocalJournal> {
  const opened = await openJournal({ places, uid, run, ...(disk && { disk }) });
  assert.ok(opened.ok, opened.ok ? '' : opened.message);
  return opened.journal;
}

function eventsIn(path: string): readonly RunEvent[] {
  const read = readJournal(path);
  assert.ok(read.ok, read.ok ? '' : read.message);
  return read.events;
}

function modeOf(path: string): string {
  return (fs.statSync(path).mode & 0o777).toString(8);
}

test('a journal is one folder, 0700, with a 0600 file that reads back as it was written', async () => {
  const [home, ...others] = newPlaces();
  const journal = await open([home, ...others]);
  await journal.append(note(1), { light: false });
  await journal.append(note(2, 'ü\n\u001b[31m'), { light: true });
  await journal.close();
  assert.equal(journal.folder, join(home.path, 'runs', 'r1'));
  assert.deepEqual([home.path, journal.folder, join(journal.folder, 'records')].map(modeOf), ['700', '700', '700']);
  assert.equal(modeOf(join(journal.folder, 'journal.ndjson')), '600');
  assert.deepEqual(eventsIn(journal.folder), [note(1), note(2, 'ü\n\u001b[31m')]);
});

test('an event is synced before append resolves, unless it is light', async () => {
  let syncs = 0;
  const disk = diskWith({
    fdatasyncSync: (fd) => {
      syncs += 1;
      fs.fdatasyncSync(fd);
    },
  });
  const journal = await open(newPlaces(), disk);
  await journal.append(note(1), { light: true });
  assert.equal(syncs, 0);
  await journal.append(note(2), { light: false });
  assert.equal(syncs, 1);
  await journal.close();
});

test('a disk that takes three bytes at a time still gets whole lines', async () => {
  const disk = diskWith({
    writeSync: ((fd: number, bytes: Uint8Array, from: number, length: number) =>
      fs.writeSync(fd, bytes, from, Math.min(3, length))) as Disk['writeSync'],
  });
  const journal = await open(newPlaces(), disk);
  await journal.append(note(1), { light: false });
  await journal.append(note(2), { light: false });
  await journal.close();
  assert.deepEqual(eventsIn(journal.folder), [note(1), note(2)]);
});

for (const call of ['writeSync', 'fdatasyncSync'] as const) {
  test(`after ${call} failed once every later append fails too, and what was written before is still read`, async () => {
    let failures = 0;
    const disk = diskWith({});
    const journal = await open(newPlaces(), disk);
    await journal.append(note(1), { light: false });
    Object.assign(disk, {
      [call]: () => {
        failures += 1;
        return failing('EIO');
      },
    });
    await assert.rejects(journal.append(note(2), { light: false }), JournalError);
    Object.assign(disk, { [call]: real[call] });
    await assert.rejects(journal.append(note(3), { light: false }), /cannot be written: EIO: input\/output error/);
    await assert.rejects(journal.append(note(4), { light: true }), JournalError);
    await assert.rejects(journal.keep(''), JournalError);
    assert.equal(failures, 1);
    await journal.close();
    assert.deepEqual(eventsIn(journal.folder)[0], note(1));
  });
}

test('a line that was cut short by a full disk is a torn tail, not damage', async () => {
  const disk = diskWith({});
  const journal = await open(newPlaces(), disk);
  await journal.append(note(1), { light: false });
  let left = 20;
  Object.assign(disk, {
    writeSync: (fd: number, bytes: Uint8Array, from: number, length: number) => {
      if (left === 0) return failing('ENOSPC');
      const taken = fs.writeSync(fd, bytes, from, Math.min(left, length));
      left -= taken;
      return taken;
    },
  });
  await assert.rejects(journal.append(note(2), { light: false }), /ENOSPC: no inode or no block is free/);
  await journal.close();
  const read = readJournal(journal.folder);
  assert.deepEqual(read.ok && [read.events, read.torn], [[note(1)], { line: 3, bytes: 20 }]);
});

test('without an inode at home the next place is taken, and no half run stays at home', async () => {
  const [home, next, last] = newPlaces();
  const journal = await open([home, next, last], withoutInodes([home.path]));
  await journal.close();
  assert.deepEqual(journal.place, next);
  assert.deepEqual(fs.existsSync(join(home.path, 'runs')), false);
});

test('without a free block at home the next place is taken, and no half run stays at home', async () => {
  const [home, next, last] = newPlaces();
  const disk = diskWith({
    writeSync: ((fd: number, bytes: Uint8Array, from: number, length: number) =>
      fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith(home.path)
        ? failing('ENOSPC')
        : fs.writeSync(fd, bytes, from, length)) as Disk['writeSync'],
  });
  const journal = await open([home, next, last], disk);
  await journal.close();
  assert.deepEqual(journal.place, next);
  assert.deepEqual(fs.readdirSync(join(home.path, 'runs')), []);
});

test('a place with hardly any room is taken only when no other has more', async () => {
  const [home, next, last] = newPlaces();
  for (const { path } of [home, next, last]) fs.mkdirSync(dirname(path), { recursive: true });
  const scarce = (paths: readonly string[]): Disk =>
    diskWith({
      statfsSync: ((path: string) => ({
        ...fs.statfsSync(path),
        files: 1000,
        ffree: paths.some((place) => path.startsWith(dirname(place))) ? 3 : 900,
      })) as Disk['statfsSync'],
    });
  const journal = await open([home, next, last], scarce([home.path, next.path]));
  assert.deepEqual(journal.place, last);
  await journal.close();
  const second = await open([home, next, last], scarce([home.path, next.path, last.path]), 'r2');
  assert.deepEqual(second.place, home);
  await second.close();
});

test('where no place can take a journal the failure names every place and why', async () => {
  const places = newPlaces();
  const opened = await openJournal({ places, uid, run: 'r1', disk: withoutInodes(places.map(({ path }) => path)) });
  const tried = places.map(({ path }) => `${path} (ENOSPC: no inode or no block is free)`).join(', ');
  assert.deepEqual(opened, {
    ok: false,
    code: 'no-journal',
    message: `the journal cannot be written: tried ${tried}; nothing was touched`,
  });
});

test('a place that is a link, or somebody else’s, is not used', async () => {
  const [home, next, last] = newPlaces();
  fs.mkdirSync(join(folder, `elsewhere-${made}`), { recursive: true });
  fs.mkdirSync(join(home.path, '..'), { recursive: true });
  fs.symlinkSync(join(folder, `elsewhere-${made}`), home.path);
  fs.mkdirSync(next.path, { recursive: true });
  const opened = await openJournal({ places: [home, next], uid: uid + 1, run: 'r1' });
  assert.equal(
    opened.ok ? '' : opened.message,
    `the journal cannot be written: tried ${home.path} (${home.path} is a symbolic link), ${next.path} (${next.path} belongs to uid ${uid}); nothing was touched`,
  );
  const journal = await open([home, last]);
  assert.deepEqual(journal.place, last);
  await journal.close();
  assert.deepEqual(fs.readdirSync(join(folder, `elsewhere-${made}`)), []);
});

test('records are named by what they hold, 0600, and a damaged one is not handed out', async () => {
  const journal = await open(newPlaces());
  const bytes = Buffer.from([0, 255, 10]).toString('base64');
  const name = await journal.keep(bytes);
  assert.equal(await journal.keep(bytes), name);
  assert.deepEqual(fs.readdirSync(join(journal.folder, 'records')), [name]);
  assert.equal(await journal.recall(name), bytes);
  const path = join(journal.folder, 'records', name);
  assert.equal(modeOf(path), '600');
  fs.writeFileSync(path, 'other');
  await assert.rejects(journal.recall(name), /is damaged/);
  assert.equal(await journal.keep(bytes), name);
  assert.equal(await journal.recall(name), bytes);
  await assert.rejects(journal.recall('../journal.ndjson'), /not the name of a record/);
  await journal.close();
});

test('a record that cannot be kept is refused, and the journal goes on', async () => {
  const disk = diskWith({});
  const journal = await open(newPlaces(), disk);
  Object.assign(disk, { openSync: () => failing('ENOSPC') });
  await assert.rejects(journal.keep(Buffer.from('before').toString('base64')), /what undo needs cannot be kept/);
  await journal.append(note(1), { light: false });
  await journal.close();
  assert.deepEqual(eventsIn(journal.folder), [note(1)]);
});

test('in the middle of a run the journal moves home once there is room, and goes on there', async () => {
  const [home, next, last] = newPlaces();
  const disk = withoutInodes([home.path]);
  const journal = await open([home, next, last], disk);
  await journal.append(note(1), { light: false });
  const name = await journal.keep('YmVmb3Jl');
  assert.deepEqual(journal.settle(), {
    ok: false,
    code: 'ENOSPC',
    message: `the journal stays in ${journal.folder}: ENOSPC: as the test wants`,
  });
  await journal.append(note(2), { light: false });
  Object.assign(disk, { mkdirSync: fs.mkdirSync });
  assert.deepEqual(journal.settle(), { ok: true, moved: true, folder: join(home.path, 'runs', 'r1') });
  await journal.append(note(3), { light: false });
  await journal.close();
  assert.deepEqual(journal.place, home);
  assert.deepEqual(eventsIn(join(home.path, 'runs', 'r1')), [note(1), note(2), note(3)]);
  assert.equal(await journal.recall(name), 'YmVmb3Jl');
  assert.deepEqual(fs.readdirSync(join(next.path, 'runs')), []);
  assert.deepEqual(journal.settle(), { ok: true, moved: false, folder: join(home.path, 'runs', 'r1') });
});

test('a move that fails at any call leaves the run whole where it was', async () => {
  for (const call of ['openSync', 'writeSync', 'fsyncSync', 'renameSync'] as const) {
    for (let nth = 1; nth <= 6; nth += 1) {
      const [home, next] = newPlaces();
      const disk = withoutInodes([home.path]);
      const journal = await open([home, next], disk);
      await journal.append(note(1), { light: false });
      let calls = 0;
      Object.assign(disk, {
        mkdirSync: fs.mkdirSync,
        [call]: (...args: readonly unknown[]) => {
          calls += 1;
          return calls === nth ? failing('EIO') : Reflect.apply(real[call], real, args);
        },
      });
      const settled = journal.settle();
      Object.assign(disk, { [call]: real[call] });
      await journal.append(note(2), { light: false });
      await journal.close();
      assert.deepEqual(eventsIn(journal.folder), [note(1), note(2)], `${call} ${nth}`);
      const elsewhere = settled.ok ? next : home;
      assert.deepEqual(fs.readdirSync(join(elsewhere.path, 'runs')), [], `${call} ${nth}`);
    }
  }
});

test('the journal moves home at the end of a step, and looking for room takes none', async () => {
  const [home, next] = newPlaces();
  let free = 3;
  const disk = diskWith({
    statfsSync: ((path: string) => ({
      ...fs.statfsSync(path),
      files: 1000,
      ffree: home.path.startsWith(path) || path.startsWith(home.path) ? free : 900,
    })) as Disk['statfsSync'],
  });
  fs.mkdirSync(join(next.path, '..'), { recursive: true });
  const journal = await open([home, next], disk);
  const finished = (seq: number): RunEvent =>
    ({ ...note(seq), type: 'step.finished', step: 's', outcome: 'done', reason: null }) as RunEvent;
  await journal.append(finished(1), { light: false });
  assert.deepEqual([journal.place, fs.existsSync(home.path)], [next, false]);
  free = 900;
  await journal.append(note(2), { light: false });
  assert.deepEqual(journal.place, next);
  await journal.append(finished(3), { light: false });
  assert.deepEqual(journal.place, home);
  await journal.append(note(4), { light: false });
  await journal.close();
  assert.deepEqual(
    eventsIn(join(home.path, 'runs', 'r1')).map(({ seq }) => seq),
    [1, 2, 3, 4],
  );
});

test('a finished run moves home too', async () => {
  const [home, next] = newPlaces();
  const disk = withoutInodes([home.path]);
  const journal = await open([home, next], disk);
  await journal.append(note(1), { light: false });
  await journal.close();
  Object.assign(disk, { mkdirSync: fs.mkdirSync });
  assert.deepEqual(journal.settle(), { ok: true, moved: true, folder: join(home.path, 'runs', 'r1') });
  assert.deepEqual(eventsIn(join(home.path, 'runs', 'r1')), [note(1)]);
});

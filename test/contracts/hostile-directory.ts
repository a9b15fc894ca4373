import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import type { FileHandle, Files } from '../../src/model/host.ts';
import { bytePath, localUnderTest, temporaryFolder } from '../support/folder.ts';

const OPTIONS = {
  batch: 1000,
  limit: Number.POSITIVE_INFINITY,
  signal: new AbortController().signal,
  progress: () => {},
};

async function handleOf(files: Files, folder: string, name?: string): Promise<FileHandle> {
  const list = await files.list({ in: folder, type: ['file'], ...(name !== undefined && { name }) }, { sample: 0 });
  assert.ok(list.ok, JSON.stringify(list));
  return list.handle;
}

async function deleteIn(files: Files, folder: string, name?: string) {
  const result = await files.delete(await handleOf(files, folder, name), OPTIONS);
  assert.ok(result.ok, JSON.stringify(result));
  return result;
}

const AWKWARD = [
  '-rf',
  '--',
  '*',
  ' ',
  '~',
  '$(reboot)',
  'a\nb',
  '\x1b[31mred',
  '\xff\xfe',
  'Ã©',
  '..x',
  "'",
  '"',
  '\\',
  '\t',
  '\x7f',
  'z'.repeat(255),
  '\x80'.repeat(255),
];

/**
 * What a directory can do to whoever deletes in it, on a machine whose files can also be made from here, and told apart
 * by when they came to so many milliseconds.
 */
export function hostileDirectoryContract(
  adapter: string,
  filesFor: (test: TestContext) => Files,
  { tick = 30, runs = 40 } = {},
): void {
  describe(`a hostile directory, to ${adapter}`, () => {
    it('has awkward names listed byte by byte and deleted when they are selected', async (test) => {
      const files = filesFor(test);
      const folder = temporaryFolder(test);
      for (const name of AWKWARD) writeFileSync(bytePath(folder, name), 'x');
      const list = await files.list({ in: folder }, { sample: 100 });
      assert.ok(list.ok);
      assert.deepEqual(list.sample.map(({ name }) => name).toSorted(), AWKWARD.toSorted());
      assert.equal((await deleteIn(files, folder)).deleted, AWKWARD.length);
      assert.deepEqual(readdirSync(folder), []);
    });

    it('keeps the awkward names that are not selected', async (test) => {
      const files = filesFor(test);
      const folder = temporaryFolder(test);
      for (const name of [...AWKWARD, 'AB12']) writeFileSync(bytePath(folder, name), 'x');
      assert.equal((await deleteIn(files, folder, '^[0-9A-Z]+$')).deleted, 1);
      assert.deepEqual(readdirSync(folder, 'latin1').toSorted(), AWKWARD.toSorted());
    });

    it('gives back every name that a file can have, and loses it when it is deleted (property)', async (test) => {
      const files = filesFor(test);
      const folder = temporaryFolder(test);
      const byte = fc.integer({ min: 1, max: 255 }).filter((code) => code !== 47);
      const name = fc
        .array(byte, { minLength: 1, maxLength: 255 })
        .map((codes) => String.fromCharCode(...codes))
        .filter((text) => text !== '.' && text !== '..');
      await fc.assert(
        fc.asyncProperty(fc.uniqueArray(name, { minLength: 1, maxLength: 5 }), async (names) => {
          for (const one of names) writeFileSync(bytePath(folder, one), 'x');
          const list = await files.list({ in: folder }, { sample: 10 });
          assert.ok(list.ok);
          assert.deepEqual(list.sample.map((record) => record.name).toSorted(), names.toSorted());
          await files.delete(list.handle, OPTIONS);
          assert.deepEqual(readdirSync(folder), []);
        }),
        { numRuns: runs },
      );
    });

    it('keeps its links, folders and FIFOs, and what the links point to', async (test) => {
      const files = filesFor(test);
      const root = temporaryFolder(test);
      const folder = join(root, 'spool');
      mkdirSync(join(folder, 'DIR'), { recursive: true });
      writeFileSync(join(folder, 'DIR', 'inner'), 'x');
      mkdirSync(join(root, 'outside'));
      writeFileSync(join(root, 'outside', 'precious'), 'x');
      symlinkSync(join(root, 'outside', 'precious'), join(folder, 'LINK'));
      symlinkSync(join(root, 'outside'), join(folder, 'DIRLINK'));
      writeFileSync(join(folder, 'FILE'), 'x');
      const result = await deleteIn(files, folder);
      assert.deepEqual(
        result.skipped.toSorted((a, b) => a.name.localeCompare(b.name)),
        [
          { name: 'DIR', reason: 'a directory' },
          { name: 'DIRLINK', reason: 'a symbolic link' },
          { name: 'LINK', reason: 'a symbolic link' },
        ],
      );
      assert.deepEqual(readdirSync(folder).toSorted(), ['DIR', 'DIRLINK', 'LINK']);
      assert.ok(existsSync(join(root, 'outside', 'precious')) && existsSync(join(folder, 'DIR', 'inner')));
    });

    it('loses one name of a hard link only', async (test) => {
      const files = filesFor(test);
      const root = temporaryFolder(test);
      mkdirSync(join(root, 'spool'));
      writeFileSync(join(root, 'precious'), 'content');
      linkSync(join(root, 'precious'), join(root, 'spool', 'A'));
      await deleteIn(files, join(root, 'spool'));
      assert.equal(readFileSync(join(root, 'precious'), 'utf8'), 'content');
    });

    it('is refused where its path is a symbolic link, with and without a slash behind it', async (test) => {
      const files = filesFor(test);
      const root = temporaryFolder(test);
      mkdirSync(join(root, 'real'));
      writeFileSync(join(root, 'real', 'precious'), 'x');
      symlinkSync('real', join(root, 'spool'));
      for (const path of [join(root, 'spool'), `${join(root, 'spool')}/`, `${join(root, 'spool')}///`]) {
        const list = await files.list({ in: path }, { sample: 0 });
        assert.equal(list.ok ? 'listed' : list.code, 'ENOTDIR', path);
      }
    });

    it('is refused where a link was swapped in for it between the look and the delete', async (test) => {
      const files = filesFor(test);
      const root = temporaryFolder(test);
      const folder = join(root, 'spool');
      mkdirSync(folder);
      mkdirSync(join(root, 'victim'));
      writeFileSync(join(root, 'victim', 'precious'), 'x');
      writeFileSync(join(folder, 'file'), 'x');
      const handle = await handleOf(files, folder);
      renameSync(folder, join(root, 'moved'));
      symlinkSync('victim', folder);
      const result = await files.delete(handle, OPTIONS);
      assert.equal(result.ok ? 'deleted' : result.code, 'ENOTDIR');
      assert.deepEqual([readdirSync(join(root, 'victim')), readdirSync(join(root, 'moved'))], [['precious'], ['file']]);
    });

    it('stays the only one that is emptied while a link is swapped in for it a thousand times', {
      timeout: 180_000,
    }, async (test) => {
      const files = filesFor(test);
      const root = temporaryFolder(test);
      const [folder, moved, victim] = [join(root, 'spool'), join(root, 'moved'), join(root, 'victim')];
      mkdirSync(folder);
      mkdirSync(victim);
      const names = Array.from({ length: 1000 }, (_, at) => `N${at}`);
      for (const name of names) for (const each of [folder, victim]) writeFileSync(join(each, name), '');
      const handle = await handleOf(files, folder);
      const swapper = spawn(process.execPath, ['-e', SWAPPER, folder, moved, victim], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(swapper.stdout, 'data');
      const outcomes = new Set<string>();
      // One file at a time, so that many opens and unlinks meet many swaps.
      while (swapper.exitCode === null) {
        const result = await files.delete(handle, { ...OPTIONS, batch: 1, limit: 1 });
        outcomes.add(result.ok ? result.ended : result.code);
        await new Promise((next) => setImmediate(next));
      }
      const last = await files.delete(handle, OPTIONS);
      assert.equal(last.ok ? last.ended : last.code, 'clean');
      assert.deepEqual(
        [readdirSync(folder), readdirSync(victim).length],
        [[], names.length],
        'nothing of the victim is gone',
      );
      const known = ['limit', 'clean', 'ENOTDIR', 'ENOENT'];
      assert.deepEqual(
        [...outcomes].filter((each) => !known.includes(each)),
        [],
      );
    });

    it('keeps an entry that became a directory or a link between two looks', async (test) => {
      const files = filesFor(test);
      const on = localUnderTest(test);
      for (const name of ['A', 'B', 'C']) on.make(name);
      const handle = await handleOf(files, on.folder);
      unlinkSync(join(on.folder, 'A'));
      mkdirSync(join(on.folder, 'A'));
      unlinkSync(join(on.folder, 'B'));
      symlinkSync('/etc/passwd', join(on.folder, 'B'));
      const result = await files.delete(handle, OPTIONS);
      assert.ok(result.ok);
      assert.deepEqual([result.deleted, on.names().toSorted()], [1, ['A', 'B']]);
    });

    it('that refills as fast as it is emptied ends the delete within bounded time, and says so', {
      timeout: 120_000,
    }, async (test) => {
      const files = filesFor(test);
      const on = localUnderTest(test);
      for (let n = 0; n < 100; n += 1) on.make(`old${n}`);
      const handle = await handleOf(files, on.folder);
      const storm = [0, 1].map((lane) =>
        spawn(process.execPath, ['-e', STORM, on.folder, String(lane)], { stdio: ['ignore', 'pipe', 'inherit'] }),
      );
      await Promise.all(storm.map((child) => once(child.stdout, 'data')));
      let result = await files.delete(handle, OPTIONS);
      // On a busy machine the storm may not have run meanwhile; a stat with whole seconds sees no arrival in the first
      // second.
      const unseen = () => result.ok && (result.ended === 'clean' || result.arrived === 0);
      for (let more = 0; more < 200 && unseen(); more += 1) {
        await new Promise((next) => setTimeout(next, 50));
        result = await files.delete(handle, OPTIONS);
      }
      for (const child of storm) child.kill('SIGKILL');
      await Promise.all(storm.map((child) => once(child, 'close')));
      assert.ok(result.ok);
      assert.equal(result.ended, 'refilling', JSON.stringify(result));
      assert.ok(result.arrived > 0);
    });

    it('that gets a few late arrivals is clean after another pass', async (test) => {
      const files = filesFor(test);
      const on = localUnderTest(test);
      for (let n = 0; n < 200; n += 1) on.make(`old${n}`);
      const handle = await handleOf(files, on.folder);
      let told = 0;
      const progress = () => {
        told += 1;
        if (told > 1) return;
        // The kernel stamps a file with its last tick, up to 10 ms ago: made at once, these would seem to have been
        // there before.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, tick);
        for (const name of ['late1', 'late2', 'late3']) on.make(name);
      };
      const result = await files.delete(handle, { ...OPTIONS, batch: 200, progress });
      assert.ok(result.ok);
      assert.deepEqual([result.ended, result.left, on.names()], ['clean', 0, []]);
      assert.deepEqual([result.deleted, result.arrived >= 3], [203, true]);
    });

    it('that we may not write ends the delete at once with the reason, and nothing is gone', async (test) => {
      const files = filesFor(test);
      if (process.getuid?.() === 0) return await readOnlyForRoot(files);
      const on = localUnderTest(test);
      on.make('A');
      const handle = await handleOf(files, on.folder);
      chmodSync(on.folder, 0o500);
      const result = await files.delete(handle, OPTIONS);
      chmodSync(on.folder, 0o700);
      assert.deepEqual([result.ok ? 'deleted' : result.code, on.names()], ['EACCES', ['A']]);
    });

    it('leaves our working directory as it was', async (test) => {
      const files = filesFor(test);
      const on = localUnderTest(test);
      on.make('A');
      const before = process.cwd();
      await deleteIn(files, on.folder);
      assert.equal(process.cwd(), before);
    });
  });
}

/**
 * Root may write everywhere but where the kernel itself refuses: /proc takes no unlink (EPERM), so every file is left
 * and named.
 */
async function readOnlyForRoot(files: Files): Promise<void> {
  const result = await files.delete(
    await handleOf(files, '/proc/self/net', '^(arp|dev)$').catch(() => handleOf(files, '/proc', '^(version|uptime)$')),
    OPTIONS,
  );
  assert.ok(result.ok);
  assert.deepEqual([result.deleted, result.left, result.skipped.length], [0, 2, 2]);
}

/** Exchanges the folder for a link to the victim and back, a thousand times. */
const SWAPPER = `
const fs = require('fs'); const [folder, moved, victim] = process.argv.slice(1); process.stdout.write('ready');
for (let n = 0; n < 1000; n += 1) { fs.renameSync(folder, moved); fs.symlinkSync(victim, folder); fs.unlinkSync(folder); fs.renameSync(moved, folder); }`;

const STORM = `
const fs = require('fs'); const [folder, lane] = process.argv.slice(1);
for (let n = 0; ; n += 1) { fs.writeFileSync(folder + '/' + lane + '-' + n, ''); if (n === 50) process.stdout.write('ready'); }`;

import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type FileHandle, type Files, failure } from '../../../src/model/host.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { closing, filesOver, noting, ordinaryRemote } from '../../support/hosts/remote-files.ts';
import { shellRemote } from '../../support/hosts/shell-remote.ts';

const OPTIONS = {
  batch: 1000,
  limit: Number.POSITIVE_INFINITY,
  signal: new AbortController().signal,
  progress: () => {},
};

async function handleOf(files: Files, folder: string, selector: object = {}): Promise<FileHandle> {
  const list = await files.list({ in: folder, type: ['file'], ...selector }, { sample: 0 });
  assert.ok(list.ok, JSON.stringify(list));
  return list.handle;
}

function fill(folder: string, count: number, name = (n: number) => `f${n}`): void {
  for (let n = 0; n < count; n += 1) writeFileSync(join(folder, name(n)), 'ab');
}

test('two thousand files are a handful of questions and no session of their own', async (test) => {
  const folder = temporaryFolder(test);
  fill(folder, 2000);
  const { remote, noted } = noting(closing(test, shellRemote()));
  const files = filesOver(remote);
  const result = await files.delete(await handleOf(files, folder), OPTIONS);
  assert.ok(result.ok, JSON.stringify(result));
  assert.deepEqual(
    [result.deleted, result.bytes, result.left, result.ended, readdirSync(folder)],
    [2000, 4000, 0, 'clean', []],
  );
  assert.ok(noted.length <= 8, `${noted.length} questions`);
  assert.equal(noted.filter(({ options }) => options === null).length, 0);
});

test('a directory whose names do not fit into one answer is streamed, counted and emptied', async (test) => {
  const folder = temporaryFolder(test);
  const long = (n: number) => `${'x'.repeat(200)}-${n}`;
  fill(folder, 5000, long);
  mkdirSync(join(folder, 'folder'));
  const { remote, noted } = noting(closing(test, shellRemote()));
  const files = filesOver(remote);
  const list = await files.list({ in: folder, type: ['file'] }, { sample: 7 });
  assert.ok(list.ok, JSON.stringify(list));
  assert.deepEqual([list.count, list.bytes, list.sample.length, list.others], [5000, 10_000, 7, { directory: 1 }]);
  assert.ok(
    noted.some(({ options }) => options === null),
    'through a channel',
  );
  const result = await files.delete(list.handle, OPTIONS);
  assert.ok(result.ok, JSON.stringify(result));
  assert.deepEqual([result.deleted, result.ended, readdirSync(folder)], [5000, 'clean', ['folder']]);
});

test('an abort in the middle of a large listing ends it there', async (test) => {
  const folder = temporaryFolder(test);
  fill(folder, 5000, (n) => `${'x'.repeat(200)}-${n}`);
  const files = filesOver(closing(test, shellRemote()));
  const handle = await handleOf(files, folder);
  const stop = new AbortController();
  const result = await files.delete(handle, {
    ...OPTIONS,
    batch: 100,
    signal: stop.signal,
    progress: () => stop.abort(),
  });
  assert.ok(result.ok, JSON.stringify(result));
  assert.deepEqual(
    [result.deleted, result.left, result.ended, readdirSync(folder).length],
    [100, 4900, 'interrupted', 4900],
  );
});

test('a connection that is lost in the middle says how many are known to be deleted, and nothing more is sent', async (test) => {
  const folder = temporaryFolder(test);
  fill(folder, 300);
  let writes = 0;
  const { remote, noted } = noting(closing(test, shellRemote()), ({ options }) => {
    if (options?.effect !== 'write') return null;
    writes += 1;
    return writes === 3 ? failure('lost', 'the connection to shell was lost') : null;
  });
  const files = filesOver(remote);
  const result = await files.delete(await handleOf(files, folder), { ...OPTIONS, batch: 100 });
  assert.deepEqual(
    result,
    failure(
      'lost',
      'the connection to shell was lost; 200 are known to be deleted, and of up to 100 more nobody knows',
    ),
  );
  assert.equal(noted.at(-1)?.options?.effect, 'write');
});

test('a batch that was never sent has a known outcome', async (test) => {
  const folder = temporaryFolder(test);
  fill(folder, 3);
  const { remote } = noting(closing(test, shellRemote()), ({ options }) =>
    options?.effect === 'write' ? failure('unreachable', 'no route to shell') : null,
  );
  const files = filesOver(remote);
  assert.deepEqual(
    await files.delete(await handleOf(files, folder), OPTIONS),
    failure('unreachable', 'no route to shell'),
  );
});

test('a directory that is exchanged between two batches keeps what is in it', async (test) => {
  const root = temporaryFolder(test);
  const folder = join(root, 'spool');
  mkdirSync(folder);
  fill(folder, 30);
  const files = filesOver(closing(test, shellRemote()));
  const handle = await handleOf(files, folder);
  let told = 0;
  const progress = () => {
    told += 1;
    if (told > 1) return;
    renameSync(folder, join(root, 'moved'));
    mkdirSync(folder);
    fill(folder, 30);
  };
  const result = await files.delete(handle, { ...OPTIONS, batch: 10, progress });
  assert.deepEqual(
    result,
    failure(
      'swapped',
      `${folder} is another directory than the one that was looked at: nothing more is deleted; 10 are known to be deleted`,
    ),
  );
  assert.deepEqual([readdirSync(folder).length, readdirSync(join(root, 'moved')).length], [30, 20]);
});

test('what became newer after it was chosen is left alone', async (test) => {
  const folder = temporaryFolder(test);
  fill(folder, 3);
  const hourAgo = Date.now() / 1000 - 3600;
  for (const name of readdirSync(folder)) utimesSync(join(folder, name), hourAgo, hourAgo);
  const { remote } = noting(closing(test, shellRemote()), ({ options }) => {
    if (options?.effect === 'write') writeFileSync(join(folder, 'f1'), 'written meanwhile');
    return null;
  });
  const files = filesOver(remote);
  const handle = await handleOf(files, folder, { older_than: 60_000 });
  assert.equal(handle.count, 3);
  const result = await files.delete(handle, OPTIONS);
  assert.ok(result.ok, JSON.stringify(result));
  assert.deepEqual([result.deleted, result.bytes, readdirSync(folder)], [2, 4, ['f1']]);
});

test('what became somebody else’s after it was chosen is left alone', {
  skip: process.getuid?.() !== 0,
}, async (test) => {
  const folder = temporaryFolder(test);
  fill(folder, 3);
  const { remote } = noting(closing(test, shellRemote()), ({ options }) => {
    if (options?.effect === 'write') chownSync(join(folder, 'f1'), 65_534, 65_534);
    return null;
  });
  const files = filesOver(remote);
  const result = await files.delete(await handleOf(files, folder, { user: ['root'] }), OPTIONS);
  assert.ok(result.ok, JSON.stringify(result));
  assert.deepEqual([result.deleted, readdirSync(folder)], [2, ['f1']]);
});

test('a file that disappears by itself during a batch is no failure', async (test) => {
  const folder = temporaryFolder(test);
  fill(folder, 30);
  const { remote } = noting(closing(test, shellRemote()), ({ options }) => {
    if (options?.effect === 'write')
      for (const name of ['f1', 'f7', 'f29']) rmSync(join(folder, name), { force: true });
    return null;
  });
  const files = filesOver(remote);
  const result = await files.delete(await handleOf(files, folder), OPTIONS);
  assert.ok(result.ok, JSON.stringify(result));
  assert.deepEqual(
    [result.deleted, result.skipped, result.left, result.ended, readdirSync(folder)],
    [27, [], 0, 'clean', []],
  );
});

test('a folder in which nothing can be unlinked is hopeless at once', async (test) => {
  const folder = temporaryFolder(test);
  fill(folder, 20);
  const { remote, noted } = noting(closing(test, ordinaryRemote()));
  const files = filesOver(remote);
  chmodSync(folder, 0o555);
  try {
    const result = await files.delete(await handleOf(files, folder), { ...OPTIONS, batch: 5 });
    assert.deepEqual(result, failure('EACCES', `${folder}: permission denied`));
    assert.equal(noted.filter(({ options }) => options?.effect === 'write').length, 1);
  } finally {
    chmodSync(folder, 0o700);
  }
});

test('a folder that may not be read, or not be entered, says so', async (test) => {
  const folder = temporaryFolder(test);
  fill(folder, 1);
  const files = filesOver(closing(test, ordinaryRemote()));
  try {
    for (const mode of [0o000, 0o311, 0o644]) {
      chmodSync(folder, mode);
      assert.deepEqual(
        await files.list({ in: folder }, { sample: 0 }),
        failure('EACCES', `${folder}: permission denied`),
        mode.toString(8),
      );
    }
  } finally {
    chmodSync(folder, 0o700);
  }
});

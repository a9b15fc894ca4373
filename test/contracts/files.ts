import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import type { DeleteProgress, FileSelector, Files, FileType } from '../../src/model/host.ts';

/** A files port with an empty folder, and a way to put things there that is not the port's own. Names are latin1. */
export interface FilesUnderTest {
  readonly files: Files;
  readonly folder: string;
  readonly make: (
    name: string,
    entry?: {
      readonly type?: Exclude<FileType, 'socket' | 'device'>;
      readonly bytes?: string | Buffer;
      readonly age?: number;
      readonly mode?: number;
    },
  ) => void;
  readonly names: () => readonly string[];
  /** Another folder in the place of this one. */
  readonly swap: () => void;
}

export const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64');
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const OPTIONS = {
  batch: 10,
  limit: Number.POSITIVE_INFINITY,
  signal: new AbortController().signal,
  progress: () => {},
};

export function filesContract(adapter: string, make: (test: TestContext) => FilesUnderTest): void {
  const listed = async ({ files }: FilesUnderTest, selector: FileSelector, sample = 100) => {
    const list = await files.list(selector, { sample });
    assert.ok(list.ok, JSON.stringify(list));
    return list;
  };

  describe(`files of ${adapter}`, () => {
    it('say how full the file system of a path is', async (test) => {
      const { files, folder } = make(test);
      const usage = await files.usage(folder);
      assert.ok(usage.ok);
      assert.equal(usage.path, folder);
      assert.ok(usage.space.total >= usage.space.free && usage.space.free >= 0);
      assert.ok(usage.inodes.total >= usage.inodes.free);
    });

    it('count what matches, with bytes, and count the rest by type', async (test) => {
      const on = make(test);
      on.make('A1', { bytes: 'four' });
      on.make('B2', { bytes: 'sixsix' });
      on.make('other name');
      on.make('D', { type: 'directory' });
      on.make('L', { type: 'symlink' });
      on.make('F', { type: 'fifo' });
      const list = await listed(on, { in: on.folder, type: ['file'], name: '^[A-Z0-9]+$' });
      assert.deepEqual([list.count, list.bytes, list.handle.count], [2, 10, 2]);
      assert.deepEqual(list.others, { file: 1, directory: 1, symlink: 1, fifo: 1 });
      assert.deepEqual(list.sample.map(({ name, type, size }) => [name, type, size]).toSorted(), [
        ['A1', 'file', 4],
        ['B2', 'file', 6],
      ]);
      assert.deepEqual(
        list.owners.map(({ count }) => count),
        [2],
      );
    });

    it('choose by age', async (test) => {
      const on = make(test);
      on.make('old', { age: 3_600_000 });
      on.make('new', { age: 1000 });
      const names = async (selector: object) =>
        (await listed(on, { in: on.folder, ...selector })).sample.map(({ name }) => name);
      assert.deepEqual(await names({ older_than: 60_000 }), ['old']);
      assert.deepEqual(await names({ newer_than: 60_000 }), ['new']);
    });

    it('choose by owner, by name or id', async (test) => {
      const on = make(test);
      on.make('x');
      const { owners, sample } = await listed(on, { in: on.folder });
      const [owner] = owners;
      const [record] = sample;
      assert.ok(owner && record);
      const count = async (user: string) => (await listed(on, { in: on.folder, user: [user] })).count;
      assert.deepEqual(
        [await count(owner.user), await count(String(record.uid)), await count('nobody-such'), await count('4294967')],
        [1, 1, 0, 0],
      );
    });

    it('give at most the sample that was asked for', async (test) => {
      const on = make(test);
      for (let n = 0; n < 10; n += 1) on.make(`f${n}`);
      const list = await listed(on, { in: on.folder }, 3);
      assert.deepEqual([list.count, list.sample.length], [10, 3]);
    });

    it('say of a folder that is not there, or is none, that it cannot be looked at', async (test) => {
      const on = make(test);
      on.make('file');
      const code = async (path: string) => {
        const list = await on.files.list({ in: path }, { sample: 0 });
        return list.ok ? 'listed' : list.code;
      };
      assert.deepEqual([await code(`${on.folder}/none`), await code(`${on.folder}/file`)], ['ENOENT', 'ENOTDIR']);
    });

    it('delete what matches and nothing else', async (test) => {
      const on = make(test);
      for (let n = 0; n < 25; n += 1) on.make(`M${n}`, { bytes: 'ab' });
      on.make('keep me');
      on.make('MD', { type: 'directory' });
      on.make('ML', { type: 'symlink' });
      on.make('MF', { type: 'fifo' });
      const { handle } = await listed(on, { in: on.folder, type: ['file'], name: '^M' });
      const result = await on.files.delete(handle, OPTIONS);
      assert.ok(result.ok, JSON.stringify(result));
      assert.deepEqual([result.deleted, result.bytes, result.left, result.ended], [25, 50, 0, 'clean']);
      assert.deepEqual(result.skipped.map(({ name }) => name).toSorted(), ['MD', 'MF', 'ML']);
      assert.deepEqual(on.names().toSorted(), ['MD', 'MF', 'ML', 'keep me']);
    });

    it('delete regular files only where no type is named', async (test) => {
      const on = make(test);
      on.make('file');
      on.make('D', { type: 'directory' });
      on.make('L', { type: 'symlink' });
      const { handle } = await listed(on, { in: on.folder });
      await on.files.delete(handle, OPTIONS);
      assert.deepEqual(on.names().toSorted(), ['D', 'L']);
    });

    it('delete links and FIFOs where they are asked for by name', async (test) => {
      const on = make(test);
      on.make('file');
      on.make('F', { type: 'fifo' });
      on.make('L', { type: 'symlink' });
      const { handle } = await listed(on, { in: on.folder, type: ['fifo', 'symlink'] });
      await on.files.delete(handle, OPTIONS);
      assert.deepEqual(on.names(), ['file']);
    });

    it('delete no file before its batch was reserved, so that a crash cannot hide it', async (test) => {
      const on = make(test);
      for (let n = 0; n < 25; n += 1) on.make(`M${n}`);
      const { handle } = await listed(on, { in: on.folder });
      const reserved: (readonly [count: number, left: number])[] = [];
      const reserve = async (count: number): Promise<void> => {
        await new Promise((next) => setImmediate(next));
        reserved.push([count, on.names().length]);
      };
      const result = await on.files.delete(handle, { ...OPTIONS, batch: 10, limit: 24, reserve });
      assert.ok(result.ok);
      assert.deepEqual(
        [result.deleted, reserved],
        [
          24,
          [
            [10, 25],
            [20, 15],
            [24, 5],
          ],
        ],
      );
    });

    it('never delete more than the limit, and say how many are left', async (test) => {
      const on = make(test);
      for (let n = 0; n < 25; n += 1) on.make(`M${n}`);
      const { handle } = await listed(on, { in: on.folder });
      const result = await on.files.delete(handle, { ...OPTIONS, limit: 7 });
      assert.ok(result.ok);
      assert.deepEqual([result.deleted, result.left, result.ended, on.names().length], [7, 18, 'limit', 18]);
    });

    it('end clean where the limit is just enough', async (test) => {
      const on = make(test);
      for (let n = 0; n < 25; n += 1) on.make(`M${n}`);
      const { handle } = await listed(on, { in: on.folder });
      const result = await on.files.delete(handle, { ...OPTIONS, limit: 25 });
      assert.ok(result.ok);
      assert.deepEqual([result.deleted, result.left, result.ended], [25, 0, 'clean']);
    });

    it('tell of the progress, and end at the end of the batch at which they are interrupted', async (test) => {
      const on = make(test);
      for (let n = 0; n < 100; n += 1) on.make(`M${n}`);
      const { handle } = await listed(on, { in: on.folder });
      const stop = new AbortController();
      const told: DeleteProgress[] = [];
      const progress = (each: DeleteProgress) => {
        told.push(each);
        stop.abort();
      };
      const result = await on.files.delete(handle, { ...OPTIONS, signal: stop.signal, progress });
      assert.ok(result.ok);
      assert.deepEqual([result.deleted, result.left, result.ended], [10, 90, 'interrupted']);
      assert.deepEqual(
        told.map(({ done, total }) => [done, total]),
        [[10, 100]],
      );
    });

    it('refuse another directory in the place of the one that was looked at', async (test) => {
      const on = make(test);
      on.make('precious');
      const { handle } = await listed(on, { in: on.folder });
      on.swap();
      on.make('precious');
      const result = await on.files.delete(handle, OPTIONS);
      assert.equal(result.ok ? 'deleted' : result.code, 'swapped');
      assert.deepEqual(on.names(), ['precious']);
    });

    it('read regular files with their hash, and say what they could not read', async (test) => {
      const on = make(test);
      on.make('a', { bytes: 'alpha\n' });
      on.make('big', { bytes: 'x'.repeat(100) });
      on.make('F', { type: 'fifo' });
      const paths = ['a', 'big', 'F', 'none'].map((name) => `${on.folder}/${name}`);
      const contents = await on.files.read(paths, { max: 99 });
      const [first] = contents;
      assert.ok(first?.ok);
      assert.deepEqual(
        [first.path, first.bytes, first.hash, first.size],
        [paths[0], base64('alpha\n'), sha256('alpha\n'), 6],
      );
      assert.deepEqual(
        contents.slice(1).map((each) => (each.ok ? 'read' : each.code)),
        ['EFBIG', 'not-regular', 'ENOENT'],
      );
    });

    it('say what could be written, without writing it', async (test) => {
      const on = make(test);
      on.make('a', { bytes: 'alpha\n' });
      on.make('F', { type: 'fifo' });
      on.make('D', { type: 'directory' });
      const paths = ['a', 'F', 'none', 'D', 'a'].map((name) => `${on.folder}/${name}`);
      const told = await on.files.writable(paths);
      assert.deepEqual(
        told.map((each) => (each.ok ? 'yes' : each.code)),
        ['yes', 'not-regular', 'ENOENT', 'yes', 'yes'],
      );
      const [now] = await on.files.read([`${on.folder}/a`]);
      assert.equal(now?.ok && now.bytes, base64('alpha\n'));
      assert.deepEqual(on.names().toSorted(), ['D', 'F', 'a']);
    });

    it('replace the content of a file that is as it was seen', async (test) => {
      const on = make(test);
      const path = `${on.folder}/a`;
      on.make('a', { bytes: 'before\n' });
      const [seen] = await on.files.read([path]);
      assert.ok(seen?.ok);
      for (const [from, to] of [
        ['before\n', 'longer than before\n'],
        ['longer than before\n', 'short\n'],
        ['short\n', ''],
        ['', 'again\n'],
      ] as const) {
        assert.deepEqual(await on.files.replace(path, { before: sha256(from), bytes: base64(to) }), {
          ok: true,
          hash: sha256(to),
        });
        const [now] = await on.files.read([path]);
        assert.ok(now?.ok);
        assert.deepEqual([now.bytes, now.mode, now.uid, now.gid], [base64(to), seen.mode, seen.uid, seen.gid]);
      }
      assert.deepEqual(on.names(), ['a'], 'nothing is left beside it');
    });

    it('refuse to replace what somebody has changed since', async (test) => {
      const on = make(test);
      const path = `${on.folder}/a`;
      on.make('a', { bytes: 'theirs' });
      const result = await on.files.replace(path, { before: sha256('as I saw it'), bytes: base64('mine') });
      assert.equal(result.ok ? 'replaced' : result.code, 'changed');
      const [now] = await on.files.read([path]);
      assert.equal(now?.ok && now.bytes, base64('theirs'));
    });

    it('refuse to replace what is not there or no regular file', async (test) => {
      const on = make(test);
      on.make('F', { type: 'fifo' });
      const code = async (name: string) => {
        const result = await on.files.replace(`${on.folder}/${name}`, { before: sha256(''), bytes: '' });
        return result.ok ? 'replaced' : result.code;
      };
      assert.deepEqual([await code('F'), await code('none')], ['not-regular', 'ENOENT']);
    });
  });
}

import assert from 'node:assert/strict';
import { closeSync, linkSync, openSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { FilesUnderTest } from './files.ts';

const OPTIONS = {
  batch: 10,
  limit: Number.POSITIVE_INFINITY,
  signal: new AbortController().signal,
  progress: () => {},
};

/** On a real folder, where a file may have two names. `held`: whether the adapter tells who has files open. */
export function freedContract(
  adapter: string,
  { make, held }: { readonly make: (test: TestContext) => FilesUnderTest; readonly held: boolean },
): void {
  describe(`what ${adapter} frees`, () => {
    it('counts the bytes of files that had no other name; a file is freed when all of its names go', async (test) => {
      const on = make(test);
      on.make('alone', { bytes: 'four' });
      on.make('shared', { bytes: 'x'.repeat(100) });
      on.make('twice', { bytes: 'y'.repeat(10) });
      linkSync(join(on.folder, 'shared'), join(on.folder, '..', 'elsewhere'));
      linkSync(join(on.folder, 'twice'), join(on.folder, 'twice2'));
      const list = await on.files.list({ in: on.folder }, { sample: 0 });
      assert.ok(list.ok);
      const result = await on.files.delete(list.handle, OPTIONS);
      assert.ok(result.ok);
      assert.deepEqual([result.deleted, result.bytes, on.names()], [4, 14, []]);
      assert.ok((result.linked ?? 0) >= 1);
    });

    it('is what a file with holes takes up, and not its size', async (test) => {
      const on = make(test);
      on.make('holes', { bytes: 'four' });
      truncateSync(join(on.folder, 'holes'), 2 ** 30);
      const list = await on.files.list({ in: on.folder }, { sample: 0 });
      assert.ok(list.ok);
      const result = await on.files.delete(list.handle, OPTIONS);
      assert.ok(result.ok && result.bytes < 2 ** 20, JSON.stringify(result));
    });

    it('tells, before the act and after it, that space comes later if somebody holds a file open', {
      skip: !held,
    }, async (test) => {
      const on = make(test);
      on.make('log', { bytes: 'x'.repeat(300) });
      on.make('other');
      const fd = openSync(join(on.folder, 'log'), 'r');
      test.after(() => closeSync(fd));
      const list = await on.files.list({ in: on.folder }, { sample: 0, held: true });
      assert.ok(list.ok);
      assert.deepEqual(
        [list.held?.files, list.held?.bytes, list.held?.by.map(({ pid }) => pid)],
        [1, 300, [process.pid]],
      );
      const result = await on.files.delete(list.handle, OPTIONS);
      assert.ok(result.ok);
      assert.deepEqual(
        [result.deleted, result.held?.files, result.held?.bytes, result.held?.by.map(({ pid }) => pid)],
        [2, 1, 300, [process.pid]],
      );
    });
  });
}

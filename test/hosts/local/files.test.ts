import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { filesContract } from '../../contracts/files.ts';
import { freedContract } from '../../contracts/freed.ts';
import { holdsContract } from '../../contracts/holds.ts';
import { localUnderTest } from '../../support/folder.ts';

filesContract('this machine', localUnderTest);
holdsContract('this machine', localUnderTest);
freedContract('this machine', { make: localUnderTest, held: true });

test('a file that takes the name of another one while that is read is not deleted in its place', async (t) => {
  const { files, folder, make, names } = localUnderTest(t);
  const holds = { format: 'plain', text: 'spam', without: [] } as const;
  make('mail', { bytes: 'spam' });
  make('owed', { bytes: 'owed' });
  const list = await files.list({ in: folder, name: 'mail', holds }, { sample: 0 });
  assert.ok(list.ok && list.count === 1, JSON.stringify(list));
  const read = fs.readSync;
  t.mock.method(fs, 'readSync', (...given: Parameters<typeof fs.readSync>) => {
    if (fs.existsSync(join(folder, 'owed'))) fs.renameSync(join(folder, 'owed'), join(folder, 'mail'));
    return read(...given);
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  const { signal } = new AbortController();
  const result = await files.delete(list.handle, { batch: 10, limit: 10, signal, progress: () => {} });
  assert.ok(result.ok, JSON.stringify(result));
  assert.deepEqual(result.skipped, [{ name: 'mail', reason: 'changed meanwhile: another file has its name' }]);
  assert.deepEqual([result.deleted, names(), fs.readFileSync(join(folder, 'mail'), 'utf8')], [0, ['mail'], 'owed']);
});

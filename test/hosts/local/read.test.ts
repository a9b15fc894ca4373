import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { statfsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { localFiles } from '../../../src/hosts/local/files.ts';
import { localMachine } from '../../../src/hosts/local/machine.ts';
import { temporaryFolder } from '../../support/folder.ts';

const files = localFiles({ machine: localMachine() });
const codes = async (...paths: readonly string[]) =>
  (await files.read(paths)).map((each) => (each.ok ? 'read' : each.code));

test('a FIFO, a device, a folder and a link to one of them are refused without waiting for anybody', {
  timeout: 60_000,
}, async (test) => {
  const folder = temporaryFolder(test);
  execFileSync('mkfifo', [join(folder, 'fifo')]);
  symlinkSync('fifo', join(folder, 'link'));
  const expected = ['not-regular', 'not-regular', 'not-regular', 'not-regular'];
  assert.deepEqual(await codes(join(folder, 'fifo'), '/dev/zero', folder, join(folder, 'link')), expected);
});

test('our own link to a regular file is followed', async (test) => {
  const folder = temporaryFolder(test);
  writeFileSync(join(folder, 'file'), 'content');
  symlinkSync('file', join(folder, 'link'));
  assert.deepEqual(await codes(join(folder, 'link')), ['read']);
});

test('a file of /proc, whose size is said to be 0, is read to its end', async () => {
  const [content] = await files.read(['/proc/self/mountinfo']);
  assert.ok(content?.ok && content.size > 0);
});

test('bytes that are no UTF-8 come back as they are', async (test) => {
  const path = join(temporaryFolder(test), 'file');
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
  writeFileSync(path, bytes);
  const [content] = await files.read([path]);
  assert.equal(content?.ok && content.bytes, bytes.toString('base64'));
});

test('a file of exactly the most that is allowed is read, one byte more is not', async (test) => {
  const path = join(temporaryFolder(test), 'file');
  writeFileSync(path, 'x'.repeat(100_000));
  const sizes = await Promise.all([100_000, 99_999].map(async (max) => (await files.read([path], { max }))[0]));
  assert.deepEqual(
    sizes.map((each) => (each?.ok ? each.size : each?.code)),
    [100_000, 'EFBIG'],
  );
});

test('usage is what statfs says, with what an ordinary user may take as free', async (test) => {
  const folder = temporaryFolder(test);
  const usage = await files.usage(folder);
  const { bsize, blocks, files: inodes, type: _ } = statfsSync(folder);
  assert.ok(usage.ok);
  assert.deepEqual([usage.space.total, usage.inodes.total], [blocks * bsize, inodes]);
  assert.equal(execFileSync('stat', ['-c', '%m', folder], { encoding: 'utf8' }).trim(), usage.mount);
});

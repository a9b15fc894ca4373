import assert from 'node:assert/strict';
import {
  chmodSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readTrusted } from '../../src/hosts/trusted.ts';

const uid = process.getuid?.() ?? 0;

/** A folder of ours in the everybody's one, whatever the umask. */
function folderOf(t: TestContext): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'firebreak-trusted-')));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'deep'));
  writeFileSync(join(folder, 'deep/a.yaml'), 'text');
  chmodSync(join(folder, 'deep'), 0o755);
  chmodSync(join(folder, 'deep/a.yaml'), 0o644);
  return folder;
}

/** What is to be typed; the errno where there is nothing to read. */
function fixes(
  path: string,
  reader: { readonly uid: number; readonly root?: number } = { uid },
): readonly string[] | string {
  const read = readTrusted(path, reader);
  return read.ok ? read.suspicions.map(({ fix }) => fix) : read.code;
}

test('a file of the user in a folder of the user is trusted, also below a sticky folder of root', (t) => {
  const file = join(folderOf(t), 'deep/a.yaml');
  assert.deepEqual(readTrusted(file, { uid }), { ok: true, text: 'text', suspicions: [] });
});

test('a file is not trusted if group or others may write to it, to its folder or to any folder above', (t) => {
  const folder = folderOf(t);
  const [deep, file] = [join(folder, 'deep'), join(folder, 'deep/a.yaml')];
  chmodSync(file, 0o664);
  assert.deepEqual(fixes(file), [`chmod go-w ${file}`]);
  chmodSync(deep, 0o775);
  assert.deepEqual(fixes(file), [`chmod go-w ${deep}`, `chmod go-w ${file}`]);
  chmodSync(file, 0o600);
  chmodSync(deep, 0o700);
  chmodSync(folder, 0o707);
  assert.deepEqual(fixes(file), [`chmod go-w ${folder}`]);
  if (uid !== 0) chmodSync(folder, 0o1777);
  // Sticky, but not root's: its owner can put anything there.
  assert.deepEqual(fixes(file), [`chmod go-w ${folder}`]);
});

test('a file of somebody else is not trusted; root trusts only files of root', (t) => {
  const folder = folderOf(t);
  const file = join(folder, 'deep/a.yaml');
  const other = uid + 4711;
  // To another user our files belong to a stranger. Files of root are trusted by everybody.
  const expected = uid === 0 ? [] : [folder, join(folder, 'deep'), file].map((path) => `chown ${other} ${path}`);
  assert.deepEqual(fixes(file, { uid: other }), expected);
  assert.deepEqual(fixes(file, { uid: other, root: other + 1 }).includes(`chown ${other} ${file}`), true);
});

test('a link is followed if the link, its goal and every folder on the way are trusted', (t) => {
  const folder = folderOf(t);
  mkdirSync(join(folder, 'open'));
  chmodSync(join(folder, 'open'), 0o755);
  symlinkSync('../deep/a.yaml', join(folder, 'open/link.yaml'));
  symlinkSync(join(folder, 'open'), join(folder, 'way'));
  assert.deepEqual(fixes(join(folder, 'way/link.yaml')), []);
  chmodSync(join(folder, 'open'), 0o777);
  assert.deepEqual(fixes(join(folder, 'way/link.yaml')), [`chmod go-w ${join(folder, 'open')}`]);
  symlinkSync('round', join(folder, 'round'));
  assert.equal(fixes(join(folder, 'round')), 'ELOOP');
});

test('a link of somebody else is not trusted, whatever it leads to: its owner can lead it elsewhere', (t) => {
  const folder = folderOf(t);
  const link = join(folder, 'link.yaml');
  symlinkSync('deep/a.yaml', link);
  // Read by somebody to whom this user is a stranger.
  const [other, root] = [uid + 4711, uid + 4712];
  assert.equal(fixes(link, { uid: other, root }).includes(`chown -h ${other} ${link}`), true);
  // Where a test may give it away, all the rest is ours.
  if (uid !== 0) return;
  lchownSync(link, other, other);
  assert.deepEqual(fixes(link), [`chown -h 0 ${link}`]);
});

test('what is no regular file is not read, and does not hang', (t) => {
  const folder = folderOf(t);
  assert.deepEqual(
    [fixes(folder), fixes('/dev/zero'), fixes(join(folder, 'none'))],
    ['not-a-file', 'not-a-file', 'ENOENT'],
  );
});

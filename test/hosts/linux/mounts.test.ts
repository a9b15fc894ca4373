import assert from 'node:assert/strict';
import { closeSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Mount, mayHang, mountOf, parseMounts } from '../../../src/hosts/linux/mounts.ts';
import { pin } from '../../../src/hosts/local/pin.ts';
import { temporaryFolder } from '../../support/folder.ts';

const mount = (at: string, type = 'ext4'): Mount => ({ at, type, source: `source of ${at}` });

test('lines of mountinfo are read with and without optional fields, and with escapes', () => {
  const text = [
    '36 35 98:0 /mnt1 / rw,noatime master:1 - ext3 /dev/root rw,errors=continue',
    '37 36 0:5 / /mnt/a\\040b\\134c rw shared:2 propagate_from:3 - nfs4 server:/export rw',
    '38 36 0:6 / /dev rw - tmpfs tmpfs rw',
    '',
  ].join('\n');
  assert.deepEqual(parseMounts(text), [
    { at: '/', type: 'ext3', source: '/dev/root' },
    { at: '/mnt/a b\\c', type: 'nfs4', source: 'server:/export' },
    { at: '/dev', type: 'tmpfs', source: 'tmpfs' },
  ]);
});

test('the mount of a path is the longest, of several at one place the last, and never one whose name only begins alike', () => {
  const mounts = [mount('/'), mount('/var'), mount('/var/spool'), mount('/var', 'xfs')];
  assert.equal(mountOf('/var/log', mounts)?.type, 'xfs');
  assert.equal(mountOf('/var/spool', mounts)?.at, '/var/spool');
  assert.equal(mountOf('/various', mounts)?.at, '/');
});

test('network and FUSE mounts may hang; local disks do not, and neither does the mount that we run from', () => {
  const hanging = ['nfs', 'nfs4', 'cifs', 'smb3', 'ceph', 'fuse', 'fuse.sshfs', 'fuse.glusterfs', 'autofs'];
  assert.deepEqual(
    hanging.filter((type) => !mayHang(mount('/mnt', type))),
    [],
  );
  assert.deepEqual(
    ['ext4', 'xfs', 'btrfs', 'tmpfs', 'overlay', 'fuseblk', '9p', 'virtiofs'].filter((type) =>
      mayHang(mount('/mnt', type)),
    ),
    [],
  );
  assert.equal(mayHang(mount('/', 'nfs4')), false);
});

test('a path below a network mount is refused before anything of it is touched, also behind a link', (test) => {
  const folder = temporaryFolder(test);
  symlinkSync('nowhere/deep', join(folder, 'link'));
  const mounts = [mount('/'), mount(join(folder, 'nowhere'), 'nfs4')];
  // `nowhere` does not exist: a look at it would say ENOENT.
  const code = (path: string) => {
    const found = pin(path, 'follow', { mounts });
    return found.ok ? found.real : found.code;
  };
  assert.deepEqual(
    [code(join(folder, 'nowhere/x')), code(join(folder, 'link')), code(join(folder, 'link/y'))],
    ['may-hang', 'may-hang', 'may-hang'],
  );
});

test('links are resolved as the kernel does it, and a loop ends', (test) => {
  const folder = temporaryFolder(test);
  mkdirSync(join(folder, 'real'));
  writeFileSync(join(folder, 'real', 'file'), '');
  symlinkSync('real', join(folder, 'relative'));
  symlinkSync(join(folder, 'real'), join(folder, 'absolute'));
  symlinkSync('../real/file', join(folder, 'real', 'up'));
  symlinkSync('loop', join(folder, 'loop'));
  const real = (path: string, last: 'follow' | 'keep' = 'follow') => {
    const found = pin(join(folder, path), last);
    if (!found.ok) return found.code;
    closeSync(found.fd);
    return found.real.slice(folder.length + 1);
  };
  assert.deepEqual(
    [
      real('relative/file'),
      real('absolute/file'),
      real('absolute/up'),
      real('real/up', 'keep'),
      real('relative', 'keep'),
      real('loop'),
      real('none'),
    ],
    ['real/file', 'real/file', 'real/file', 'real/up', 'relative', 'ELOOP', 'ENOENT'],
  );
});

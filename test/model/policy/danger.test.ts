import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vitalAt } from '../../../src/hosts/files/vital.ts';
import { VITAL_FOLDERS, vitalFolder } from '../../../src/model/policy/danger.ts';

test('every folder of the table is vital, and what lies below it where the table says so', () => {
  for (const { at, how } of VITAL_FOLDERS) {
    assert.equal(vitalFolder(at), at);
    const below = vitalFolder(at === '/' ? '/x' : `${at}/x`);
    assert.equal(below !== null, how === 'below', at);
    if (at !== '/') assert.equal(vitalFolder(`${at}x`), null, `${at}x`);
  }
});

test('what fills disks and is there to be emptied is not vital', () => {
  for (const folder of [
    '/tmp',
    '/var/tmp',
    '/var/log',
    '/var/cache/apt/archives',
    '/var/spool/postfix/maildrop',
    '/var/lib/apt/lists',
    '/var/lib/systemd/coredump',
    '/var/lib/docker/containers/0a',
    '/var/lib/pgsql/16/data/log',
    '/dev/shm',
    '/usr/local/var/log',
    '/root/dumps',
    '/home/ada',
    '/home/ada/old',
    '/opt/app/log',
    '/run/app',
  ])
    assert.equal(vitalFolder(folder), null, folder);
});

test('of what is spared some is vital after all', () => {
  for (const folder of [
    '/usr/local',
    '/usr/local/bin',
    '/usr/local/lib/x',
    '/dev/shm/firebreak-0',
    '/home/ada/.local/state/firebreak/runs',
  ])
    assert.notEqual(vitalFolder(folder), null, folder);
});

/** / on 8:1, /data on 8:2 and a part of it over /etc; /mnt is all of 8:1 once more. */
const MOUNTS = [
  '1 0 8:1 / / rw - ext4 x rw',
  '2 1 8:2 / /data rw',
  '3 1 8:2 /etc\\040copy /etc rw',
  '4 1 8:1 / /mnt rw',
  '5 1 8:1 /usr/lib /lib-too rw',
];
const at = (real: string, chain: readonly number[] = []) =>
  vitalAt({
    real,
    mounts: MOUNTS,
    known: [{ path: '/usr', device: 1, inode: 7 }],
    chain: chain.map((inode) => ({ device: 1, inode })),
  });

test('a folder is vital by where else the same part of its file system is mounted', () => {
  assert.deepEqual(
    [
      '/data/etc copy',
      '/data/etc copy/ssl',
      '/mnt/usr/bin',
      '/lib-too',
      '/lib-too/x',
      '/data',
      '/data/other',
      '/mnt/srv',
    ].map((real) => at(real)),
    ['/etc', '/etc', '/usr', '/usr', '/usr', null, null, null],
  );
  // Covered by another mount: the system lives on it again after the next boot.
  assert.equal(at('/mnt/etc'), '/etc');
});

test('a folder is vital by device and inode of itself and of each folder above it', () => {
  assert.equal(at('/srv/u', [2, 3, 7]), '/usr');
  assert.equal(at('/srv/u/lib', [2, 3, 7, 9]), '/usr');
  assert.equal(at('/srv/u/local/share', [2, 3, 7, 9, 10]), null);
  assert.equal(at('/srv/u', [2, 3, 8]), null);
});

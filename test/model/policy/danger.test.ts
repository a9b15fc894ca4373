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

test('some folders inside of spared ones are vital', () => {
  for (const folder of [
    '/usr/local',
    '/usr/local/bin',
    '/usr/local/lib/x',
    '/dev/shm/firebreak-0',
    '/home/ada/.local/state/firebreak/runs',
    '/home/ada/.ssh',
    '/srv/git/.gnupg/private-keys-v1.d',
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
  '6 1 0:9 / /usr/share rw shared:1 - overlay overlay rw,lowerdir=/low\\:er::/low\\0402,upperdir=/media/up,workdir=/media/work',
];
const at = (real: string, chain: readonly number[] = [], systems: readonly number[] = []) =>
  vitalAt({
    real,
    mounts: MOUNTS,
    known: [{ path: '/usr', device: 1, inode: 7 }],
    systems,
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

test('a folder is vital as a layer of what is mounted over a vital one', () => {
  assert.deepEqual(
    ['/media/up', '/media/up/x', '/low:er', '/low 2/y', '/media/work', '/mnt/media/up/x', '/media', '/low'].map(
      (real) => at(real),
    ),
    ['/usr', '/usr', '/usr', '/usr', '/usr', '/usr', null, null],
  );
});

test('a folder is vital as a part of another system: a disk that is rescued, a container, a chroot', () => {
  assert.deepEqual(
    [
      at('/media/disk/etc/ssl', [], [2]),
      at('/media/disk/var/lib/dpkg', [], [3]),
      at('/media/disk', [], [0]),
      at('/media/disk/var/log', [], [2]),
      at('/media/disk/etc', [], []),
    ],
    ['/etc', '/var/lib/dpkg', '/', null, null],
  );
});

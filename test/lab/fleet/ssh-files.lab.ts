import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { sshFiles } from '../../../src/hosts/ssh/files.ts';
import type { Remote } from '../../../src/hosts/ssh/remote.ts';
import { type SshHost, sshHost } from '../../../src/hosts/ssh.ts';
import type { Files } from '../../../src/model/host.ts';
import { base64, type FilesUnderTest, filesContract, sha256 } from '../../contracts/files.ts';
import { type Fleet, fleet } from '../../support/fleet/fleet.ts';
import { bytePath } from '../../support/folder.ts';
import { prefixed } from '../../support/hosts/remote-files.ts';

/**
 * The files of a real host, over OpenSSH, as root and through sudo, with GNU's tools and busybox's; and a file system
 * without a block or an inode left.
 */
let lab: Fleet;
let holder: ChildProcess;
const scratch = mkdtempSync('/tmp/firebreak-ssh-files-');
const open: SshHost[] = [];
const lives = new Map<string, SshHost>();

before(async () => {
  lab = await fleet({ hosts: 1 });
  // Only where the host can be reached: this process is not there, but the ssh that it finds is.
  holder = lab.spawn(['sleep', '1000']);
  writeFileSync(join(scratch, 'ssh'), `#!/bin/sh\nexec nsenter -t ${holder.pid} -n -- /usr/bin/ssh "$@"\n`, {
    mode: 0o755,
  });
  await lab.on('host1', 'mkdir /opt/bb && busybox --install -s /opt/bb && chmod 755 /opt/bb');
});
after(async () => {
  await Promise.all(open.map(({ remote }) => remote.close()));
  holder?.kill();
  await lab?.close();
  rmSync(scratch, { recursive: true, force: true });
});

function life(user: string): SshHost {
  const known = lives.get(user);
  if (known) return known;
  const target = {
    name: 'host1',
    address: null,
    port: null,
    user,
    identity: null,
    groups: [],
    labels: {},
    become: user !== 'root',
  };
  const env = { ...process.env, PATH: `${scratch}:${process.env.PATH}` };
  const host = sshHost(target, { config: lab.sshConfig, become: false, password: async () => 'oncall', uid: 0, env });
  lives.set(user, host);
  open.push(host);
  return host;
}

/** Asked only once the host is up: the suites are written down before. */
function later(remote: () => Remote, machine: () => SshHost['host']['machine']): Files {
  const files = () => sshFiles({ remote: remote(), machine: machine() });
  return {
    resolve: async (path) => await files().resolve(path),
    usage: async (path) => await files().usage(path),
    list: async (selector, options) => await files().list(selector, options),
    delete: async (handle, options) => await files().delete(handle, options),
    read: async (paths, options) => await files().read(paths, options),
    writable: async (paths) => await files().writable(paths),
    replace: async (path, change) => await files().replace(path, change),
  };
}

let count = 0;
function underTest(test: TestContext, files: Files): FilesUnderTest {
  count += 1;
  const folder = `/srv/spool${count}`;
  const here = join(lab.rootOf('host1'), folder);
  mkdirSync(here);
  test.after(() => rmSync(here, { recursive: true, force: true }));
  return {
    files,
    folder,
    make: (name, { type = 'file', bytes = 'x', age = 0 } = {}) => {
      const path = bytePath(here, name);
      if (type === 'file') writeFileSync(path, bytes);
      if (type === 'directory') mkdirSync(path);
      if (type === 'symlink') symlinkSync('/etc/passwd', path);
      if (type === 'fifo') execFileSync('mkfifo', ['--', `${here}/${name}`]);
      const modified = (Date.now() - age) / 1000;
      if (type === 'file') utimesSync(path, modified, modified);
    },
    names: () => readdirSync(here, 'latin1'),
    swap: () => {
      renameSync(here, `${here}.moved`);
      mkdirSync(here);
      test.after(() => rmSync(`${here}.moved`, { recursive: true, force: true }));
    },
  };
}

for (const user of ['root', 'oncall']) {
  const { machine } = { machine: () => life(user).host.machine };
  filesContract(`a host over ssh as ${user}`, (test) =>
    underTest(
      test,
      later(() => life(user).remote, machine),
    ),
  );
  const busybox = (): Remote => prefixed(life(user).remote, 'PATH=/opt/bb:$PATH');
  filesContract(`a host over ssh as ${user}, with busybox's tools`, (test) => underTest(test, later(busybox, machine)));
}

describe('a far file system that is full', () => {
  const FULL = { 'no inode': 'nr_inodes=3', 'no block': 'size=16k' } as const;
  for (const [what, option] of Object.entries(FULL)) {
    it(`with ${what} left has a file replaced in place, or left as it was`, { timeout: 60_000 }, async () => {
      const path = '/mnt/crontab';
      const old = 'line\n'.repeat(800);
      await lab.on(
        'host1',
        `mount -t tmpfs -o ${option},mode=755 tmpfs /mnt; yes line | head -n 800 >${path}; for n in 1 2 3 4 5 6 7 8; do cat /etc/passwd >/mnt/f$n; done 2>/dev/null || true`,
      );
      const { files } = life('root').host;
      const shorter = 'shorter\n'.repeat(10);
      const longer = 'longer line\n'.repeat(10_000);
      try {
        const failed = await files.replace(path, { before: sha256(old), bytes: base64(longer) });
        const expected = what === 'no block' ? 'ENOSPC' : 'replaced';
        assert.equal(failed.ok ? 'replaced' : failed.code, expected, JSON.stringify(failed));
        const now = failed.ok ? longer : old;
        assert.deepEqual(await files.replace(path, { before: sha256(now), bytes: base64(shorter) }), {
          ok: true,
          hash: sha256(shorter),
        });
        assert.equal(await lab.on('host1', `cat ${path}`), shorter);
        assert.equal(await lab.on('host1', 'find /mnt -name "*firebreak*"'), '');
      } finally {
        await lab.on('host1', 'umount /mnt');
      }
    });
  }
});

it('three hundred thousand files go at thousands a second', { timeout: 300_000 }, async (test) => {
  await lab.on('host1', 'mkdir /srv/many && cd /srv/many && seq 300000 | sed "s/^/A1B2C3D4E5F6/" | xargs touch');
  const { files } = life('root').host;
  const list = await files.list({ in: '/srv/many', type: ['file'], name: '^[0-9A-F]+$' }, { sample: 5 });
  assert.ok(list.ok, JSON.stringify(list));
  await lab.on('host1', 'mkdir /srv/as-many && cd /srv/as-many && seq 300000 | sed "s/^/A1B2C3D4E5F6/" | xargs touch');
  const find = performance.now();
  await lab.on('host1', 'find /srv/as-many -delete');
  const since = performance.now();
  const rss = process.memoryUsage().rss;
  const result = await files.delete(list.handle, {
    batch: 1000,
    limit: Number.POSITIVE_INFINITY,
    signal: new AbortController().signal,
    progress: () => {},
  });
  assert.ok(result.ok, JSON.stringify(result));
  assert.deepEqual([result.deleted, result.left, result.ended], [300_000, 0, 'clean']);
  const rate = Math.round(300_000 / ((performance.now() - since) / 1000));
  const grown = Math.round((process.memoryUsage().rss - rss) / 2 ** 20);
  test.diagnostic(
    `${rate} files a second, find -delete ${Math.round(300_000 / ((since - find) / 1000))}; ${grown} MiB more`,
  );
  assert.ok(rate > 2000 && grown < 100, `${rate} files a second, ${grown} MiB more`);
});

import type { FakeFile, FakeWorld } from '../../../src/hosts/fake/world.ts';
import { emptyWorld, THREE_AM } from './fake-world.ts';

export const SPOOL = '/var/spool/postfix/maildrop';
const USERS = { 0: 'root', 33: 'www-data' };

/** A spool with so much mail of cron's, one a minute, and one letter of a person's. */
export function spoolWorld(mails: number, more: Readonly<Record<string, Partial<FakeFile>>> = {}): FakeWorld {
  const world = emptyWorld({ users: USERS, usage: usage(0, 4000) });
  put(world, SPOOL, { type: 'directory' });
  for (let n = 0; n < mails; n += 1) {
    put(world, `${SPOOL}/A${n}`, {
      bytes: btoa('N.Subject: Cron <root@lab> job\n'),
      modified: THREE_AM - (n + 1) * 60_000,
    });
  }
  for (const [name, file] of Object.entries(more)) put(world, `${SPOOL}/${name}`, file);
  return world;
}

export function usage(free: number, total: number): FakeWorld['usage'] {
  return {
    path: SPOOL,
    mount: '/var',
    source: '/dev/vdb',
    type: 'ext4',
    space: { total: 1000, free: 840 },
    inodes: { total, free },
  };
}

let inode = 100;
export function put(world: FakeWorld, path: string, file: Partial<FakeFile> = {}): void {
  inode += 1;
  world.files.set(path, {
    type: 'file',
    bytes: btoa('x'),
    mode: 0o700,
    uid: 0,
    gid: 0,
    modified: THREE_AM,
    inode,
    ...file,
  });
}

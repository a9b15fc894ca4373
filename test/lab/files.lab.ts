import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  lchownSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { localHost } from '../../src/hosts/local.ts';
import { base64, sha256 } from '../contracts/files.ts';
import { inStorm } from '../support/lab/lab.ts';

/**
 * Real file systems that are full. This file starts itself again in a mount namespace of its own, as root, and runs
 * those tests there.
 */
const here = fileURLToPath(import.meta.url);
const ROOT = '/run/firebreak-files-lab';

if (process.env.FILES_LAB === 'inside') inside();
else if (process.env.FILES_LAB === 'storm') await storm();
else outside();

function outside(): void {
  test('on full file systems and in folders of other users, no file is lost and none is touched that was not meant', () => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const argv = ['--mount', '--propagation', 'private', process.execPath, here];
    const run = spawnSync('unshare', argv, {
      env: { ...env, FILES_LAB: 'inside' },
      encoding: 'utf8',
      timeout: 120_000,
    });
    rmSync(ROOT, { recursive: true, force: true });
    assert.equal(run.status, 0, `${run.stdout}\n${run.stderr}`);
  });

  test('in the mail storm the count is that of find, the spool is emptied, and the folder stays as it was', {
    timeout: 180_000,
  }, async () => {
    const { code, stdout, stderr } = await inStorm(`FILES_LAB=storm ${process.execPath} ${here}`);
    assert.equal(code, 0, `${stdout}\n${stderr}`);
    const seen = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Storm;
    assert.deepEqual([seen.count, seen.inodesFree, seen.refused], [seen.find, 0, 'ENOSPC']);
    assert.deepEqual([seen.deleted, seen.ended, seen.left, seen.after], [seen.find, 'clean', 0, seen.before]);
    assert.ok(seen.freed >= seen.find, JSON.stringify(seen));
  });
}

// ---------------------------------------------------------------- in the mail storm

interface Storm {
  readonly count: number;
  readonly find: number;
  readonly inodesFree: number;
  readonly refused: string;
  readonly deleted: number;
  readonly ended: string;
  readonly left: number;
  readonly before: string;
  readonly after: string;
  readonly freed: number;
}

async function storm(): Promise<void> {
  const spool = '/var/spool/postfix/maildrop';
  execFileSync('/etc/init.d/cron', ['stop'], { stdio: 'ignore' });
  spawnSync('pkill', ['-x', 'sendmail|postdrop']);
  const { files } = localHost();
  const folder = () => execFileSync('stat', ['-c', '%U %G %a %i', spool], { encoding: 'utf8' }).trim();
  const find = () => execFileSync('find', [spool, '-type', 'f'], { encoding: 'utf8' }).split('\n').length - 1;
  const before = folder();
  const usage = await files.usage(spool);
  const list = await files.list({ in: spool, type: ['file'] }, { sample: 5 });
  assert.ok(usage.ok && list.ok);
  const counted = find();
  const refused = codeOfCreate(join('/var/tmp', 'probe'));
  const options = { batch: 1000, limit: 1e6, signal: new AbortController().signal, progress: () => {} };
  const result = await files.delete(list.handle, options);
  const now = await files.usage(spool);
  assert.ok(result.ok && now.ok, JSON.stringify(result));
  const { deleted, ended, left } = result;
  const seen: Storm = {
    count: list.count,
    find: counted,
    inodesFree: usage.inodes.free,
    refused,
    deleted,
    ended,
    left,
    before,
    after: folder(),
    freed: now.inodes.free,
  };
  process.stdout.write(`${JSON.stringify(seen)}\n`);
}

function codeOfCreate(path: string): string {
  try {
    writeFileSync(path, '');
    return 'created';
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

// ---------------------------------------------------------------- in a mount namespace

function inside(): void {
  mkdirSync(ROOT, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', ROOT]);
  const { files } = localHost();
  const replace = async (path: string, from: string, to: string) => {
    const result = await files.replace(path, { before: sha256(from), bytes: base64(to) });
    return result.ok ? 'replaced' : result.code;
  };

  for (const type of ['tmpfs', 'ext4'] as const) {
    test(`with no inode left on ${type} a file is still replaced, and whole`, async () => {
      const folder = mountSmall(type, 'inodes');
      const path = join(folder, 'crontab');
      writeFileSync(path, 'old line\n');
      const taken = fillInodes(folder);
      assert.equal(codeOfCreate(join(folder, 'probe')), 'ENOSPC');
      assert.equal(await replace(path, 'old line\n', 'a longer new line\n'), 'replaced');
      assert.equal(await replace(path, 'a longer new line\n', 'x\n'), 'replaced');
      assert.deepEqual([readFileSync(path, 'utf8'), readdirSync(folder).length], ['x\n', taken]);
    });

    test(`with no block left on ${type} a file that does not grow is replaced, and one that cannot grow stays as it was`, async () => {
      const folder = mountSmall(type, 'blocks');
      const path = join(folder, 'crontab');
      const old = `${'o'.repeat(4095)}\n`;
      writeFileSync(path, old);
      fillBlocks(folder);
      const fresh = `${'n'.repeat(4095)}\n`;
      assert.equal(await replace(path, old, `${fresh}${'+'.repeat(100_000)}`), 'ENOSPC');
      assert.equal(readFileSync(path, 'utf8'), old, 'not one byte is lost');
      assert.equal(await replace(path, old, fresh), 'replaced');
      assert.equal(await replace(path, fresh, 'short\n'), 'replaced');
      assert.equal(readFileSync(path, 'utf8'), 'short\n');
    });
  }

  test('owner, mode, ACL and extended attributes are kept by an exchange', async () => {
    const folder = mountSmall('ext4', 'inodes');
    const path = join(folder, 'file');
    writeFileSync(path, 'old\n', { mode: 0o640 });
    python(
      `import os,struct,sys
os.chown(sys.argv[1], 1, 12)
os.setxattr(sys.argv[1], 'user.note', b'kept')
os.setxattr(sys.argv[1], 'system.posix_acl_access', struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *e) for e in [(1,6,0xffffffff),(2,4,33),(4,4,0xffffffff),(16,4,0xffffffff),(32,0,0xffffffff)]))`,
      path,
    );
    const shown = () =>
      python(
        `import os,sys
p=sys.argv[1]; s=os.stat(p); print(s.st_uid, s.st_gid, oct(s.st_mode), sorted((n, os.getxattr(p,n).hex()) for n in os.listxattr(p)))`,
        path,
      );
    const [before, { ino }] = [shown(), statSync(path)];
    assert.match(before, /posix_acl_access.*user\.note/);
    assert.equal(await replace(path, 'old\n', 'new\n'), 'replaced');
    assert.deepEqual([shown(), readFileSync(path, 'utf8'), statSync(path).ino !== ino], [before, 'new\n', true]);
  });

  test("another user's link is neither read nor written through", async () => {
    const folder = join(ROOT, 'shared');
    mkdirSync(folder, { mode: 0o777 });
    writeFileSync(join(folder, 'secret'), 'secret\n');
    symlinkSync('secret', join(folder, 'link'));
    lchownSync(join(folder, 'link'), 65534, 65534);
    const [content] = await files.read([join(folder, 'link')]);
    assert.equal(content?.ok ? 'read' : content?.code, 'ELOOP');
    assert.equal(await replace(join(folder, 'link'), 'secret\n', 'mine\n'), 'ELOOP');
    assert.equal(readFileSync(join(folder, 'secret'), 'utf8'), 'secret\n');
  });

  test('a file that is immutable or a mount point is left and named, the others go', async () => {
    const folder = mountSmall('ext4', 'inodes');
    rmSync(join(folder, 'lost+found'), { recursive: true });
    for (const name of ['a', 'fixed', 'mounted', 'z']) writeFileSync(join(folder, name), name);
    writeFileSync(join(ROOT, 'other'), 'precious');
    execFileSync('chattr', ['+i', join(folder, 'fixed')]);
    execFileSync('mount', ['--bind', join(ROOT, 'other'), join(folder, 'mounted')]);
    const list = await files.list({ in: folder, type: ['file'] }, { sample: 0 });
    assert.ok(list.ok);
    const result = await files.delete(list.handle, {
      batch: 10,
      limit: 100,
      signal: new AbortController().signal,
      progress: () => {},
    });
    assert.ok(result.ok);
    assert.deepEqual([result.deleted, result.left, readdirSync(folder)], [2, 2, ['fixed', 'mounted']]);
    assert.deepEqual(
      result.skipped.toSorted((a, b) => a.name.localeCompare(b.name)),
      [
        {
          name: 'fixed',
          reason:
            'not permitted: it may be immutable or append-only (lsattr tells, chattr -i -a takes it off), or belong to somebody else',
        },
        { name: 'mounted', reason: 'in use: a mount point' },
      ],
    );
    assert.equal(readFileSync(join(ROOT, 'other'), 'utf8'), 'precious');
    execFileSync('chattr', ['-i', join(folder, 'fixed')]);
  });

  test('free space is what an ordinary user may take, as df shows it, and the mount is named', async () => {
    const folder = mountSmall('ext4', 'blocks');
    const usage = await files.usage(folder);
    const df = execFileSync('df', ['-B1', '--output=size,avail,itotal,iavail,target,fstype', folder], {
      encoding: 'utf8',
    })
      .trim()
      .split('\n')[1];
    assert.ok(usage.ok);
    const { space, inodes, mount, type } = usage;
    assert.deepEqual(
      [space.total, space.free, inodes.total, inodes.free, mount, type].join(' '),
      df?.trim().replace(/ +/g, ' '),
    );
  });

  test('a folder below another mount, a bind mount laid over it after the look, is refused', async () => {
    const [folder, over] = [join(ROOT, 'spool'), join(ROOT, 'over')];
    for (const each of [folder, over]) {
      mkdirSync(each);
      writeFileSync(join(each, 'file'), '');
    }
    const list = await files.list({ in: folder }, { sample: 0 });
    execFileSync('mount', ['--bind', over, folder]);
    assert.ok(list.ok);
    const result = await files.delete(list.handle, {
      batch: 10,
      limit: 100,
      signal: new AbortController().signal,
      progress: () => {},
    });
    assert.equal(result.ok ? 'deleted' : result.code, 'swapped');
    assert.ok(existsSync(join(over, 'file')));
  });
}

let mounts = 0;

/** A file system so small that its inodes, or its blocks, are soon used up. */
function mountSmall(type: 'tmpfs' | 'ext4', scarce: 'inodes' | 'blocks'): string {
  mounts += 1;
  const folder = join(ROOT, `m${mounts}`);
  mkdirSync(folder);
  if (type === 'tmpfs')
    execFileSync('mount', ['-t', 'tmpfs', '-o', scarce === 'inodes' ? 'nr_inodes=20' : 'size=64k', 'tmpfs', folder]);
  else {
    const image = `${folder}.img`;
    execFileSync('truncate', ['-s', '4M', image]);
    execFileSync('mkfs.ext4', ['-q', ...(scarce === 'inodes' ? ['-N', '32'] : ['-m', '5']), image]);
    execFileSync('mount', ['-o', 'loop', image, folder]);
  }
  return folder;
}

/** Names of one file would need no inodes. How many entries there are in the end. */
function fillInodes(folder: string): number {
  for (let n = 0; codeOfCreate(join(folder, `fill${n}`)) === 'created'; n += 1);
  return readdirSync(folder).length;
}

/** Root's reserve too: as root there is really nothing left. */
function fillBlocks(folder: string): void {
  const fd = openSync(join(folder, 'fill'), 'w');
  for (const size of [65_536, 4096, 1024, 1]) {
    try {
      for (;;) writeSync(fd, Buffer.alloc(size, 'f'));
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
    }
  }
  closeSync(fd);
}

function python(script: string, ...args: readonly string[]): string {
  return execFileSync('python3', ['-c', script, ...args], { encoding: 'utf8' });
}

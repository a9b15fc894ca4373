import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import type { Remote } from '../../../src/hosts/ssh/remote.ts';
import { failure } from '../../../src/model/host.ts';
import { base64, sha256 } from '../../contracts/files.ts';
import { temporaryFolder } from '../../support/folder.ts';
import {
  busyboxTools,
  closing,
  filesOver,
  noting,
  ordinaryRemote,
  prefixed,
  toolsFirst,
} from '../../support/hosts/remote-files.ts';
import { shellRemote } from '../../support/hosts/shell-remote.ts';

const busybox = busyboxTools(after);
const noCopy = 'cp() { echo "cp: no process slot" >&2; return 1; }';
const WAYS: Readonly<Record<string, (() => Remote) | null>> = {
  exchanged: () => shellRemote(),
  'overwritten, because no copy can be made': () => prefixed(shellRemote(), noCopy),
  'overwritten, because busybox copies no label': busybox === null ? null : () => toolsFirst(busybox),
};

/** A folder that nobody else can write, as /etc is; `mkdtemp` makes them so. */
function fileIn(test: TestContext, content: string): string {
  const path = join(temporaryFolder(test), 'crontab');
  writeFileSync(path, content);
  chmodSync(path, 0o640);
  return path;
}

const replaceOver = (remote: Remote) => async (path: string, from: string, to: string) =>
  await filesOver(remote).replace(path, { before: sha256(from), bytes: base64(to) });

for (const [way, start] of Object.entries(WAYS)) {
  if (start === null) continue;
  describe(`a far file that is ${way}`, () => {
    it('has its new content, its mode and owner, and nothing beside it', async (test) => {
      const replace = replaceOver(closing(test, start()));
      for (const [from, to] of [
        ['a\n', 'a much longer line\n'],
        ['a much longer line\n', 'b\n'],
        ['same\n', 'size\n'],
        ['x\n', ''],
        ['', 'no newline, \0 and \\n and $(reboot) `x` %s'],
      ] as const) {
        const path = fileIn(test, from);
        if (process.getuid?.() === 0) chownSync(path, 4711, 4712);
        const { ino, uid, gid } = statSync(path);
        assert.deepEqual(await replace(path, from, to), { ok: true, hash: sha256(to) });
        const now = statSync(path);
        assert.deepEqual(
          [readFileSync(path, 'utf8'), now.mode & 0o7777, now.uid, now.gid, readdirSync(join(path, '..'))],
          [to, 0o640, uid, gid, ['crontab']],
        );
        assert.equal(now.ino !== ino, way === 'exchanged');
      }
    });

    it('keeps its other names', async (test) => {
      const path = fileIn(test, 'old\n');
      linkSync(path, `${path}.other`);
      await replaceOver(closing(test, start()))(path, 'old\n', 'new\n');
      assert.equal(readFileSync(`${path}.other`, 'utf8'), 'new\n');
    });

    it('is replaced behind our own link, and the link stays', async (test) => {
      const path = fileIn(test, 'old\n');
      symlinkSync('crontab', `${path}.link`);
      assert.ok((await replaceOver(closing(test, start()))(`${path}.link`, 'old\n', 'new\n')).ok);
      assert.equal(readFileSync(path, 'utf8'), 'new\n');
      assert.deepEqual(readdirSync(join(path, '..')).toSorted(), ['crontab', 'crontab.link']);
    });

    it('is not touched where there is nothing to change', async (test) => {
      const path = fileIn(test, 'same\n');
      const before = statSync(path, { bigint: true }).ctimeNs;
      assert.deepEqual(await replaceOver(closing(test, start()))(path, 'same\n', 'same\n'), {
        ok: true,
        hash: sha256('same\n'),
      });
      assert.equal(statSync(path, { bigint: true }).ctimeNs, before);
    });

    it('is as it was where there is no room for the new content', async (test) => {
      const old = 'line\n'.repeat(100);
      const path = fileIn(test, old);
      // Blocks of 512 bytes. The signal of it would end the shell; ignored, a write fails as on a full disk.
      const full = prefixed(closing(test, start()), "trap '' XFSZ; ulimit -f 2");
      const result = await replaceOver(full)(path, old, 'longer\n'.repeat(10_000));
      assert.equal(result.ok, false);
      assert.deepEqual([readFileSync(path, 'utf8'), readdirSync(join(path, '..'))], [old, ['crontab']]);
    });

    it('may be a large one', async (test) => {
      const old = 'old line\n'.repeat(100_000);
      const to = 'new line of it\n'.repeat(100_000);
      const path = fileIn(test, old);
      assert.deepEqual(await replaceOver(closing(test, start()))(path, old, to), { ok: true, hash: sha256(to) });
      assert.equal(readFileSync(path, 'utf8'), to);
    });
  });
}

describe('a far file that somebody else writes too', () => {
  it('stays as the other writer left it if it changed while the copy was made', async (test) => {
    const path = fileIn(test, 'old\n');
    const meanwhile = `cp() { command cp "$@" && printf 'theirs\\n' >${path}.theirs && mv ${path}.theirs ${path}; }`;
    const result = await replaceOver(prefixed(closing(test, shellRemote()), meanwhile))(path, 'old\n', 'ours\n');
    assert.equal(result.ok ? 'replaced' : result.code, 'changed');
    assert.deepEqual([readFileSync(path, 'utf8'), readdirSync(join(path, '..'))], ['theirs\n', ['crontab']]);
  });

  it('is overwritten in place where others may make files in its folder', async (test) => {
    const path = fileIn(test, 'old\n');
    chmodSync(join(path, '..'), 0o777);
    const { ino } = statSync(path);
    assert.ok((await replaceOver(closing(test, shellRemote()))(path, 'old\n', 'new\n')).ok);
    assert.deepEqual([readFileSync(path, 'utf8'), statSync(path).ino], ['new\n', ino]);
  });
});

describe('a replacement over a connection', () => {
  it('touches nothing when its bytes did not arrive whole', async (test) => {
    const path = fileIn(test, 'old\n');
    const remote = closing(test, shellRemote());
    const cut: Remote = {
      ...remote,
      ask: async (script, options) =>
        await remote.ask(script, { ...options, ...(options.input && { input: options.input.subarray(0, 4) }) }),
    };
    const result = await replaceOver(cut)(path, 'old\n', 'a new and longer content\n');
    assert.deepEqual(
      result,
      failure('incomplete', `${path}: its new bytes did not arrive whole, so it was not touched`),
    );
    assert.deepEqual([readFileSync(path, 'utf8'), readdirSync(join(path, '..'))], ['old\n', ['crontab']]);
  });

  it('has an unknown outcome if its answer is lost, and is not sent again', async (test) => {
    const path = fileIn(test, 'old\n');
    const { remote, noted } = noting(closing(test, shellRemote()), () =>
      failure('lost', 'the connection to shell was lost'),
    );
    const result = await replaceOver(remote)(path, 'old\n', 'new\n');
    assert.deepEqual(
      result,
      failure('lost', `${path}: the connection to shell was lost; whether it was replaced nobody knows`),
    );
    assert.deepEqual(
      noted.map(({ options }) => options?.effect),
      ['write'],
    );
  });

  it('is one question, and needs no tool that is missing', async (test) => {
    const path = fileIn(test, 'old\n');
    const { remote, noted } = noting(closing(test, shellRemote()));
    assert.ok((await replaceOver(remote)(path, 'old\n', 'new\n')).ok);
    assert.equal(noted.length, 1);
    const folder = temporaryFolder(test);
    for (const tool of ['awk', 'cat', 'stat', 'readlink', 'id']) symlinkSync(`/usr/bin/${tool}`, join(folder, tool));
    const poor = prefixed(closing(test, shellRemote()), `PATH=${folder}`);
    const result = await replaceOver(poor)(path, 'new\n', 'newer\n');
    assert.equal(result.ok ? 'replaced' : result.code, 'no-tool');
    assert.equal(readFileSync(path, 'utf8'), 'new\n');
  });

  it('is refused to whoever may not write the file, and behind a link that another user made', async (test) => {
    const path = fileIn(test, 'old\n');
    chmodSync(path, 0o444);
    chmodSync(join(path, '..'), 0o755);
    const replace = replaceOver(closing(test, ordinaryRemote()));
    const result = await replace(path, 'old\n', 'new\n');
    assert.deepEqual(result, failure('EACCES', `${path}: permission denied`));
    assert.equal(readFileSync(path, 'utf8'), 'old\n');
  });
});

describe('far files that are read', () => {
  it('are read behind our own link, and not behind one that another user made', {
    skip: process.getuid?.() !== 0,
  }, async (test) => {
    const folder = temporaryFolder(test);
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'sub', 'file'), 'content');
    symlinkSync('../sub/file', join(folder, 'sub', 'ours'));
    symlinkSync('sub/file', join(folder, 'theirs'));
    const { lchownSync } = await import('node:fs');
    lchownSync(join(folder, 'theirs'), 65_534, 65_534);
    const contents = await filesOver(closing(test, shellRemote())).read([
      join(folder, 'sub/ours'),
      join(folder, 'theirs'),
    ]);
    assert.deepEqual(
      contents.map((each) => (each.ok ? each.bytes : each.code)),
      [base64('content'), 'ELOOP'],
    );
  });

  it('must be regular files, and no read waits', { timeout: 60_000 }, async (test) => {
    const folder = temporaryFolder(test);
    const { execFileSync } = await import('node:child_process');
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    symlinkSync('fifo', join(folder, 'link'));
    symlinkSync('loop', join(folder, 'loop'));
    writeFileSync(join(folder, 'file'), '');
    const paths = [
      join(folder, 'fifo'),
      '/dev/zero',
      folder,
      join(folder, 'link'),
      join(folder, 'loop'),
      join(folder, 'file/x'),
      '/',
      'a\0b',
    ];
    const contents = await filesOver(closing(test, shellRemote())).read(paths);
    assert.deepEqual(
      contents.map((each) => (each.ok ? each.bytes : each.code)),
      ['not-regular', 'not-regular', 'not-regular', 'not-regular', 'ELOOP', 'ENOTDIR', 'not-regular', 'EINVAL'],
    );
  });

  it('come in one question, whatever bytes and names they have, of /proc too', async (test) => {
    const folder = temporaryFolder(test);
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, at) => at % 256));
    const names = ["it's", 'a\nb', '-n', '$(reboot)', ' ', 'é'];
    for (const name of names) writeFileSync(join(folder, name), bytes);
    const { remote, noted } = noting(closing(test, shellRemote()));
    const contents = await filesOver(remote).read([
      ...names.map((name) => join(folder, name)),
      '/proc/self/mountinfo',
      '/proc/mounts',
    ]);
    assert.deepEqual(
      contents.slice(0, names.length).map((each) => each.ok && each.bytes === bytes.toString('base64')),
      names.map(() => true),
    );
    assert.ok(
      contents.slice(names.length).every((each) => each.ok && each.size > 0),
      JSON.stringify(contents.slice(names.length)),
    );
    assert.equal(noted.length, 1);
  });

  it('are asked for in as few questions as their bytes may need, and none for none', async (test) => {
    const path = fileIn(test, 'old\n');
    const { remote, noted } = noting(closing(test, shellRemote()));
    const files = filesOver(remote);
    assert.deepEqual(await files.read([]), []);
    const contents = await files.read(
      Array.from({ length: 7 }, () => path),
      { max: 20 * 2 ** 20 },
    );
    assert.deepEqual([contents.filter((each) => each.ok && each.size === 4).length, noted.length], [7, 4]);
  });

  it('of exactly the most that is allowed are read, one byte more is not', async (test) => {
    const path = fileIn(test, 'x'.repeat(100_000));
    const files = filesOver(closing(test, shellRemote()));
    const sizes = [await files.read([path], { max: 100_000 }), await files.read([path], { max: 99_999 })].map(
      ([each]) => each,
    );
    assert.deepEqual(
      sizes.map((each) => (each?.ok ? each.size : each?.code)),
      [100_000, 'EFBIG'],
    );
  });

  it('are read once more when they change meanwhile, and then taken as they are', async (test) => {
    const path = fileIn(test, 'old\n');
    const writing = `head() { command head "$@"; echo more >>${path}; }`;
    const { remote, noted } = noting(prefixed(closing(test, shellRemote()), writing));
    const [content] = await filesOver(remote).read([path, '/etc/passwd']);
    assert.ok(content?.ok);
    assert.deepEqual([content.bytes, noted.length], [base64('old\nmore\n'), 2]);
  });
});

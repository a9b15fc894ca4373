import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { batchIn } from '../../../src/hosts/ssh/files/batch.ts';
import { entryReader } from '../../../src/hosts/ssh/files/entries.ts';
import { Garbled, recordsOf } from '../../../src/hosts/ssh/files/records.ts';
import { codeOfText } from '../../../src/hosts/ssh/files/said.ts';
import type { Remote } from '../../../src/hosts/ssh/remote.ts';
import { failure } from '../../../src/model/host.ts';
import { sha256 } from '../../contracts/files.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { closing, filesOver, noting, prefixed } from '../../support/hosts/remote-files.ts';
import { shellRemote } from '../../support/hosts/shell-remote.ts';

const byte = fc.integer({ min: 1, max: 255 }).filter((code) => code !== 47);
const nameOf = fc
  .array(byte, { minLength: 1, maxLength: 40 })
  .map((codes) => String.fromCharCode(...codes))
  .filter((text) => text !== '.' && text !== '..');
const TYPES = { f: 'file', d: 'directory', l: 'symlink', p: 'fifo' } as const;
const entry = fc.record({
  name: nameOf,
  kind: fc.constantFrom(...(['f', 'd', 'l', 'p'] as const)),
  size: fc.nat(),
  uid: fc.nat(70_000),
});

async function* inPieces(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  let from = 0;
  for (const cut of [...cuts.map((each) => each % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]) {
    yield bytes.subarray(from, cut);
    from = cut;
  }
}

async function read(bytes: Buffer, { brief, cuts }: { readonly brief: boolean; readonly cuts: readonly number[] }) {
  const reader = entryReader(brief);
  const entries = [];
  for await (const records of recordsOf(inPieces(bytes, cuts)))
    for (const record of records) entries.push(reader.take(record));
  return { entries: entries.filter((each) => each !== null), status: reader.status() };
}

describe('the stream of a listing', () => {
  it('gives the same entries however it is cut, and whatever their names are (property)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 30 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        async (entries, cuts) => {
          const full = entries
            .map(({ name, kind, size, uid }) => `${kind} ${size} ${uid} 644 1 1700000000.5 99 ${name}\0`)
            .join('');
          const brief = entries.map(({ name, kind }) => `${kind} ${name}\0`).join('');
          const expected = entries.map(({ name, kind, size, uid }) => ({ name, type: TYPES[kind], size, uid }));
          const seen = await read(Buffer.from(`${full}= 0\0`, 'latin1'), { brief: false, cuts });
          assert.deepEqual(
            seen.entries.map(({ name, type, facts }) => ({ name, type, size: facts?.size, uid: facts?.uid })),
            expected,
          );
          const short = await read(Buffer.from(`${brief}= 0\0`, 'latin1'), { brief: true, cuts });
          assert.deepEqual(
            [short.entries.map(({ name, type }) => [name, type]), short.status],
            [expected.map(({ name, type }) => [name, type]), 0],
          );
        },
      ),
    );
  });

  it('gives names by their place where stat and names come apart (property)', async () => {
    const digits = { f: '81a4', d: '41ed', l: 'a1ff', p: '11a4' } as const;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(entry, { minLength: 1, maxLength: 5 }), { maxLength: 5 }),
        fc.array(fc.nat()),
        async (blocks, cuts) => {
          const text = blocks
            .map((block) => {
              const lines = block
                .map(({ kind, size, uid }) => `${digits[kind]} ${size} ${uid} 1 1700000000 99`)
                .join('\n');
              return `#\n${lines}\0${block.map(({ name }) => `./${name}\0`).join('')}`;
            })
            .join('');
          const seen = await read(Buffer.from(`${text}= 0\0`, 'latin1'), { brief: false, cuts });
          assert.deepEqual(
            seen.entries.map(({ name, type, facts }) => [name, type, facts?.size]),
            blocks.flat().map(({ name, kind, size }) => [name, TYPES[kind], size]),
          );
        },
      ),
    );
  });

  it('is refused as garbled where it is none, and nothing else is thrown (property)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        fc.boolean(),
        fc.array(fc.nat(), { maxLength: 5 }),
        async (bytes, brief, cuts) => {
          const seen = await read(Buffer.from(bytes), { brief, cuts }).catch((error: unknown) => error);
          if (seen instanceof Error) assert.ok(seen instanceof Garbled, String(seen));
        },
      ),
    );
  });

  it('holds no more than a mebibyte that has no end', async () => {
    const chunks = async function* () {
      for (;;) yield Buffer.alloc(65_536, 'x');
    };
    await assert.rejects(async () => {
      for await (const _ of recordsOf(chunks())) assert.fail('no record');
    }, Garbled);
  });
});

describe('a host that answers what it likes', () => {
  const CONDITIONS = {
    batch: 10,
    limit: Number.POSITIVE_INFINITY,
    signal: new AbortController().signal,
    progress: () => {},
  };
  const answering = (test: Parameters<typeof closing>[0], stdout: string, stderr = ''): Remote =>
    noting(closing(test, shellRemote()), () => ({ ok: true, status: 0, stdout: Buffer.from(stdout, 'latin1'), stderr }))
      .remote;

  it('is not believed: each port returns a failure', async (test) => {
    for (const stdout of [
      '',
      'x',
      '\0\0\0',
      'd 1 2 3\0= 0\0',
      'd 1 2 3.4\0f /etc/passwd\0= 0\0',
      'd 1 2 3.456\0f 1 1 644 1 1.5 9 ../x\0= 0\0',
      '! said\0',
    ] as const) {
      const files = filesOver(answering(test, stdout, 'find: x: Resource temporarily unavailable'));
      const handle = { selector: { in: '/x' }, device: 1, inode: 2, at: 0, count: 3 };
      const results = [
        await files.usage('/x'),
        await files.list({ in: '/x' }, { sample: 9 }),
        await files.delete(handle, CONDITIONS),
        (await files.read(['/x']))[0],
        await files.replace('/x', { before: sha256(''), bytes: '' }),
      ];
      assert.deepEqual(
        results.map((each) => each?.ok),
        results.map(() => false),
        JSON.stringify([stdout, results]),
      );
    }
  });

  it('cannot report more deleted files than were sent, nor a clean end for a batch without an end', () => {
    assert.deepEqual(batchIn({ stdout: Buffer.from(''), stderr: '' }).broken, 'lost');
    assert.deepEqual(
      batchIn({
        stdout: Buffer.from('D 1 2 0\0= 123\0'),
        stderr: 'xargs: cannot fork: Resource temporarily unavailable\n',
      }),
      {
        deleted: 1,
        bytes: 2,
        arrived: 0,
        kept: [],
        stuck: [],
        broken: 'EAGAIN',
      },
    );
  });

  it('cannot put a control character on the screen with an error message', async (test) => {
    const result = await filesOver(answering(test, '', 'sh: \x1b[2J\x07wiped')).usage('/x');
    assert.ok(!result.ok);
    assert.equal(/[^ -~]/.test(result.message), false, result.message);
  });
});

describe('what a far tool complains of', () => {
  it('names an error by the end of the line, in the words of GNU, busybox and dash', () => {
    const said = {
      "stat: cannot statx '/x': No such file or directory": 'ENOENT',
      "stat: can't stat '/x': Permission denied": 'EACCES',
      "rm: cannot remove './Permission denied': Read-only file system": 'EROFS',
      'sh: 1: cannot open /x: No such file': 'ENOENT',
      'sh: 3: Cannot fork': 'EAGAIN',
      "sh: can't fork: Resource temporarily unavailable": 'EAGAIN',
      'tr: write error: No space left on device': 'ENOSPC',
      'sh: 1: awk: not found': 'no-tool',
      '0+0 records in': undefined,
    };
    assert.deepEqual(Object.fromEntries(Object.keys(said).map((line) => [line, codeOfText(line)])), said);
  });
});

describe('a far mount that may hang', () => {
  /** The table of mounts is another one than the kernel's. */
  const mounted = (test: Parameters<typeof closing>[0], folder: string, lines: readonly string[]): Remote => {
    const table = join(folder, 'table');
    writeFileSync(table, ['27 1 254:0 / / rw - ext4 /dev/vda rw', ...lines, ''].join('\n'));
    const lie = (tool: string) =>
      `${tool}() { for given; do shift; case $given in /proc/self/mountinfo) given=${table} ;; esac; set -- "$@" "$given"; done; command ${tool} "$@"; }`;
    return prefixed(closing(test, shellRemote()), `${lie('awk')}\n${lie('cat')}`);
  };
  const line = (at: string, type: string) => `36 27 0:5 / ${at} rw shared:2 - ${type} server:/export rw`;

  it('is refused before anything of it is touched, also behind a link, and told by its source', async (test) => {
    const folder = temporaryFolder(test);
    symlinkSync('nowhere/deep', join(folder, 'link'));
    const files = filesOver(
      mounted(test, folder, [line(`${folder}/nowhere`, 'nfs4'), line(`${folder}/a\\040b`, 'fuse.sshfs')]),
    );
    // `nowhere` does not exist: a look at it would say ENOENT.
    const message = (path: string, at: string, type: string) =>
      failure(
        'may-hang',
        `${path} is on ${at} (${type} from server:/export): a look at it could hang for ever, so it is not looked at`,
      );
    const nowhere = join(folder, 'nowhere');
    assert.deepEqual(await files.usage(join(nowhere, 'x')), message(nowhere, nowhere, 'nfs4'));
    assert.deepEqual(await files.list({ in: nowhere }, { sample: 0 }), message(nowhere, nowhere, 'nfs4'));
    assert.deepEqual(await files.read([join(folder, 'link'), join(folder, 'a b', 'c')]), [
      message(nowhere, nowhere, 'nfs4'),
      message(join(folder, 'a b'), join(folder, 'a b'), 'fuse.sshfs'),
    ]);
  });

  it('does not block mounts over it or beside it, or paths with a similar name', async (test) => {
    const folder = temporaryFolder(test);
    for (const name of ['over', 'over/there', 'overt']) mkdirSync(join(folder, name));
    const lines = [
      line(`${folder}/over`, 'nfs'),
      line(`${folder}/over/there`, 'tmpfs'),
      line(`${folder}/twice`, 'nfs'),
      line(`${folder}/twice`, 'ext4'),
    ];
    mkdirSync(join(folder, 'twice'));
    const files = filesOver(mounted(test, folder, lines));
    const code = async (name: string) => {
      const list = await files.list({ in: join(folder, name) }, { sample: 0 });
      return list.ok ? 'listed' : list.code;
    };
    assert.deepEqual([await code('over'), await code('overt'), await code('twice')], ['may-hang', 'listed', 'listed']);
    const usage = await files.usage(join(folder, 'overt'));
    assert.deepEqual(usage.ok && [usage.mount, usage.type], ['/', 'ext4']);
  });
});

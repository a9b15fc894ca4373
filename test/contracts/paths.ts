import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Failure, Files, Result } from '../../src/model/host.ts';

/**
 * A port that runs as root, with a folder of root's that nobody else can write to, and a way to put things below it as
 * anybody. Names are latin1.
 */
export interface PathsUnderTest {
  readonly files: Files;
  readonly folder: string;
  readonly put: (
    path: string,
    entry: {
      readonly type: 'directory' | 'file' | 'symlink';
      readonly bytes?: string;
      readonly uid?: number;
      readonly mode?: number;
    },
  ) => void;
  /** What is below the folder, and what the files hold. */
  readonly state: () => unknown;
}

const STRANGER = 1001;
const OPTIONS = {
  batch: 10,
  limit: Number.POSITIVE_INFINITY,
  signal: new AbortController().signal,
  progress: () => {},
};

/** Everything that takes a path, asked for a folder and for a file in it. */
async function askAll(files: Files, folder: string, file: string): Promise<Readonly<Record<string, Result<object>>>> {
  const handle = { selector: { in: folder }, device: 0, inode: 0, at: 0, count: 1 };
  const read = async (path: string): Promise<Result<object>> =>
    (await files.read([path]))[0] ?? { ok: false, code: 'none', message: '' };
  return {
    resolve: await files.resolve(file),
    usage: await files.usage(folder),
    list: await files.list({ in: folder }, { sample: 10 }),
    delete: await files.delete(handle, OPTIONS),
    read: await read(file),
    replace: await files.replace(file, { before: '0'.repeat(64), bytes: '' }),
  };
}

const failureOf = (result: Result<object>): Failure | null => (result.ok ? null : result);

/** `victim/queue/in/mail` is what a link would lead to. */
function scene(test: TestContext, make: (test: TestContext) => PathsUnderTest): PathsUnderTest {
  const on = make(test);
  const at = (path: string) => `${on.folder}/${path}`;
  on.put(at('victim'), { type: 'directory' });
  on.put(at('victim/queue'), { type: 'directory' });
  on.put(at('victim/queue/in'), { type: 'directory' });
  on.put(at('victim/queue/in/mail'), { type: 'file', bytes: 'precious' });
  on.put(at('sp'), { type: 'directory' });
  return on;
}

/** Folders of a path below the stage's, as `uid`, but for its last part. */
function dig(on: PathsUnderTest, path: string, uid: number): void {
  const parts = path.split('/').slice(0, -1);
  for (const [at] of parts.entries())
    on.put(`${on.folder}/${parts.slice(0, at + 1).join('/')}`, { type: 'directory', uid });
}

export function pathsContract(adapter: string, make: (test: TestContext) => PathsUnderTest): void {
  describe(`a path, to ${adapter}`, () => {
    for (const [planted, folder, leads] of [
      ['sp/app', 'sp/app/queue/in', 'victim'],
      ['sp/app/queue', 'sp/app/queue/in', 'victim/queue'],
      ['sp/app/queue/in', 'sp/app/queue/in', 'victim/queue/in'],
    ] as const) {
      for (const relative of [false, true]) {
        it(`is refused with ${relative ? 'a relative' : 'an absolute'} link that a stranger planted at ${planted}, and told where it leads`, async (test) => {
          const on = scene(test, make);
          dig(on, planted, STRANGER);
          const up = '../'.repeat(planted.split('/').length - 1);
          on.put(`${on.folder}/${planted}`, {
            type: 'symlink',
            bytes: relative ? `${up}${leads}` : `${on.folder}/${leads}`,
            uid: STRANGER,
          });
          const before = on.state();
          const said = await askAll(on.files, `${on.folder}/${folder}`, `${on.folder}/${folder}/mail`);
          for (const [method, result] of Object.entries(said)) {
            assert.equal(failureOf(result)?.code, 'ELOOP', method);
            assert.ok(
              failureOf(result)?.message.includes(`${on.folder}/victim/queue/in`),
              `${method}: ${failureOf(result)?.message}`,
            );
          }
          assert.deepEqual(on.state(), before);
        });
      }
    }

    it('is refused where the file itself is a link of a stranger’s', async (test) => {
      const on = scene(test, make);
      dig(on, 'sp/app/mail', STRANGER);
      on.put(`${on.folder}/sp/app/mail`, {
        type: 'symlink',
        bytes: `${on.folder}/victim/queue/in/mail`,
        uid: STRANGER,
      });
      const before = on.state();
      const { read, replace, resolve } = await askAll(on.files, `${on.folder}/sp/app`, `${on.folder}/sp/app/mail`);
      for (const result of [read, replace, resolve]) {
        assert.ok(result && failureOf(result)?.code === 'ELOOP');
        assert.ok(failureOf(result)?.message.includes(`${on.folder}/victim/queue/in/mail`));
      }
      assert.deepEqual(on.state(), before);
    });

    it('is refused behind a link of root’s that another user can have put there', async (test) => {
      for (const [place, uid, mode] of [
        ['a folder of his', STRANGER, 0o755],
        ['a folder that all can write to', 0, 0o777],
        ['a folder that a group can write to', 0, 0o775],
        ['a sticky folder, like /tmp', 0, 0o1777],
      ] as const) {
        const on = scene(test, make);
        on.put(`${on.folder}/sp/shared`, { type: 'directory', uid, mode });
        on.put(`${on.folder}/sp/shared/queue`, { type: 'symlink', bytes: `${on.folder}/victim/queue`, uid: 0 });
        const said = await askAll(on.files, `${on.folder}/sp/shared/queue/in`, `${on.folder}/sp/shared/queue/in/mail`);
        assert.deepEqual(
          Object.values(said).map((result) => failureOf(result)?.code),
          Object.values(said).map(() => 'ELOOP'),
          place,
        );
      }
    });

    it('is refused behind a link of root’s in a folder of root’s that a stranger can give another name', async (test) => {
      const on = scene(test, make);
      on.put(`${on.folder}/sp/his`, { type: 'directory', uid: STRANGER });
      on.put(`${on.folder}/sp/his/roots`, { type: 'directory' });
      on.put(`${on.folder}/sp/his/roots/queue`, { type: 'symlink', bytes: `${on.folder}/victim/queue`, uid: 0 });
      const { list, read } = await askAll(
        on.files,
        `${on.folder}/sp/his/roots/queue/in`,
        `${on.folder}/sp/his/roots/queue/in/mail`,
      );
      assert.deepEqual([list && failureOf(list)?.code, read && failureOf(read)?.code], ['ELOOP', 'ELOOP']);
    });

    it('goes through a link of root’s in a folder of root’s, and what it led to is told', async (test) => {
      const on = scene(test, make);
      on.put(`${on.folder}/run`, { type: 'symlink', bytes: 'victim/queue', uid: 0 });
      on.put(`${on.folder}/victim/queue/latest`, { type: 'symlink', bytes: 'in/mail', uid: 0 });
      const real = `${on.folder}/victim/queue/in`;
      const list = await on.files.list({ in: `${on.folder}/run/in` }, { sample: 10 });
      assert.ok(list.ok, JSON.stringify(list));
      assert.deepEqual([list.real, list.handle.selector.in, list.vital, list.count], [real, real, null, 1]);
      const [content] = await on.files.read([`${on.folder}/run/latest`]);
      assert.ok(content?.ok, JSON.stringify(content));
      assert.deepEqual([content.path, content.real], [`${on.folder}/run/latest`, `${real}/mail`]);
      assert.ok((await on.files.replace(`${on.folder}/run/latest`, { before: content.hash, bytes: btoa('new') })).ok);
      assert.ok((await on.files.usage(`${on.folder}/run/in`)).ok);
      const deleted = await on.files.delete(list.handle, OPTIONS);
      assert.equal(deleted.ok && deleted.deleted, 1, JSON.stringify(deleted));
    });

    it('without links leads into another user’s folder, also in a sticky one', async (test) => {
      const on = scene(test, make);
      on.put(`${on.folder}/sp/tmp`, { type: 'directory', mode: 0o1777 });
      on.put(`${on.folder}/sp/tmp/his`, { type: 'directory', uid: STRANGER });
      on.put(`${on.folder}/sp/tmp/his/old`, { type: 'file', bytes: 'old', uid: STRANGER });
      const list = await on.files.list({ in: `${on.folder}/sp/tmp/his` }, { sample: 10 });
      assert.ok(list.ok, JSON.stringify(list));
      const [content] = await on.files.read([`${on.folder}/sp/tmp/his/old`]);
      assert.ok(content?.ok, JSON.stringify(content));
      const deleted = await on.files.delete(list.handle, OPTIONS);
      assert.equal(deleted.ok && deleted.deleted, 1, JSON.stringify(deleted));
    });

    it('is the same however it is spelled: the kernel goes up from where a link led', async (test) => {
      const on = scene(test, make);
      on.put(`${on.folder}/run`, { type: 'symlink', bytes: 'victim/queue', uid: 0 });
      const real = async (path: string) => {
        const led = await on.files.resolve(`${on.folder}/${path}`);
        return led.ok ? led.real.slice(on.folder.length + 1) : led.code;
      };
      assert.deepEqual(
        await Promise.all(
          ['run/in', '/run//in/', './run/./in', 'run/../queue/in', 'sp/../run/in/.', 'run/no/such/../file'].map(real),
        ),
        [
          'victim/queue/in',
          'victim/queue/in',
          'victim/queue/in',
          'victim/queue/in',
          'victim/queue/in',
          'victim/queue/no/file',
        ],
      );
      const up = await on.files.resolve('/../../..');
      assert.equal(up.ok && up.real, '/');
    });

    it('is refused if it is empty, relative, contains a NUL or is too long for the kernel', async (test) => {
      const on = scene(test, make);
      for (const [path, code] of [
        ['', 'EINVAL'],
        ['etc', 'EINVAL'],
        ['./etc', 'EINVAL'],
        ['/tmp/\0/etc', 'EINVAL'],
        [`/${'a/'.repeat(2500)}`, 'ENAMETOOLONG'],
      ] as const) {
        const said = await askAll(on.files, path, path);
        assert.deepEqual(
          new Set(Object.values(said).map((result) => failureOf(result)?.code)),
          new Set([code]),
          JSON.stringify(path.slice(0, 9)),
        );
      }
    });

    it('may have a newline at the end of a name, and leads nowhere else for it', async (test) => {
      const on = scene(test, make);
      on.put(`${on.folder}/sp/q`, { type: 'directory' });
      on.put(`${on.folder}/sp/q\n`, { type: 'directory' });
      on.put(`${on.folder}/sp/q\n/two`, { type: 'file', bytes: 'two' });
      on.put(`${on.folder}/sp/l`, { type: 'symlink', bytes: 'q\n', uid: 0 });
      for (const path of ['sp/q\n', 'sp/l/.']) {
        const led = await on.files.resolve(`${on.folder}/${path}`);
        assert.equal(led.ok && led.real, `${on.folder}/sp/q\n`);
      }
      const [content] = await on.files.read([`${on.folder}/sp/l/two`]);
      assert.equal(content?.ok && content.real, `${on.folder}/sp/q\n/two`);
      const list = await on.files.list({ in: `${on.folder}/sp/q\n` }, { sample: 1 });
      assert.equal(list.ok && list.count, 1, JSON.stringify(list));
    });

    it('to a vital folder of the system is named as that, and a delete there is refused', async (test) => {
      const on = scene(test, make);
      on.put('/etc', { type: 'directory' });
      // A name that no file has: if the path were accepted, nothing would be deleted.
      const selector = { in: '//etc/.', name: '^no such name, to be sure$' };
      const list = await on.files.list(selector, { sample: 0 });
      assert.ok(list.ok, JSON.stringify(list));
      assert.deepEqual([list.real, list.vital, list.count], ['/etc', '/etc', 0]);
      const deleted = await on.files.delete({ ...list.handle, selector }, OPTIONS);
      assert.deepEqual(failureOf(deleted)?.code, 'vital');
    });

    it('to a vital folder of another system (a rescued disk, a container) is named as that, and a delete there is refused', async (test) => {
      const on = scene(test, make);
      for (const folder of ['disk', 'disk/etc', 'disk/etc/ssl', 'disk/usr', 'disk/usr/bin', 'disk/var', 'disk/var/log'])
        on.put(`${on.folder}/${folder}`, { type: 'directory' });
      for (const file of ['disk/etc/passwd', 'disk/etc/ssl/key', 'disk/usr/bin/true', 'disk/var/log/old'])
        on.put(`${on.folder}/${file}`, { type: 'file', bytes: 'x' });
      const seen = async (folder: string) => {
        const list = await on.files.list({ in: `${on.folder}/${folder}` }, { sample: 0 });
        assert.ok(list.ok, JSON.stringify(list));
        return { list, vital: list.vital };
      };
      const found = await Promise.all(['disk', 'disk/etc/ssl', 'disk/usr/bin', 'disk/var/log'].map(seen));
      assert.deepEqual(
        found.map(({ vital }) => vital),
        ['/', '/etc', '/usr', null],
      );
      const { list } = await seen('disk/etc/ssl');
      assert.equal(failureOf(await on.files.delete(list.handle, OPTIONS))?.code, 'vital');
    });
  });
}

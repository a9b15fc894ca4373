import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { linkSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Files } from '../../src/model/host.ts';
import { temporaryFolder } from '../support/folder.ts';
import { putHere } from '../support/hosts/paths-stage.ts';

const STRANGER = 1001;
const OPTIONS = { batch: 1, limit: 1, signal: new AbortController().signal, progress: () => {} };
const FILES = 60;
const [HIS, ROOTS] = ['his own\n', 'root’s secret\n'];
const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Exchanges a component of his path for a link to root's and back, until it is ended. */
const SWAPPER = `
const fs = require('fs'); const [component, moved, victim] = process.argv.slice(1); process.stdout.write('ready');
for (;;) {
  fs.renameSync(component, moved); fs.symlinkSync(victim, component);
  for (let n = 0; n < 2000; n += 1);
  fs.unlinkSync(component); fs.renameSync(moved, component);
}`;

/** A folder of root's: as the files under test know it, and where this process finds it. */
export interface Ground {
  readonly there: string;
  readonly here: string;
}

interface Scene {
  readonly ground: Ground;
  readonly folder: string;
  /** What he exchanges, below the ground. */
  readonly component: string;
  readonly victim: string;
}

function scene(ground: Ground, component: string): Scene {
  const root = ground.here;
  putHere(root, { type: 'directory' });
  for (const [place, uid] of [
    ['sp', STRANGER],
    ['victim', 0],
  ] as const) {
    for (const name of ['', '/app', '/app/queue', '/app/queue/in'])
      putHere(join(root, place + name), { type: 'directory', uid });
    for (let n = 0; n < FILES; n += 1) putHere(join(root, place, `app/queue/in/N${n}`), { type: 'file', uid });
    putHere(join(root, place, 'app/queue/in/conf'), { type: 'file', bytes: uid === 0 ? ROOTS : HIS, uid });
  }
  return {
    ground,
    folder: join(ground.there, 'sp/app/queue/in'),
    component: join('sp', component),
    victim: join('victim', component),
  };
}

async function swapping(test: TestContext, { ground, component, victim }: Scene): Promise<ChildProcess> {
  const moved = `${component}.moved`;
  const child = spawn(process.execPath, ['-e', SWAPPER, component, moved, join(ground.there, victim)], {
    uid: STRANGER,
    gid: STRANGER,
    cwd: ground.here,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  test.after(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

interface Options {
  readonly rounds: number;
  readonly groundFor: (test: TestContext) => Ground;
}

function groundHere(test: TestContext): Ground {
  const folder = temporaryFolder(test);
  return { there: folder, here: folder };
}

/** What another user can do to root on the way to his folder, while root works there. */
export function hostilePathContract(
  adapter: string,
  filesFor: (test: TestContext) => Files,
  { rounds = 150, groundFor = groundHere }: Partial<Options> = {},
): void {
  describe(`a path that a stranger changes meanwhile, to ${adapter}`, () => {
    for (const component of ['app', 'app/queue', 'app/queue/in']) {
      it(`never leads to root's files while ${component} is exchanged for a link to them`, {
        timeout: 120_000,
      }, async (test) => {
        const files = filesFor(test);
        const on = scene(groundFor(test), component);
        const { folder } = on;
        const first = await files.list({ in: folder, name: '^N' }, { sample: 0 });
        assert.ok(first.ok, JSON.stringify(first));
        const child = await swapping(test, on);
        const seen = new Set<string>();
        for (let round = 0; round < rounds; round += 1) {
          const list = await files.list({ in: folder, name: '^N' }, { sample: 1 });
          if (list.ok) assert.deepEqual([list.handle.inode, list.real], [first.handle.inode, folder]);
          const [content] = await files.read([`${folder}/conf`]);
          if (content?.ok)
            assert.deepEqual([Buffer.from(content.bytes, 'base64').toString(), content.real], [HIS, `${folder}/conf`]);
          const written = await files.replace(`${folder}/conf`, { before: hash(ROOTS), bytes: btoa('written by us') });
          assert.equal(written.ok, false);
          const deleted = await files.delete(first.handle, OPTIONS);
          for (const each of [list, content, written, deleted]) seen.add(each?.ok ? 'ok' : (each?.code ?? ''));
        }
        child.kill('SIGKILL');
        await once(child, 'close');
        const victims = readdirSync(
          join(on.ground.here, on.victim, component === 'app' ? 'queue/in' : component === 'app/queue' ? 'in' : '.'),
        );
        assert.equal(victims.length, FILES + 1, 'nothing of root’s is gone');
        const known = ['ok', 'ELOOP', 'ENOENT', 'ENOTDIR', 'swapped', 'changed', 'not-regular', 'EACCES', 'EIO'];
        assert.deepEqual(
          [...seen].filter((code) => !known.includes(code)),
          [],
        );
      });
    }

    it('never makes root act on another user’s hard link', async (test) => {
      const files = filesFor(test);
      const { folder, ground } = scene(groundFor(test), 'app');
      const secret = join(ground.here, 'victim/app/queue/in/conf');
      writeFileSync(secret, ROOTS);
      linkSync(secret, join(ground.here, 'sp/app/queue/in/lent'));
      const [content] = await files.read([`${folder}/lent`]);
      const written = await files.replace(`${folder}/lent`, { before: hash(ROOTS), bytes: btoa('written by us') });
      assert.deepEqual(
        [content?.ok ? 'read' : content?.code, written.ok ? 'written' : written.code],
        ['hard-link', 'hard-link'],
      );
      assert.equal(readFileSync(secret, 'utf8'), ROOTS);
    });
  });
}

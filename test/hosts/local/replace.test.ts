import assert from 'node:assert/strict';
import {
  chmodSync,
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { localCommands } from '../../../src/hosts/local/commands.ts';
import { localFiles } from '../../../src/hosts/local/files.ts';
import { localMachine } from '../../../src/hosts/local/machine.ts';
import type { Commands } from '../../../src/model/host.ts';
import { base64, sha256 } from '../../contracts/files.ts';
import { temporaryFolder } from '../../support/folder.ts';

const machine = localMachine();
const noFork: Commands = {
  run: async () => ({ ok: false, code: 'EAGAIN', message: 'no process slot' }),
  which: async () => null,
};
const WAYS = {
  exchanged: localCommands(),
  overwritten: undefined,
  'overwritten, because no fork is possible': noFork,
} as const;

/** A folder that nobody else can write, as /etc is; `mkdtemp` makes them so. */
function fileIn(test: TestContext, content: string): string {
  const path = join(temporaryFolder(test), 'crontab');
  writeFileSync(path, content);
  chmodSync(path, 0o640);
  return path;
}

for (const [way, commands] of Object.entries(WAYS)) {
  const files = localFiles({ machine, ...(commands && { commands }) });
  const replace = async (path: string, from: string, to: string) =>
    await files.replace(path, { before: sha256(from), bytes: base64(to) });

  describe(`a file that is ${way}`, () => {
    it('has its new content, its mode, and nothing beside it', async (test) => {
      for (const [from, to] of [
        ['a\n', 'a much longer line\n'],
        ['a much longer line\n', 'b\n'],
        ['same\n', 'size\n'],
        ['x\n', ''],
      ] as const) {
        const path = fileIn(test, from);
        const { ino } = statSync(path);
        assert.deepEqual(await replace(path, from, to), { ok: true, hash: sha256(to) });
        assert.deepEqual(
          [readFileSync(path, 'utf8'), statSync(path).mode & 0o7777, readdirSync(join(path, '..'))],
          [to, 0o640, ['crontab']],
        );
        assert.equal(statSync(path).ino !== ino, way === 'exchanged');
      }
    });

    it('keeps its other names', async (test) => {
      const path = fileIn(test, 'old\n');
      linkSync(path, `${path}.other`);
      await replace(path, 'old\n', 'new\n');
      assert.equal(readFileSync(`${path}.other`, 'utf8'), 'new\n');
    });

    it('is replaced behind our own link, and the link stays', async (test) => {
      const path = fileIn(test, 'old\n');
      symlinkSync('crontab', `${path}.link`);
      assert.ok((await replace(`${path}.link`, 'old\n', 'new\n')).ok);
      assert.equal(readFileSync(path, 'utf8'), 'new\n');
      assert.deepEqual(readdirSync(join(path, '..')).toSorted(), ['crontab', 'crontab.link']);
    });

    it('is not touched where there is nothing to change', async (test) => {
      const path = fileIn(test, 'same\n');
      const before = statSync(path, { bigint: true }).ctimeNs;
      assert.deepEqual(await replace(path, 'same\n', 'same\n'), { ok: true, hash: sha256('same\n') });
      assert.equal(statSync(path, { bigint: true }).ctimeNs, before);
    });
  });
}

describe('a file that somebody else writes too', () => {
  it('stays as the other writer left it if it changed while the copy was made', async (test) => {
    const path = fileIn(test, 'old\n');
    const real = localCommands();
    const meanwhile: Commands = {
      ...real,
      run: async (request, signal) => {
        const result = await real.run(request, signal);
        writeFileSync(`${path}.theirs`, 'theirs\n');
        renameSync(`${path}.theirs`, path);
        return result;
      },
    };
    const files = localFiles({ machine, commands: meanwhile });
    const result = await files.replace(path, { before: sha256('old\n'), bytes: base64('ours\n') });
    assert.equal(result.ok ? 'replaced' : result.code, 'changed');
    assert.deepEqual([readFileSync(path, 'utf8'), readdirSync(join(path, '..'))], ['theirs\n', ['crontab']]);
  });

  it('is overwritten in place where others may make files in its folder', async (test) => {
    const path = fileIn(test, 'old\n');
    chmodSync(join(path, '..'), 0o777);
    const { ino } = statSync(path);
    const files = localFiles({ machine, commands: localCommands() });
    assert.ok((await files.replace(path, { before: sha256('old\n'), bytes: base64('new\n') })).ok);
    assert.deepEqual([readFileSync(path, 'utf8'), statSync(path).ino], ['new\n', ino]);
  });
});

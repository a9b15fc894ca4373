import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import type { FarAnswer } from '../../../src/hosts/ssh/remote.ts';
import type { Result } from '../../../src/model/host.ts';
import { quoteWord } from '../../../src/model/text/quote.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { FAR_SHELLS } from '../../support/hosts/far-shells.ts';
import { eventually } from '../../support/hosts/programs.ts';
import { shellRemote } from '../../support/hosts/shell-remote.ts';

const READ = { effect: 'read' } as const;
const WRITE = { effect: 'write' } as const;
const text = (answer: Result<FarAnswer>): string =>
  answer.ok ? answer.stdout.toString('latin1') : `${answer.code}: ${answer.message}`;
const code = (answer: { readonly ok: true } | { readonly ok: false; readonly code: string }): string =>
  answer.ok ? 'ok' : answer.code;
/** A zombie has no arguments. */
const lives = (pid: string): boolean =>
  existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';

for (const { name, shell } of FAR_SHELLS) {
  describe(`the connection to a far ${name}`, () => {
    const remote = shellRemote({ shell });
    after(() => remote.close());

    it('gives status, stdout and stderr of a script apart, whatever bytes they are', async () => {
      const bytes = Buffer.from(Array.from({ length: 1024 }, (_, i) => i % 256));
      assert.deepEqual(await remote.ask('cat; echo trouble >&2; exit 7', { ...READ, input: bytes }), {
        ok: true,
        status: 7,
        stdout: bytes,
        stderr: 'trouble\n',
      });
    });

    it('takes any script, long or short, with any byte except NUL', async () => {
      const bytes = fc.uint8Array({ min: 1, maxLength: 60 }).map((array) => Buffer.from(array).toString('latin1'));
      await fc.assert(
        fc.asyncProperty(
          fc.array(bytes, { maxLength: 5 }),
          fc.constantFrom(0, 2000),
          fc.constantFrom('', '\n\n'),
          async (words, padding, end) => {
            const script = `# ${'x'.repeat(padding)}\nprintf '%s\\n' ${words.map(quoteWord).join(' ')}${end}`;
            assert.equal(
              text(await remote.ask(script, READ)),
              words.length === 0 ? '\n' : words.map((word) => `${word}\n`).join(''),
            );
          },
        ),
        { numRuns: 60 },
      );
    });

    it('outlives a script that exits, breaks off, sets traps, closes its streams or is no script', async () => {
      for (const [script, status] of [
        ['exit 3', 3],
        ['if then fi )', null],
        ["trap 'echo late' EXIT; false", 1],
        ['exec >&- 2>&-; true', 0],
        ["kill -9 $(exec sh -c 'echo $PPID')", 137],
        ["echo 'never closed", null],
        ['set -eu; echo $nothing; echo here', null],
      ] as const) {
        const answer = await remote.ask(script, READ);
        assert.ok(
          answer.ok && (status === null ? answer.status > 0 : answer.status === status),
          `${script}: ${JSON.stringify(answer)}`,
        );
      }
      assert.equal(text(await remote.ask('echo still here', READ)), 'still here\n');
    });

    it('keeps the late output of a child apart', async () => {
      await remote.ask('{ sleep 0.1; echo LATE; echo LATE >&2; } &', READ);
      const answers = await Promise.all([
        remote.ask('sleep 0.01; echo one', READ),
        remote.ask('sleep 0.3; echo two', READ),
      ]);
      assert.ok(answers.every((answer) => answer.ok && answer.status === 0));
      assert.match(text(await remote.ask('echo three', READ)), /^three\n$/);
    });

    it('answers a thousand questions, each with its own answer', async () => {
      const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => remote.ask(`echo ${i}`, READ)));
      assert.deepEqual(
        answers.map(text),
        Array.from({ length: 200 }, (_, i) => `${i}\n`),
      );
    });

    it('runs a script in / with a fixed PATH, LC_ALL=C, umask 077, and no variable of the login', async () => {
      const { env } = process;
      env.FIREBREAK_TEST_LOGIN = 'leaks';
      const own = shellRemote({ shell });
      const answer = text(
        await own.ask('pwd; umask; echo "$PATH $LC_ALL ${FIREBREAK_TEST_LOGIN-none}"; readlink /proc/self/fd/0', READ),
      );
      delete env.FIREBREAK_TEST_LOGIN;
      await own.close();
      assert.equal(answer, '/\n0077\n/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin C none\n/dev/null\n');
    });

    it('ends a question that takes too long on the far host, and is opened again', async (test) => {
      const folder = temporaryFolder(test);
      const slow = await remote.ask(`sh -c 'echo $$ >${folder}/pid; exec sleep 100'`, { ...READ, timeout: 500 });
      assert.equal(code(slow), 'timeout');
      assert.equal(lives(readFileSync(join(folder, 'pid'), 'utf8').trim()), false);
      assert.equal(text(await remote.ask('echo again', READ)), 'again\n');
      assert.equal(remote.lost(), null);
    });

    it('streams both ways on a channel, with its status and stderr at the end', async () => {
      const opened = await remote.open('while read -r x; do echo "got $x"; done; echo over >&2; exit 4', READ);
      assert.ok(opened.ok);
      const { channel } = opened;
      const lines: string[] = [];
      await channel.write(Buffer.from('one\n'));
      for await (const chunk of channel.stdout) {
        lines.push(String(chunk));
        if (lines.length === 1) await channel.write(Buffer.from('two\n'));
        if (lines.length === 2) channel.end();
      }
      const done = await channel.done;
      assert.deepEqual([lines.join(''), done.ok && [done.status, done.stderr]], ['got one\ngot two\n', [4, 'over\n']]);
    });

    it('makes a channel wait for its reader, and loses nothing of 20 MB', async () => {
      const opened = await remote.open('head -c 20000000 /dev/zero', READ);
      assert.ok(opened.ok);
      const early = await Promise.race([
        opened.channel.done,
        new Promise((resolve) => setTimeout(resolve, 100, 'waits')),
      ]);
      assert.equal(early, 'waits');
      let size = 0;
      for await (const chunk of opened.channel.stdout) size += chunk.length;
      assert.equal(size, 20_000_000);
    });

    it('ends what a cancelled channel has started, and nothing of one that was opened at the same moment', async () => {
      const opened = await Promise.all([1, 2].map(() => remote.open('setsid sleep 60 & echo $!; exec sleep 60', READ)));
      const channels = opened.flatMap((one) => (one.ok ? [one.channel] : []));
      const pids = await Promise.all(
        channels.map(async ({ stdout }) => {
          for await (const chunk of stdout) return String(chunk).trim();
          return '';
        }),
      );
      const [first, second] = channels;
      assert.deepEqual([await first?.cancel(), pids.map(lives)], [[], [false, true]]);
      assert.deepEqual([await second?.cancel(), pids.map(lives)], [[], [false, false]]);
    });

    it('ends over there what its channels run when this end vanishes without a word', async (test) => {
      const folder = temporaryFolder(test);
      const children: ChildProcess[] = [];
      const own = shellRemote({ shell, spawned: (child) => children.push(child) });
      const opened = await own.open(
        `(setsid sh -c 'echo $$ >${folder}/far; exec sleep 100' &) ; echo $$ >${folder}/near; exec sleep 100`,
        WRITE,
      );
      assert.ok(opened.ok);
      const pid = (file: string): string =>
        existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8').trim() : '';
      await eventually(() => pid('far') !== '' && pid('near') !== '');
      const [far, near] = [pid('far'), pid('near')];
      // What a kill -9 of the engine does: every pipe ends.
      for (const child of children) for (const stream of child.stdio) stream?.destroy();
      await eventually(() => !lives(far) && !lives(near));
      assert.deepEqual([lives(far), lives(near)], [false, false]);
      assert.equal(code(await opened.channel.done), 'lost');
      await own.close();
    });
  });
}

describe('a connection that is lost', () => {
  it('repeats looks, but never writes', async (test) => {
    const folder = temporaryFolder(test);
    const remote = shellRemote();
    const dieOnce = `[ -e ${folder}/died ] || { : >${folder}/died; kill -9 $$; }; echo alive`;
    assert.equal(text(await remote.ask(dieOnce, READ)), 'alive\n');
    assert.equal(remote.lost(), null);
    assert.equal(code(await remote.ask(`echo x >>${folder}/written; kill -9 $$`, WRITE)), 'lost');
    assert.equal(readFileSync(join(folder, 'written'), 'utf8'), 'x\n');
    assert.equal(remote.lost()?.code, 'lost');
    assert.equal(text(await remote.ask(`cat ${folder}/written`, READ)), 'x\n');
    await remote.close();
  });

  it('sends no write that waited behind one whose outcome is unknown', async (test) => {
    const folder = temporaryFolder(test);
    const remote = shellRemote();
    const answers = await Promise.all([
      remote.ask('sleep 0.1; kill -9 $$', WRITE),
      remote.ask(`: >${folder}/second`, WRITE),
    ]);
    assert.deepEqual([...answers.map(code), existsSync(join(folder, 'second'))], ['lost', 'lost', false]);
    await remote.close();
  });

  it('gives up after a while, and then at once', async () => {
    let dead = false;
    const remote = shellRemote({ retryFor: 300, spawned: (child) => dead && child.kill('SIGKILL') });
    await remote.connect();
    dead = true;
    assert.equal(code(await remote.ask('kill -9 $$', READ)), 'unreachable');
    assert.equal(code(await remote.ask('echo x', READ)), 'unreachable');
    await remote.close();
  });

  it('takes its lock again first, and asks nothing more if another run has it', async (test) => {
    const folder = temporaryFolder(test);
    const remote = shellRemote();
    assert.deepEqual(await remote.hold(`exec 9<${folder}; [ ! -e ${folder}/taken ]`), { ok: true, status: 0 });
    assert.equal(text(await remote.ask('readlink /proc/$$/fd/9; readlink /proc/self/fd/9', READ)), `${folder}\n`);
    assert.equal(
      text(
        await remote.ask(`[ -e ${folder}/died ] || { : >${folder}/died; kill -9 $$; }; readlink /proc/$$/fd/9`, READ),
      ),
      `${folder}\n`,
    );
    await remote.ask(`: >${folder}/taken; kill -9 $$`, READ);
    assert.equal(code(await remote.ask('echo x', READ)), 'locked');
    await remote.close();
  });

  it('tells who refused, and the last line', async () => {
    const remote = shellRemote({ login: ['/bin/sh', '-c', 'echo "Permission denied (publickey)." >&2; exit 255'] });
    assert.deepEqual(await remote.connect(), {
      ok: false,
      code: 'auth',
      message:
        'shell let nobody in (it takes: publickey): is the key loaded (ssh-add -l), and the user right? Try: ssh shell',
    });
    await remote.close();
  });
});

describe('a hostile far side', () => {
  it('that talks before the shell begins is not listened to', async () => {
    const remote = shellRemote({
      login: ['/bin/sh', '-c', 'echo "0<1>0;"; printf "motd %s\\n" $(seq 1 500); echo >&2 "warning: x"; eval "$0"'],
    });
    assert.equal(text(await remote.ask('echo hi', READ)), 'hi\n');
    await remote.close();
  });

  it('that never answers is given up', async () => {
    const remote = shellRemote({ login: ['/bin/sh', '-c', 'exec sleep 100'], far: { patience: 200 } });
    assert.deepEqual(await remote.connect(), {
      ok: false,
      code: 'unreachable',
      message: 'shell did not let us in and answer within 0.2 s',
    });
    await remote.close();
  });

  it('that floods is cut off, and a write is then unknown', async () => {
    const remote = shellRemote({ far: { limit: 1_000_000 } });
    assert.equal(code(await remote.ask('cat /dev/zero', READ)), 'EFBIG');
    assert.equal(text(await remote.ask('echo hi', READ)), 'hi\n');
    assert.equal(code(await remote.ask('cat /dev/zero', WRITE)), 'EFBIG');
    assert.equal(remote.lost()?.code, 'EFBIG');
    await remote.close();
  });

  it('that breaks its frame is cut off', async () => {
    const remote = shellRemote({ retryFor: 100 });
    assert.equal(code(await remote.ask('printf "%s>nonsense;" "$k"; kill -9 $$', READ)), 'lost');
    await remote.close();
  });

  it('whose answer is short because it could start no process is not believed', async () => {
    const remote = shellRemote();
    const short = 'echo "one of two"; echo "sh: 1: Cannot fork" >&2; exit 2';
    assert.deepEqual([code(await remote.ask(short, READ)), code(await remote.ask(short, WRITE))], ['no-slots', 'ok']);
    await remote.close();
  });

  it('that can start no process for a script has not begun it; one that says so in the middle may have done anything', async () => {
    const remote = shellRemote();
    await remote.ask('true', READ);
    // What dash does: it says so, and ends.
    await remote.hold('begin() { [ "$q" = hold ] || { echo "/bin/sh: 0: Cannot fork" >&2; kill -9 $$; }; }');
    assert.deepEqual([code(await remote.ask('true', WRITE)), remote.lost()], ['no-slots', null]);
    await remote.close();
    const other = shellRemote();
    assert.equal(code(await other.ask('echo "/bin/sh: 0: Cannot fork" >&2; kill -9 $$', WRITE)), 'lost');
    await other.close();
  });
});

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { sshCommands } from '../../../src/hosts/ssh/commands.ts';
import { type CommandRequest, capturedText, type ProgramResult } from '../../../src/model/host.ts';
import { commandsContract } from '../../contracts/commands.ts';
import { FAR_SHELLS } from '../../support/hosts/far-shells.ts';
import { eventually } from '../../support/hosts/programs.ts';
import { shellRemote } from '../../support/hosts/shell-remote.ts';

const NEVER = new AbortController().signal;

/** Processes with this word among their arguments: a number to sleep for serves as a name. */
function running(word: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter(
      (pid) =>
        readOr(`/proc/${pid}/cmdline`).split('\0').includes(word) && !/\) [ZX] /.test(readOr(`/proc/${pid}/stat`)),
    );
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Sleeps that nobody else on the machine sleeps. */
let naps = 0;
const nap = (): string => {
  naps += 1;
  return `${2000 + naps}.${process.pid}`;
};

for (const { name, shell } of FAR_SHELLS) {
  const remote = shellRemote({ shell });
  const commands = sshCommands(remote);
  const run = (argv: readonly string[], more: Partial<CommandRequest> = {}, signal = NEVER): Promise<ProgramResult> =>
    commands.run({ argv, effect: 'read', timeout: 60_000, ...more }, signal);
  const ended = async (
    argv: readonly string[],
    more: Partial<CommandRequest> = {},
  ): Promise<Extract<ProgramResult, { ok: true }>> => {
    const result = await run(argv, more);
    assert.ok(result.ok, JSON.stringify(result));
    return result;
  };
  after(() => remote.close());

  commandsContract(`a far ${name}`, () => commands);

  describe(`a brief command on a far ${name}`, () => {
    const brief = sshCommands({ ...remote, open: () => assert.fail('a channel') });
    const say = (argv: readonly string[], more: Partial<CommandRequest> = {}) =>
      brief.run({ argv, effect: 'write', timeout: 60_000, brief: true, ...more }, NEVER);

    it('opens no channel, and is run as any other: its own session, PATH, umask, words, stdin and status', async () => {
      const script = 'echo "$PATH" "$2"; umask; pwd; cat; echo bad >&2; exit 3';
      const stdin = Buffer.from('MAILTO=""\n* * * * * it\'s\n').toString('base64');
      const result = await say(['sh', '-c', script, 'sh', 'a', 'ü $x'], { stdin });
      assert.ok(result.ok, JSON.stringify(result));
      assert.deepEqual([result.exit, capturedText(result.stderr)], [3, 'bad\n']);
      const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
      assert.equal(capturedText(result.stdout), `${path} ü $x\n0077\n/\nMAILTO=""\n* * * * * it's\n`);
      const alone = await say(['sh', '-c', 'read -r x </proc/$$/stat; set -- ${x##*) }; [ "$4" = $$ ] && echo leader']);
      assert.equal(alone.ok && capturedText(alone.stdout), 'leader\n');
    });

    it('gives a daemon what init gives, and does not wait for it', async () => {
      const daemon = nap();
      const result = await say(['sh', '-c', `umask; sleep ${daemon} & exit 0`], { daemon: true });
      // The shell forks first, and becomes sleep then.
      await eventually(() => running(daemon).length > 0);
      const left = running(daemon);
      for (const pid of left) process.kill(pid, 'SIGKILL');
      assert.ok(result.ok && left.length === 1, JSON.stringify(result));
      assert.deepEqual([result.exit, `${capturedText(result.stdout)}${capturedText(result.stderr)}`], [0, '0022\n']);
    });

    it('tells that a program does not exist', async () => {
      const result = await say(['no-such-program']);
      assert.equal(result.ok ? 'ran' : result.code, 'ENOENT');
    });
  });

  describe(`a command on a far ${name}`, () => {
    it('runs in / with a fixed PATH, umask 077, its own session and nothing on its stdin', async () => {
      const script =
        'echo "$PATH"; umask; pwd; readlink /proc/self/fd/0; read -r x </proc/$$/stat; set -- ${x##*) }; [ "$4" = $$ ] && echo leader';
      const { stdout } = await ended(['sh', '-c', script]);
      assert.equal(
        capturedText(stdout),
        '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n0077\n/\n/dev/null\nleader\n',
      );
    });

    it('gets every byte of its words, its variables and its stdin as they are', async () => {
      const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((s) => s.isWellFormed() && !s.includes('\0'));
      await fc.assert(
        fc.asyncProperty(text, text, fc.uint8Array({ maxLength: 200 }), async (one, two, bytes) => {
          const { stdout } = await ended(
            ['sh', '-c', 'printf "%s|%s|" "$1" "$VALUE"; od -An -v -tx1 | tr -d " \\n"', 'sh', one],
            {
              env: { VALUE: two },
              stdin: Buffer.from(bytes).toString('base64'),
            },
          );
          assert.equal(capturedText(stdout), `${one}|${two}|${Buffer.from(bytes).toString('hex')}`);
        }),
        { numRuns: 15 },
      );
    });

    it('never puts the value of a variable into arguments', async () => {
      const { stdout } = await ended(
        [
          'sh',
          '-c',
          'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" "\\n" | grep -c "far[s]idesecret"; echo "$TOKEN"',
        ],
        {
          env: { TOKEN: 'farsidesecret' },
        },
      );
      assert.equal(capturedText(stdout), '0\nfarsidesecret\n');
    });

    it('that ignores TERM is killed after the grace, with all that it started', async () => {
      const sleeps = [nap(), nap(), nap(), nap()];
      const script = `trap '' TERM; setsid sh -c 'sleep ${sleeps[0]} &' & setsid sleep ${sleeps[1]} & sleep ${sleeps[2]}; sleep ${sleeps[3]}`;
      const { timedOut, signal } = await ended(['sh', '-c', script], { timeout: 400 });
      assert.deepEqual([timedOut, signal], [true, 'SIGKILL']);
      assert.deepEqual(sleeps.map(running), [[], [], [], []]);
    });

    it('that is stopped ends at its deadline all the same', async () => {
      assert.equal((await ended(['sh', '-c', 'kill -STOP $$'], { timeout: 300 })).timedOut, true);
    });

    it('ends when the signal is aborted, and says so', async () => {
      const [long, controller] = [nap(), new AbortController()];
      const result = run(['sleep', long], {}, controller.signal);
      await eventually(() => running(long).length > 0);
      controller.abort();
      const end = await result;
      assert.equal(end.ok ? 'ran' : end.code, 'interrupted');
      assert.deepEqual(running(long), []);
    });

    it('returns although a grandchild holds its pipe', async () => {
      const held = nap();
      const { exit, stdout } = await ended(['sh', '-c', `sleep ${held} & echo done`]);
      await eventually(() => running(held).length > 0);
      for (const pid of running(held)) process.kill(pid, 'SIGKILL');
      assert.deepEqual([exit, capturedText(stdout)], [0, 'done\n']);
    });

    it('that prints 5 MB on both streams leaves head, tail and the count of what is between', async () => {
      const { stdout, stderr } = await ended([
        'sh',
        '-c',
        'yes firebreak | head -c 5000000; echo the end; { yes trouble | head -c 500000; echo; echo no more; } >&2',
      ]);
      assert.deepEqual(
        [stdout.head.length, stdout.head.length + stdout.tail.length + stdout.dropped],
        [65_536, 5_000_008],
      );
      assert.deepEqual(
        [stderr.head.length, stderr.head.length + stderr.tail.length + stderr.dropped],
        [65_536, 500_009],
      );
      assert.ok(stdout.tail.endsWith('the end\n') && stderr.tail.endsWith('\nno more\n'));
    });

    it('loses no output, however short it runs and whatever runs beside it', async () => {
      for (let round = 0; round < 10; round += 1) {
        const results = await Promise.all(Array.from({ length: 6 }, (_, i) => ended(['echo', `${round}.${i}`])));
        assert.deepEqual(
          results.map(({ stdout }) => capturedText(stdout)),
          results.map((_, i) => `${round}.${i}\n`),
        );
      }
    });

    it('that starts a daemon gets the umask 022 of init, 1024 open files and no mark of ours; what it prints is in stderr', async () => {
      const { exit, stderr } = await ended(['sh', '-c', 'umask; ulimit -Sn; env | grep -c FIREBREAK; exit 3'], {
        daemon: true,
      });
      assert.deepEqual([exit, capturedText(stderr)], [3, '0022\n1024\n0\n']);
    });

    it('leaves a daemon alone that it started, also when the connection ends', async () => {
      const daemon = nap();
      const own = shellRemote({ shell });
      await sshCommands(own).run(
        { argv: ['sh', '-c', `setsid sleep ${daemon} &`], effect: 'write', timeout: 5000, daemon: true },
        NEVER,
      );
      await eventually(() => running(daemon).length > 0);
      await own.close();
      const left = running(daemon);
      for (const pid of left) process.kill(pid, 'SIGKILL');
      assert.equal(left.length, 1);
    });

    it('says EACCES of what may not be executed, and reports the signal that ended a command', async () => {
      const refused = await run(['/etc/passwd']);
      assert.equal(refused.ok ? 'ran' : refused.code, 'EACCES');
      const { exit, signal, timedOut } = await ended(['sh', '-c', 'kill -SEGV $$']);
      assert.deepEqual({ exit, signal, timedOut }, { exit: null, signal: 'SIGSEGV', timedOut: false });
    });

    it('is not started where its words cannot be said, or its secrets were not opened', async () => {
      const codes = await Promise.all([
        run(['echo', 'a\0b']),
        run(['echo'], { env: { 'a b': 'c' } }),
        run(['echo'], { secrets: { stdin: { $secret: 'token', from: 'env:TOKEN' } } }),
      ]);
      assert.deepEqual(
        codes.map((result) => (result.ok ? 'ran' : result.code)),
        ['EINVAL', 'EINVAL', 'secret'],
      );
    });
  });
}

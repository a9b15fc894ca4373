import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { boundedCapture } from '../../../src/hosts/capture.ts';
import { fakeCommands } from '../../../src/hosts/fake/commands.ts';
import { localCommands } from '../../../src/hosts/local/commands.ts';
import { type CommandRequest, capturedText, type ProgramResult } from '../../../src/model/host.ts';
import { commandsContract } from '../../contracts/commands.ts';
import { emptyWorld } from '../../support/hosts/fake-world.ts';
import { eventually } from '../../support/hosts/programs.ts';

commandsContract('this machine', localCommands);
commandsContract('a fake host', () => fakeCommands(emptyWorld({ commands: answer })));

function answer({
  argv: [program, ...args],
  stdin,
  env,
}: CommandRequest): { exit: number; stdout?: string } | undefined {
  if (program === 'echo') return { exit: 0, stdout: `${args.join(' ')}\n` };
  if (program === 'cat') return { exit: 0, stdout: Buffer.from(stdin ?? '', 'base64').toString() };
  if (program === 'env')
    return {
      exit: 0,
      stdout: Object.entries({ PATH: '/bin', ...env })
        .map(([k, v]) => `${k}=${v}\n`)
        .join(''),
    };
  return program === 'false' ? { exit: 1 } : undefined;
}

const NEVER = new AbortController().signal;

function sh(script: string, more: Partial<CommandRequest> = {}, signal = NEVER): Promise<ProgramResult> {
  return localCommands().run({ argv: ['sh', '-c', script], effect: 'read', timeout: 60_000, ...more }, signal);
}

async function shEnded(
  script: string,
  more: Partial<CommandRequest> = {},
): Promise<Extract<ProgramResult, { ok: true }>> {
  const result = await sh(script, more);
  assert.ok(result.ok, JSON.stringify(result));
  return result;
}

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
const nap = (() => {
  let last = 0;
  return (): string => {
    last += 1;
    return `${1000 + last}.${process.pid}`;
  };
})();

describe('a command on this machine', () => {
  it('runs in / with a fixed PATH, umask 077, its own session and nothing on its descriptors', async () => {
    const { stdout } = await shEnded(
      'echo "$PATH"; umask; pwd; readlink /proc/self/fd/0; ps -o sid= -p $$ | tr -d " " | grep -qx $$ && echo leader',
    );
    assert.equal(
      capturedText(stdout),
      '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n0077\n/\n/dev/null\nleader\n',
    );
  });

  it('that starts a daemon gets the umask 022 of init, 1024 open files, and no mark of ours', async () => {
    const { stderr } = await shEnded('umask; ulimit -Sn; env | grep -c FIREBREAK', { daemon: true });
    assert.equal(capturedText(stderr), '0022\n1024\n0\n');
  });

  it('that ignores TERM is killed after the grace', async () => {
    const [first, second] = [nap(), nap()];
    const { timedOut, signal } = await shEnded(`trap '' TERM; sleep ${first}; sleep ${second}`, { timeout: 200 });
    assert.deepEqual([timedOut, signal], [true, 'SIGKILL']);
    assert.deepEqual([running(first), running(second)], [[], []]);
  });

  it('that is stopped ends at its deadline all the same', async () => {
    const { timedOut } = await shEnded('kill -STOP $$', { timeout: 200 });
    assert.ok(timedOut);
  });

  it('takes with it at the deadline whoever it started, also after a double fork into a session of its own', async () => {
    const naps = [nap(), nap(), nap()];
    const { timedOut } = await shEnded(
      `setsid sh -c 'sleep ${naps[0]} &' & setsid sleep ${naps[1]} & sleep ${naps[2]}`,
      { timeout: 400 },
    );
    assert.ok(timedOut);
    assert.deepEqual(naps.map(running), [[], [], []]);
  });

  it('returns while a grandchild still holds its pipe', async () => {
    const held = nap();
    const { exit, stdout } = await shEnded(`sleep ${held} & echo done`);
    const holders = running(held);
    for (const pid of holders) process.kill(pid, 'SIGKILL');
    assert.deepEqual([exit, capturedText(stdout), holders.length], [0, 'done\n', 1]);
  });

  it('ends when the signal is aborted, and says so', async () => {
    const long = nap();
    const controller = new AbortController();
    const result = sh(`sleep ${long}`, {}, controller.signal);
    await eventually(() => running(long).length > 0);
    controller.abort();
    const ended = await result;
    assert.equal(ended.ok ? 'ran' : ended.code, 'interrupted');
    assert.deepEqual(running(long), []);
  });

  it('that prints 64 MB leaves the head, the tail and the count of what is between', async () => {
    const { stdout } = await shEnded('yes firebreak | head -c 64000000; echo; echo the end');
    assert.equal(stdout.head.length, 65_536);
    assert.ok(stdout.head.startsWith('firebreak\n') && stdout.tail.endsWith('\nthe end\n'));
    assert.equal(stdout.head.length + stdout.tail.length + stdout.dropped, 64_000_000 + '\nthe end\n'.length);
  });

  it('may print any bytes', async () => {
    const { stdout, exit } = await shEnded("printf 'a\\377\\000\\033[31mb'");
    assert.deepEqual([exit, stdout.head], [0, 'a\ufffd\u0000\u001b[31mb']);
  });

  it('that cannot be executed is a failure with the name of the errno', async () => {
    const result = await localCommands().run({ argv: ['/etc/passwd'], effect: 'read', timeout: 1000 }, NEVER);
    assert.equal(result.ok ? 'ran' : result.code, 'EACCES');
  });

  it('reports the signal that ended it', async () => {
    const { exit, signal, timedOut } = await shEnded('kill -SEGV $$');
    assert.deepEqual({ exit, signal, timedOut }, { exit: null, signal: 'SIGSEGV', timedOut: false });
  });

  it('does not change the umask of the tool', async () => {
    const before = process.umask();
    await Promise.all([shEnded('true'), shEnded('true', { daemon: true })]);
    assert.equal(process.umask(), before);
  });
});

describe('which', () => {
  it('takes a path as it is, and neither folders nor files that cannot be executed', async () => {
    const { which } = localCommands();
    assert.deepEqual(await Promise.all(['/etc/passwd', '/etc', '', 'a\0b'].map(which)), [null, null, null, null]);
  });
});

describe('the bounded capture', () => {
  it('gives back whole texts that fit, however they are cut into chunks', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 40, max: 400 }),
        (text, size, limit) => {
          const bytes = Buffer.from(text);
          fc.pre(bytes.length <= 2 * limit);
          const capture = boundedCapture(limit);
          for (let at = 0; at < bytes.length; at += size) capture.push(bytes.subarray(at, at + size));
          assert.equal(capturedText(capture.done()), text);
        },
      ),
    );
  });

  it('accounts for every byte and never cuts a character in two', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 20, maxLength: 300 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 4, max: 60 }),
        (text, size, limit) => {
          const bytes = Buffer.from(text);
          const capture = boundedCapture(limit);
          for (let at = 0; at < bytes.length; at += size) capture.push(bytes.subarray(at, at + size));
          const { head, tail, dropped } = capture.done();
          assert.equal(Buffer.byteLength(head) + Buffer.byteLength(tail) + dropped, bytes.length);
          assert.ok(text.startsWith(head) && text.endsWith(tail));
          assert.ok(Buffer.byteLength(head) <= limit && Buffer.byteLength(tail) <= limit + 3);
        },
      ),
    );
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CommandRequest, type Commands, capturedText, type ProgramResult } from '../../src/model/host.ts';

const NEVER = new AbortController().signal;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** What every adapter's `Commands` must do. The host under it knows `echo`, `cat`, `false` and `env`. */
export function commandsContract(adapter: string, make: () => Commands): void {
  const run = (
    request: Partial<CommandRequest> & Pick<CommandRequest, 'argv'>,
    signal = NEVER,
  ): Promise<ProgramResult> => make().run({ effect: 'read', timeout: 10_000, ...request }, signal);
  const ended = async (request: Parameters<typeof run>[0]): Promise<Extract<ProgramResult, { ok: true }>> => {
    const result = await run(request);
    assert.ok(result.ok, JSON.stringify(result));
    return result;
  };

  describe(`commands of ${adapter}`, () => {
    it('gives the exit status and what was printed', async () => {
      const { exit, signal, timedOut, stdout, stderr } = await ended({ argv: ['echo', 'two  words', '$HOME'] });
      assert.deepEqual(
        { exit, signal, timedOut, stdout: capturedText(stdout), stderr: capturedText(stderr) },
        { exit: 0, signal: null, timedOut: false, stdout: 'two  words $HOME\n', stderr: '' },
      );
    });

    it('takes an exit status other than 0 as a result, not as a failure', async () => {
      assert.equal((await ended({ argv: ['false'] })).exit, 1);
    });

    it('gives stdin to the command, and nothing without it', async () => {
      assert.equal(capturedText((await ended({ argv: ['cat'], stdin: base64('né\n') })).stdout), 'né\n');
      assert.equal(capturedText((await ended({ argv: ['cat'] })).stdout), '');
    });

    it('adds the variables that are given to a cleared environment', async () => {
      const lines = capturedText((await ended({ argv: ['env'], env: { GREETING: 'good night' } })).stdout).split('\n');
      assert.ok(lines.includes('GREETING=good night'));
      assert.ok(!lines.some((line) => line.startsWith('HOME=')));
    });

    it('says ENOENT of a program that is not there', async () => {
      const result = await run({ argv: ['firebreak-no-such-program'] });
      assert.equal(result.ok ? 'ran' : result.code, 'ENOENT');
    });

    it('starts nothing once the signal is aborted', async () => {
      const result = await run({ argv: ['echo', 'x'] }, AbortSignal.abort());
      assert.equal(result.ok ? 'ran' : result.code, 'interrupted');
    });

    it('finds programs by name, and null for what is none', async () => {
      assert.match((await make().which('cat')) ?? '', /^\/.*/);
      assert.equal(await make().which('firebreak-no-such-program'), null);
    });
  });
}

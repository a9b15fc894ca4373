import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CommandRequest } from '../../../src/model/host.ts';
import run from '../../../src/verbs/commands/run.action.ts';
import { actOn } from '../../support/act.ts';
import { emptyWorld } from '../../support/hosts/fake-world.ts';

const FLUSH = { argv: ['postqueue', '-f', "it's"], effect: 'write' };
const known = (exit: number, stderr = '') =>
  emptyWorld({
    commands: ({ argv }) =>
      argv[0] === 'postqueue' || argv[0] === '/bin/sh' ? { exit, stdout: 'flushed\n', stderr } : undefined,
  });

describe('run as an action', () => {
  it('shows the exact command as a person would type it, runs nothing, and is irreversible', async () => {
    const world = known(0);
    const observation = await run.observe(actOn(world), FLUSH);
    assert.deepEqual(
      [observation.verdict, observation.explain, observation.targets.members, observation.undo.kind, world.log],
      ['change', ["postqueue -f 'it'\\''s'"], ["postqueue -f 'it'\\''s'"], 'irreversible', []],
    );
  });

  it('cannot run a program that is not there', async () => {
    const observation = await run.observe(actOn(known(0)), { argv: ['no-such'], effect: 'write' });
    assert.deepEqual([observation.verdict, observation.reason], ['cannot', 'there is no program no-such in the PATH']);
  });

  it('is done on exit status 0 and keeps the output', async () => {
    const world = known(0);
    const act = actOn(world);
    const applied = await run.apply(act, FLUSH, await run.observe(act, FLUSH));
    assert.deepEqual(
      [applied.outcome, applied.blocks, world.log],
      ['done', [{ kind: 'text', lines: ['flushed'] }], ["run postqueue -f it's"]],
    );
  });

  it('fails on another exit status, with what was printed', async () => {
    const act = actOn(known(75, 'mail system is down\n'));
    const applied = await run.apply(act, FLUSH, await run.observe(act, FLUSH));
    assert.deepEqual([applied.outcome, applied.reason], ['failed', 'it ended with 75']);
    assert.deepEqual(applied.blocks.at(-1), { kind: 'text', lines: ['mail system is down'] });
  });

  it('is partial when it was interrupted', async () => {
    const act = actOn(known(0), { signal: AbortSignal.abort() });
    const applied = await run.apply(act, FLUSH, await run.observe(act, FLUSH));
    assert.equal(applied.outcome, 'partial');
  });

  it('gives a shell its parameters and findings as variables only', async () => {
    const seen: CommandRequest[] = [];
    const commands = (request: CommandRequest) => {
      seen.push(request);
      return { exit: 0 };
    };
    const world = emptyWorld({ commands });
    const hostile = '"; rm -rf / #';
    const arg = {
      shell: 'printf %s "$WHERE" "$FOUND" "$TIMES"',
      env: { WHERE: hostile, FOUND: { $step: 'mail', verb: 'files', selector: {}, found: { count: 2 } }, TIMES: 3 },
      effect: 'write',
      timeout: '5s',
    };
    const act = actOn(world);
    await run.apply(act, arg, await run.observe(act, arg));
    assert.deepEqual(seen.at(-1), {
      argv: ['/bin/sh', '-c', 'printf %s "$WHERE" "$FOUND" "$TIMES"'],
      effect: 'write',
      timeout: 5000,
      env: { WHERE: hostile, FOUND: '{"count":2}', TIMES: '3' },
    });
  });

  it('refuses words that execve(2) cannot take', async () => {
    for (const word of ['a\0b', 'x'.repeat(200_000)]) {
      assert.equal(
        (await run.observe(actOn(known(0)), { argv: ['postqueue', word], effect: 'write' })).verdict,
        'cannot',
      );
    }
  });

  it('cannot be undone without an author', async () => {
    assert.equal((await run.revert(actOn(known(0)), null)).outcome, 'failed');
  });
});

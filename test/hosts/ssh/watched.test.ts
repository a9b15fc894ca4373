import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FarAnswer, Remote } from '../../../src/hosts/ssh/remote.ts';
import { watched } from '../../../src/hosts/ssh/watched.ts';
import { failure, type Result } from '../../../src/model/host.ts';

const WELL: Result<FarAnswer> = { ok: true, status: 0, stdout: Buffer.alloc(0), stderr: '' };

/** Answers as told, in turn, and remembers what was asked. */
function scripted(...answers: readonly Result<FarAnswer>[]): { readonly remote: Remote; readonly asked: string[] } {
  const asked: string[] = [];
  const left = [...answers];
  const remote: Remote = {
    name: 'host3',
    ask: async (script) => {
      asked.push(script);
      return left.shift() ?? WELL;
    },
    open: async () => failure('no-slots', 'no process slot'),
    hold: async () => ({ ok: true, status: 0 }),
    lost: () => null,
    close: async () => {},
  };
  return { remote, asked };
}

test('after a write whose answer was lost no write is sent any more, and looking is still allowed', async () => {
  for (const code of ['lost', 'timeout', 'EFBIG']) {
    const { remote, asked } = scripted(failure(code, 'no answer came'));
    const seen = watched(remote);
    assert.equal((await seen.ask('stop', { effect: 'write' })).ok, false);
    assert.deepEqual(await seen.ask('start', { effect: 'write' }), {
      ok: false,
      code: 'lost',
      message: 'nothing more is done on host3 before it was asked what became of this: no answer came',
    });
    assert.equal((await seen.ask('look', { effect: 'read' })).ok, true);
    assert.deepEqual(asked, ['stop', 'look'], code);
    assert.equal(seen.connection.lost()?.code, code);
  }
});

test('a question that got no answer is counted, whoever asked it; what was never begun leaves no outcome open', async () => {
  const { remote } = scripted(
    failure('unreachable', 'Connection timed out'),
    failure('host-key', 'the key has changed'),
  );
  const seen = watched(remote);
  await seen.ask('look', { effect: 'read' });
  await seen.ask('stop', { effect: 'write' });
  await seen.ask('look', { effect: 'read' });
  assert.deepEqual(seen.connection.unanswered(), { count: 2, last: failure('host-key', 'the key has changed') });
  assert.equal(seen.connection.lost(), null);
});

test('a channel that a host without process slots cannot open is no lost connection', async () => {
  const { remote } = scripted();
  const seen = watched(remote);
  assert.equal((await seen.open('tar', { effect: 'write' })).ok, false);
  assert.equal(seen.connection.unanswered().count, 0);
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readOnly } from '../../src/hosts/read-only.ts';
import { failure, type Host } from '../../src/model/host.ts';
import probe from '../../src/probes/run.ts';
import { actOn } from '../support/act.ts';
import { emptyWorld } from '../support/fake-world.ts';

const QUEUE = { argv: ['mailq'], effect: 'read' };
const look = () => {
  const act = actOn(
    emptyWorld({ commands: ({ argv }) => (argv[0] === 'mailq' ? { exit: 3, stdout: 'empty\n\n', stderr: 'warning\n' } : undefined) }),
  );
  return { ...act, host: readOnly(act.host) };
};

describe('run as a probe', () => {
  it('measures exit status and output, also on a read-only host, and says that nobody verified it', async () => {
    assert.deepEqual(await probe.look(look(), QUEUE), {
      summary: 'mailq ended with 3 (declared read, not verified)',
      measures: { exit: 3, stdout: 'empty', stderr: 'warning' },
      detail: { exit: 3, stdout: 'empty', stderr: 'warning' },
      blocks: [
        { kind: 'text', lines: ['empty'] },
        { kind: 'text', lines: ['warning'] },
      ],
    });
  });

  it('knows nothing where the program is missing, ends by a signal, or does not end in time', async () => {
    const missing = await probe.look(look(), { argv: ['no-such'], effect: 'read' });
    assert.deepEqual([missing.measures.exit, missing.unknown], [null, 'no-such could not be started: no such program']);
    const captured = { head: '', tail: '', dropped: 0 };
    const base = { ok: true, exit: null, signal: 'SIGKILL', timedOut: false, stdout: captured, stderr: captured, took: 1 } as const;
    const unknown = async (result: Awaited<ReturnType<Host['commands']['run']>>): Promise<string | undefined> => {
      const act = look();
      return (await probe.look({ ...act, host: { ...act.host, commands: { ...act.host.commands, run: async () => result } } }, QUEUE))
        .unknown;
    };
    assert.equal(await unknown(base), 'it was ended by SIGKILL');
    assert.equal(await unknown({ ...base, timedOut: true }), 'it did not end within 1 min');
    assert.equal(await unknown(failure('EAGAIN', 'no process slot')), 'no process slot');
  });

  it('only ever asks the host to read', async () => {
    const finding = await probe.look(look(), { argv: ['mailq'], effect: 'write' });
    assert.equal(finding.measures.exit, 3);
    assert.deepEqual(probe.schema.properties && (probe.schema.properties as { effect?: { enum?: unknown } }).effect?.enum, ['read']);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readOnly } from '../../../src/hosts/read-only.ts';
import { failure, type Host } from '../../../src/model/host.ts';
import probe from '../../../src/verbs/commands/run.probe.ts';
import { actOn } from '../../support/act.ts';
import { emptyWorld } from '../../support/hosts/fake-world.ts';

const QUEUE = { argv: ['mailq'], effect: 'read', exits_that_answer: [0, 3] };
const look = () => {
  const act = actOn(
    emptyWorld({
      commands: ({ argv }) => (argv[0] === 'mailq' ? { exit: 3, stdout: 'empty\n\n', stderr: 'warning\n' } : undefined),
    }),
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
    const base = {
      ok: true,
      exit: null,
      signal: 'SIGKILL',
      timedOut: false,
      stdout: captured,
      stderr: captured,
      took: 1,
    } as const;
    const unknown = async (result: Awaited<ReturnType<Host['commands']['run']>>): Promise<string | undefined> => {
      const act = look();
      return (
        await probe.look(
          { ...act, host: { ...act.host, commands: { ...act.host.commands, run: async () => result } } },
          QUEUE,
        )
      ).unknown;
    };
    assert.equal(await unknown(base), 'it was ended by SIGKILL');
    assert.equal(await unknown({ ...base, timedOut: true }), 'it did not end within 1 min');
    assert.equal(await unknown(failure('EAGAIN', 'no process slot')), 'no process slot');
  });

  it('knows nothing where the exit status is no answer, and shows what was printed', async () => {
    const of = async (exit: number, more: object = {}) => {
      const act = actOn(
        emptyWorld({ commands: () => ({ exit, stdout: '', stderr: exit === 0 ? '' : 'grep: x: no such file\n' }) }),
      );
      const finding = await probe.look(
        { ...act, host: readOnly(act.host) },
        { argv: ['grep', 'a', 'x'], effect: 'read', ...more },
      );
      return finding.unknown === undefined ? finding.measures.exit : finding.unknown;
    };
    const no = (exit: number) =>
      `it ended with ${exit}, which is no answer (\`exits_that_answer\` names others): grep: x: no such file`;
    assert.deepEqual([await of(0), await of(1), await of(2)], [0, no(1), no(2)]);
    const given = { exits_that_answer: [0, 1] };
    assert.deepEqual([await of(0, given), await of(1, given), await of(2, given)], [0, 1, no(2)]);
    const any = { exits_that_answer: 'any' };
    assert.deepEqual(
      [await of(2, any), await of(126, any), await of(127, any), await of(137, any)],
      [2, no(126), no(127), 137],
    );
    const shell = { argv: undefined, shell: 'grep a x', exits_that_answer: 'any' };
    assert.deepEqual([await of(137, shell), await of(255, shell)], [no(137), 255]);
    const finding = await probe.look(look(), { argv: ['mailq'], effect: 'read' });
    assert.deepEqual(finding.blocks, [
      { kind: 'text', lines: ['empty'] },
      { kind: 'text', lines: ['warning'] },
    ]);
  });

  it('only ever asks the host to read', async () => {
    const finding = await probe.look(look(), { ...QUEUE, effect: 'write' });
    assert.equal(finding.measures.exit, 3);
    assert.deepEqual(
      probe.schema.properties && (probe.schema.properties as { effect?: { enum?: unknown } }).effect?.enum,
      ['read'],
    );
  });
});

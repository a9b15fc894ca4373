import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseStat } from '../../../src/hosts/linux/proc-text.ts';
import { deniedIn, readDescriptions, readStats } from '../../../src/hosts/ssh/proc-answer.ts';
import type { Remote } from '../../../src/hosts/ssh/remote.ts';
import { askSections, type ToldSections } from '../../../src/hosts/ssh/sections.ts';

const NUMBER = fc.nat({ max: 2 ** 31 - 1 });
/** What a process may call itself: any 15 bytes, and so also the beginning of another process's record. */
const COMM = fc.oneof(
  fc.string({ unit: 'binary-ascii', maxLength: 15 }).filter((text) => !text.includes('\0')),
  fc.constantFrom(') R 1 1', 'a\n13 (b) S 1 1', '\n1 (x) S 2 3 4', '((', '))', '', '\n', 'x) S 1 1 1 1 1'),
);
const record = (pid: number, comm: string, numbers: readonly number[]) => `${pid} (${comm}) S ${numbers.join(' ')}\n`;

describe('the records of stat, one behind the other', () => {
  it('are read as what they are, whatever processes call themselves', () => {
    const process = fc.tuple(COMM, fc.array(NUMBER, { minLength: 49, maxLength: 49 }));
    fc.assert(
      fc.property(fc.array(process, { maxLength: 8 }), (processes) => {
        const records = processes.map(([comm, numbers], at) => record(at + 2, comm, numbers));
        const read = readStats(records.join(''));
        assert.deepEqual(
          [...(read?.values() ?? [])],
          records.map((text) => parseStat(text.slice(0, -1))),
        );
      }),
    );
  });

  it('are refused as a whole, without a throw, if one is cut, doubled or something else', () => {
    const whole = record(2, 'a', Array(49).fill(1));
    assert.equal(readStats(whole.slice(0, -1)), null);
    assert.equal(readStats(`${whole}${whole}`), null);
    assert.equal(readStats(`${whole}hello\n`), null);
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void readStats(text)));
  });
});

function told(parts: Readonly<Record<string, string>>, stderr = ''): ToldSections {
  const split = (name: string) => (parts[name] ?? '').split('|');
  return {
    sections: {
      has: (name) => name in parts,
      word: (name) => split(name)[0] ?? '',
      text: (name) => split(name).slice(1).join('|'),
    },
    stderr,
  };
}

describe('what tells processes', () => {
  const PROOF = {
    lines: '|self/status:Uid:\t0\t0\t0\t0\n',
    links: '|self/exe\0/bin/find\0',
    args: '1|self/cmdline:grep\0',
  };

  it('is read file by file, so that no argument and no link can pretend to belong to another process', () => {
    const found = readDescriptions(
      told({
        lines: `${PROOF.lines}7/status:Uid:\t1\t33\t1\t1\n7/status:NSpid:\t7\n7/cgroup:0::/a.service\n`,
        links: `${PROOF.links}7/exe\0/tmp/x\n8/exe\n/usr/sbin/cron (deleted)\0`,
        args: [`${PROOF.args}7/cmdline:-x\n8/cmdline:cron`, '7/cmdline:', '7/cmdline:end', ''].join('\0'),
      }),
      [7, 8],
    );
    assert.deepEqual(found?.get(7), {
      status: { uid: 33, real: 1, elsewhere: false },
      exe: '/tmp/x\n8/exe\n/usr/sbin/cron',
      args: ['-x\n8/cmdline:cron', '', 'end'],
      cgroup: '/a.service',
    });
    assert.deepEqual(found?.get(8), { status: undefined, exe: undefined, args: [], cgroup: null });
  });

  it('is refused if a tool has not run: a process that was not looked at must not count as gone', () => {
    for (const part of ['lines', 'links', 'args'] as const)
      assert.equal(readDescriptions(told({ ...PROOF, [part]: '1|' }), [7]), null);
  });

  it('is denied where the tool says so, and gone where it says that', () => {
    const stderr =
      "find: '7/exe': Permission denied\nreadlink: 9/exe: Permission denied\ngrep: 8/status: No such file or directory\n";
    assert.deepEqual([...deniedIn(stderr)], ['7/exe', '9/exe']);
    const found = readDescriptions(told(PROOF, stderr), [7, 8]);
    assert.deepEqual([found?.get(7)?.exe, found?.get(8)?.exe], ['denied', undefined]);
  });

  it('is read from a dump where grep knows no -z', () => {
    const args = '0|=self/cmdline  67\n=7/cmdline  2d 78 00 0a\n 3d\n=8/cmdline ';
    const found = readDescriptions(told({ ...PROOF, args }), [7, 8]);
    assert.deepEqual([found?.get(7)?.args, found?.get(8)?.args], [['-x', '\n='], []]);
  });
});

describe('an answer in parts', () => {
  const remoteThat = (says: (nonce: string) => string, stderr = '', status = 0): Remote =>
    ({
      name: 'web1',
      ask: async (script: string) => {
        const nonce = /printf '\\n([0-9a-f]{24}) %s/.exec(script)?.[1] ?? '';
        return { ok: true, status, stdout: Buffer.from(says(nonce)), stderr };
      },
    }) as unknown as Remote;
  const ask = (remote: Remote) => askSections(remote, '', { effect: 'read' });

  it('is cut at marks that nobody else can make', async () => {
    const forged = '\n000000000000000000000000 b evil\nx';
    const answer = await ask(
      remoteThat((nonce) => `noise\n${nonce} a one two\n${forged}\n${nonce} b\n\n${nonce} end\n`),
    );
    assert.ok(answer.ok);
    const { sections } = answer;
    assert.deepEqual(
      [sections.word('a'), sections.text('a'), sections.text('b'), sections.has('c')],
      ['one two', forged, '', false],
    );
  });

  it('is worth nothing, with the reason, if its end is missing', async () => {
    const cut = await ask(remoteThat((nonce) => `\n${nonce} a\nhalf`, 'sh: 1: Cannot fork', 2));
    assert.deepEqual(cut, {
      ok: false,
      code: 'EAGAIN',
      message: 'web1 could not start a process: sh: 1: Cannot fork',
    });
    const odd = await ask(remoteThat(() => '', 'sh: 3: Bad substitution', 2));
    assert.deepEqual(odd, {
      ok: false,
      code: 'incomplete',
      message: 'web1 did not come to the end of its answer (status 2): sh: 3: Bad substitution',
    });
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseCgroup, parseStat, parseStatus } from '../../../src/hosts/linux/proc-text.ts';

const NUMBER = fc.nat({ max: 2 ** 31 - 1 });
const COMM = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 15 }),
  fc.constantFrom(') R 1 1', 'a (b) c)', '((', '))', '', ' ', '\n', '\u001b[31m', '1 (x) S 2'),
);

/** A line as the kernel writes it: fs/proc/array.c, do_task_stat(). */
function statLine(pid: number, comm: string, state: string, fields: readonly number[]): string {
  return `${pid} (${comm}) ${state} ${fields.join(' ')}\n`;
}

describe('/proc/PID/stat', () => {
  it('is read right whatever the process calls itself', () => {
    const fields = fc.array(NUMBER, { minLength: 49, maxLength: 49 });
    fc.assert(
      fc.property(
        NUMBER,
        COMM,
        fc.constantFrom('R', 'S', 'D', 'Z', 'T', 't', 'X', 'I'),
        fields,
        (pid, comm, state, numbers) => {
          const at = (field: number) => numbers[field - 4] ?? 0;
          assert.deepEqual(parseStat(statLine(pid, comm, state, numbers)), {
            pid,
            comm,
            state: state === 'Z' && at(20) > 1 ? 'S' : state,
            ppid: at(4),
            session: at(6),
            kernel: (at(9) & 0x20_0000) !== 0,
            minflt: at(10),
            cminflt: at(11),
            start: at(22),
          });
        },
      ),
    );
  });

  it('is undefined, and never throws, if it is cut short or no stat', () => {
    assert.equal(parseStat(''), undefined);
    assert.equal(parseStat('12 (sh) S 1 2 3'), undefined);
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseStat(text)));
  });
});

describe('/proc/PID/status', () => {
  const status = (nspid: string) =>
    `Name:\tpostdrop\nUid:\t1000\t33\t1000\t33\nGid:\t8\t116\t116\t116\n${nspid}Threads:\t1\n`;

  it('tells the effective user, whose rights the process has', () => {
    assert.deepEqual(parseStatus(status('NSpid:\t12\n')), { uid: 33, real: 1000, elsewhere: false });
  });

  it('tells a process in a pid namespace below ours', () => {
    assert.deepEqual(parseStatus(status('NSpid:\t9012\t12\n')), { uid: 33, real: 1000, elsewhere: true });
  });

  it('is read where the kernel has no NSpid', () =>
    assert.deepEqual(parseStatus(status('')), { uid: 33, real: 1000, elsewhere: false }));
});

describe('/proc/PID/cgroup', () => {
  it('is the unified hierarchy’s', () =>
    assert.equal(parseCgroup('0::/system.slice/cron.service\n'), '/system.slice/cron.service'));

  it('is systemd’s own where there are several', () => {
    assert.equal(
      parseCgroup('4:memory:/x\n1:name=systemd:/system.slice/cron.service\n0::/\n'),
      '/system.slice/cron.service',
    );
  });

  it('is the root where all are', () => assert.equal(parseCgroup('9:cpu:/\n0::/\n'), '/'));

  it('is unknown where the kernel has none', () => assert.equal(parseCgroup(''), null));
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ancestorsOf, type Lineage, starterOf, titleOf } from '../../../src/hosts/linux/lineage.ts';
import type { ProcStat } from '../../../src/hosts/linux/proc-text.ts';

interface Made {
  readonly pid: number;
  readonly comm: string;
  readonly ppid?: number;
  readonly session?: number;
  readonly exe?: string;
  readonly args?: readonly string[];
  readonly cgroup?: string;
  /** The real user; root where none is given. */
  readonly owner?: number;
}

function lineageOf(...made: readonly Made[]): Lineage {
  const by = new Map(made.map((each) => [each.pid, each]));
  const stats = made.map(({ pid, comm, ppid = 1, session = pid }): [number, ProcStat] => [
    pid,
    { pid, comm, ppid, session, state: 'S', kernel: false, minflt: 0, cminflt: 0, start: 0 },
  ]);
  return {
    stats: new Map(stats),
    exe: (pid) => by.get(pid)?.exe ?? null,
    exeDenied: () => false,
    args: (pid) => by.get(pid)?.args ?? [],
    cgroup: (pid) => by.get(pid)?.cgroup ?? '/',
    owner: (pid) => by.get(pid)?.owner ?? 0,
  };
}

function starter(lineage: Lineage, pid: number, ...names: readonly string[]) {
  const stat = lineage.stats.get(pid);
  assert.ok(stat);
  return starterOf(lineage, names, new Set([0]))(stat);
}

describe('who started a process', () => {
  it('is the topmost ancestor of that name, the daemon rather than its child', () => {
    const lineage = lineageOf(
      { pid: 20, comm: 'cron' },
      { pid: 41, comm: 'cron', ppid: 20, session: 20 },
      { pid: 42, comm: 'sendmail', ppid: 41, session: 20 },
    );
    assert.deepEqual(starter(lineage, 42, 'crond', 'cron'), { name: 'cron', pid: 20, by: 'ancestor' });
  });

  it('is known by the program’s file where the name was changed', () => {
    const lineage = lineageOf(
      { pid: 20, comm: 'renamed', exe: '/usr/sbin/crond' },
      { pid: 42, comm: 'sendmail', ppid: 20, session: 9 },
    );
    assert.deepEqual(starter(lineage, 42, 'crond'), { name: 'crond', pid: 20, by: 'ancestor' });
  });

  it('is not a daemon whose name fits only in part, or in other letter case', () => {
    const lineage = lineageOf(
      { pid: 20, comm: 'anacron', exe: '/opt/cron/run' },
      { pid: 42, comm: 'sendmail', ppid: 20 },
    );
    assert.equal(starter(lineage, 42, 'cron', 'ANACRON'), null);
  });

  it('is not a program of another user that has the daemon’s name, whether parent, session or what is left of a session', () => {
    const strange = { comm: 'cron', owner: 1001 };
    const lineage = lineageOf(
      { pid: 20, comm: 'cron' },
      { pid: 30, ...strange },
      { pid: 31, comm: 'sendmail', ppid: 30, session: 30, owner: 1001 },
      { pid: 32, comm: 'sendmail', ppid: 1, session: 30, owner: 1001 },
      { pid: 41, ...strange, session: 40 },
      { pid: 42, comm: 'sendmail', ppid: 1, session: 40, owner: 1001 },
      { pid: 51, comm: 'sendmail', ppid: 20, session: 20, owner: 1001 },
    );
    assert.deepEqual(
      [31, 32, 42].map((pid) => starter(lineage, pid, 'cron')),
      [null, null, null],
    );
    assert.deepEqual(starter(lineage, 51, 'cron'), { name: 'cron', pid: 20, by: 'ancestor' });
  });

  it('is the daemon of a service that runs as a user of its own, in the system’s cgroup of its name', () => {
    const cgroup = '/system.slice/indexer.service';
    const lineage = lineageOf(
      { pid: 20, comm: 'indexer', owner: 998, cgroup },
      { pid: 21, comm: 'worker', ppid: 20, session: 21, owner: 998, cgroup },
      { pid: 30, comm: 'indexer', owner: 1001, cgroup: '/user.slice/user-1001.slice/indexer.service' },
      { pid: 31, comm: 'worker', ppid: 30, session: 31, owner: 1001 },
    );
    assert.deepEqual([starter(lineage, 21, 'indexer')?.pid, starter(lineage, 31, 'indexer')], [20, null]);
  });

  it('is not the daemon of a user’s own process beside it', () => {
    const lineage = lineageOf(
      { pid: 20, comm: 'cron' },
      { pid: 30, comm: 'bash' },
      { pid: 42, comm: 'sendmail', ppid: 30, session: 30 },
      { pid: 43, comm: 'sendmail', ppid: 1, session: 43 },
    );
    assert.deepEqual([starter(lineage, 42, 'cron'), starter(lineage, 43, 'cron')], [null, null]);
  });

  it('is told by systemd’s cgroup, also after the daemon has ended', () => {
    const cgroup = '/system.slice/cron.service';
    const orphan = { pid: 42, comm: 'postdrop', session: 42, cgroup };
    assert.deepEqual(starter(lineageOf({ pid: 20, comm: 'cron', cgroup }, orphan), 42, 'cron'), {
      name: 'cron',
      pid: 20,
      by: 'cgroup',
    });
    assert.deepEqual(starter(lineageOf(orphan), 42, 'cron'), { name: 'cron', pid: 0, by: 'cgroup' });
  });

  it('is told by OpenRC’s cgroup', () => {
    for (const cgroup of ['/openrc.cron', '/openrc/cron']) {
      assert.deepEqual(starter(lineageOf({ pid: 42, comm: 'postdrop', cgroup }), 42, 'cron'), {
        name: 'cron',
        pid: 0,
        by: 'cgroup',
      });
    }
  });

  it('is not told by a cgroup that a user named, nor by one that only looks alike', () => {
    for (const cgroup of [
      '/user.slice/user-1000.slice/user@1000.service/app.slice/cron.service',
      '/system.slice/cron.service.d',
      '/cron',
      '/',
    ]) {
      assert.equal(
        starter(lineageOf({ pid: 20, comm: 'cron', cgroup }, { pid: 42, comm: 'postdrop', cgroup }), 42, 'cron'),
        null,
        cgroup,
      );
    }
  });

  it('is unknown for the daemon itself', () => {
    assert.equal(starter(lineageOf({ pid: 20, comm: 'cron', cgroup: '/system.slice/cron.service' }), 20, 'cron'), null);
  });
});

describe('the chain of parents', () => {
  it('ends at PID 1, at a gap and at a circle', () => {
    const pids = (lineage: Lineage, pid: number) => ancestorsOf(lineage.stats, pid).map((each) => each.pid);
    assert.deepEqual(
      pids(lineageOf({ pid: 1, comm: 'init', ppid: 0 }, { pid: 2, comm: 'a' }, { pid: 3, comm: 'b', ppid: 2 }), 3),
      [2],
    );
    assert.deepEqual(pids(lineageOf({ pid: 3, comm: 'b', ppid: 2 }), 3), []);
    assert.deepEqual(pids(lineageOf({ pid: 2, comm: 'a', ppid: 3 }, { pid: 3, comm: 'b', ppid: 2 }), 3), [2]);
  });

  it('shows CRON as Debian’s cron calls its children, and no other claim', () => {
    const lineage = lineageOf(
      { pid: 4, comm: 'cron', args: ['/usr/sbin/CRON', '-f'] },
      { pid: 5, comm: 'evil', args: ['sshd: root'] },
      { pid: 6, comm: 'kworker' },
    );
    assert.deepEqual(
      [...lineage.stats.values()].map((stat) => titleOf(lineage, stat)),
      ['CRON', 'evil', 'kworker'],
    );
  });
});

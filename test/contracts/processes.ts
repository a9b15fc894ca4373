import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Processes, ProcessIdentity, ProcessRecord, ProcessSelector } from '../../src/model/host.ts';
import { eventually } from '../support/hosts/programs.ts';

/** A host with processes to try things on; names are chosen so that no other process of the host has them. */
export interface ProcessStage {
  readonly processes: Processes;
  /**
   * A daemon of that name, in a session of its own, with one child of each of the other names. Resolves when all run.
   * Returns their pids by name.
   */
  family(daemon: string, ...children: readonly string[]): Promise<Readonly<Record<string, number>>>;
  /** One process on its own, whose parent is no daemon. */
  single(
    name: string,
    options?: { readonly args?: readonly string[]; readonly ignoresTerm?: boolean },
  ): Promise<number>;
  /** The user that these processes belong to. */
  readonly user: { readonly name: string; readonly uid: number };
  close(): Promise<void>;
}

/** What every adapter of the port promises. */
export function processesContract(adapter: string, openStage: () => Promise<ProcessStage>): void {
  describe(`processes of a ${adapter} host`, () => {
    let stage: ProcessStage;
    beforeEach(async () => {
      stage = await openStage();
    });
    afterEach(async () => await stage.close());

    const list = async (selector: ProcessSelector): Promise<readonly ProcessRecord[]> => {
      const found = await stage.processes.list(selector);
      assert.ok(found.ok);
      return found.processes;
    };
    const pids = async (selector: ProcessSelector) =>
      (await list(selector)).map((each) => each.pid).toSorted((a, b) => a - b);
    const one = async (name: string): Promise<ProcessRecord> => {
      const [first] = await list({ name: [name] });
      assert.ok(first);
      return first;
    };
    const outcome = async (target: ProcessIdentity, signal: 'TERM' | 'KILL' = 'TERM') =>
      (await stage.processes.signal([target], signal)).map((each) => [each.pid, each.outcome]);
    const ends = async (target: ProcessIdentity) =>
      await eventually(async () => (await stage.processes.alive([target])).length === 0, `${target.pid} has ended`);

    it('lists by name: one, any of several, none', async () => {
      const a = await stage.single('fb-mail');
      const b = await stage.single('fb-drop');
      assert.deepEqual(await pids({ name: ['fb-mail'] }), [a]);
      assert.deepEqual(
        await pids({ name: ['fb-mail', 'fb-drop'] }),
        [a, b].toSorted((x, y) => x - y),
      );
      assert.deepEqual(await pids({ name: ['fb-nobody'] }), []);
    });

    it('takes a selector as all of its parts', async () => {
      const pid = await stage.single('fb-mail', { args: ['-i', 'root'] });
      const { exe } = await one('fb-mail');
      assert.ok(exe);
      assert.deepEqual(
        await pids({ name: ['fb-mail'], exe: [exe], args: '-i root$', user: [stage.user.name], state: ['S'] }),
        [pid],
      );
      assert.deepEqual(await pids({ name: ['fb-mail'], user: [String(stage.user.uid)] }), [pid]);
      assert.deepEqual(await pids({ name: ['fb-mail'], exe: ['/usr/bin/true'] }), []);
      assert.deepEqual(await pids({ name: ['fb-mail'], args: '-i nobody' }), []);
      assert.deepEqual(await pids({ name: ['fb-mail'], user: ['no-such-user'] }), []);
      assert.deepEqual(await pids({ name: ['fb-mail'], state: ['T'] }), []);
      assert.deepEqual(await pids({ name: ['fb-mail'], older_than: 3_600_000 }), []);
      assert.deepEqual(await pids({ name: ['fb-mail'], older_than: 0 }), [pid]);
    });

    it('says the same identity each time it looks', async () => {
      await stage.single('fb-mail');
      const [first, second] = [await one('fb-mail'), await one('fb-mail')];
      assert.deepEqual([first.pid, first.start, first.exe], [second.pid, second.start, second.exe]);
    });

    it('tells who started a process only when it is asked, and only of the daemons asked for', async () => {
      const family = await stage.family('fb-cron', 'fb-mail');
      await stage.single('fb-mail');
      const [record] = await list({ name: ['fb-mail'], started_by: ['fb-cron'] });
      assert.deepEqual(
        [record?.pid, record?.startedBy],
        [family['fb-mail'], { name: 'fb-cron', pid: family['fb-cron'], by: 'ancestor' }],
      );
      assert.deepEqual(record?.ancestry[0], { pid: family['fb-cron'], name: 'fb-cron' });
      assert.deepEqual(await list({ name: ['fb-mail'], started_by: ['fb-other'] }), []);
      assert.deepEqual(
        (await list({ name: ['fb-mail'] })).map((each) => each.startedBy),
        [null, null],
      );
    });

    it('does not take a daemon for its own child', async () => {
      await stage.family('fb-cron', 'fb-mail');
      assert.deepEqual(await list({ name: ['fb-cron'], started_by: ['fb-cron'] }), []);
    });

    it('ends a process with TERM', async () => {
      await stage.single('fb-mail');
      const target = await one('fb-mail');
      assert.deepEqual(await stage.processes.alive([target]), [target]);
      assert.deepEqual(await outcome(target), [[target.pid, 'sent']]);
      await ends(target);
      assert.deepEqual(await list({ name: ['fb-mail'] }), []);
    });

    it('leaves one that ignores TERM alive, and ends it with KILL', async () => {
      await stage.single('fb-mail', { ignoresTerm: true });
      const target = await one('fb-mail');
      assert.deepEqual(await outcome(target), [[target.pid, 'sent']]);
      assert.deepEqual(await stage.processes.alive([target]), [target]);
      assert.deepEqual(await outcome(target, 'KILL'), [[target.pid, 'sent']]);
      await ends(target);
    });

    it('leaves another process alone that has the pid now', async () => {
      await stage.single('fb-mail');
      const target = await one('fb-mail');
      const earlier = { ...target, start: target.start - 1 };
      const another = { ...target, exe: '/usr/sbin/sendmail' };
      assert.deepEqual(await outcome(earlier, 'KILL'), [[target.pid, 'other']]);
      assert.deepEqual(await outcome(another, 'KILL'), [[target.pid, 'other']]);
      assert.deepEqual(await stage.processes.alive([earlier, another]), []);
      assert.deepEqual(await stage.processes.alive([target]), [target]);
    });

    it('compares pid and start time if the program is not known', async () => {
      await stage.single('fb-mail');
      const target = { ...(await one('fb-mail')), exe: null };
      assert.deepEqual(await outcome(target), [[target.pid, 'sent']]);
      await ends(target);
    });

    it('says gone of what has ended', async () => {
      await stage.single('fb-mail');
      const target = await one('fb-mail');
      await outcome(target, 'KILL');
      await ends(target);
      await eventually(async () => (await outcome(target))[0]?.[1] === 'gone', 'gone');
    });

    it('never signals PID 1', async () => {
      const [result] = await stage.processes.signal([{ pid: 1, start: 0, exe: null }], 'TERM');
      assert.equal(result?.outcome, 'refused');
      assert.ok(result.reason);
    });

    it('signals children before their parents, whatever order they are given in', async () => {
      const family = await stage.family('fb-cron', 'fb-mail');
      const targets = [await one('fb-cron'), await one('fb-mail')];
      const expected = [
        [family['fb-mail'], 'sent'],
        [family['fb-cron'], 'sent'],
      ];
      const results = await stage.processes.signal(targets, 'TERM');
      assert.deepEqual(
        results.map((each) => [each.pid, each.outcome]),
        expected,
      );
      for (const target of targets) await ends(target);
    });

    it('counts the faults of a process, and of none where there is none', async () => {
      const pid = await stage.single('fb-mail');
      const { start } = await one('fb-mail');
      const counters = await stage.processes.counters(pid);
      assert.deepEqual([counters?.pid, counters?.start], [pid, start]);
      assert.ok(counters && Number.isInteger(counters.minflt) && Number.isInteger(counters.cminflt));
      assert.equal(await stage.processes.counters(2 ** 22 + 1), null);
    });

    it('gives JSON', async () => {
      await stage.family('fb-cron', 'fb-mail');
      const found = await stage.processes.list({ name: ['fb-mail'], started_by: ['fb-cron'] });
      assert.deepEqual(JSON.parse(JSON.stringify(found)), found);
    });
  });
}

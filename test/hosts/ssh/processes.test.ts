import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { localProcesses } from '../../../src/hosts/local/processes.ts';
import { sshProcesses } from '../../../src/hosts/ssh/processes.ts';
import type { Remote } from '../../../src/hosts/ssh/remote.ts';
import { failure, type ProcessRecord } from '../../../src/model/host.ts';
import { processesContract } from '../../contracts/processes.ts';
import { realProcesses } from '../../contracts/real-processes.ts';
import { realStage, users, within } from '../../support/hosts/process-stage.ts';
import { programs, WAIT } from '../../support/hosts/programs.ts';
import { remotesHere } from '../../support/hosts/shells.ts';

const remotes = remotesHere();

for (const { name, remote } of remotes) {
  const processes = sshProcesses({ remote, machine: { users } });
  processesContract(`far (${name})`, () => realStage(processes));
  realProcesses(`a far ${name}`, processes);

  describe(`the shell of a far ${name}`, () => {
    it('is never signalled, nor its ancestors, and its own tools are not listed', async () => {
      const found = await processes.list({});
      assert.ok(found.ok, JSON.stringify(found));
      const spared = found.processes.filter((each) => each.spared === 'self' || each.spared === 'ancestor');
      const self = spared.filter((each) => each.spared === 'self');
      assert.equal(self.length, 1);
      assert.ok(spared.some((each) => each.pid === process.pid && each.spared === 'ancestor'));
      assert.deepEqual(
        found.processes.filter(
          (each) => each.ppid === self[0]?.pid || each.ancestry.some(({ pid }) => pid === self[0]?.pid),
        ),
        [],
      );
      const results = await processes.signal(
        [...spared, { pid: 1, start: 0, exe: null }, { pid: -1, start: 0, exe: null }],
        'KILL',
      );
      assert.deepEqual(new Set(results.map((each) => each.outcome)), new Set(['refused']));
      assert.equal(results.length, spared.length + 2);
    });

    it('sees what this machine sees of itself', async (test) => {
      const stage = await realStage(processes);
      test.after(() => stage.close());
      const family = Object.values(await stage.family('fb-cron', 'fb-mail', 'fb-drop'));
      const pids = [...family, await stage.single('fb-mail', { args: ['-x', '', 'a b'] })];
      // Its age and its state differ from moment to moment.
      const stable = ({ age: _, state: __, ...rest }: ProcessRecord) => rest;
      for (const selector of [
        { name: ['fb-cron', 'fb-mail', 'fb-drop'] },
        { name: ['fb-mail', 'fb-drop'], started_by: ['fb-cron'] },
        {},
      ]) {
        const both = [await localProcesses({ machine: { users } }).list(selector), await processes.list(selector)];
        const [here, there] = both.map(
          (found) => found.ok && found.processes.filter(({ pid }) => pids.includes(pid)).map(stable),
        );
        assert.ok(here && there && here.length > 1);
        assert.deepEqual(there, here);
      }
    });

    it('keeps kernel threads', async (test) => {
      const found = await processes.list({ name: ['kthreadd'] });
      const [thread] = found.ok ? found.processes : [];
      if (thread === undefined) return test.skip('no kernel thread is in sight');
      assert.equal(thread.spared, 'kernel');
      assert.deepEqual(await processes.signal([thread], 'CONT'), [
        { pid: thread.pid, outcome: 'refused', reason: 'a kernel thread' },
      ]);
    });

    it('knows programs whose path is no plain word', async () => {
      const stage = programs();
      for (const title of ["it's $(x) ü", 'two\nlines', 'x (deleted)']) {
        const program = stage.start(title, `echo up; ${WAIT}`);
        await program.line();
        const [found] = await within(processes, stage)({ name: [title.slice(0, 15)] });
        if (found === undefined) assert.fail(`${JSON.stringify(title)} is not seen`);
        if (title !== 'x (deleted)') assert.equal(found.exe, `${stage.folder}/${title}`);
        assert.deepEqual(await processes.alive([found]), [found], title);
        assert.deepEqual(await processes.signal([{ ...found, exe: '/usr/bin/true' }], 'KILL'), [
          { pid: program.pid, outcome: 'other' },
        ]);
        assert.deepEqual(await processes.signal([found], 'TERM'), [{ pid: program.pid, outcome: 'sent' }], title);
      }
      await stage.close();
    });
  });
}

describe('a far host that', () => {
  const target = { pid: 4242, start: 1, exe: '/bin/x' };
  const lost = {
    name: 'web1',
    ask: async () => failure('lost', 'the connection to web1 was lost'),
  } as unknown as Remote;
  const processes = sshProcesses({ remote: lost, machine: { users } });

  it('does not answer has no list, and passes the code on', async () => {
    assert.deepEqual(await processes.list({ name: ['x'] }), {
      ok: false,
      code: 'lost',
      message: 'the connection to web1 was lost',
    });
  });

  it('does not answer: nobody counts as signalled, and nobody as gone', async () => {
    assert.deepEqual(await processes.signal([target], 'TERM'), [
      { pid: 4242, outcome: 'refused', reason: 'the connection to web1 was lost' },
    ]);
    assert.deepEqual(await processes.alive([target]), [target]);
    assert.equal(await processes.counters(4242), null);
  });
});

it('a name or a path with a NUL belongs to no process, and does no harm', async () => {
  const remote = remotes[0]?.remote;
  assert.ok(remote);
  const processes = sshProcesses({ remote, machine: { users } });
  assert.deepEqual(await processes.list({ name: ['a\0b'], exe: ['/x\0'] }), { ok: true, processes: [], unreadable: 0 });
  const results = await processes.signal([{ pid: process.pid, start: 1, exe: 'a\0' }], 'CONT');
  assert.deepEqual(
    results.map((each) => each.outcome),
    ['refused'],
  );
});

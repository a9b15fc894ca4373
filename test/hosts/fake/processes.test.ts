import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fakeProcesses } from '../../../src/hosts/fake/processes.ts';
import { type ProcessStage, processesContract } from '../../contracts/processes.ts';
import { mailStorm, processRecord, processWorld } from '../../support/hosts/fake-processes.ts';

async function openStage(): Promise<ProcessStage> {
  const world = processWorld();
  let next = 100;
  const add = (record: Parameters<typeof processRecord>[0]) => {
    world.processes.push(processRecord(record));
    return record.pid;
  };
  return {
    processes: fakeProcesses(world),
    user: { name: 'root', uid: 0 },
    family: async (daemon, ...children) => {
      const pid = add({ pid: next++, name: daemon });
      const ancestry = [{ pid, name: daemon }];
      return Object.fromEntries([
        [daemon, pid],
        ...children.map((name) => [name, add({ pid: next++, ppid: pid, name, ancestry })]),
      ]);
    },
    single: async (name, options = {}) => {
      const pid = add({ pid: next++, name, args: [name, ...(options.args ?? [])] });
      if (options.ignoresTerm) world.ignoresTerm.add(pid);
      return pid;
    },
    close: async () => {},
  };
}

processesContract('fake', openStage);

describe('processes of a fake host', () => {
  it('writes what is signalled into the world’s log, children before parents', async () => {
    const world = processWorld(...mailStorm(1));
    await fakeProcesses(world).signal(world.processes, 'TERM');
    assert.deepEqual(world.log, ['signal TERM 102', 'signal TERM 101', 'signal TERM 100']);
  });

  it('gives the children of what ended to PID 1', async () => {
    const world = processWorld(...mailStorm(1));
    await fakeProcesses(world).signal(world.processes.slice(1, 2), 'TERM');
    assert.deepEqual(
      world.processes.map((each) => [each.pid, each.ppid, each.session]),
      [
        [100, 20, 20],
        [102, 1, 20],
      ],
    );
  });

  it('ends nothing that is in D state', async () => {
    const world = processWorld(processRecord({ pid: 5, name: 'postdrop', state: 'D' }));
    const processes = fakeProcesses(world);
    await processes.signal(world.processes, 'KILL');
    assert.equal((await processes.alive(world.processes)).length, 1);
  });
});

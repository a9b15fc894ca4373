import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { describe, it } from 'node:test';
import { createSlices } from '../../../src/hosts/linux/slices.ts';
import { localProcesses } from '../../../src/hosts/local/processes.ts';
import { processesContract } from '../../contracts/processes.ts';
import { realProcesses } from '../../contracts/real-processes.ts';
import { realStage, users } from '../../support/hosts/process-stage.ts';
import { programs, WAIT } from '../../support/hosts/programs.ts';

const processes = localProcesses({ machine: { users } });

processesContract('local', () => realStage(processes));
realProcesses('itself', processes);

describe('this process', () => {
  it('marks what it never signals, and refuses to', async () => {
    const found = await processes.list({});
    assert.ok(found.ok);
    const spared = (pid: number) => found.processes.find((each) => each.pid === pid);
    const [init, self, parent] = [spared(1), spared(process.pid), spared(process.ppid)];
    assert.deepEqual([init?.spared, self?.spared, parent?.spared], ['init', 'self', 'ancestor']);
    for (const target of [init, self, parent]) {
      assert.ok(target);
      assert.equal((await processes.signal([target], 'TERM'))[0]?.outcome, 'refused');
    }
  });
});

describe('a pid that was given away between a look and its signal', () => {
  it('is not signalled: what was opened is what is looked at, not what has its number now', async (t) => {
    const stage = programs();
    t.after(() => stage.close());
    const start = async (name: string) => {
      const program = stage.start(name, `echo up; ${WAIT}`);
      await program.line();
      return program;
    };
    const [ended, alive] = [await start('fb-ended'), await start('fb-alive')];
    const found = await processes.list({ name: ['fb-alive'] });
    const target = found.ok ? found.processes.find(({ pid }) => pid === alive.pid) : undefined;
    assert.ok(target);
    // The folder in /proc of a process that has ended since, for the one that was asked for: so it is when its number
    // goes round.
    const open = fs.openSync;
    const earlier = open(`/proc/${ended.pid}`, 'r');
    process.kill(ended.pid, 'SIGKILL');
    await ended.ended;
    t.mock.method(fs, 'openSync', (path: string, ...rest: [number]) =>
      path === `/proc/${alive.pid}` ? earlier : open(path, ...rest),
    );
    syncBuiltinESMExports();
    t.after(() => {
      t.mock.restoreAll();
      syncBuiltinESMExports();
    });
    assert.deepEqual(await processes.signal([target], 'KILL'), [{ pid: alive.pid, outcome: 'gone' }]);
    assert.deepEqual(await processes.alive([target]), [target]);
  });
});

describe('slices', () => {
  it('are due after some milliseconds of work, and let timers and signals have their turn', async () => {
    const slices = createSlices();
    assert.equal(slices.due(), false);
    let fired = false;
    setTimeout(() => {
      fired = true;
    }, 1);
    const until = performance.now() + 20;
    while (performance.now() < until);
    assert.deepEqual([slices.due(), fired], [true, false]);
    while (!fired) await slices.next();
    assert.equal(slices.due(), false);
  });
});

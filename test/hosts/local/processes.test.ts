import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { localProcesses } from '../../../src/hosts/local/processes.ts';
import { createSlices } from '../../../src/hosts/local/slices.ts';
import { processesContract } from '../../contracts/processes.ts';
import { realProcesses } from '../../contracts/real-processes.ts';
import { realStage, users } from '../../support/process-stage.ts';

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

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadRunbook } from '../../../src/load/load.ts';
import type { Truth } from '../../../src/model/condition.ts';
import { STATE_INSTEAD, STATE_WORDS } from '../../../src/model/host/service.ts';
import type { ServiceState } from '../../../src/model/host.ts';
import { judgeWith } from '../../../src/model/runbook/scope.ts';
import type { Runbook } from '../../../src/model/runbook.ts';
import probe from '../../../src/verbs/services/service.probe.ts';
import { folderCatalogue } from '../../../src/wiring/catalogue.ts';
import { actOn } from '../../support/act.ts';
import { service, worldWith } from '../../support/hosts/fake-world.ts';

async function read(expectation: string, params = '') {
  const text = `firebreak: 1\nrunbook: words\nversion: 1.0.0\ntitle: words\n${params}diagnose:\n  - id: post\n    service: {name: postfix}\n    expect: {state: ${expectation}}\n`;
  return await loadRunbook({ path: 'words.yaml', text, catalogue: folderCatalogue() });
}

async function runbookOf(expectation: string, params = ''): Promise<Runbook> {
  const loaded = await read(expectation, params);
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return loaded.value;
}

/** What the condition makes of a service in this state. */
async function truth(runbook: Runbook, state: ServiceState['state'], params = {}): Promise<Truth> {
  const { measures } = await probe.look(actOn(worldWith(service('postfix', state))), { name: 'postfix' });
  const expect = runbook.diagnose[0]?.expect;
  assert.ok(expect);
  return judgeWith(expect, { params, steps: {} }, measures).truth;
}

const STATES = ['running', 'reloading', 'stopped', 'failed', 'starting', 'restarting', 'stopping'] as const;

/** In which states the expectation holds. */
async function holds(expectation: string): Promise<readonly string[]> {
  const runbook = await runbookOf(expectation);
  const found: string[] = [];
  for (const state of STATES) if ((await truth(runbook, state as ServiceState['state'])) === 'yes') found.push(state);
  return found;
}

describe('the words for the state of a service', () => {
  it('down is stopped or failed, and stopped is stopped alone', async () => {
    assert.deepEqual(await holds('{is: down}'), ['stopped', 'failed']);
    assert.deepEqual(await holds('down'), ['stopped', 'failed']);
    assert.deepEqual(await holds('{is: stopped}'), ['stopped']);
  });

  it('not down is all else, and a list may hold the word', async () => {
    assert.deepEqual(await holds('{is_not: down}'), ['running', 'reloading', 'starting', 'restarting', 'stopping']);
    assert.deepEqual(await holds('{one_of: [stopping, down]}'), ['stopped', 'failed', 'stopping']);
    assert.deepEqual(await holds('[stopping, down]'), ['stopped', 'failed', 'stopping']);
  });

  it('what reloads runs, and what its manager will start again is starting', async () => {
    assert.deepEqual(await holds('{is: running}'), ['running', 'reloading']);
    assert.deepEqual(await holds('{is: starting}'), ['starting', 'restarting']);
  });

  it('a parameter may hold the word', async () => {
    const runbook = await runbookOf('{is: $wanted}', 'params:\n  wanted: {type: string, default: down, about: what}\n');
    assert.deepEqual(
      [await truth(runbook, 'failed', { wanted: 'down' }), await truth(runbook, 'running', { wanted: 'down' })],
      ['yes', 'no'],
    );
  });

  it('are known to check: each of them is taken, and each word of other tools is told with what to type instead', async () => {
    for (const word of Object.keys(STATE_WORDS)) assert.ok((await read(`{is: ${word}}`)).ok, word);
    for (const [word, meant] of Object.entries({ ...STATE_INSTEAD, stoped: 'stopped', runing: 'running' })) {
      const loaded = await read(`{one_of: [${word}]}`);
      const problems = loaded.ok
        ? []
        : loaded.problems.map(({ code, suggestion, place }) => [code, suggestion, place.line]);
      assert.deepEqual(problems, [['unknown-word', meant, 8]], word);
    }
  });
});

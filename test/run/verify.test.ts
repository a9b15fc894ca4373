import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceState } from '../../src/model/host.ts';
import { change, clause, rehearse, type Script } from '../support/rehearsal.ts';

const state = (name: string, is: ServiceState['state']): ServiceState => ({
  name,
  exists: true,
  state: is,
  enabled: true,
  pid: is === 'running' ? 7 : null,
  since: null,
  manager: 'systemd',
});

/** Stops and starts db, with which web goes down; afterwards each service is as given. */
const restarted = (now: Readonly<Record<string, ServiceState['state']>>): Script => ({
  diagnose: [{ expect: clause('count', { at_least: 1 }) }],
  act: [{ verb: 'restart' }],
  actions: {
    restart: {
      observe: async () =>
        change('db', {
          undo: { kind: 'revert', say: 'start db', data: { service: 'db', wanted: 'running', also: ['web'] } },
        }),
    },
  },
  verify: [{ expect: clause('count', { at_least: 1 }) }],
  services: { state: async (name) => state(name, now[name] ?? 'unknown') },
});

test('what went down with a service and stays down has recurred, whatever the lines of verify say', async () => {
  const { ending } = await rehearse(restarted({ db: 'running', web: 'stopped' }));
  assert.deepEqual(ending, {
    outcome: 'recurred',
    verdict: 'recurred',
    reasons: ['web is stopped: it ran until db was stopped'],
  });
});

test('what went down with a service and runs again is no reason against it', async () => {
  assert.equal((await rehearse(restarted({ db: 'running', web: 'running' }))).ending.outcome, 'held');
});

test('a watch that asks for a proof and does not see it is inconclusive, though all of its samples are good', async () => {
  const proof = { cron_minutes: 2, service: 'cron' };
  const { ending } = await rehearse({
    diagnose: [{ id: 'seen', expect: clause('count', { at_least: 1 }) }],
    act: [{ verb: 'change' }],
    verify: [
      {
        id: 'calm',
        verb: 'watch',
        arg: { for: '1m', every: '15s', proof },
        hold: [
          { of: 'seen', condition: clause('count', { is: 1 }), place: { file: '', line: 1, column: 1, length: 1 } },
        ],
      },
    ],
    services: { state: async (name) => state(name, 'stopped') },
  });
  assert.deepEqual([ending.outcome, ending.verdict], ['inconclusive', 'inconclusive']);
  assert.match(ending.reasons.join('\n'), /^cron was seen to run and end a job in 0 of the 2 minutes that prove it/);
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failure, type Host } from '../../../src/model/host.ts';
import start from '../../../src/verbs/services/start.action.ts';
import { actOn } from '../../support/act.ts';
import { service, worldWith } from '../../support/hosts/fake-world.ts';

const CRON = { service: { first_of: ['crond', 'cron'] } };

describe('start', () => {
  it('shows the state now and after, and undoes to what was', async () => {
    const observation = await start.observe(actOn(worldWith(service('cron', 'stopped'))), CRON);
    assert.deepEqual(
      [observation.verdict, observation.summary, observation.state, observation.undo, observation.predicts],
      [
        'change',
        'start cron',
        { now: 'stopped, for 1 min', after: 'running' },
        { kind: 'revert', say: 'stop cron, as it was before this step', data: { service: 'cron', wanted: 'stopped' } },
        [{ kind: 'service', name: 'cron', state: 'running' }],
      ],
    );
  });

  it('is nothing to do where it runs, so that undo does not stop what we did not start', async () => {
    const observation = await start.observe(actOn(worldWith(service('cron', 'running'))), CRON);
    assert.deepEqual([observation.verdict, observation.undo], ['nothing', { kind: 'nothing' }]);
  });

  it('starts, shows the new process and releases the lease of the stop', async () => {
    const world = worldWith(service('cron', 'stopped'));
    const act = actOn(world);
    const applied = await start.apply(act, CRON, await start.observe(act, CRON));
    assert.deepEqual(applied, {
      outcome: 'done',
      summary: 'cron is running, pid 1001, for 0 ms',
      used: { services: 1 },
      blocks: [],
      releases: ['service:cron'],
    });
    assert.deepEqual(world.log, ['start cron']);
  });

  it('fails with the words of the service manager, and keeps the lease', async () => {
    const act = actOn(worldWith(service('cron', 'stopped')));
    const host: Host = {
      ...act.host,
      services: { ...act.host.services, start: async () => failure('exit-1', 'cron: no licence') },
    };
    const applied = await start.apply({ ...act, host }, CRON, await start.observe(act, CRON));
    assert.deepEqual([applied.outcome, applied.reason, applied.releases], ['failed', 'cron: no licence', undefined]);
  });

  it('undone, stops what was stopped before', async () => {
    const world = worldWith(service('cron', 'running'));
    const reverted = await start.revert(actOn(world), { service: 'cron', wanted: 'stopped' });
    assert.deepEqual([reverted.outcome, reverted.releases, world.log], ['done', undefined, ['stop cron']]);
  });
});

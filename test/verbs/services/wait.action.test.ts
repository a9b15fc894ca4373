import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import wait from '../../../src/verbs/services/wait.action.ts';
import { actOn, fakeClock } from '../../support/act.ts';
import { service, THREE_AM, worldWith } from '../../support/hosts/fake-world.ts';

const UNTIL = { for: '10s', until: { service: { name: 'postfix' }, state: 'running' } };

describe('wait', () => {
  it('waits for its time, tells how much is left, and changes nothing', async () => {
    const world = worldWith();
    const told: string[] = [];
    const act = actOn(world, { progress: ({ text }) => told.push(text) });
    const observation = await wait.observe(act, { for: '2500ms' });
    assert.deepEqual(
      [observation.verdict, observation.summary, observation.estimate, observation.targets.count],
      ['change', 'wait for 2.5 s', 2500, 0],
    );
    const applied = await wait.apply(act, { for: '2500ms' }, observation);
    assert.deepEqual(
      [applied.outcome, world.now - THREE_AM, told, world.log],
      ['done', 2500, ['2.5 s left', '1.5 s left', '500 ms left'], []],
    );
  });

  it('ends at once on an interrupt, and says how far it came', async () => {
    const world = worldWith();
    const controller = new AbortController();
    const act = actOn(world, { signal: controller.signal, clock: fakeClock(world, () => controller.abort()) });
    const applied = await wait.apply(act, { for: '1h' }, await wait.observe(act, { for: '1h' }));
    assert.deepEqual([applied.outcome, applied.summary, applied.reason], ['partial', 'waited for 1 s', 'interrupted']);
  });

  it('ends early once the service has the state', async () => {
    const world = worldWith(service('postfix', 'stopped'));
    const clock = fakeClock(world, () => {
      if (world.now - THREE_AM >= 3000) world.services.set('postfix', service('postfix', 'running'));
    });
    const act = actOn(world, { clock });
    const observation = await wait.observe(act, UNTIL);
    assert.deepEqual(
      [observation.summary, observation.state],
      ['wait until postfix is running, 10 s at the most', { now: 'stopped', after: 'running' }],
    );
    const applied = await wait.apply(act, UNTIL, observation);
    assert.deepEqual([applied.outcome, applied.summary], ['done', 'postfix is running after 3 s']);
  });

  it('until it is down ends where the service failed', async () => {
    const down = { for: '10s', until: { service: { name: 'postfix' }, state: 'down' } };
    const act = actOn(worldWith(service('postfix', 'failed')));
    const applied = await wait.apply(act, down, await wait.observe(act, down));
    assert.deepEqual([applied.outcome, applied.summary], ['done', 'postfix is down after 0 ms']);
  });

  it('fails when the service does not get there in time', async () => {
    const act = actOn(worldWith(service('postfix', 'stopped')));
    const applied = await wait.apply(act, UNTIL, await wait.observe(act, UNTIL));
    assert.deepEqual([applied.outcome, applied.reason], ['failed', 'after 10 s it is still: stopped']);
  });

  it('cannot wait for a service that is not there', async () => {
    assert.equal((await wait.observe(actOn(worldWith()), UNTIL)).verdict, 'cannot');
  });
});

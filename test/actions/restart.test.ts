import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import restart from '../../src/actions/restart.ts';
import { failure, type Host } from '../../src/model/host.ts';
import { actOn } from '../support/act.ts';
import { service, worldWith } from '../support/fake-world.ts';

const POSTFIX = { service: { name: 'postfix' } };

describe('restart', () => {
  it('stops and starts what runs, and tells the new process from the old', async () => {
    const world = worldWith(service('postfix', 'running'));
    const act = actOn(world);
    const observation = await restart.observe(act, POSTFIX);
    assert.deepEqual([observation.verdict, observation.summary], ['change', 'restart postfix']);
    const applied = await restart.apply(act, POSTFIX, observation);
    assert.deepEqual([applied.outcome, applied.summary], ['done', 'postfix is running, pid 1001, for 0 ms in place of pid 412']);
    assert.deepEqual(world.log, ['stop postfix', 'start postfix']);
  });

  it('starts what is stopped, and its undo stops it again', async () => {
    const world = worldWith(service('postfix', 'stopped'));
    const act = actOn(world);
    const observation = await restart.observe(act, POSTFIX);
    assert.equal(observation.summary, 'start postfix, which is stopped');
    await restart.apply(act, POSTFIX, observation);
    assert.ok(observation.undo.kind === 'revert');
    await restart.revert(act, observation.undo.data);
    assert.deepEqual([world.services.get('postfix')?.state, world.log], ['stopped', ['start postfix', 'stop postfix']]);
  });

  it('that fails half-way says that the service is stopped now, and its undo starts it', async () => {
    const world = worldWith(service('postfix', 'running'));
    const act = actOn(world);
    const observation = await restart.observe(act, POSTFIX);
    const host: Host = { ...act.host, services: { ...act.host.services, start: async () => failure('exit-1', 'bad main.cf') } };
    const applied = await restart.apply({ ...act, host }, POSTFIX, observation);
    assert.deepEqual([applied.outcome, applied.reason], ['failed', 'it is stopped now, and could not be started: bad main.cf']);
    assert.ok(observation.undo.kind === 'revert');
    await restart.revert(act, observation.undo.data);
    assert.equal(world.services.get('postfix')?.state, 'running');
  });

  it('touches nothing more where the stop fails', async () => {
    const world = worldWith(service('postfix', 'running'));
    const act = actOn(world);
    const host: Host = { ...act.host, services: { ...act.host.services, stop: async () => failure('timeout', 'it hangs') } };
    const applied = await restart.apply({ ...act, host }, POSTFIX, await restart.observe(act, POSTFIX));
    assert.deepEqual([applied.outcome, world.log], ['failed', []]);
  });
});

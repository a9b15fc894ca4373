import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failure, type Host } from '../../../src/model/host.ts';
import restart from '../../../src/verbs/services/restart.action.ts';
import { actOn } from '../../support/act.ts';
import { service, worldWith } from '../../support/hosts/fake-world.ts';

const POSTFIX = { service: { name: 'postfix' } };

describe('restart', () => {
  it('is one restart of the manager’s own, and tells the new process from the old', async () => {
    const world = worldWith(service('postfix', 'running'));
    const act = actOn(world);
    const observation = await restart.observe(act, POSTFIX);
    assert.deepEqual([observation.verdict, observation.summary], ['change', 'restart postfix']);
    const applied = await restart.apply(act, POSTFIX, observation);
    assert.deepEqual(
      [applied.outcome, applied.summary],
      ['done', 'postfix is running, pid 1001, for 0 ms in place of pid 412'],
    );
    assert.deepEqual(world.log, ['restart postfix']);
  });

  it('starts what is stopped or failed, and its undo stops it again', async () => {
    for (const state of ['stopped', 'failed'] as const) {
      const world = worldWith(service('postfix', state));
      const act = actOn(world);
      const observation = await restart.observe(act, POSTFIX);
      assert.equal(observation.summary, `start postfix, which is ${state}`);
      await restart.apply(act, POSTFIX, observation);
      assert.ok(observation.undo.kind === 'revert');
      await restart.revert(act, observation.undo.data);
      assert.deepEqual(
        [world.services.get('postfix')?.state, world.log],
        ['stopped', ['restart postfix', 'stop postfix']],
      );
    }
  });

  it('tells why it failed, and its undo sees that the service runs', async () => {
    const world = worldWith(service('postfix', 'running'));
    const act = actOn(world);
    const observation = await restart.observe(act, POSTFIX);
    const host: Host = {
      ...act.host,
      services: { ...act.host.services, restart: async () => failure('exit-1', 'bad main.cf') },
    };
    const applied = await restart.apply({ ...act, host }, POSTFIX, observation);
    assert.deepEqual([applied.outcome, applied.reason], ['failed', 'bad main.cf']);
    world.services.set('postfix', service('postfix', 'failed'));
    assert.ok(observation.undo.kind === 'revert');
    await restart.revert(act, observation.undo.data);
    assert.equal(world.services.get('postfix')?.state, 'running');
  });

  it('names who needs the service, in plan, targets and undo, and they are up again at its end', async () => {
    const world = worldWith(
      service('db', 'running'),
      service('web', 'running', { pid: 500 }),
      service('queue', 'running', { pid: 501 }),
    );
    world.ties = new Map([['db', { needers: ['queue', 'web'] }]]);
    const act = actOn(world);
    const observation = await restart.observe(act, { service: { name: 'db' } });
    assert.deepEqual(
      [observation.summary, observation.targets.members, observation.targets.count],
      ['restart db, and with it queue and web, which need it', ['db', 'queue', 'web'], 3],
    );
    assert.deepEqual(observation.undo, {
      kind: 'revert',
      say: 'see that db runs',
      data: { service: 'db', wanted: 'running', also: ['queue', 'web'] },
    });
    await restart.apply(act, { service: { name: 'db' } }, observation);
    assert.deepEqual(
      [world.log, ...['queue', 'web'].map((name) => world.services.get(name)?.state)],
      [['restart db queue web'], 'running', 'running'],
    );
  });

  it('is not begun where what runs could not be started again: masked, its unit file gone, or so is one that needs it', async () => {
    const rows = [
      [{ masked: true }, {}, 'db is masked, so nothing could start it again: systemctl unmask db'],
      [
        { removed: true },
        {},
        'the unit file of db is gone, so nothing could start it again: put it back, then systemctl daemon-reload',
      ],
      [{}, { needers: ['web'], lost: ['web'] }, 'web would go down with db, and could not be started again'],
    ] as const;
    for (const [marks, ties, why] of rows) {
      const world = worldWith(service('db', 'running', marks));
      world.ties = new Map([['db', ties]]);
      const { verdict, reason } = await restart.observe(actOn(world), { service: { name: 'db' } });
      assert.deepEqual([verdict, reason], ['cannot', why]);
    }
  });
});

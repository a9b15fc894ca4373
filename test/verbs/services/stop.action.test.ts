import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readOnly } from '../../../src/hosts/read-only.ts';
import start from '../../../src/verbs/services/start.action.ts';
import stop from '../../../src/verbs/services/stop.action.ts';
import { actOn } from '../../support/act.ts';
import { service, worldWith } from '../../support/hosts/fake-world.ts';

const CRON = { service: { first_of: ['crond', 'cron'] } };
const LEASED = { ...CRON, restore_within: '15m' };
const MINUTES = 60_000;

describe('stop, seen', () => {
  it('shows the service that exists, now and after, its undo, lease and cost', async () => {
    const observation = await stop.observe(actOn(worldWith(service('cron', 'running'))), LEASED);
    assert.deepEqual(observation, {
      verdict: 'change',
      summary: 'stop cron, to be started again within 15 min',
      targets: { kind: 'service', count: 1, members: ['cron'], detail: { service: 'cron', pid: 412, manager: 'sysv' } },
      state: { now: 'running, pid 412, for 1 min', after: 'stopped' },
      blocks: [],
      undo: { kind: 'revert', say: 'start cron', data: { service: 'cron', wanted: 'running' } },
      predicts: [{ kind: 'service', name: 'cron', state: 'stopped' }],
      costs: { services: 1, stopped_for: 15 * MINUTES },
      keep: {},
      explain: ['service cron stop'],
      estimate: 2000,
      warnings: [],
      lease: {
        key: 'service:cron',
        service: 'cron',
        within: 15 * MINUTES,
        undo: { service: 'cron', wanted: 'running' },
        say: 'start cron',
      },
    });
  });

  it('has no lease and no time to pay for without restore_within', async () => {
    const { lease, costs } = await stop.observe(actOn(worldWith(service('cron', 'running'))), CRON);
    assert.deepEqual([lease, costs], [undefined, { services: 1 }]);
  });

  it('is nothing to do, nothing to undo and no lease where the service is stopped or failed already', async () => {
    for (const state of ['stopped', 'failed'] as const) {
      const observation = await stop.observe(actOn(worldWith(service('cron', state))), LEASED);
      assert.deepEqual(
        [observation.verdict, observation.undo, observation.lease, observation.costs],
        ['nothing', { kind: 'nothing' }, undefined, {}],
      );
    }
  });

  it('cannot where none of the names exists, and names them', async () => {
    const observation = await stop.observe(actOn(worldWith(service('nginx', 'running'))), CRON);
    assert.deepEqual([observation.verdict, observation.reason], ['cannot', 'there is no service crond or cron here']);
  });

  it('cannot where the state cannot be told, and gives the reason', async () => {
    const observation = await stop.observe(
      actOn(worldWith(service('cron', 'unknown', { reason: 'no process slot' }))),
      CRON,
    );
    assert.deepEqual(
      [observation.verdict, observation.reason],
      ['cannot', 'the state of cron cannot be told: no process slot'],
    );
  });

  it('warns who is not root', async () => {
    const world = worldWith(service('cron', 'running'));
    world.facts = { ...world.facts, uid: 1000, user: 'ada' };
    assert.deepEqual((await stop.observe(actOn(world), CRON)).warnings, ['needs root to change cron; this is ada']);
  });

  it('changes nothing', async () => {
    const world = worldWith(service('cron', 'running'));
    await stop.observe(actOn(world), LEASED);
    assert.deepEqual(world.log, []);
  });
});

describe('stop, done', () => {
  it('stops the observed service once, and takes its time from the limit', async () => {
    const world = worldWith(service('cron', 'running'));
    const act = actOn(world);
    const observation = await stop.observe(act, LEASED);
    const applied = await stop.apply(act, LEASED, observation);
    assert.deepEqual(applied, {
      outcome: 'done',
      summary: 'cron is stopped, pid 412 is gone',
      used: { services: 1, stopped_for: 15 * MINUTES },
      blocks: [],
    });
    assert.equal((await stop.apply(act, LEASED, observation)).outcome, 'done');
    assert.deepEqual(world.log, ['stop cron']);
  });

  it('refuses where the limit has less left than the lease', async () => {
    const world = worldWith(service('cron', 'running'));
    const act = actOn(world, { allowance: () => 10 * MINUTES });
    const applied = await stop.apply(act, LEASED, await stop.observe(act, LEASED));
    assert.deepEqual(
      [applied.outcome, applied.reason, world.log],
      ['failed', 'it may stay stopped for 10 min at the most (limits.stopped_for)', []],
    );
  });

  it('fails on a read-only host, which stays as it is', async () => {
    const world = worldWith(service('cron', 'running'));
    const act = actOn(world);
    const dry = { ...act, host: readOnly(act.host) };
    const applied = await stop.apply(dry, CRON, await stop.observe(dry, CRON));
    assert.deepEqual([applied.outcome, applied.reason, world.log], ['failed', 'stop cron: the host is read-only', []]);
  });
});

describe('stop, undone', () => {
  it('starts the service again, from the journal alone, and releases the lease', async () => {
    const world = worldWith(service('cron', 'stopped'));
    const reverted = await stop.revert(actOn(world), { service: 'cron', wanted: 'running' });
    assert.deepEqual([reverted.outcome, reverted.releases, world.log], ['done', ['service:cron'], ['start cron']]);
  });

  it('leaves it alone where somebody has started it meanwhile', async () => {
    const world = worldWith(service('cron', 'running'));
    const reverted = await stop.revert(actOn(world), { service: 'cron', wanted: 'running' });
    assert.deepEqual([reverted.outcome, reverted.summary, world.log], ['done', 'cron is running already', []]);
  });

  it('fails, and says so, on what is no record of a service', async () => {
    for (const data of [null, {}, { service: 'cron' }, { service: 'cron', wanted: 'gone' }]) {
      assert.equal((await stop.revert(actOn(worldWith()), data)).outcome, 'failed');
    }
  });
});

describe('stop and start, undone newest first', () => {
  for (const before of ['running', 'stopped'] as const) {
    it(`leave a service ${before} that was ${before}`, async () => {
      const world = worldWith(service('cron', before));
      const act = actOn(world);
      const undo = [];
      for (const [verb, arg] of [
        [stop, LEASED],
        [start, CRON],
      ] as const) {
        const observation = await verb.observe(act, arg);
        if (observation.verdict === 'change') await verb.apply(act, arg, observation);
        undo.unshift({ verb, undo: observation.undo });
      }
      assert.equal(world.services.get('cron')?.state, 'running');
      for (const step of undo) if (step.undo.kind === 'revert') await step.verb.revert(act, step.undo.data);
      assert.equal(world.services.get('cron')?.state, before);
    });
  }
});

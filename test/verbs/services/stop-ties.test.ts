import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FakeWorld } from '../../../src/hosts/fake/world.ts';
import { takenDown } from '../../../src/model/host/service.ts';
import { failure, type Host } from '../../../src/model/host.ts';
import type { Act, Undo } from '../../../src/model/verb.ts';
import start from '../../../src/verbs/services/start.action.ts';
import stop from '../../../src/verbs/services/stop.action.ts';
import { actOn } from '../../support/act.ts';
import { service, worldWith } from '../../support/hosts/fake-world.ts';

const DB = { service: { name: 'db' } };
const LEASED = { ...DB, restore_within: '15m' };

function threeServices(): FakeWorld {
  const world = worldWith(
    service('db', 'running'),
    service('web', 'running', { pid: 500 }),
    service('queue', 'running', { pid: 501 }),
  );
  world.ties = new Map([['db', { needers: ['queue', 'web'] }]]);
  return world;
}

/** As the run has it: what its steps have done so far tells what went down. */
const after = (world: FakeWorld, ...undos: readonly Undo[]): Act =>
  actOn(world, { takenDown: (name) => takenDown(undos, name) });

const states = (world: FakeWorld) => ['db', 'queue', 'web'].map((name) => world.services.get(name)?.state);

describe('stop, of what others need', () => {
  it('names them in summary, targets, undo and lease', async () => {
    const seen = await stop.observe(actOn(threeServices()), LEASED);
    const data = { service: 'db', wanted: 'running', also: ['queue', 'web'] };
    const say = 'start db, and with it queue and web';
    assert.equal(seen.summary, 'stop db, and with it queue and web, which need it, to be started again within 15 min');
    assert.deepEqual(seen.targets.members, ['db', 'queue', 'web']);
    assert.deepEqual(seen.undo, { kind: 'revert', say, data });
    assert.deepEqual(seen.lease, {
      key: 'service:db',
      service: 'db',
      also: ['queue', 'web'],
      within: 900_000,
      undo: data,
      say,
    });
  });

  it('is undone with them, and a later start of the run starts them too', async () => {
    for (const way of ['undo', 'start'] as const) {
      const world = threeServices();
      const seen = await stop.observe(actOn(world), DB);
      assert.ok(seen.undo.kind === 'revert');
      assert.equal(
        (await stop.apply(actOn(world), DB, seen)).summary,
        'db is stopped, pid 412 is gone, and with it queue and web',
      );
      assert.deepEqual(states(world), ['stopped', 'stopped', 'stopped']);
      const act = after(world, seen.undo);
      if (way === 'undo') await stop.revert(act, seen.undo.data);
      else await start.apply(act, DB, await start.observe(act, DB));
      assert.deepEqual([states(world), world.log.at(-1)], [['running', 'running', 'running'], 'start db queue web']);
    }
  });

  it('a start is not "nothing to do" while one that went down is down still', async () => {
    const world = threeServices();
    const { undo } = await stop.observe(actOn(world), DB);
    world.services.set('web', service('web', 'stopped'));
    const seen = await start.observe(after(world, undo), DB);
    assert.deepEqual([seen.verdict, seen.summary], ['change', 'start queue and web, which went down with db']);
    assert.equal((await start.observe(actOn(world), DB)).verdict, 'nothing');
  });

  it('goes on with a warning if the services that need it cannot be found out', async () => {
    const act = actOn(threeServices());
    const host: Host = {
      ...act.host,
      services: { ...act.host.services, ties: async () => failure('EAGAIN', 'no process slot is left') },
    };
    const seen = await stop.observe({ ...act, host }, LEASED);
    assert.deepEqual(
      [seen.verdict, seen.summary, seen.warnings],
      [
        'change',
        'stop db, to be started again within 15 min',
        ['whether others go down with db could not be asked: no process slot is left'],
      ],
    );
  });
});

describe('what is foreseen of a stop and of a start', () => {
  it('a socket that starts it again is told', async () => {
    const world = threeServices();
    world.ties = new Map([['db', { starters: ['db.socket'] }]]);
    const { verdict, warnings } = await stop.observe(actOn(world), DB);
    assert.deepEqual(
      [verdict, warnings],
      ['change', ['db.socket may start db again at any time: stop that first, or it comes back']],
    );
  });

  it('a stop that does not hold names what may have started the service again', async () => {
    const world = threeServices();
    world.ties = new Map([['db', { starters: ['db.socket'] }]]);
    const act = actOn(world);
    const host: Host = {
      ...act.host,
      services: { ...act.host.services, stop: async () => failure('running', 'db is running after stop, pid 77') },
    };
    const applied = await stop.apply({ ...act, host }, DB, await stop.observe(act, DB));
    assert.deepEqual(
      [applied.outcome, applied.reason],
      ['failed', 'db is running after stop, pid 77; db.socket may have started it again: stop that first'],
    );
  });

  it('what could not be started again is not stopped under a lease, and its stop cannot be undone', async () => {
    const rows = [
      [{ masked: true }, 'db is masked, so nothing could start it again: systemctl unmask db'],
      [
        { removed: true },
        'the unit file of db is gone, so nothing could start it again: put it back, then systemctl daemon-reload',
      ],
    ] as const;
    for (const [marks, why] of rows) {
      const world = worldWith(service('db', 'running', marks));
      const leased = await stop.observe(actOn(world), LEASED);
      assert.deepEqual([leased.verdict, leased.reason], ['cannot', `its lease could not be kept: ${why}`]);
      const plain = await stop.observe(actOn(world), DB);
      assert.deepEqual(
        [plain.verdict, plain.undo],
        ['change', { kind: 'irreversible', because: why, evidence: 'running, pid 412, for 1 min' }],
      );
    }
  });

  it('a masked service is not promised to be started', async () => {
    const { verdict, reason } = await start.observe(actOn(worldWith(service('db', 'stopped', { masked: true }))), DB);
    assert.deepEqual([verdict, reason], ['cannot', 'db is masked: systemctl unmask db, if it may run']);
  });

  it('a unit without a limit is waited for under ours, which is said', async () => {
    const world = worldWith(service('db', 'stopped'));
    world.ties = new Map([['db', { endless: ['start'] }]]);
    const { warnings } = await start.observe(actOn(world), DB);
    assert.deepEqual(warnings, [
      'the unit of db sets no limit to how long a start may take: it is waited for 10 min at the most',
    ]);
  });
});

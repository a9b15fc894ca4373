import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { awaitQueued, patienceFor } from '../../../src/hosts/linux/queued-change.ts';
import { stateShown, unitMarks } from '../../../src/hosts/linux/systemd-show.ts';
import { spanOf, systemdTies } from '../../../src/hosts/linux/systemd-ties.ts';
import { type CommandRequest, type Commands, failure, type ServiceState } from '../../../src/model/host.ts';

/** systemctl show of these units; what is not given is down. */
function systemctl(units: Readonly<Record<string, string>>, asked: string[] = []): Commands {
  return {
    which: async () => null,
    run: async ({ argv }: CommandRequest) => {
      const names = argv.slice(argv.indexOf('--') + 1);
      asked.push(names.join(' '));
      const records = names.map((name) => `Id=${name}\n${units[name] ?? 'LoadState=loaded\nActiveState=inactive\n'}`);
      const captured = { head: records.join('\n'), tail: '', dropped: 0 };
      return {
        ok: true,
        exit: 0,
        signal: null,
        timedOut: false,
        stdout: captured,
        stderr: { head: '', tail: '', dropped: 0 },
        took: 1,
      };
    },
  };
}

const up = (more = '') => `LoadState=loaded\nActiveState=active\nCanStart=yes\n${more}`;

async function ties(units: Readonly<Record<string, string>>, asked: string[] = []) {
  const found = await systemdTies(systemctl(units, asked), 'db.service');
  assert.ok(found.ok);
  return found.ties;
}

describe('who goes down with a unit', () => {
  it('are the units that require it, are bound to it or are a part of it, and those that need them; each is asked once', async () => {
    const asked: string[] = [];
    const found = await ties(
      {
        'db.service': up('RequiredBy=web.service\nBoundBy=queue.service idle.service\nConsistsOf=part.service\n'),
        'web.service': up('RequiredBy=shop.target db.service\n'),
        'queue.service': up('RequiredBy=shop.target\n'),
        'part.service': up(),
        'shop.target': up('RequiredBy=web.service\n'),
      },
      asked,
    );
    assert.deepEqual(found.needers, ['part', 'queue', 'shop.target', 'web']);
    assert.deepEqual(asked, ['db.service', 'web.service queue.service idle.service part.service', 'shop.target']);
  });

  it('is not the service itself under the name of its instance', async () => {
    assert.deepEqual((await ties({ 'db.service': up('ConsistsOf=db@-.service\n'), 'db@-.service': up() })).needers, []);
  });

  it('is whoever conflicts with what is started, and runs', async () => {
    const found = await ties({
      'db.service':
        'LoadState=loaded\nActiveState=inactive\nConflicts=shutdown.target old.service\nConflictedBy=other.service\n',
      'old.service': up(),
    });
    assert.deepEqual(found.rivals, ['old']);
  });

  it('may be kept up by another, may refuse to be started or stopped by name, and may run once only', async () => {
    const found = await ties({
      'db.service':
        'LoadState=loaded\nActiveState=active\nCanStart=no\nCanStop=no\nUpheldBy=keeper.service idle.service\nType=oneshot\nRemainAfterExit=no\n',
      'keeper.service': up(),
    });
    assert.deepEqual([found.starters, found.refuses, found.once], [['keeper.service'], ['start', 'stop'], true]);
    const masked = await ties({ 'db.service': 'LoadState=masked\nActiveState=inactive\nCanStart=no\nCanStop=yes\n' });
    assert.deepEqual(masked.refuses, []);
  });

  it('is told to be lost where it cannot be started again', async () => {
    const found = await ties({
      'db.service': up('RequiredBy=a.service b.service c.service\n'),
      'a.service': up().replace('CanStart=yes', 'CanStart=no'),
      'b.service': up().replace('LoadState=loaded', 'LoadState=masked'),
      'c.service': up(),
    });
    assert.deepEqual(
      [found.needers, found.lost],
      [
        ['a', 'b', 'c'],
        ['a', 'b'],
      ],
    );
  });

  it('with sockets, timers and paths that wait, and the limits that are none', async () => {
    const found = await ties({
      'db.service': up('TriggeredBy=db.socket db.timer\nTimeoutStartUSec=infinity\nTimeoutStopUSec=1min 30s\n'),
      'db.socket': up(),
    });
    assert.deepEqual([found.starters, found.endless], [['db.socket'], ['start']]);
  });
});

it('a span of systemd’s is so many milliseconds', () => {
  const rows: readonly (readonly [string | undefined, number | null | undefined])[] = [
    ['1min 30s', 90_000],
    ['75s', 75_000],
    ['2h 3min 4s 5ms', 7_384_005],
    ['infinity', null],
    ['1week', undefined],
    ['', undefined],
    [undefined, undefined],
  ];
  for (const [text, span] of rows) assert.equal(spanOf(text), span, text);
});

it('what systemd says of a unit is told apart', () => {
  const rows = [
    [{ ActiveState: 'active', SubState: 'running' }, 'running'],
    [{ ActiveState: 'reloading', SubState: 'reload' }, 'reloading'],
    [{ ActiveState: 'activating', SubState: 'start' }, 'starting'],
    [{ ActiveState: 'activating', SubState: 'auto-restart' }, 'restarting'],
    [{ ActiveState: 'deactivating', SubState: 'stop-sigterm' }, 'stopping'],
    [{ ActiveState: 'failed', SubState: 'failed' }, 'failed'],
    [{ ActiveState: 'inactive', SubState: 'dead' }, 'stopped'],
    [{ ActiveState: 'maintenance' }, 'unknown'],
  ] as const;
  for (const [shown, state] of rows) assert.equal(stateShown(shown).state, state, JSON.stringify(shown));
  assert.deepEqual(unitMarks({ LoadState: 'masked', ActiveState: 'active' }), { masked: true });
  assert.deepEqual(unitMarks({ LoadState: 'not-found', ActiveState: 'active' }), { removed: true });
  assert.deepEqual(unitMarks({ LoadState: 'not-found', ActiveState: 'inactive' }), {});
});

describe('a change that its manager is still busy with', () => {
  const state = (word: ServiceState['state'], more: Partial<ServiceState> = {}): ServiceState => {
    return {
      name: 'db',
      exists: true,
      state: word,
      enabled: true,
      pid: null,
      since: null,
      manager: 'systemd',
      ...more,
    };
  };
  const queue = (own: Readonly<Record<string, number | null | undefined>>) => ({
    state: async () => state('running'),
    command: () => [],
    patience: async (name: string, verb: string) => own[`${name} ${verb}`],
  });
  const START = { name: 'db', verb: 'start', also: [] as readonly string[], main: null } as const;

  it('may take as long as its unit allows and a little more; without a limit ours is used', async () => {
    assert.equal((await patienceFor(queue({ 'db start': 75_000 }), START)).length, 90_000);
    assert.equal(
      (await patienceFor(queue({ 'db stop': 10_000, 'db start': 75_000 }), { ...START, verb: 'restart' })).length,
      100_000,
    );
    assert.deepEqual(await patienceFor(queue({ 'db start': null }), START), {
      length: 600_000,
      because: 'its unit sets no limit, so it was ours',
    });
    assert.deepEqual(await patienceFor(queue({ 'db start': 86_400_000 }), START), {
      length: 1_800_000,
      because: 'its unit allows more',
    });
  });

  /** What each look sees, the last for ever. */
  const seeing = (...states: readonly ServiceState[]) => {
    let at = 0;
    return {
      state: async () => states[Math.min(at++, states.length - 1)] ?? state('unknown'),
      lives: async () => false,
      lookEvery: 1,
    };
  };
  const patient = (length: number) => ({ length, because: 'its unit allows no more' });

  it('is waited for while it starts, and done once it runs', async () => {
    const done = await awaitQueued(
      START,
      patient(5000),
      seeing(state('stopped', { pending: true }), state('starting'), state('running')),
    );
    assert.ok(done.ok && done.state.state === 'running');
  });

  it('is called starting, not failed, if it still starts when the time is over', async () => {
    const late = await awaitQueued(START, patient(20), seeing(state('starting')));
    assert.deepEqual(
      late,
      failure(
        'starting',
        'db is still starting after 20 ms (its unit allows no more), and goes on by itself: look again in a while',
      ),
    );
  });

  it('is not done while the old main process lives', async () => {
    const main = { pid: 7, start: 1, exe: null };
    let asked = 0;
    const looking = { ...seeing(state('running')), lives: async () => ++asked < 4 };
    assert.ok((await awaitQueued({ ...START, verb: 'restart', main }, patient(5000), looking)).ok);
    assert.equal(asked, 4);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FakeWorld } from '../../src/hosts/fake/world.ts';
import { fakeHost } from '../../src/hosts/fake.ts';
import type { RunEvent } from '../../src/model/event.ts';
import { stateOf } from '../../src/model/state.ts';
import type { Clock } from '../../src/model/verb.ts';
import type { Ending } from '../../src/run/running.ts';
import { eventClock } from '../support/event-clock.ts';
import { type Cut, type CutHost, cutHost } from '../support/hosts/cut-host.ts';
import { HEALED, type Life, live, lookAround, pileUp, stormWorld } from '../support/hosts/fake-storm.ts';

const NEVER: Cut = { at: Number.POSITIVE_INFINITY, done: false, heals: false };

interface Story {
  readonly world: FakeWorld;
  readonly clock: Clock;
  readonly events: RunEvent[];
  readonly ending: Ending;
  readonly cut: CutHost;
  /** Takes the run up again over a connection that holds. */
  readonly again: (
    what: 'begin' | 'resume' | 'roll-back',
    over?: Cut,
  ) => Promise<{ readonly ending: Ending; readonly host: CutHost }>;
}

/** The founding runbook on a host in the storm, whose connection is lost once. */
async function storm(over: Cut): Promise<Story> {
  const clock = eventClock();
  const world = stormWorld(clock);
  const life: Omit<Life, 'host'> = { events: [], records: new Map(), clock };
  const cut = cutHost(fakeHost(world, 'host3'), over);
  const ending = await live({ ...life, host: cut.host }, 'begin');
  const again: Story['again'] = async (what, next = NEVER) => {
    const host = cutHost(fakeHost(world, 'host3'), next);
    return { host, ending: await live({ ...life, host: host.host }, what) };
  };
  return { world, clock, events: life.events, ending, cut, again };
}

test('the storm is healed where the connection holds', async () => {
  const { world, ending, cut } = await storm(NEVER);
  assert.deepEqual(ending, { outcome: 'held', verdict: 'held', reasons: [] });
  assert.deepEqual(lookAround(world), HEALED);
  assert.deepEqual(acts(world), ONCE);
  assert.equal(cut.cut(), null);
});

const MAILERS = ['102', '105', '101', '104'];
const ONCE = [
  'stop cron',
  ...MAILERS.map((pid) => `signal TERM ${pid}`),
  'delete /var/spool/postfix/maildrop 1000',
  'run crontab -u root -',
  'delete /var/spool/postfix/maildrop 200',
  'start cron',
];

/** What was done to the host, the leases left out: those may be armed anew by each life. */
const acts = ({ log }: FakeWorld): readonly string[] => log.filter((line) => !/^(arm|release) /.test(line));

/** Each call of a port, a write with and without its effect, and the connection gone for good or back at once. */
async function everyCut(check: (cut: Cut, where: string) => Promise<void>): Promise<number> {
  const { writes } = (await storm(NEVER)).cut;
  for (const [before, write] of writes.entries()) {
    const at = before + 1;
    for (const done of write ? [false, true] : [false])
      for (const heals of [false, true])
        await check({ at, done, heals }, `call ${at}${done ? ', done' : ''}${heals ? ', heals' : ''}`);
  }
  return writes.length;
}

test('the connection lost at every call of a port: no further act, exit 10, and resume ends in held with nothing done twice', async () => {
  const writes = new Set<string>();
  const calls = await everyCut(async (over, where) => {
    const { world, ending, events, cut, again } = await storm(over);
    const { call = '', write = false } = cut.cut() ?? {};
    if (write) writes.add(call);
    const at = `${where} (${call})`;
    // A look of the timers that failed once, and the next that did not: nothing was lost.
    if (over.heals && !write && ending.outcome === 'held')
      return assert.deepEqual([acts(world), call], [ONCE, 'machine.facts'], at);
    assert.equal(ending.outcome, 'outcome-unknown', `${at}: ${ending.reasons.join('; ')}`);
    assert.match(
      ending.reasons[0] ?? '',
      write ? /^the connection to host3 was lost: / : /^host3 cannot be reached: /,
      at,
    );
    assert.equal(events.at(-1)?.type, 'run.finished', at);
    assertOpenIntents(events, at);
    const before = acts(world);
    assert.deepEqual(before, ONCE.slice(0, before.length), at);
    const { ending: resumed } = await again(stateOf(events).meta === null ? 'begin' : 'resume');
    assert.deepEqual([resumed.outcome, lookAround(world)], ['held', HEALED], at);
    assert.deepEqual(acts(world), ONCE, at);
  });
  assert.ok(calls > 100, `${calls} calls`);
  assert.deepEqual([...writes].sort(), [
    'commands.run',
    'files.delete',
    'processes.signal',
    'services.arm',
    'services.release',
    'services.start',
    'services.stop',
  ]);
});

/** What was cut has no outcome, and nothing says that a lease was let go of or kept. */
function assertOpenIntents(events: readonly RunEvent[], where: string): void {
  const { steps, leases } = stateOf(events);
  const cron = steps.filter(({ id, status }) => ['stop-cron', 'start-cron'].includes(id) && status === 'done').length;
  const types = events.map(({ type }) => type);
  assert.equal(types.includes('lease.restored'), false, where);
  assert.equal(types.includes('rollback.started'), false, where);
  if (cron === 1) assert.equal(leases.length, types.includes('lease.released') ? 0 : 1, where);
}

/** In the middle: cron is stopped, the mailers are killed, and the answer to the deletion is lost. */
async function cutInTheMiddle(): Promise<Story> {
  const { writes } = (await storm(NEVER)).cut;
  // arm, stop, four signals in one call, delete.
  const at = writes.flatMap((write, before) => (write ? [before + 1] : []))[3] ?? 0;
  const story = await storm({ at, done: true, heals: false });
  assert.equal(story.cut.cut()?.call, 'files.delete');
  return story;
}

test('the reason names what is not known, and until when the host itself starts again what was stopped', async () => {
  const { ending, events } = await cutInTheMiddle();
  const { deadline } = stateOf(events).leases[0] ?? {};
  assert.deepEqual(ending, {
    outcome: 'outcome-unknown',
    verdict: null,
    reasons: [
      'the connection to host3 was lost: no answer came; whether free-a-little was done, or how far, is not known',
      `cron is started again by host3 itself by ${deadline?.at.slice(11, 19)} UTC`,
    ],
  });
});

test('lost at every call of the resume too: the next one ends in held, with nothing done twice', async () => {
  const calls = async (over: Cut) => {
    const { world, events, again } = await cutInTheMiddle();
    const { host, ending } = await again('resume', over);
    return { world, events, again, ending, writes: host.writes };
  };
  const { writes } = await calls(NEVER);
  for (const [before, write] of writes.entries()) {
    for (const done of write ? [false, true] : [false]) {
      const at = `call ${before + 1}${done ? ', done' : ''}`;
      const { world, ending, again } = await calls({ at: before + 1, done, heals: false });
      assert.equal(ending.outcome, 'outcome-unknown', at);
      assert.deepEqual(
        [(await again('resume')).ending.outcome, lookAround(world), acts(world)],
        ['held', HEALED, ONCE],
        at,
      );
    }
  }
});

test('where the lease was kept meanwhile, resume stops the source again first, and what came since goes too', async () => {
  const { world, clock, again } = await cutInTheMiddle();
  await clock.sleep(16 * 60_000);
  // The host looks at its own leases; then cron does what it did.
  await fakeHost(world).services.state('cron');
  assert.equal(lookAround(world).cron, 'running');
  pileUp(world);
  const { ending } = await again('resume');
  assert.deepEqual([ending, lookAround(world)], [{ outcome: 'held', verdict: 'held', reasons: [] }, HEALED]);
});

test('lost at every call of a rollback: exit 10, nothing is undone twice, and the next one finishes', async () => {
  const calls = async (over: Cut) => {
    const story = await storm(NEVER);
    const before = acts(story.world).length;
    const { ending, host } = await story.again('roll-back', over);
    return { ...story, ending, undone: () => acts(story.world).slice(before), writes: host.writes };
  };
  const whole = await calls(NEVER);
  assert.deepEqual([whole.ending.outcome, whole.undone()], ['rolled-back', UNDONE]);
  for (const [before, write] of whole.writes.entries()) {
    for (const done of write ? [false, true] : [false]) {
      const at = `call ${before + 1}${done ? ', done' : ''}`;
      const { ending, undone, again, world } = await calls({ at: before + 1, done, heals: false });
      assert.equal(ending.outcome, 'outcome-unknown', at);
      const next = await again('roll-back');
      assert.deepEqual(
        [next.ending.outcome, lookAround(world).silenced, lookAround(world).cron, undone()],
        ['rolled-back', 0, 'running', UNDONE],
        at,
      );
    }
  }
});

/**
 * Newest first; what was killed and deleted does not come back, and cron is stopped and started again as the steps
 * were.
 */
const UNDONE: readonly string[] = [
  'stop cron',
  'run crontab -u root -',
  'replace /var/spool/cron/crontabs/root',
  'start cron',
];

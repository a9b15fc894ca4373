import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent } from '../../src/model/event.ts';
import { failure, type Services } from '../../src/model/host.ts';
import { stateOf } from '../../src/model/state.ts';
import type { Applied } from '../../src/model/verb.ts';
import { eventClock } from '../support/event-clock.ts';
import { change, rehearse, type Script, stubLeases, takeUp, undoAll } from '../support/rehearsal.ts';

const done: Applied = { outcome: 'done', summary: '', used: {}, blocks: [] };
const lease = { key: 'service:cron', service: 'cron', within: 60_000, undo: 'cron', say: 'start cron' };
const stop = { observe: async () => change('cron', { lease }) };
const start = { observe: async () => change('cron'), apply: async () => ({ ...done, releases: ['service:cron'] }) };

/** Stops cron, is busy for a while, starts cron. */
function busyFor(milliseconds: number, more: Partial<Script> = {}): Script {
  return {
    clock: eventClock(),
    act: [{ verb: 'stop' }, { verb: 'busy' }, { verb: 'start' }],
    ...more,
    actions: {
      stop,
      start,
      busy: {
        observe: async () => change('busy'),
        apply: async ({ clock, signal }) => {
          await clock.sleep(milliseconds, signal);
          return done;
        },
      },
      ...more.actions,
    },
  };
}

const without = (log: readonly string[], word: string) => log.filter((line) => !line.includes(word));

test('the watchdog is armed before the journal says so, before the stop, and let go once the service was started', async () => {
  const { log, ending } = await rehearse(busyFor(1000));
  assert.deepEqual(without(log, 'intended'), [
    'arm cron 60000',
    'journal lease.armed',
    'apply stop',
    'apply busy',
    'apply start',
    'journal lease.released',
    'release cron',
    'journal run.finished',
  ]);
  assert.equal(ending.outcome, 'held');
});

test('a live engine renews at half time: the new one is armed and journaled, and the old one let go', async () => {
  const { log, events } = await rehearse(busyFor(70_000, { limits: { stopped_for: 600_000 } }));
  assert.deepEqual(log.slice(log.indexOf('apply busy'), log.indexOf('apply start')), [
    'apply busy',
    'arm cron 60000',
    'release cron',
    'journal lease.renewed',
    'arm cron 60000',
    'release cron',
    'journal lease.renewed',
    'journal action.intended',
  ]);
  const deadlines = events.flatMap((event) => ('deadline' in event && event.deadline ? [event.deadline.uptime] : []));
  assert.deepEqual(
    deadlines.map((deadline) => deadline - 1_000_000),
    [60_000, 90_000, 120_000],
  );
  assert.deepEqual(stateOf(events).leases, []);
});

test('a lease is renewed up to limits.stopped_for; then no act follows, the service is started, and the exit code is 124', async () => {
  const { log, events, ending } = await rehearse(
    busyFor(3_000_000, { limits: { stopped_for: 100_000 }, onFailure: 'leave' }),
  );
  const arms = log.filter((line) => line.startsWith('arm'));
  assert.deepEqual(arms, ['arm cron 60000', 'arm cron 60000', 'arm cron 40000']);
  assert.deepEqual(log.slice(-4), ['revert stop', 'journal lease.restored', 'release cron', 'journal run.finished']);
  assert.equal(ending.outcome, 'deadline');
  const restored = events.find(({ type }) => type === 'lease.restored');
  assert.equal((restored?.mono ?? 0) - 1_000_000, 95_000, 'a margin before the watchdog would start it too');
});

test('without a limit a lease is not renewed: `within` is all of its time', async () => {
  const { log, ending } = await rehearse(busyFor(3_000_000));
  assert.deepEqual(
    log.filter((line) => line.startsWith('arm')),
    ['arm cron 60000'],
  );
  assert.equal(ending.outcome, 'deadline');
});

test('an engine that was frozen past the deadline acts no more: the watchdog has started what it had stopped', async () => {
  const clock = eventClock();
  const frozen = async (): Promise<Applied> => {
    clock.jump(120_000);
    return done;
  };
  const script = busyFor(0, {
    clock,
    limits: { stopped_for: 600_000 },
    act: [{ verb: 'stop' }, { verb: 'frozen' }, { verb: 'busy' }],
    actions: { frozen: { observe: async () => change('x'), apply: frozen } },
  });
  const { log, ending } = await rehearse(script);
  assert.equal(ending.outcome, 'deadline');
  assert.ok(!log.includes('apply busy'), log.join('\n'));
});

const intents = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.type === 'action.intended' ? [event.step] : []));
const JUST_STOP_AND_BUSY: Partial<Script> = {
  limits: { stopped_for: 600_000 },
  act: [{ verb: 'stop' }, { verb: 'busy' }],
};

test('an engine that was frozen during its look writes no intent any more', async () => {
  const clock = eventClock();
  const observe = async () => {
    clock.jump(120_000);
    return change('busy');
  };
  const { log, events, ending } = await rehearse(
    busyFor(0, { ...JUST_STOP_AND_BUSY, clock, actions: { busy: { observe } } }),
  );
  assert.deepEqual([ending.outcome, intents(events), log.includes('apply busy')], ['deadline', ['act-1'], false]);
});

test('an engine that was frozen while it wrote down what it means to do does not do it', async () => {
  const clock = eventClock();
  const append = async (event: RunEvent) => {
    if (event.type === 'action.intended' && event.step === 'act-2') clock.jump(120_000);
  };
  const { log, events, ending } = await rehearse(busyFor(0, { ...JUST_STOP_AND_BUSY, clock, journal: { append } }));
  assert.deepEqual(
    [ending.outcome, intents(events), log.includes('apply busy')],
    ['deadline', ['act-1', 'act-2'], false],
  );
});

test('where no lease can be armed nothing is stopped, and the reason is told', async () => {
  const { log, ending } = await rehearse(
    busyFor(0, { services: { arm: async () => failure('exit-1', 'Access denied') } }),
  );
  assert.deepEqual(log, ['journal action.intended', 'journal run.finished']);
  assert.deepEqual(ending, {
    outcome: 'rolled-back',
    verdict: null,
    reasons: ['act-1 failed: not stopped, since its lease could not be armed: Access denied'],
  });
});

test('without a process slot the engine watches alone, says so, and arms it as soon as a step has freed one', async () => {
  const log: string[] = [];
  let slots = 0;
  const stub = stubLeases(log);
  const services: Partial<Services> = {
    ...stub,
    arm: async (order) => (slots > 0 ? stub.arm(order) : failure('EAGAIN', 'no process slot')),
  };
  const run = await rehearse(
    busyFor(0, {
      services,
      act: [{ verb: 'stop' }, { verb: 'kill' }, { verb: 'busy' }, { verb: 'start' }],
      actions: {
        kill: {
          observe: async () => change('mailers'),
          apply: async () => {
            slots = 9;
            return done;
          },
        },
      },
    }),
  );
  assert.deepEqual(log, ['arm cron 60000', 'release cron']);
  const seen = run.events.flatMap((event) => {
    if (event.type === 'lease.armed') return [String(event.deadline)];
    if (event.type === 'note') return [event.text];
    return event.type === 'lease.renewed' || (event.type === 'action.applied' && event.step === 'act-2')
      ? [event.type]
      : [];
  });
  const note = 'no new watchdog starts cron if this run dies; it is tried again after each step: no process slot';
  assert.deepEqual(seen, ['null', note, 'action.applied', 'lease.renewed']);
  assert.equal(run.ending.outcome, 'held');
});

test('with a dead journal a stopped service is started all the same, and its watchdog is released', async () => {
  const log: string[] = [];
  const append = async (event: { readonly type: string }) => {
    if (event.type === 'action.applied') throw new Error('ENOSPC');
  };
  await assert.rejects(rehearse(busyFor(0, { services: stubLeases(log), journal: { append } })), {
    name: 'JournalError',
  });
  assert.deepEqual(log, ['arm cron 60000', 'release cron']);
});

test('a service that the engine could not start is left to its watchdog', async () => {
  const log: string[] = [];
  const broken = { outcome: 'failed', summary: 'no licence', used: {}, blocks: [] } as const;
  const script = busyFor(0, {
    onFailure: 'leave',
    services: stubLeases(log),
    act: [{ verb: 'stop' }, { verb: 'bad' }],
    actions: {
      stop: { ...stop, revert: async () => broken },
      bad: { observe: async () => change('bad'), apply: async () => broken },
    },
  });
  const { ending } = await rehearse(script);
  assert.deepEqual([ending.outcome, log], ['rollback-incomplete', ['arm cron 60000']]);
});

/** What a kill -9 leaves, cron being stopped: the journal up to there, and the watchdog. */
async function killed(log: string[]): Promise<{
  readonly services: ReturnType<typeof stubLeases>;
  readonly script: Script;
  readonly events: Parameters<typeof takeUp>[1];
}> {
  const services = stubLeases(log);
  const script = busyFor(1000, { services, clock: eventClock() });
  const { events } = await rehearse({ ...script, services: stubLeases([]) });
  const armed = events.findIndex(({ type }) => type === 'lease.armed');
  await services.arm({ id: 'lease-cron.run-1.1000000', service: 'cron', within: 60_000 });
  const applied = events.findIndex((event) => event.type === 'step.finished' && event.step === 'act-1');
  assert.ok(armed > 0 && applied > armed);
  return { services, script, events: events.slice(0, applied + 1) };
}

test('resume arms anew, then lets go of what the killed life had armed', async () => {
  const log: string[] = [];
  const { script, events } = await killed(log);
  const observed = { ...stop, observe: async () => ({ ...change('cron', { lease }), verdict: 'nothing' as const }) };
  const { ending, log: did } = await takeUp({ ...script, actions: { ...script.actions, stop: observed } }, events);
  assert.deepEqual([ending.outcome, without(did, 'journal')], ['held', ['apply busy', 'apply start']]);
  assert.deepEqual(log, ['arm cron 60000', 'arm cron 59000', 'release cron', 'release cron']);
});

test('resume stops again what the lease has started meanwhile, under a new lease', async () => {
  const log: string[] = [];
  const { script, events } = await killed(log);
  const { ending, log: did } = await takeUp(script, events);
  assert.deepEqual([ending.outcome, without(did, 'journal')], ['held', ['apply stop', 'apply busy', 'apply start']]);
  assert.deepEqual(log.slice(1), ['arm cron 60000', 'release cron', 'release cron']);
});

test('resume that can arm nothing new relies on what is armed still, and says so', async () => {
  const log: string[] = [];
  const { script, services, events } = await killed(log);
  const observed = { ...stop, observe: async () => ({ ...change('cron', { lease }), verdict: 'nothing' as const }) };
  const arm = async () => failure('exit-1', 'Access denied');
  const run = await takeUp(
    { ...script, services: { ...services, arm }, actions: { ...script.actions, stop: observed } },
    events,
  );
  assert.equal(run.ending.outcome, 'held');
  assert.ok(run.events.some((event) => event.type === 'note' && event.text.endsWith('Access denied')));
  assert.deepEqual(log, ['arm cron 60000', 'release cron']);
});

test('rollback starts what is stopped still and lets go of its watchdog', async () => {
  const log: string[] = [];
  const { script, events } = await killed(log);
  const run = await undoAll(script, events);
  assert.deepEqual([run.ending.outcome, log], ['rolled-back', ['arm cron 60000', 'release cron']]);
  assert.deepEqual(stateOf([...events, ...run.events]).leases, []);
});

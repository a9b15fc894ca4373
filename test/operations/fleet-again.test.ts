import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent } from '../../src/model/event.ts';
import { type FleetEvent, isFleetEvent } from '../../src/model/fleet/ports.ts';
import { fleetStateOf } from '../../src/model/fleet/state.ts';
import type { Host } from '../../src/model/host.ts';
import { type FakeFleet, type FleetScript, fakeFleet, storyOf } from '../support/fleet/fake-fleet.ts';
import { type Cut, cutHost } from '../support/hosts/cut-host.ts';
import { HEALED, lookAround, pileUp } from '../support/hosts/fake-storm.ts';

const names = (fleet: FakeFleet): readonly string[] => [...fleet.worlds.keys()];

const healed = (fleet: FakeFleet): readonly string[] =>
  names(fleet).filter(
    (name) => JSON.stringify(lookAround(fleet.worlds.get(name) ?? assert.fail())) === JSON.stringify(HEALED),
  );

/** What may be done once on a host, and how often it was. */
function twice(fleet: FakeFleet): readonly string[] {
  return [...fleet.worlds].flatMap(([name, { log }]) => {
    const once = log.filter((line) => /^(delete|signal|run crontab)/.test(line));
    return once.filter((line, at) => once.indexOf(line) !== at).map((line) => `${name}: ${line}`);
  });
}

// ---------------------------------------------------------------- interrupts

/** Presses Ctrl-C at the nth event, as often as is said. */
async function pressedAt(
  n: number,
  times: number,
  script: FleetScript = {},
): Promise<{ readonly fleet: FakeFleet; readonly reached: boolean }> {
  let seen = 0;
  const fleet = fakeFleet({
    hosts: 3,
    strategy: { atOnce: 2 },
    ...script,
    onEvent: (_event, { interrupts }) => {
      seen += 1;
      if (seen === n) for (let press = 0; press < times; press += 1) interrupts.raise('SIGINT');
    },
  });
  await fleet.run();
  return { fleet, reached: seen >= n };
}

test('Ctrl-C at any moment: no further host is begun, those at work come to their end, and resume does the rest', async () => {
  let moments = 0;
  for (let n = 1; ; n += 13) {
    const { fleet, reached } = await pressedAt(n, 1);
    if (!reached) break;
    moments += 1;
    const { hosts, finished } = fleet.state();
    const begun = hosts.filter(({ run }) => run !== null);
    assert.deepEqual(
      begun.map(({ end }) => end?.outcome),
      begun.map(() => 'held'),
      `at event ${n}`,
    );
    assert.equal(finished?.outcome, begun.length === hosts.length ? 'held' : 'interrupted', `at event ${n}`);
    assert.equal((await fleet.resume()).outcome, 'held', `at event ${n}`);
    assert.deepEqual([healed(fleet), twice(fleet)], [names(fleet), []], `at event ${n}`);
  }
  assert.ok(moments > 8, `${moments} moments`);
});

test('Ctrl-C twice at any moment: those at work stop at a safe point with cron running again, and resume does the rest', async () => {
  for (let n = 1; ; n += 13) {
    const { fleet, reached } = await pressedAt(n, 2, { rule: { onFailure: 'leave' } });
    if (!reached) break;
    for (const [name, world] of fleet.worlds) assert.equal(lookAround(world).cron, 'running', `${name} at event ${n}`);
    const { outcome } = await fleet.resume();
    // A watch that was cut short proves nothing, and is no unfinished run.
    assert.ok(['held', 'inconclusive'].includes(outcome), `${outcome} at event ${n}`);
    if (outcome === 'held') assert.deepEqual(healed(fleet), names(fleet), `at event ${n}`);
  }
});

/** What a fleet has come to that hears these while its first host is at work. */
async function heardAtWork(signals: readonly string[]) {
  const fleet = fakeFleet({
    hosts: 3,
    rule: { onFailure: 'leave' },
    onEvent: (event, { interrupts }) => {
      if (event.type === 'action.intended' && event.step === 'kill-mailers')
        for (const each of signals) interrupts.raise(each);
    },
  });
  const { outcome } = await fleet.run();
  return { outcome, hosts: fleet.state().hosts.map(({ status }) => status), healed: healed(fleet) };
}

const STOPPED = { outcome: 'interrupted', hosts: ['ended', 'waiting', 'waiting'], healed: [] };

test('SIGTERM stops those at work at once: whoever sends it kills soon', async () => {
  assert.deepEqual(await heardAtWork(['SIGTERM']), STOPPED);
});

test('the second Ctrl-C stops those at work, which the first lets end', async () => {
  assert.deepEqual(await heardAtWork(['SIGINT']), { ...STOPPED, healed: ['web-1'] });
  assert.deepEqual(await heardAtWork(['SIGINT', 'SIGINT']), STOPPED);
});

test('an interrupt while the hosts are planned: nothing was touched, and a host that does not answer is not waited for', async () => {
  const fleet = fakeFleet({
    hosts: 3,
    reach: (host) => {
      fleet.interrupts.raise('SIGINT');
      return { ...host, machine: { ...host.machine, facts: () => new Promise(() => {}) } };
    },
  });
  assert.equal((await fleet.run()).outcome, 'interrupted');
  assert.deepEqual(
    [...fleet.worlds.values()].flatMap(({ log }) => log),
    [],
  );
});

// ---------------------------------------------------------------- crash

const DIES = 'the engine is dead';

interface Crash {
  readonly fleet: FakeFleet;
  /** False: it came to its end before. */
  readonly died: boolean;
}

/**
 * Dies at the nth append of any journal, before it is on disk or right after: no port answers a dead engine any more.
 */
async function killedAt(n: number, when: 'before' | 'after', script: FleetScript): Promise<Crash> {
  let count = 0;
  let dead = false;
  const fleet = fakeFleet({
    ...script,
    onAppend: () => {
      if (dead) throw new Error(DIES);
      count += 1;
      if (count < n) return;
      dead = true;
      if (when === 'before') throw new Error(DIES);
    },
    reach: (host, world, times) => mortal(script.reach?.(host, world, times) ?? host, () => dead),
  });
  let over = false;
  const running = fleet
    .run()
    .catch(() => {})
    .then(() => {
      over = true;
    });
  await Promise.race([running, untilQuiet(() => dead || over)]);
  return { fleet, died: dead };
}

/** What was under way when the engine died never settles. */
async function untilQuiet(over: () => boolean): Promise<void> {
  while (!over()) await new Promise((resolve) => setImmediate(resolve));
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function mortal(host: Host, dead: () => boolean): Host {
  const portOf = <P extends object>(real: P): P =>
    Object.fromEntries(
      Object.entries(real).map(([name, method]) => [
        name,
        (...args: readonly unknown[]) =>
          dead() ? new Promise(() => {}) : (method as (...given: readonly unknown[]) => unknown)(...args),
      ]),
    ) as P;
  return {
    ...host,
    processes: portOf(host.processes),
    files: portOf(host.files),
    services: portOf(host.services),
    commands: portOf(host.commands),
    machine: portOf(host.machine),
  };
}

const DONE: FleetScript = { hosts: 3, strategy: { atOnce: 2 } };

test('killed at an append of any journal, before and after it: resume ends in held, nothing is lost, nothing is done twice', async () => {
  let points = 0;
  for (let n = 2; ; n += 11) {
    for (const when of ['before', 'after'] as const) {
      const { fleet, died } = await killedAt(n, when, DONE);
      if (!died) {
        assert.ok(points > 20, `${points} points`);
        return;
      }
      points += 1;
      const where = `${when} append ${n}`;
      assert.deepEqual(unheard(fleet), [], where);
      const ending = await fleet.resume(undefined, DONE);
      assert.deepEqual(
        [ending.outcome, healed(fleet), twice(fleet)],
        ['held', names(fleet), []],
        `${where}: ${ending.reasons.join('; ')}`,
      );
    }
  }
});

/** Hosts that were touched although the fleet's journal does not say that they were begun. */
function unheard(fleet: FakeFleet): readonly string[] {
  const begun = new Set(fleet.state().hosts.flatMap(({ host, run }) => (run === null ? [] : [host])));
  return [...fleet.worlds].flatMap(([name, { log }]) => (log.length > 0 && !begun.has(name) ? [name] : []));
}

test('a canary that recurs and an engine that dies at any append: resume begins no second host, undoes the canary, and ends with 4', async () => {
  const recurring: FleetScript = {
    hosts: 3,
    onEvent: (event, { worlds }) => {
      const world = worlds.get(event.host);
      if (event.type === 'watch.sampled' && world) pileUp(world);
    },
  };
  let points = 0;
  for (let n = 2; ; n += 5) {
    const { fleet, died } = await killedAt(n, 'after', recurring);
    if (!died) break;
    points += 1;
    const ending = await fleet.resume(undefined, recurring);
    assert.equal(ending.outcome, 'recurred', `after append ${n}: ${ending.reasons.join('; ')}`);
    const logs = names(fleet).filter((name) => (fleet.worlds.get(name)?.log.length ?? 0) > 0);
    assert.deepEqual(logs, ['web-1'], `after append ${n}`);
    const canary = fleet.worlds.get('web-1');
    assert.equal(canary && lookAround(canary).silenced, 0, `after append ${n}`);
  }
  assert.ok(points > 10, `${points} points`);
});

// ---------------------------------------------------------------- lost hosts

test('hosts that were lost before, in the middle of an action and during verify are resumed once they are back, and asked first', async () => {
  const lost: Readonly<Record<string, Cut>> = {
    'web-2': { at: 1, done: false, heals: false },
    'web-3': { at: 40, done: true, heals: false },
    'web-4': { at: 85, done: false, heals: false },
  };
  const cutTimes = (host: Host, _world: unknown, times: number): Host | null => {
    const cut = lost[host.name];
    if (cut === undefined || (times === 1 && host.name !== 'web-2')) return host;
    return host.name === 'web-2' ? null : cutHost(host, cut).host;
  };
  const script = { hosts: 5, strategy: { failures: { kind: 'hosts', count: 3 } } } as const;
  const fleet = fakeFleet({ ...script, reach: cutTimes });
  assert.equal((await fleet.run()).outcome, 'outcome-unknown');
  assert.deepEqual(healed(fleet).includes('web-1') && healed(fleet).includes('web-5'), true);
  assert.equal((await fleet.resume(undefined, script)).outcome, 'held');
  assert.deepEqual([healed(fleet), twice(fleet)], [names(fleet), []]);
  const resumed = storyOf(fleet.journal).find((line) => line.startsWith('resumed'));
  assert.equal(resumed, 'resumed to finish: web-3 web-4 web-2');
});

test('a host that is still away stays unknown and can be resumed later; one host of the fleet can be resumed alone', async () => {
  const away = (...gone: readonly string[]) => ({ reach: (host: Host) => (gone.includes(host.name) ? null : host) });
  const fleet = fakeFleet({ hosts: 4, ...away('web-2', 'web-3') });
  assert.equal((await fleet.run()).outcome, 'outcome-unknown');
  assert.equal((await fleet.resume(undefined, { hosts: 4, ...away('web-2') })).outcome, 'outcome-unknown');
  assert.deepEqual(healed(fleet), ['web-1', 'web-3', 'web-4']);
  assert.equal((await fleet.resume(['web-2'], { hosts: 4 })).outcome, 'held');
  assert.deepEqual([healed(fleet), twice(fleet)], [names(fleet), []]);
});

// ---------------------------------------------------------------- rollback

const silenced = (fleet: FakeFleet): readonly string[] =>
  [...fleet.worlds].flatMap(([name, world]) => (lookAround(world).silenced > 0 ? [name] : []));

test('a rollback undoes the hosts that were begun, the last first; one host alone where it is named', async () => {
  const fleet = fakeFleet({ hosts: 4, strategy: { atOnce: 1 } });
  await fleet.run();
  assert.deepEqual(silenced(fleet), ['web-1', 'web-2', 'web-3', 'web-4']);
  assert.equal((await fleet.rollBack(['web-3'])).outcome, 'held');
  assert.deepEqual(silenced(fleet), ['web-1', 'web-2', 'web-4']);
  assert.equal((await fleet.rollBack()).outcome, 'held');
  assert.deepEqual(silenced(fleet), []);
  assert.deepEqual(
    storyOf(fleet.journal).filter((line) => line.includes('undone') || line.startsWith('resumed')),
    [
      'resumed to roll-back: web-3',
      'web-3 undone: rolled-back',
      'resumed to roll-back: web-4 web-2 web-1',
      'web-4 undone: rolled-back',
      'web-2 undone: rolled-back',
      'web-1 undone: rolled-back',
    ],
  );
});

test('a fleet rollback with nothing left to undo writes nothing: the fleet run stays what it was', async () => {
  const fleet = fakeFleet({ hosts: 2 });
  await fleet.run();
  await fleet.rollBack();
  const before = fleet.journal.length;
  assert.deepEqual(await fleet.rollBack(), { outcome: 'held', reasons: ['there is nothing to undo'] });
  assert.equal(fleet.journal.length, before);
});

test('the undo steps of a runbook are asked for with the rest, once for all hosts, and done on each; a note leaves the fleet undone in part', async () => {
  const withUndo = (undo: string) => (text: string) =>
    text.replace('kill_after: 5s}', `kill_after: 5s}\n    undo: ${undo}`);
  const questions: string[] = [];
  const ask = {
    approve: async () => ({ choice: 'run', reason: null }) as const,
    next: async () => ({ choice: 'run', reason: null }) as const,
    undo: async ({ steps }: { readonly steps: readonly string[] }) => {
      questions.push(...steps.filter((step) => step.startsWith('kill-mailers')));
      return 'undo' as const;
    },
  };
  const fleet = fakeFleet({ hosts: 2, ask, edited: withUndo('[{start: {service: {first_of: [crond, cron]}}}]') });
  assert.equal((await fleet.run()).outcome, 'held');
  assert.equal((await fleet.rollBack()).outcome, 'held');
  assert.deepEqual(questions.length, 1, questions.join('\n'));
  const parts = [...fleet.runs.values()].map(({ events }) =>
    events.flatMap((event) =>
      event.type === 'undo.applied' && event.part !== undefined
        ? [`${event.step} ${event.part}: ${event.applied.outcome}`]
        : [],
    ),
  );
  assert.deepEqual(parts, [['kill-mailers 1: done'], ['kill-mailers 1: done']]);
  const noted = fakeFleet({ hosts: 1, edited: withUndo('look whether anybody misses a mail') });
  await noted.run();
  const { outcome, reasons } = await noted.rollBack();
  assert.equal(outcome, 'rollback-incomplete');
  assert.match(reasons.join(), /by hand: look whether anybody misses a mail/);
});

test('a host that cannot be reached for its rollback is named, and the others are undone', async () => {
  const fleet = fakeFleet({ hosts: 3 });
  await fleet.run();
  const ending = await fleet.rollBack(undefined, { hosts: 3, reach: (host) => (host.name === 'web-2' ? null : host) });
  assert.equal(ending.outcome, 'outcome-unknown');
  assert.deepEqual(silenced(fleet), ['web-2']);
  assert.equal((await fleet.rollBack(undefined, { hosts: 3 })).outcome, 'held');
  assert.deepEqual(silenced(fleet), []);
});

// ---------------------------------------------------------------- the fold

test('every prefix of the journal has a state, and no host is forgotten or begun twice in it', async () => {
  const fleet = fakeFleet({
    hosts: 4,
    strategy: { failures: { kind: 'hosts', count: 2 } },
    reach: (host) => (host.name === 'web-2' ? null : host),
  });
  await fleet.run();
  await fleet.rollBack();
  for (let end = 0; end <= fleet.journal.length; end += 1) {
    const state = fleetStateOf(fleet.journal.slice(0, end));
    assert.equal(state.hosts.length, end === 0 ? 0 : 4);
    for (const { status, run } of state.hosts) assert.ok(status !== 'running' || run !== null);
  }
  const own = (events: readonly (FleetEvent | RunEvent)[]) => events.filter(isFleetEvent).length;
  assert.equal(own(fleet.journal), fleet.journal.length);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent } from '../../src/model/event.ts';
import { isUnfinished } from '../../src/model/run/left-off.ts';
import { stateOf } from '../../src/model/state.ts';
import { type ActionVerb, type Applied, unknownFinding } from '../../src/model/verb.ts';
import { change, clause, type Rehearsal, rehearse, type Script, takeUp, undoAll } from '../support/rehearsal.ts';

/** The founding incident as five numbers. What is done to it is counted, so that a second time shows. */
interface World {
  cron: 'running' | 'stopped';
  mailers: number;
  files: number;
  silenced: boolean;
  readonly killed: number[];
  dead: boolean;
}

const DIES = 'the engine is dead';
const done: Applied = { outcome: 'done', summary: '', used: {}, blocks: [] };

function incident(): World {
  return { cron: 'running', mailers: 4, files: 100, silenced: false, killed: [], dead: false };
}

/** A dead engine changes nothing any more: every verb refuses, as if the process were gone. */
function verbs(world: World): Record<string, Partial<ActionVerb>> {
  const alive = () => {
    if (world.dead) throw new Error(DIES);
  };
  const verb = (
    isDone: () => boolean,
    act: () => void,
    undo: () => void,
    more: object = {},
    releases?: readonly string[],
  ): Partial<ActionVerb> => ({
    observe: async () => (isDone() ? { ...change('it'), verdict: 'nothing' as const } : change('it', more)),
    apply: async () => {
      alive();
      act();
      return { ...done, ...(releases && { releases }) };
    },
    revert: async () => {
      alive();
      undo();
      return done;
    },
  });
  const lease = { key: 'service:cron', service: 'cron', within: 60_000, undo: 'cron', say: 'start cron' };
  const set = (state: World['cron']) => () => {
    world.cron = state;
  };
  const never = { kind: 'irreversible' as const, because: 'it is gone', evidence: '4' };
  return {
    stop: verb(() => world.cron === 'stopped', set('stopped'), set('running'), { lease }),
    kill: verb(
      () => world.mailers === 0,
      () => {
        world.killed.push(world.mailers);
        world.mailers = 0;
      },
      () => assert.fail('a kill has no undo'),
      { undo: never },
    ),
    delete: verb(
      () => world.files === 0,
      () => {
        world.files = 0;
      },
      () => assert.fail('a deletion has no undo'),
      { undo: never },
    ),
    silence: verb(
      () => world.silenced,
      () => {
        world.silenced = true;
      },
      () => {
        world.silenced = false;
      },
    ),
    start: { ...verb(() => world.cron === 'running', set('running'), set('stopped'), {}, ['service:cron']) },
  };
}

const script = (world: World, journal: Script['journal'] = {}): Script => ({
  diagnose: [{ id: 'jobs', expect: clause('count', { at_least: 1 }) }],
  act: [
    { id: 'stop-cron', verb: 'stop' },
    { id: 'kill-mailers', verb: 'kill' },
    { id: 'empty', verb: 'delete' },
    { id: 'silence', verb: 'silence', arg: { jobs: '$jobs' } },
    { id: 'start-cron', verb: 'start' },
  ],
  actions: verbs(world),
  journal,
});

const HEALED = { cron: 'running', mailers: 0, files: 0, silenced: true, killed: [4], dead: false };

/** Dies at the nth append: before it is on disk, or right after. What was on disk by then is returned. */
async function killedAt(
  world: World,
  n: number,
  when: 'before' | 'after',
  go: (journal: Script['journal']) => Promise<Rehearsal>,
): Promise<readonly RunEvent[]> {
  const onDisk: RunEvent[] = [];
  let count = 0;
  const append = async (event: RunEvent): Promise<void> => {
    if (world.dead) throw new Error(DIES);
    count += 1;
    if (count < n || when === 'after') onDisk.push(event);
    if (count < n) return;
    world.dead = true;
    throw new Error(DIES);
  };
  await go({ append }).catch(() => {});
  world.dead = false;
  return onDisk;
}

async function appendsOf(go: (journal: Script['journal']) => Promise<Rehearsal>): Promise<number> {
  let count = 0;
  await go({
    append: async () => {
      count += 1;
    },
  });
  return count;
}

test('killed at every append of the journal, before and after it: resume ends in held, nothing is lost, nothing is done twice', async () => {
  const points = await appendsOf((journal) => rehearse(script(incident(), journal)));
  assert.ok(points > 20, `${points} points`);
  for (let n = 1; n <= points; n += 1) {
    for (const when of ['before', 'after'] as const) {
      const world = incident();
      const onDisk = await killedAt(world, n, when, (journal) => rehearse(script(world, journal)));
      const finished = onDisk.at(-1)?.type === 'run.finished';
      if (!finished && onDisk.length > 0) {
        const { ending } = await takeUp(script(world), onDisk);
        assert.equal(ending.outcome, 'held', `point ${n} ${when}`);
      }
      if (onDisk.length > 0) assert.deepEqual(world, HEALED, `point ${n} ${when}`);
    }
  }
});

test('killed at every append during resume: a second resume ends in held', async () => {
  const first = async () => {
    const world = incident();
    const onDisk = await killedAt(world, 14, 'before', (journal) => rehearse(script(world, journal)));
    return { world, onDisk };
  };
  const start = await first();
  const points = await appendsOf((journal) => takeUp(script(start.world, journal), start.onDisk));
  for (let n = 1; n <= points; n += 1) {
    const { world, onDisk } = await first();
    const more = await killedAt(world, n, 'after', (journal) => takeUp(script(world, journal), onDisk));
    const all = [...onDisk, ...more];
    if (all.at(-1)?.type !== 'run.finished')
      assert.equal((await takeUp(script(world), all)).ending.outcome, 'held', `point ${n}`);
    assert.deepEqual(world, HEALED, `point ${n}`);
  }
});

test('killed at every append during rollback: a second rollback leaves cron running and the crontab as it was', async () => {
  const whole = async () => {
    const world = incident();
    const { events } = await rehearse(script(world));
    return { world, events };
  };
  const attended = (world: World, journal: Script['journal'] = {}): Script => ({
    ...script(world, journal),
    answers: [],
    undo: 'undo',
  });
  const start = await whole();
  const points = await appendsOf((journal) => undoAll(attended(start.world, journal), start.events));
  assert.ok(points > 5, `${points} points`);
  for (let n = 1; n <= points; n += 1) {
    const { world, events } = await whole();
    const more = await killedAt(world, n, 'after', (journal) => undoAll(attended(world, journal), events));
    await undoAll(attended(world), [...events, ...more]);
    assert.deepEqual([world.cron, world.silenced, world.killed], ['running', false, [4]], `point ${n}`);
  }
});

test('a lease that was kept meanwhile is stopped again before anything else is done', async () => {
  const world = incident();
  const onDisk = await killedAt(world, 12, 'after', (journal) => rehearse(script(world, journal)));
  assert.equal(world.cron, 'stopped');
  world.cron = 'running';
  const { log, ending } = await takeUp(script(world), onDisk);
  assert.equal(ending.outcome, 'held');
  assert.equal(
    log.find((line) => line.startsWith('apply')),
    'apply stop',
  );
});

test('an act that must not be done twice is left to a person: an unattended run ends as unknown and tells why', async () => {
  const world = incident();
  const once = (journal: Script['journal'] = {}): Script => {
    const base = script(world, journal);
    return {
      ...base,
      act: [{ id: 'pay', verb: 'pay' }],
      actions: { pay: { observe: async () => change('pay'), apply: async () => done, idempotent: false } },
    };
  };
  const points = 20;
  const onDisk = await killedAt(world, points, 'before', (journal) => rehearse(once(journal)));
  const upTo = onDisk.slice(0, onDisk.findIndex((event) => event.type === 'action.intended') + 1);
  const { ending, log } = await takeUp(once(), upTo);
  assert.equal(ending.outcome, 'outcome-unknown');
  assert.deepEqual(
    log.filter((line) => line.startsWith('apply')),
    [],
  );
});

test('if the source ran again meanwhile, the steps after its stop are looked at again: new mailers are killed too', async () => {
  for (const restored of [true, false]) {
    const world = incident();
    const onDisk = await killedAt(world, 18, 'after', (journal) => rehearse(script(world, journal)));
    assert.deepEqual(world.killed, [4]);
    // The lease was kept: by the engine, which could still write so, or by its watchdog.
    world.cron = 'running';
    world.mailers = 3;
    const last = onDisk.at(-1);
    assert.ok(last);
    const told: RunEvent = {
      ...last,
      seq: last.seq + 1,
      type: 'lease.restored',
      key: 'service:cron',
      ok: true,
      summary: 'cron runs',
    };
    const { ending } = await takeUp(script(world), restored ? [...onDisk, told] : onDisk);
    assert.deepEqual([ending.outcome, world.cron, world.mailers, world.killed], ['held', 'running', 0, [4, 3]]);
  }
});

/**
 * Two services are stopped; the run has come as far as to start one of them again when it is killed, and the lease of
 * the other has fired.
 */
test('a service that the run has started again is not stopped once more because another lease has fired', async () => {
  const up = { mail: true, web: true };
  const service = (name: keyof typeof up, wanted: boolean): Partial<ActionVerb> => ({
    observe: async () => {
      if (up[name] === wanted) return { ...change(name), verdict: 'nothing' as const };
      const lease = { key: `service:${name}`, service: name, within: 60_000, undo: name, say: `start ${name}` };
      const targets = { kind: 'service' as const, count: 1, members: [name], detail: null };
      return { ...change(name, wanted ? {} : { lease }), targets };
    },
    apply: async () => {
      up[name] = wanted;
      return { ...done, ...(wanted && { releases: [`service:${name}`] }) };
    },
  });
  const script: Script = {
    act: [{ verb: 'stop-mail' }, { verb: 'stop-web' }, { verb: 'clean' }, { verb: 'start' }, { verb: 'start-mail' }],
    actions: {
      'stop-mail': service('mail', false),
      'stop-web': service('web', false),
      clean: { observe: async () => change('files'), apply: async () => done },
      start: service('web', true),
      'start-mail': service('mail', true),
    },
  };
  const { events } = await rehearse(script);
  const last = events.findIndex((event) => event.type === 'step.finished' && event.step === 'act-4');
  up.mail = true;
  const { log } = await takeUp(script, events.slice(0, last + 1));
  assert.deepEqual(
    log.filter((line) => line.startsWith('apply')),
    ['apply stop-mail', 'apply start-mail'],
  );
});

test('a run that ended without a verdict is watched again by resume, as often as it takes, and nothing is done again', async () => {
  const world = incident();
  let quiet = true;
  const watched: Script = {
    ...script(world),
    verify: [{ id: 'calm', verb: 'look-again', expect: clause('count', { at_least: 0 }) }],
    probes: {
      'look-again': {
        look: async () =>
          quiet
            ? unknownFinding({}, 'nothing was seen')
            : { summary: '1', measures: { count: 1 }, detail: null, blocks: [] },
      },
    },
  };
  const first = await rehearse(watched);
  assert.equal(first.ending.outcome, 'inconclusive');
  assert.ok(isUnfinished(stateOf(first.events)));
  const second = await takeUp(watched, first.events);
  assert.equal(second.ending.outcome, 'inconclusive');
  quiet = false;
  const third = await takeUp(watched, [...first.events, ...second.events]);
  assert.deepEqual(
    [third.ending.outcome, world, isUnfinished(stateOf([...first.events, ...second.events, ...third.events]))],
    ['held', HEALED, false],
  );
  const acts = [...second.log, ...third.log].filter((line) => line.startsWith('apply'));
  assert.deepEqual(acts, []);
});

test('an unknown diagnosis is no verdict: such a run is begun anew and not taken up', async () => {
  const { ending, events } = await rehearse({
    ...script(incident()),
    probes: { look: { look: async () => unknownFinding({}, 'could not look') } },
  });
  assert.deepEqual([ending.outcome, isUnfinished(stateOf(events))], ['inconclusive', false]);
});

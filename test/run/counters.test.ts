import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent } from '../../src/model/event.ts';
import { stateOf } from '../../src/model/state.ts';
import { type ActionVerb, nothingToDo, type Observation } from '../../src/model/verb.ts';
import { change, clause, rehearse, type Script, takeUp } from '../support/rehearsal.ts';

const DEAD = 'the engine is dead';
const used = (events: readonly RunEvent[]) => stateOf(events).used;

/** Files that a source may add to, and an engine that dies in the middle of deleting them. */
function spool(files: number) {
  const world = { files, gone: 0, allowed: [] as number[], dieAfter: Number.POSITIVE_INFINITY };
  const deletes: Partial<ActionVerb> = {
    reserves: ['delete'],
    observe: async () =>
      world.files === 0
        ? { ...change('files'), verdict: 'nothing', targets: { kind: 'none', count: 0, members: [], detail: null } }
        : change('files', {
            targets: { kind: 'files', count: world.files, members: [], detail: null },
            costs: { delete: world.files },
            undo: { kind: 'irreversible', because: 'gone', evidence: '' },
          }),
    apply: async (act) => {
      const most = act.allowance('delete');
      world.allowed.push(most);
      let deleted = 0;
      while (world.files > 0 && deleted < most) {
        const batch = Math.min(100, world.files, most - deleted);
        await act.reserve?.('delete', deleted + batch);
        for (let each = 0; each < batch; each += 1) {
          if (world.gone >= world.dieAfter) throw new Error(DEAD);
          world.files -= 1;
          world.gone += 1;
          deleted += 1;
        }
      }
      return { outcome: 'done', summary: '', used: { delete: deleted }, blocks: [] };
    },
  };
  return { world, deletes };
}

/** The engine's events up to its death: what it would have written afterwards is not there. */
async function untilDeath(script: Script): Promise<readonly RunEvent[]> {
  const { events } = await rehearse(script);
  return events.slice(
    0,
    events.findLastIndex(({ type }) => type === 'action.reserved' || type === 'action.intended') + 1,
  );
}

test('after a killed delete its reserved part counts: if the folder was refilled, a resume deletes no more than the limit', async () => {
  const { world, deletes } = spool(2900);
  world.dieAfter = 802;
  const script: Script = {
    act: [{ id: 'empty', verb: 'delete' }],
    actions: { delete: deletes },
    limits: { delete: 3000 },
  };
  const events = await untilDeath(script);
  assert.deepEqual(stateOf(events).unsettled, [{ step: 'empty', used: { delete: 900 }, ids: [] }]);
  world.dieAfter = Number.POSITIVE_INFINITY;
  world.files = 2900;
  const refilled = await takeUp(script, events);
  assert.deepEqual([refilled.ending.outcome, world.gone], ['over-limit', 802]);
  assert.match(refilled.ending.reasons.join(), /empty: delete 3 800 is over the limit of 3 000/);
  // What is left of the first is within it.
  world.files = 2098;
  const { ending, events: more } = await takeUp(script, events);
  assert.deepEqual([ending.outcome, world.gone, world.allowed.at(-1)], ['held', 2900, 2100]);
  assert.deepEqual(used([...events, ...more]).delete, 2998);
});

test('a person who resumes may raise the limit, and is told of all that counts', async () => {
  const { world, deletes } = spool(100);
  world.dieAfter = 50;
  const script: Script = {
    act: [{ id: 'empty', verb: 'delete' }],
    actions: { delete: deletes },
    limits: { delete: 120 },
  };
  const events = await untilDeath(script);
  world.dieAfter = Number.POSITIVE_INFINITY;
  const { ending } = await takeUp({ ...script, answers: [] }, events);
  assert.match(
    ending.reasons.join(),
    /delete 150 is over the limit of 120; a person may raise it for this run: --limit delete=150/,
  );
});

test('a journal of 0.1.0 tells only whom the act was to touch: all of them count', async () => {
  const { world, deletes } = spool(100);
  world.dieAfter = 10;
  const script: Script = {
    act: [{ id: 'empty', verb: 'delete' }],
    actions: { delete: deletes },
    limits: { delete: 150 },
  };
  const events = (await untilDeath(script)).flatMap((event): readonly RunEvent[] => {
    if (event.type === 'action.reserved') return [];
    if (event.type !== 'action.intended') return [event];
    const { costs: _costs, ...old } = event;
    return [old];
  });
  world.dieAfter = Number.POSITIVE_INFINITY;
  const { ending } = await takeUp(script, events);
  assert.deepEqual([ending.outcome, world.gone], ['over-limit', 10]);
});

test('an act that broke off half-way counts what it had reserved, in its retry too', async () => {
  const { world, deletes } = spool(300);
  world.dieAfter = 150;
  const apply = deletes.apply ?? assert.fail();
  const again: Partial<ActionVerb> = {
    ...deletes,
    apply: async (...args) => {
      const before = world.dieAfter;
      if (world.gone >= before) world.dieAfter = Number.POSITIVE_INFINITY;
      return apply(...args);
    },
  };
  const script: Script = {
    act: [{ id: 'empty', verb: 'delete', retry: { times: 1, every: 1 } }],
    actions: { delete: again },
    limits: { delete: 300 },
  };
  const { events } = await rehearse(script);
  assert.deepEqual([world.allowed, used(events).delete], [[300, 100], 300]);
});

/** Processes with an identity: who is still there was not ended, and is not counted twice. */
function crowd(pids: readonly number[]) {
  const world = { alive: new Set(pids), signalled: [] as number[], die: true };
  const detail = () => ({ processes: [...world.alive].map((pid) => ({ pid, start: 7, exe: null })) });
  const seen = (): Observation =>
    world.alive.size === 0
      ? change('them', { verdict: 'nothing', targets: { kind: 'none', count: 0, members: [], detail: null } })
      : change('them', {
          targets: { kind: 'processes', count: world.alive.size, members: [], detail: detail() },
          costs: { kill: world.alive.size },
        });
  const kills: Partial<ActionVerb> = {
    reserves: ['kill'],
    observe: async () => seen(),
    apply: async (act) => {
      const targets = [...world.alive].slice(0, act.allowance('kill'));
      await act.reserve?.(
        'kill',
        targets.length,
        targets.map((pid) => `${pid}@7`),
      );
      for (const [at, pid] of targets.entries()) {
        if (world.die && at === 2) throw new Error(DEAD);
        world.alive.delete(pid);
        world.signalled.push(pid);
      }
      return { outcome: 'done', summary: '', used: { kill: targets.length }, blocks: [] };
    },
  };
  return { world, kills };
}

test('after a killed kill, processes that still live were not counted: they are killed within the limit, newcomers are not', async () => {
  for (const newcomers of [0, 2]) {
    const { world, kills } = crowd([1, 2, 3, 4, 5]);
    const script: Script = { act: [{ id: 'end', verb: 'kill' }], actions: { kill: kills }, limits: { kill: 6 } };
    const events = await untilDeath(script);
    assert.deepEqual(world.signalled, [1, 2]);
    world.die = false;
    for (let each = 0; each < newcomers; each += 1) world.alive.add(100 + each);
    const { ending, events: more } = await takeUp(script, events);
    const { used: counted, unsettled } = stateOf([...events, ...more]);
    const expected = newcomers === 0 ? ['held', 5, 5, 0] : ['over-limit', 2, 0, 1];
    assert.deepEqual([ending.outcome, world.signalled.length, counted.kill, unsettled.length], expected);
  }
});

test('an edit that was cut short is found undone and counts once, or found done and counts', async () => {
  for (const wasDone of [false, true]) {
    let done = false;
    const edits: Partial<ActionVerb> = {
      observe: async () =>
        done
          ? nothingToDo('as it is to be')
          : change('file', {
              targets: { kind: 'file', count: 1, members: ['/etc/x'], detail: null },
              costs: { edit: 1 },
            }),
      apply: async () => {
        done = true;
        return { outcome: 'done', summary: '', used: { edit: 1 }, blocks: [] };
      },
    };
    const script: Script = { act: [{ id: 'edit', verb: 'edit' }], actions: { edit: edits }, limits: { edit: 1 } };
    const events = await untilDeath(script);
    done = wasDone;
    const { ending, events: more } = await takeUp(script, events);
    assert.deepEqual([ending.outcome, used([...events, ...more]).edit], ['held', 1]);
  }
});

test('what counts is in the journal before the first of it goes, and an unfinished run says how much that is', async () => {
  const order: string[] = [];
  const { world, deletes } = spool(250);
  const script: Script = {
    diagnose: [{ id: 'found', expect: clause('count', { at_least: 1 }) }],
    act: [{ id: 'empty', verb: 'delete' }],
    actions: { delete: deletes },
    limits: { delete: 500 },
    journal: {
      append: async (event) => {
        if (event.type === 'action.reserved')
          order.push(`${JSON.stringify((event as { used?: object }).used)} with ${world.gone} gone`);
      },
    },
  };
  await rehearse(script);
  assert.deepEqual(order, [
    '{"delete":100} with 0 gone',
    '{"delete":200} with 100 gone',
    '{"delete":250} with 200 gone',
  ]);
});

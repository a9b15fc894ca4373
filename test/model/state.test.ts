import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Fact, RunEvent } from '../../src/model/event.ts';
import { sayWaysBack } from '../../src/model/run/undo.ts';
import {
  apply,
  elapsed,
  initialState,
  lastThing,
  type RunState,
  stateOf,
  unknownSteps,
} from '../../src/model/state.ts';
import type { Applied } from '../../src/model/verb.ts';
import { anyEvents } from '../support/any-event.ts';
import {
  applies,
  DIAGNOSED,
  HELD,
  intends,
  KILL,
  RUN,
  SILENCE,
  START,
  STARTED,
  STOP,
  STOPPED,
  stamped,
} from '../support/story.ts';

const after = (...facts: readonly Fact[]): RunState => stateOf(stamped(facts));
const stepOf = (state: RunState, id: string) => state.steps.find((step) => step.id === id);
const applied = (more: Partial<Applied>): Applied => ({ outcome: 'done', summary: 's', used: {}, blocks: [], ...more });

test('a fold over any prefix of any events never throws, and goes on from there to the same state', () => {
  fc.assert(
    fc.property(anyEvents, fc.nat(), (events, cut) => {
      const at = cut % (events.length + 1);
      assert.deepEqual(events.slice(at).reduce(apply, stateOf(events.slice(0, at))), stateOf(events));
      const state = stateOf(events);
      assert.equal(state.last?.seq ?? 0, events.length);
      assert.equal(typeof lastThing(state), 'string');
      unknownSteps(state);
      sayWaysBack(state.undo);
    }),
  );
});

test('a state is plain JSON', () => {
  fc.assert(
    fc.property(anyEvents, (events) => {
      const state = stateOf(events);
      assert.deepEqual(
        JSON.parse(JSON.stringify(state)),
        JSON.parse(JSON.stringify(stateOf(JSON.parse(JSON.stringify(events))))),
      );
    }),
    { numRuns: 50 },
  );
});

test('an event of a later version changes nothing but the last number', () => {
  const [first] = stamped([STARTED]);
  const state = apply(initialState, { ...first, type: 'host.rebooted' } as unknown as RunEvent);
  assert.deepEqual(state, { ...initialState, run: RUN, host: 'lab', last: state.last });
});

test('the state of a run that held has its verdict, counters, series and open items, and no open lease', () => {
  const state = after(...HELD);
  assert.deepEqual(
    [
      state.finished?.outcome,
      state.finished?.exit,
      state.verdict,
      state.used,
      state.leases,
      state.open.length,
      state.missed.length,
    ],
    ['held', 0, 'held', { kill: 3, delete: 0, edit: 1, stopped_for: 0, services: 0, commands: 0 }, [], 1, 1],
  );
  assert.deepEqual(
    stepOf(state, 'calm')?.watch?.samples.map(({ minutes, left }) => [minutes, left]),
    [
      [0, 8000],
      [1, 4000],
      [2, 0],
    ],
  );
  assert.deepEqual(
    state.steps.map(({ id, status }) => `${id} ${status}`),
    [
      'inodes waiting',
      'mailers waiting',
      'stop-cron done',
      'kill-mailers done',
      'silence-jobs done',
      'start-cron done',
      'calm done',
    ],
  );
  assert.deepEqual(unknownSteps(state), []);
});

test('undoable acts are listed newest first; others are kept but not offered', () => {
  const state = after(...HELD);
  assert.deepEqual(
    state.undo.map(({ step, outcome }) => [step, outcome]),
    [
      ['stop-cron', 'done'],
      ['kill-mailers', 'done'],
      ['silence-jobs', 'done'],
      ['start-cron', 'done'],
    ],
  );
  assert.deepEqual(sayWaysBack(state.undo), [
    'start-cron: stop cron',
    'silence-jobs: put the crontab of root back',
    'stop-cron: start cron',
  ]);
});

test('an intent without an outcome is unknown, and may have to be undone', () => {
  const state = after(...DIAGNOSED, ...intends(STOP));
  assert.deepEqual(unknownSteps(state), ['stop-cron']);
  assert.deepEqual([state.undo[0]?.step, state.undo[0]?.outcome], ['stop-cron', 'intended']);
  assert.equal(lastThing(state), 'stop-cron: outcome unknown');
});

test('a second attempt has its own undo entry', () => {
  const again = intends(SILENCE).map(
    (fact): Fact => (fact.type === 'action.intended' ? { ...fact, attempt: 2 } : fact),
  );
  const failed: Fact = { type: 'action.applied', step: SILENCE.id, applied: applied({ outcome: 'failed' }) };
  const state = after(...DIAGNOSED, ...intends(SILENCE), failed, ...again, applies(SILENCE));
  assert.deepEqual(
    state.undo.map(({ attempt, outcome }) => [attempt, outcome]),
    [
      [1, 'failed'],
      [2, 'done'],
    ],
  );
  assert.equal(stepOf(state, SILENCE.id)?.attempts, 2);
});

test('the undo that an act gives afterwards replaces the one it intended; nothing takes the entry away', () => {
  const undo = { kind: 'revert', say: 'put one line back', data: null } as const;
  const better = after(...intends(SILENCE), { type: 'action.applied', step: SILENCE.id, applied: applied({ undo }) });
  assert.deepEqual(sayWaysBack(better.undo), [`${SILENCE.id}: put one line back`]);
  const none = after(...intends(SILENCE), {
    type: 'action.applied',
    step: SILENCE.id,
    applied: applied({ undo: { kind: 'nothing' } }),
  });
  assert.deepEqual(none.undo, []);
});

test('an act whose intent had nothing to undo, and which finds that there is, can be undone', () => {
  const undo = { kind: 'revert', say: 'late', data: null } as const;
  const state = after(...intends({ ...SILENCE, undo: { kind: 'nothing' } }), {
    type: 'action.applied',
    step: SILENCE.id,
    applied: applied({ undo }),
  });
  assert.deepEqual(sayWaysBack(state.undo), [`${SILENCE.id}: late`]);
});

test('a lease is open until it is released or restored; a restore undoes its step', () => {
  assert.deepEqual(
    after(...STOPPED).leases.map(({ key, within, armed }) => [key, within, armed.mono]),
    [['service:cron', 900_000, 13_000]],
  );
  const refused = after(...STOPPED, { type: 'lease.restored', key: 'service:cron', ok: false, summary: 'no' });
  assert.equal(refused.leases.length, 1);
  const restored = after(...STOPPED, { type: 'lease.restored', key: 'service:cron', ok: true, summary: 'cron runs' });
  assert.deepEqual([restored.leases, restored.undo], [[], []]);
});

test('a rollback removes from the undo list only what was really undone', () => {
  const state = after(
    ...STOPPED,
    ...intends(SILENCE),
    applies(SILENCE),
    { type: 'rollback.started', why: 'kill failed', steps: ['silence-jobs', 'stop-cron'] },
    { type: 'undo.intended', step: 'silence-jobs', say: 's' },
    { type: 'undo.applied', step: 'silence-jobs', applied: applied({ outcome: 'failed', reason: 'changed since' }) },
    { type: 'undo.intended', step: 'stop-cron', say: 's' },
    { type: 'undo.applied', step: 'stop-cron', applied: applied({ summary: 'cron runs' }) },
    { type: 'rollback.finished', complete: false, left: ['silence-jobs: changed since'] },
  );
  assert.deepEqual(sayWaysBack(state.undo), ['silence-jobs: put the crontab of root back']);
  assert.deepEqual(
    [
      state.rollback?.complete,
      state.rollback?.left,
      state.rollback?.undone.map(({ step, applied: { outcome } }) => [step, outcome]),
    ],
    [
      false,
      ['silence-jobs: changed since'],
      [
        ['silence-jobs', 'failed'],
        ['stop-cron', 'done'],
      ],
    ],
  );
});

test('a run that died while it rolled back says what it was undoing', () => {
  const state = after(
    ...STOPPED,
    { type: 'rollback.started', why: 'w', steps: ['stop-cron'] },
    { type: 'undo.intended', step: 'stop-cron', say: 's' },
  );
  assert.deepEqual([unknownSteps(state), lastThing(state)], [['stop-cron'], 'rolling back stop-cron']);
});

test('the last thing known of an unfinished run is the step at work', () => {
  assert.equal(lastThing(initialState), 'nothing yet');
  assert.equal(lastThing(after(STARTED)), 'started');
  assert.equal(lastThing(after(...STOPPED)), 'stop-cron: done');
  assert.equal(lastThing(after(...STOPPED, ...intends(KILL), applies(KILL))), 'kill-mailers: acted');
  assert.equal(
    lastThing(after(...STOPPED, { type: 'step.started', step: START.id, phase: 'act', verb: 'start' })),
    'start-cron: started',
  );
});

test('notes after the end of a run do not make it longer or change its outcome', () => {
  const events = stamped(HELD);
  const last = events.at(-1);
  assert.ok(last);
  const later = { ...last, seq: last.seq + 1, at: '2026-11-24T16:55:04.000Z', mono: 1 };
  const before = stateOf(events);
  const noted = stateOf([...events, { ...later, type: 'note' as const, text: 'an unattended rollback was refused' }]);
  assert.deepEqual([elapsed(noted), noted.finished, noted.held], [elapsed(before), before.finished, before.held]);
  const again = { path: '/p', hash: 'h' };
  const resumed = {
    ...{ type: 'run.resumed' as const, to: 'roll-back' as const, who: 'root', mode: 'unattended' as const },
    ...{ policy: again, tool: '0.1.0', boot: { id: 'b', at: 0 }, hash: 'h' },
  };
  assert.deepEqual(stateOf([...events, { ...later, ...resumed }]).held, before.held);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import restart from '../../../src/verbs/services/restart.action.ts';
import start from '../../../src/verbs/services/start.action.ts';
import stop from '../../../src/verbs/services/stop.action.ts';
import { actOn } from '../../support/act.ts';
import { service, worldWith } from '../../support/hosts/fake-world.ts';

const DB = { service: { name: 'db' } };

test('a start that stops who conflicts with it says so, and its undo starts that again', async () => {
  const world = worldWith(service('db', 'stopped'), service('old', 'running'));
  world.ties = new Map([['db', { rivals: ['old'] }]]);
  const seen = await start.observe(actOn(world), DB);
  assert.deepEqual(
    [seen.summary, seen.undo, seen.predicts],
    [
      'start db, and stop old, which conflicts with it',
      {
        kind: 'revert',
        say: 'stop db, as it was before this step, and start old',
        data: { service: 'db', wanted: 'stopped', back: ['old'] },
      },
      [
        { kind: 'service', name: 'db', state: 'running' },
        { kind: 'service', name: 'old', state: 'stopped' },
      ],
    ],
  );
  assert.equal((await start.apply(actOn(world), DB, seen)).outcome, 'done');
  assert.equal(world.services.get('old')?.state, 'stopped');
  assert.ok(seen.undo.kind === 'revert');
  const undone = await start.revert(actOn(world), seen.undo.data);
  assert.deepEqual(
    [undone.outcome, world.services.get('db')?.state, world.services.get('old')?.state],
    ['done', 'stopped', 'running'],
  );
});

test('what refuses to be stopped or started by name is not promised', async () => {
  const cases = [
    [
      stop,
      'running',
      ['stop'],
      /^the unit of db refuses every stop by name \(RefuseManualStop=yes\): stop who needs it/,
    ],
    [start, 'stopped', ['start'], /^the unit of db refuses every start by name \(RefuseManualStart=yes\)/],
    [restart, 'running', ['stop'], /refuses every stop by name/],
    [restart, 'stopped', ['start'], /refuses every start by name/],
  ] as const;
  for (const [verb, state, refuses, why] of cases) {
    const world = worldWith(service('db', state));
    world.ties = new Map([['db', { refuses }]]);
    const seen = await verb.observe(actOn(world), DB);
    assert.equal(seen.verdict, 'cannot', String(why));
    assert.match(String(seen.reason), why);
  }
});

test('what could not be started again is not stopped under a lease, and without one it is for good', async () => {
  const world = worldWith(service('db', 'running'));
  world.ties = new Map([['db', { refuses: ['start'] }]]);
  const leased = await stop.observe(actOn(world), { ...DB, restore_within: '5m' });
  assert.match(
    String(leased.reason),
    /its lease could not be kept: once stopped it could not be started: the unit of db refuses/,
  );
  assert.equal((await stop.observe(actOn(world), DB)).undo.kind, 'irreversible');
});

test('what runs once and ends is planned as that, and cannot be undone', async () => {
  const world = worldWith(service('db', 'stopped'));
  world.ties = new Map([['db', { once: true }]]);
  const { summary, state, undo } = await start.observe(actOn(world), DB);
  assert.deepEqual(
    [summary, state?.after, undo.kind],
    ['start db, which runs once and ends', 'stopped', 'irreversible'],
  );
});

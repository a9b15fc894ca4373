import assert from 'node:assert/strict';
import { it } from 'node:test';
import manual from '../../../src/verbs/people/manual.action.ts';
import { actOn } from '../../support/act.ts';
import { emptyWorld } from '../../support/hosts/fake-world.ts';

const CALL = { do: 'Call the database owner.', confirm: 'Has the standby taken over?' };

it('a manual step shows what to do and what will be asked, and is for a person', async () => {
  const observation = await manual.observe(actOn(emptyWorld()), CALL);
  assert.deepEqual(
    [observation.verdict, observation.targets, observation.blocks],
    [
      'change',
      { kind: 'person', count: 1, members: [CALL.do], detail: CALL },
      [{ kind: 'text', lines: [CALL.do, CALL.confirm] }],
    ],
  );
  assert.deepEqual([observation.undo.kind, observation.estimate], ['irreversible', null]);
});

it('a manual step changes nothing by itself, and cannot be undone by the tool', async () => {
  const world = emptyWorld();
  const act = actOn(world);
  const applied = await manual.apply(act, CALL, await manual.observe(act, CALL));
  assert.deepEqual([applied.outcome, world.log], ['done', []]);
  assert.equal((await manual.revert(act, null)).outcome, 'failed');
});

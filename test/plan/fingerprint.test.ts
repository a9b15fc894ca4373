import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Plan, PlannedAction } from '../../src/model/plan.ts';
import { nothingToDo, type Observation, type Targets } from '../../src/model/verb.ts';
import { driftOf, pinnedDifferences, pinnedOf } from '../../src/plan/fingerprint.ts';
import { ownDifferences, runbookDifferences, textDifferences } from '../../src/plan/text-differences.ts';

const none: Targets = { kind: 'none', count: 0, members: [], detail: null };

function action(
  id: string,
  targets: Partial<Targets>,
  more: Partial<PlannedAction> = {},
  verdict: Observation['verdict'] = 'change',
): PlannedAction {
  return {
    kind: 'action',
    id,
    phase: 'act',
    verb: 'do',
    why: null,
    arg: {},
    explain: [],
    observation: { ...nothingToDo(''), verdict, targets: { ...none, ...targets } },
    skipped: null,
    before: null,
    decision: { effect: 'ask', reason: 'a person decides', rule: null },
    onFail: 'stop',
    ask: true,
    undoNote: null,
    ...more,
  };
}

function planOf(steps: readonly PlannedAction[], more: Partial<Plan> = {}): Plan {
  return {
    runbook: { name: 'r', version: '1.0.0', title: '', path: '/r.yaml', hash: 'h' },
    host: 'h',
    at: 0,
    params: {},
    limits: { kill: 10, stopped_for: 60_000 },
    diagnosis: { verdict: 'this-incident', reasons: [] },
    steps,
    refusal: null,
    open: [],
    estimate: null,
    ...more,
  };
}

const kill = (...ids: readonly (readonly [number, number])[]) =>
  action('kill', {
    kind: 'processes',
    count: ids.length,
    detail: { processes: ids.map(([pid, start]) => ({ pid, start })) },
  });
const stop = (name: string, verdict: Observation['verdict'] = 'change') =>
  action('stop', { kind: 'service', count: 1, members: [name] }, {}, verdict);
const edit = (path: string, hash: string) =>
  action('edit', { kind: 'file', count: 1, members: [path], detail: { path, before: hash } });
const crontab = (...files: readonly (readonly [string, string])[]) =>
  action('silence', {
    kind: 'file',
    count: files.length,
    detail: files.map(([path, hash]) => ({ path, hash, kind: 'user', owner: 'root' })),
  });

const differ = (then: Plan, now: Plan) =>
  pinnedDifferences({ pinned: pinnedOf(then), plan: then }, now).map(({ name, planned, now: is }) => [
    name,
    planned,
    is,
  ]);

describe('drift', () => {
  test('processes are told by pid and start: a pid that was given again is a new one', () => {
    assert.deepEqual(driftOf(planOf([kill([1, 5], [2, 5], [3, 5])]), planOf([kill([2, 5], [3, 9], [4, 9])])), [
      { step: 'kill', kind: 'processes', planned: 3, now: 3, new: 2, gone: 2 },
    ]);
  });

  test('it is drift too if all processes are gone by now', () => {
    const gone = action('kill', {}, {}, 'nothing');
    assert.deepEqual(driftOf(planOf([kill([1, 5])]), planOf([gone])), [
      { step: 'kill', kind: 'processes', planned: 1, now: 0, new: 0, gone: 1 },
    ]);
    assert.deepEqual(differ(planOf([kill([1, 5])]), planOf([gone])), []);
  });

  test('the drift of files is a count', () => {
    const files = (count: number) => action('clean', { kind: 'files', count });
    assert.deepEqual(driftOf(planOf([files(4000)]), planOf([files(3990)])), [
      { step: 'clean', kind: 'files', planned: 4000, now: 3990, new: 0, gone: 10 },
    ]);
  });
});

describe('what is held fast', () => {
  test('new processes of the same selector are no difference; another limit is one', () => {
    assert.deepEqual(differ(planOf([kill([1, 5])]), planOf([kill([1, 5], [2, 6])])), []);
    const other = planOf([kill([1, 5])], { limits: { kill: 20, stopped_for: 90_000 } });
    assert.deepEqual(differ(planOf([kill([1, 5])]), other), [
      ['limit kill', '10', '20'],
      ['limit stopped_for', '1 min', '1 min 30 s'],
    ]);
  });

  test('each file to be edited, in whichever form the action names it; a foreseen content is pinned by the edit before', () => {
    assert.deepEqual(
      pinnedOf(
        planOf([crontab(['/a', '1'], ['/b', '2']), edit('/c', '3'), edit('/c', 'predicted:/c')], { limits: {} }),
      ).filter(({ name }) => name.startsWith('file')),
      [
        { name: 'file /a', value: 'sha256 1' },
        { name: 'file /b', value: 'sha256 2' },
        { name: 'file /c', value: 'sha256 3' },
      ],
    );
  });

  test('a file that was changed, that came to it, that needs no edit any more', () => {
    assert.deepEqual(differ(planOf([crontab(['/a', '1'], ['/b', '2'])]), planOf([crontab(['/a', '9'], ['/c', '3'])])), [
      ['file /a', 'sha256 1', 'sha256 9'],
      ['file /b', 'sha256 2', 'nothing to edit there any more'],
      ['file /c', 'not to be edited', 'sha256 3'],
    ]);
  });

  test('another service is meant; the service has to be stopped now and had not; it need not be any more', () => {
    assert.deepEqual(differ(planOf([stop('cron')]), planOf([stop('crond')])), [['target of stop', 'cron', 'crond']]);
    assert.deepEqual(differ(planOf([stop('cron', 'nothing')]), planOf([stop('cron')])), [
      ['target of stop', null, 'cron'],
    ]);
    assert.deepEqual(differ(planOf([stop('cron')]), planOf([stop('cron', 'nothing')])), []);
  });

  test('an action that was skipped and would run now', () => {
    const skipped = action('kill', {}, { observation: null, skipped: 'its `when` does not hold' });
    assert.deepEqual(differ(planOf([skipped]), planOf([kill([1, 5])])), [['act kill', null, 'do']]);
    assert.deepEqual(differ(planOf([kill([1, 5])]), planOf([skipped])), []);
  });

  test('a plan that would have touched nothing, and would act now', () => {
    const refused = planOf([], {
      refusal: { outcome: 'not-this-incident', reasons: [] },
      diagnosis: { verdict: 'not-this-incident', reasons: [] },
    });
    assert.deepEqual(differ(refused, planOf([])), [
      ['the plan', 'would touch nothing: not-this-incident', 'would act'],
    ]);
  });

  test('"not this incident any more" is an outcome, not a difference', () => {
    const over = planOf([], {
      refusal: { outcome: 'not-this-incident', reasons: [] },
      diagnosis: { verdict: 'not-this-incident', reasons: [] },
    });
    assert.deepEqual(differ(planOf([edit('/c', '3'), stop('cron')]), over), []);
  });
});

describe('the lines of a text', () => {
  test('exactly the changed, added and removed lines are named', () => {
    const text = (lines: string) => lines.replaceAll(' ', '\n');
    const changed = (then: string, now: string) =>
      textDifferences('f', text(then), text(now)).map(({ name, planned, now: is }) => [name, planned, is]);
    assert.deepEqual(changed('a b c d', 'a x c d'), [['f:2', '`b`', '`x`']]);
    assert.deepEqual(changed('a b c d', 'a b x c d'), [['f:3', null, '`x`']]);
    assert.deepEqual(changed('a b c d', 'a b d'), [['f:3', '`c`', null]]);
    assert.deepEqual(changed('a b c d', 'x b c y'), [
      ['f:1', '`a`', '`x`'],
      ['f:4', '`d`', '`y`'],
    ]);
    assert.deepEqual(changed('a b c d e f g', 'A B C D E F G').at(-1), ['f', '2 more lines', 'otherwise']);
  });

  test('the texts of used runbooks are compared one by one', () => {
    const then = 'firebreak: 1\nuse: x\n--- # ./x.yaml\na\nb\n--- # ./y.yaml\nc';
    const named = (found: ReturnType<typeof textDifferences>) =>
      found.map(({ name, planned, now }) => [name, planned, now]);
    assert.deepEqual(named(runbookDifferences('/r.yaml', then, then)), []);
    assert.deepEqual(named(runbookDifferences('/r.yaml', then, then.replace('\nb\n', '\nB\n'))), [
      ['./x.yaml:2', '`b`', '`B`'],
    ]);
    for (const own of ['firebreak: 1\nuse: x\n', 'firebreak: 1\nuse: x'])
      assert.deepEqual(named(ownDifferences('/r.yaml', then, own)), []);
    assert.deepEqual(named(ownDifferences('/r.yaml', then, 'firebreak: 1\nuse: y\n')), [
      ['/r.yaml:2', '`use: x`', '`use: y`'],
    ]);
    assert.deepEqual(named(ownDifferences('/r.yaml', 'a\nb', 'a\nb\n')), [['/r.yaml:3', null, '``']]);
  });

  test('two texts that are not the same always have a line that differs', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', ''), { maxLength: 6 }).map((all) => all.join('\n'));
    fc.assert(
      fc.property(lines, lines, (then, now) => {
        assert.equal(textDifferences('f', then, now).length > 0, then !== now);
      }),
    );
  });
});

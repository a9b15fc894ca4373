import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent } from '../../src/model/event.ts';
import type { AuthoredUndo } from '../../src/model/runbook.ts';
import { stateOf } from '../../src/model/state.ts';
import type { Applied } from '../../src/model/verb.ts';
import { manualInterrupts } from '../../src/wiring/interrupts.ts';
import { change, clause, rehearse, type Script, takeUp, undoAll } from '../support/rehearsal.ts';

const failed: Applied = {
  outcome: 'failed',
  summary: 'it broke',
  reason: 'it broke',
  used: {},
  blocks: [],
  undo: { kind: 'nothing' },
};
const forGood = (what: string) =>
  change(what, { undo: { kind: 'irreversible', because: 'gone is gone', evidence: '' } });
const steps = (...verbs: readonly string[]): AuthoredUndo => ({
  kind: 'steps',
  steps: verbs.map((verb) => ({ verb, arg: {} })),
});
const note = (text: string): AuthoredUndo => ({ kind: 'note', text });

const VERBS = {
  wipe: { observe: async () => forGood('files') },
  bad: { observe: async () => change('bad'), apply: async () => failed },
  back: { observe: async () => forGood('files back') },
  tell: { observe: async () => forGood('a word') },
  once: { observe: async () => forGood('it once'), idempotent: false },
};

/** Two acts with undo steps of their author's, and one that fails. */
const FAILS: Script = {
  act: [
    { id: 'first', verb: 'wipe', undo: steps('back', 'tell') },
    { id: 'second', verb: 'change', undo: steps('tell') },
    { id: 'third', verb: 'bad', onFail: 'undo' },
  ],
  actions: VERBS,
};

const deeds = (log: readonly string[]) => log.filter((line) => /^(apply|revert|ask)/.test(line));

test('undo steps are run newest first, behind what the action itself takes back, each in the journal before it acts', async () => {
  const { log, events, ending } = await rehearse(FAILS);
  assert.deepEqual(deeds(log), [
    'apply wipe',
    'apply change',
    'apply bad',
    'revert change',
    'apply tell',
    'apply back',
    'apply tell',
  ]);
  assert.deepEqual(
    events.flatMap((event) =>
      event.type === 'undo.intended'
        ? [[event.step, event.part ?? 0, event.say]]
        : event.type === 'undo.applied'
          ? [[event.step, event.part ?? 0]]
          : [],
    ),
    [
      ['second', 0, 'change change back'],
      ['second', 0],
      ['second', 1, 'change a word'],
      ['second', 1],
      ['first', 1, 'change files back'],
      ['first', 1],
      ['first', 2, 'change a word'],
      ['first', 2],
    ],
  );
  assert.deepEqual(ending, { outcome: 'rolled-back', verdict: null, reasons: ['third failed: it broke'] });
  assert.deepEqual(stateOf(events).undo, []);
});

test('the plan shows the undo steps, and the question before the next act says what undo would do', async () => {
  const { plans } = await rehearse(FAILS);
  const planned = plans[0]?.steps.flatMap((step) => (step.kind === 'action' ? [step.undoSteps ?? []] : []));
  assert.deepEqual(planned?.[0], [
    { verb: 'back', why: null, say: 'change files back', now: null },
    { verb: 'tell', why: null, say: 'change a word', now: null },
  ]);
  const asked: (readonly string[])[] = [];
  await rehearse({
    act: [
      { id: 'first', verb: 'wipe', undo: note('put the files back from the backup') },
      { id: 'second', verb: 'change', undo: steps('tell') },
      { id: 'last', verb: 'change' },
    ],
    actions: VERBS,
    answers: [],
    asked: (undoable) => asked.push(undoable),
  });
  assert.deepEqual(asked, [
    [],
    ['first: not undone by itself; by hand: put the files back from the backup'],
    [
      'second: change change back, then change a word',
      'first: not undone by itself; by hand: put the files back from the backup',
    ],
  ]);
});

test('where nothing could be undone the rollback is incomplete, and says the note', async () => {
  const { ending, events } = await rehearse({
    act: [
      { id: 'first', verb: 'wipe', undo: note('put the files back from the backup') },
      { id: 'second', verb: 'bad', onFail: 'undo' },
    ],
    actions: VERBS,
  });
  const left = 'first: cannot be undone, gone is gone; by hand: put the files back from the backup';
  assert.deepEqual(ending, {
    outcome: 'rollback-incomplete',
    verdict: null,
    reasons: ['second failed: it broke', left],
  });
  const { rollback } = stateOf(events);
  assert.deepEqual([rollback?.complete, rollback?.left], [false, [left]]);
});

test('an act for good that had an effect leaves the rollback incomplete; one that failed before it had any does not', async () => {
  const did = await rehearse({
    act: [
      { id: 'first', verb: 'wipe' },
      { verb: 'bad', onFail: 'undo' },
    ],
    actions: VERBS,
  });
  assert.deepEqual(
    [did.ending.outcome, did.ending.reasons[1]],
    ['rollback-incomplete', 'first: cannot be undone, gone is gone'],
  );
  const wipe = (used: Applied['used']) => ({
    wipe: {
      observe: async () => forGood('files'),
      apply: async () => ({ outcome: 'failed', summary: 'no', used, blocks: [] }) as const,
    },
  });
  const script = (used: Applied['used']): Script => ({
    act: [{ verb: 'change' }, { id: 'first', verb: 'wipe', onFail: 'undo' }],
    actions: wipe(used),
  });
  const not = await rehearse(script({}));
  assert.deepEqual(
    [not.ending.outcome, not.ending.reasons[1]],
    ['rolled-back', 'first: it failed, and what it may have changed cannot be undone, gone is gone'],
  );
  assert.equal((await rehearse(script({ delete: 2 }))).ending.outcome, 'rollback-incomplete');
});

test('an undo step that fails leaves the rest of its step as it is, and what is older is undone all the same', async () => {
  const { log, ending } = await rehearse({
    ...FAILS,
    act: [
      { id: 'first', verb: 'change' },
      { id: 'second', verb: 'wipe', undo: steps('bad', 'tell') },
      { id: 'third', verb: 'bad', onFail: 'undo' },
    ],
  });
  assert.deepEqual(deeds(log), ['apply change', 'apply wipe', 'apply bad', 'apply bad', 'revert change']);
  assert.deepEqual(ending, {
    outcome: 'rollback-incomplete',
    verdict: null,
    reasons: ['third failed: it broke', 'second: change bad: it broke'],
  });
});

test('a run that was killed at any point of its undo is taken up there: no undo step is done twice, and none is left out', async () => {
  const whole = await rehearse(FAILS);
  const begun = whole.events.findIndex(({ type }) => type === 'rollback.started');
  const end = whole.events.findIndex(({ type }) => type === 'run.finished');
  for (let cut = begun + 1; cut <= end; cut += 1) {
    const before = whole.events.slice(0, cut);
    const again = await takeUp(FAILS, before);
    const events = [...before, ...again.events];
    const applied = events.flatMap((event) =>
      event.type === 'undo.applied' ? [`${event.step} ${event.part ?? 0}`] : [],
    );
    assert.deepEqual(applied, ['second 0', 'second 1', 'first 1', 'first 2'], `cut at ${cut}`);
    const over = cut > whole.events.findIndex(({ type }) => type === 'rollback.finished');
    if (!over) assert.equal(again.ending.outcome, 'rolled-back', `cut at ${cut}`);
    assert.deepEqual(stateOf(events).undo, []);
    assert.ok(!again.log.some((line) => /^apply (wipe|change|bad)/.test(line)), `nothing is done anew: cut at ${cut}`);
  }
});

test('an undo step that must not be done twice, and of which no outcome is known, is left to a person', async () => {
  const script: Script = {
    ...FAILS,
    act: [
      { id: 'first', verb: 'wipe', undo: steps('once') },
      { id: 'second', verb: 'bad', onFail: 'undo' },
    ],
  };
  const { events } = await rehearse(script);
  const cut = events.slice(0, events.findIndex(({ type }) => type === 'undo.intended') + 1);
  const alone = await takeUp(script, cut);
  assert.deepEqual(deeds(alone.log), []);
  assert.deepEqual(
    alone.ending.reasons[1],
    'first: change it once: whether it was done before is not known, and it must not be done twice',
  );
  assert.equal(alone.ending.outcome, 'rollback-incomplete');
  const attended = await takeUp({ ...script, answers: [], undo: 'undo' }, cut);
  assert.deepEqual(deeds(attended.log), ['ask undo', 'apply once']);
});

test('a rollback runs the undo steps as the journal has them, whatever the runbook says by now', async () => {
  const held: Script = { act: [{ id: 'first', verb: 'wipe', undo: steps('back') }], actions: VERBS };
  const { events } = await rehearse(held);
  const { log, ending } = await undoAll({ ...held, act: [{ id: 'first', verb: 'wipe' }] }, events);
  assert.deepEqual([deeds(log), ending.outcome], [['apply back'], 'rolled-back']);
});

test('undo steps are done once, however often their step was tried', async () => {
  const fails = {
    observe: async () => forGood('files'),
    apply: async () => ({ ...failed, undo: undefined }) as unknown as Applied,
  };
  const { log, ending, events } = await rehearse({
    act: [{ id: 'first', verb: 'wipe', undo: steps('back'), retry: { times: 2, every: 1000 }, onFail: 'undo' }],
    actions: { ...VERBS, wipe: fails },
  });
  assert.deepEqual(deeds(log), ['apply wipe', 'apply wipe', 'apply wipe', 'apply back']);
  assert.deepEqual([ending.outcome, stateOf(events).undo], ['rolled-back', []]);
});

test('an act that did nothing has nothing to undo', async () => {
  const { log, ending } = await rehearse({
    act: [{ id: 'first', verb: 'bad', undo: steps('back'), onFail: 'undo' }],
    actions: VERBS,
  });
  assert.deepEqual([deeds(log), ending.outcome], [['apply bad'], 'rolled-back']);
});

test('an undo step takes of the limits, and is not begun above them', async () => {
  const { log, ending } = await rehearse({
    act: [
      { id: 'first', verb: 'wipe', undo: steps('back') },
      { id: 'second', verb: 'bad', onFail: 'undo' },
    ],
    actions: { ...VERBS, back: { observe: async () => change('back', { costs: { delete: 3 } }) } },
    limits: { delete: 2 },
  });
  assert.deepEqual(deeds(log), ['apply wipe', 'apply bad']);
  assert.match(ending.reasons[1] ?? '', /^first: change back: delete 3 is over the limit of 2/);
});

test('what a policy denies may not be done as an undo either', async () => {
  const { log, ending } = await rehearse({ ...FAILS, rule: { deny: ['back'] } });
  assert.deepEqual([deeds(log), ending.outcome], [[], 'refused-by-policy']);
  const none = await rehearse({ ...FAILS, rule: { undo: 'none' } });
  assert.deepEqual(deeds(none.log), ['apply wipe', 'apply change', 'apply bad']);
});

test('undo steps that would bring the incident back need the right for it', async () => {
  const script: Script = {
    ...FAILS,
    diagnose: [{ id: 'jobs', expect: clause('count', { at_least: 1 }) }],
    act: [
      { id: 'first', verb: 'wipe', arg: { targets: '$jobs' }, undo: steps('back') },
      { id: 'second', verb: 'bad', onFail: 'undo' },
    ],
  };
  assert.deepEqual(deeds((await rehearse(script)).log), ['apply wipe', 'apply bad']);
  assert.deepEqual(deeds((await rehearse({ ...script, rule: { undo: 'all' } })).log), [
    'apply wipe',
    'apply bad',
    'apply back',
  ]);
});

test('an interrupt that is answered with undo runs the undo steps to their end', async () => {
  const interrupts = manualInterrupts();
  const { log, ending } = await rehearse({
    ...FAILS,
    actions: {
      ...VERBS,
      change: {
        apply: async () => {
          interrupts.raise('SIGINT');
          return { outcome: 'done', summary: '', used: {}, blocks: [] };
        },
      },
    },
    interrupts,
    answers: [],
    interrupted: 'undo',
  });
  assert.deepEqual(deeds(log).slice(-5), [
    'ask interrupted',
    'revert change',
    'apply tell',
    'apply back',
    'apply tell',
  ]);
  assert.equal(ending.outcome, 'interrupted');
});

test('an undo step for a person is asked of a person, and left where nobody is there', async () => {
  const manual: AuthoredUndo = {
    kind: 'steps',
    steps: [{ verb: 'manual', arg: { do: 'Call the owner.', confirm: 'Called?' } }],
  };
  const script: Script = {
    act: [
      { id: 'first', verb: 'wipe', undo: manual },
      { id: 'second', verb: 'bad', onFail: 'undo' },
    ],
    actions: { ...VERBS, manual: { observe: async () => forGood('a call') } },
  };
  const alone = await rehearse(script);
  assert.deepEqual(alone.ending.reasons[1], 'first: change a call: this is for a person: Call the owner.\nCalled?');
  const attended = await rehearse({ ...script, answers: [] });
  assert.equal(attended.ending.outcome, 'rolled-back');
});

test('what was done by hand is undone by hand: it is told, and the rollback is incomplete', async () => {
  let looks = 0;
  const { ending, events } = await rehearse({
    act: [
      { id: 'first', verb: 'clean', undo: note('take the line out again') },
      { id: 'second', verb: 'bad', onFail: 'undo' },
    ],
    actions: {
      ...VERBS,
      clean: {
        observe: async () => {
          looks += 1;
          return looks < 3
            ? change('the line')
            : { ...change('the line'), verdict: 'nothing', summary: 'the line is there' };
        },
      },
    },
    answers: [{ choice: 'by-hand', reason: null }],
  });
  assert.deepEqual(ending, {
    outcome: 'rollback-incomplete',
    verdict: null,
    reasons: [
      'second failed: it broke',
      'first: cannot be undone, it was done by hand; by hand: take the line out again',
    ],
  });
  assert.deepEqual(
    stateOf(events).undo.map(({ step, declared }) => [step, declared]),
    [['first', { kind: 'note', text: 'take the line out again' }]],
  );
});

test('what is undone in part is asked of the world again where the run goes on after all', async () => {
  const script: Script = {
    ...FAILS,
    act: [
      { id: 'first', verb: 'once', undo: steps('back', 'bad') },
      { id: 'second', verb: 'bad', onFail: 'undo' },
    ],
  };
  const { events } = await rehearse(script);
  const open = (event: RunEvent): boolean => event.type !== 'run.finished';
  // As if a person had interrupted it there: what is half undone is neither done nor as before.
  const state = stateOf(events.filter(open));
  assert.deepEqual(state.steps.find(({ id }) => id === 'first')?.undone?.outcome, 'failed');
  assert.deepEqual(
    state.undo.map(({ step, parts }) => [step, parts]),
    [['first', 1]],
  );
});

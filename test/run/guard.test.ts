import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OnFail } from '../../src/model/runbook.ts';
import { manualInterrupts } from '../../src/wiring/interrupts.ts';
import { change, clause, rehearse, type Script, takeUp } from '../support/rehearsal.ts';

const finding = (count: number | null) => ({
  summary: String(count),
  measures: { count },
  ...(count === null && { unknown: 'permission denied' }),
  detail: null,
  blocks: [],
});
/** A probe that finds so many, and none that it can count where it cannot look. */
const seeing = (count: number | null) => ({ queue: { look: async () => finding(count) } });
const forGood = change('files', { undo: { kind: 'irreversible', because: 'gone is gone', evidence: '' } });
const wipe = { wipe: { observe: async () => forGood } };
/** What decides: without it nothing would be done. */
const SURE = { id: 'sure', expect: clause('count', { at_least: 1 }) };
const few = clause('count', { at_most: 5 });

/** An act that can be undone, a look that guards, and an act for good behind it. */
const guarded = (onFail: OnFail, count: number | null, more: Partial<Script> = {}): Script => ({
  act: [
    { verb: 'change' },
    { id: 'few', verb: 'queue', expect: few, onFail, decisive: false },
    { id: 'empty', verb: 'wipe' },
  ],
  probes: seeing(count),
  actions: wipe,
  ...more,
});

/** What was really done, in order. */
const deeds = (log: readonly string[]) => log.filter((line) => /^(apply|revert|ask)/.test(line));

const SAYS = { no: 'few: wanted count at most 5, seen 9', unknown: 'few: could not look: permission denied' } as const;
const COUNTS = { yes: 3, no: 9, unknown: null } as const;

/** Of each `on_fail`, each answer of the guard, and who decides: what is done, and how the run ends. */
const TABLE: readonly (readonly [OnFail, keyof typeof COUNTS, 'unattended' | 'attended', readonly string[], string])[] =
  [
    ...(['stop', 'continue', 'undo', 'ask'] as const).flatMap(
      (onFail) =>
        [
          [onFail, 'yes', 'unattended', ['apply change', 'apply wipe'], 'held'],
          [onFail, 'yes', 'attended', ['ask act-1', 'apply change', 'ask empty', 'apply wipe'], 'held'],
        ] as const,
    ),
    ...(['no', 'unknown'] as const).flatMap(
      (truth) =>
        [
          ['stop', truth, 'unattended', ['apply change'], 'rollback-incomplete'],
          ['stop', truth, 'attended', ['ask act-1', 'apply change', 'ask undo'], 'rollback-incomplete'],
          ['continue', truth, 'unattended', ['apply change', 'apply wipe'], 'held'],
          ['continue', truth, 'attended', ['ask act-1', 'apply change', 'ask empty', 'apply wipe'], 'held'],
          ['undo', truth, 'unattended', ['apply change', 'revert change'], 'rolled-back'],
          ['undo', truth, 'attended', ['ask act-1', 'apply change', 'revert change'], 'rolled-back'],
          ['ask', truth, 'unattended', ['apply change'], 'rollback-incomplete'],
          ['ask', truth, 'attended', ['ask act-1', 'apply change', 'ask failed'], 'rollback-incomplete'],
        ] as const,
    ),
  ];

for (const [onFail, truth, who, done, outcome] of TABLE) {
  test(`a guard of on_fail: ${onFail} that says ${truth}, ${who}: ${outcome}`, async () => {
    const { log, ending } = await rehearse(
      guarded(onFail, COUNTS[truth], { onFailure: 'leave', ...(who === 'attended' && { answers: [] }) }),
    );
    assert.deepEqual({ done: deeds(log), outcome: ending.outcome }, { done, outcome });
    if (truth !== 'yes' && onFail !== 'continue') assert.deepEqual(ending.reasons, [SAYS[truth]]);
  });
}

test('a person who is asked where a guard failed may go on, or undo', async () => {
  const on = await rehearse(guarded('ask', 9, { answers: [], failed: 'continue' }));
  assert.deepEqual(deeds(on.log), ['ask act-1', 'apply change', 'ask failed', 'ask empty', 'apply wipe']);
  const back = await rehearse(guarded('ask', 9, { answers: [], failed: 'undo' }));
  assert.deepEqual(
    [deeds(back.log), back.ending.outcome],
    [['ask act-1', 'apply change', 'ask failed', 'revert change'], 'rolled-back'],
  );
});

test('a guard that stops the run lets what was stopped run again', async () => {
  const lease = { key: 'service:cron', service: 'cron', within: 60_000, undo: 'cron', say: 'start cron' };
  const { log } = await rehearse({
    act: [{ verb: 'stop' }, { id: 'few', verb: 'queue', expect: few, decisive: false }, { verb: 'wipe' }],
    probes: seeing(9),
    actions: { ...wipe, stop: { observe: async () => change('cron', { lease }) } },
    onFailure: 'leave',
  });
  assert.deepEqual(log.slice(-4), ['revert stop', 'journal lease.restored', 'release cron', 'journal run.finished']);
});

test('a guard whose `when` does not hold is skipped, and one whose `when` cannot be told stops the run', async () => {
  const script = (count: number | null): Script => ({
    diagnose: [SURE, { id: 'mail', verb: 'queue', decisive: false }],
    act: [
      { id: 'few', verb: 'look', when: clause('count', { at_least: 4 }, 'mail'), expect: few, decisive: false },
      { verb: 'wipe' },
    ],
    probes: seeing(count),
    actions: wipe,
  });
  const skipped = await rehearse(script(3));
  assert.deepEqual(deeds(skipped.log), ['apply wipe']);
  const untold = await rehearse(script(null));
  assert.deepEqual(deeds(untold.log), []);
  assert.deepEqual(untold.ending.reasons, ['few: its `when` cannot be told: mail: count at least 4 (could not look)']);
});

test('a look in act is taken once, at its turn, and the plan says so', async () => {
  const { log, plans } = await rehearse({
    act: [{ verb: 'change' }, { id: 'few', expect: few, decisive: false }, { verb: 'wipe' }],
    actions: wipe,
  });
  assert.deepEqual(
    log.filter((line) => /^(look|apply)/.test(line)),
    ['apply change', 'look look', 'apply wipe'],
  );
  const [plan] = plans;
  const look = plan?.steps.find(({ id }) => id === 'few');
  assert.deepEqual(look?.kind === 'probe' && [look.finding, look.truth, look.atTurn], [
    null,
    'not-looked',
    'looked at when its turn comes: count at most 5; else, or where it cannot look, the run stops before the next act',
  ]);
});

test('a command that only reads is run once in a run, though its finding is what a later step acts on', async () => {
  const { log } = await rehearse({
    act: [
      { verb: 'change' },
      { id: 'list', verb: 'run', arg: { effect: 'read' } },
      { verb: 'wipe', arg: { targets: '$list' } },
    ],
    probes: { run: {} },
    actions: { ...wipe, run: {} },
    rule: { declaredRead: 'allow' },
  });
  assert.deepEqual(
    log.filter((line) => /^(look|apply)/.test(line)),
    ['apply change', 'look run', 'apply wipe'],
  );
});

test('what a later step acts on is looked at for the plan too, and nothing of that is journaled before its turn', async () => {
  const { log, events } = await rehearse({
    act: [{ verb: 'change' }, { id: 'left' }, { verb: 'wipe', arg: { targets: '$left' } }],
    actions: wipe,
  });
  assert.deepEqual(
    log.filter((line) => /^(look|apply)/.test(line)),
    ['look look', 'apply change', 'look look', 'apply wipe'],
  );
  const found = events.findIndex((event) => event.type === 'probe.found' && event.step === 'left');
  assert.ok(found > events.findIndex((event) => event.type === 'action.applied' && event.step === 'act-1'));
});

/** A step for good, that hangs on what a look behind the first act finds. */
const late = (count: number | null, more: Partial<Script> = {}): Script => ({
  act: [
    { verb: 'change' },
    { id: 'left', verb: 'queue', decisive: false },
    { id: 'empty', verb: 'wipe', when: clause('count', { at_least: 1 }, 'left') },
  ],
  probes: seeing(count),
  actions: { wipe: { observe: async () => ({ ...forGood, costs: { delete: 7 } }) } },
  ...more,
});

test('a `when` on what a look in act finds is decided at its turn, and the plan counts the step as if it ran', async () => {
  const { log, plans } = await rehearse(late(3));
  const step = plans[0]?.steps.find(({ id }) => id === 'empty');
  assert.deepEqual(step?.kind === 'action' && [step.skipped, step.late, step.observation?.costs], [
    null,
    'decided at its turn, when left has been looked at; counted here as if it ran',
    { delete: 7 },
  ]);
  assert.deepEqual(deeds(log), ['apply change', 'apply wipe']);
  assert.deepEqual(deeds((await rehearse(late(0))).log), ['apply change']);
});

test('what is decided at its turn is counted into the limits before anything is touched', async () => {
  const { log, ending } = await rehearse(late(3, { limits: { delete: 6 } }));
  assert.deepEqual([deeds(log), ending.outcome], [[], 'over-limit']);
});

test('a step whose `when` cannot be told is not run, and the journal says what was missing', async () => {
  const { log, events } = await rehearse(late(null));
  assert.deepEqual(deeds(log), ['apply change']);
  assert.deepEqual(
    events.flatMap((event) =>
      event.type === 'step.finished' && event.step === 'empty' ? [[event.outcome, event.reason]] : [],
    ),
    [['skipped', 'its `when` cannot be told: left: count at least 1 (could not look)']],
  );
});

for (const [kind, count, runs] of [
  ['any_of', null, false],
  ['all_of', null, false],
  ['none_of', null, false],
  ['none_of', 0, true],
] as const) {
  test(`a \`when\` of ${kind} over ${count === null ? 'what could not be looked at' : 'what was not found'} ${runs ? 'holds' : 'does not let its step run'}`, async () => {
    const when = { kind, conditions: [clause('count', { at_least: 1 }, 'mail')] };
    const { log } = await rehearse({
      diagnose: [SURE, { id: 'mail', verb: 'queue', decisive: false }],
      act: [{ id: 'empty', verb: 'wipe', when }],
      probes: seeing(count),
      actions: wipe,
    });
    assert.deepEqual(deeds(log), runs ? ['apply wipe'] : []);
  });
}

test('a decisive look whose `when` cannot be told leaves the diagnosis unknown', async () => {
  const { ending } = await rehearse({
    diagnose: [
      { id: 'mail', verb: 'queue', decisive: false },
      { id: 'old', expect: clause('count', { at_least: 1 }), when: clause('count', { at_least: 1 }, 'mail') },
    ],
    act: [{ verb: 'wipe' }],
    probes: seeing(null),
    actions: wipe,
  });
  assert.deepEqual(ending, {
    outcome: 'inconclusive',
    verdict: null,
    reasons: ['old: not looked at, since its `when` cannot be told: mail: count at least 1 (could not look)'],
  });
});

test('a verify step whose `when` cannot be told proves nothing', async () => {
  const { ending } = await rehearse({
    diagnose: [SURE, { id: 'mail', verb: 'queue', decisive: false }],
    act: [{ verb: 'change' }],
    verify: [{ id: 'calm', expect: few, when: clause('count', { at_least: 1 }, 'mail') }],
    probes: seeing(null),
  });
  assert.equal(ending.verdict, 'inconclusive');
});

test('only `on_fail` of the verify step that failed decides about the undo', async () => {
  const script = (first: OnFail, second: OnFail): Script => ({
    act: [{ verb: 'change' }],
    verify: [
      { id: 'one', expect: clause('count', { at_least: 1 }), onFail: first },
      { id: 'two', expect: clause('count', { at_least: 9 }), onFail: second },
    ],
  });
  assert.deepEqual(deeds((await rehearse(script('undo', 'stop'))).log), ['apply change']);
  assert.deepEqual(deeds((await rehearse(script('stop', 'undo'))).log), ['apply change', 'revert change']);
});

test('`ask: false` does not keep a terminal from asking for what cannot be undone', async () => {
  const script: Script = {
    act: [
      { verb: 'change', ask: false },
      { id: 'empty', verb: 'wipe', ask: false },
    ],
    actions: wipe,
  };
  const { log, plans } = await rehearse({ ...script, answers: [] });
  assert.deepEqual(deeds(log), ['apply change', 'ask empty', 'apply wipe']);
  assert.deepEqual(
    plans[0]?.steps.flatMap((step) => (step.kind === 'action' ? [step.decision] : [])),
    [
      { effect: 'allow', reason: 'the runbook says that this step needs no question (ask: false)', rule: null },
      {
        effect: 'ask',
        reason: 'it cannot be undone, so a person decides, whatever the runbook says (ask: false)',
        rule: null,
      },
    ],
  );
  assert.deepEqual(deeds((await rehearse(script)).log), ['apply change', 'apply wipe']);
});

test('what could not be looked at is told as not known, neither as open nor as done', async () => {
  const place = { file: 'test.yaml', line: 1, column: 1, length: 1 };
  const open = [{ say: 'Postfix is stopped.', when: clause('count', { at_least: 1 }, 'mail'), place }];
  const script = (looks: readonly (number | null)[]): Script => {
    const left = [...looks];
    return {
      diagnose: [SURE, { id: 'mail', verb: 'queue', decisive: false }],
      act: [{ verb: 'change' }],
      open,
      probes: { queue: { look: async () => finding(left.shift() ?? null) } },
    };
  };
  const openOf = async (looks: readonly (number | null)[]) =>
    (await rehearse(script(looks))).events.flatMap((event) => (event.type === 'run.finished' ? event.open : []));
  assert.deepEqual(await openOf([1, 1]), ['Postfix is stopped.']);
  assert.deepEqual(await openOf([1, 0]), []);
  // What was seen at the start says nothing of what is so now.
  assert.deepEqual(await openOf([1, null]), [
    'not known, since nobody could tell (mail: count at least 1: could not look): Postfix is stopped.',
  ]);
});

test('a guard looks again if the run is resumed before the act behind it', async () => {
  const script = guarded('stop', 3);
  const first = await rehearse(script);
  const passed = first.events.findIndex((event) => event.type === 'step.finished' && event.step === 'few');
  const again = await takeUp(guarded('stop', 9), first.events.slice(0, passed + 1));
  assert.deepEqual(deeds(again.log), ['revert change']);
  assert.deepEqual(again.ending.reasons.slice(0, 1), [SAYS.no]);
});

test('an interrupt while a guard looks is no answer of the guard: whoever goes on looks again', async () => {
  const interrupts = manualInterrupts();
  let looks = 0;
  const { log, ending } = await rehearse({
    ...guarded('stop', 3),
    probes: {
      queue: {
        look: async () => {
          looks += 1;
          if (looks > 1) return finding(3);
          interrupts.raise('SIGINT');
          return finding(null);
        },
      },
    },
    interrupts,
    answers: [],
    interrupted: 'continue',
  });
  assert.deepEqual(deeds(log), ['ask act-1', 'apply change', 'ask interrupted', 'ask empty', 'apply wipe']);
  assert.equal(ending.outcome, 'held');
});

test('a step said to be done by hand is not believed: it is looked at again, and one that cannot be looked at is asked again', async () => {
  for (const verdict of ['change', 'cannot'] as const) {
    let looks = 0;
    const { log, events } = await rehearse({
      act: [{ verb: 'clean' }],
      actions: {
        clean: {
          observe: async () => {
            looks += 1;
            return { ...change('clean'), verdict: looks === 3 ? verdict : 'change' };
          },
        },
      },
      answers: [
        { choice: 'by-hand', reason: null },
        { choice: 'run', reason: null },
      ],
    });
    assert.deepEqual(deeds(log), ['ask act-1', 'ask act-1', 'apply clean']);
    assert.deepEqual(
      events.flatMap((event) => (event.type === 'step.finished' ? [event.outcome] : [])),
      ['done'],
    );
  }
});

test('a step is tried again on what there is to do by then, and not where nothing is left to do', async () => {
  let left = 3;
  const seen: string[] = [];
  const { events, ending } = await rehearse({
    act: [{ verb: 'clean', retry: { times: 5, every: 1000 } }],
    actions: {
      clean: {
        observe: async () =>
          left > 0 ? change(`${left} files`) : { ...change('nothing'), verdict: 'nothing', summary: 'nothing is left' },
        apply: async (_act, _arg, { summary }) => {
          seen.push(summary);
          left -= seen.length > 0 ? 2 : 0;
          return { outcome: 'failed', summary: 'some are left', used: {}, blocks: [] };
        },
      },
    },
  });
  assert.deepEqual(seen, ['change 3 files', 'change 1 files']);
  assert.deepEqual(
    events.flatMap((event) => (event.type === 'step.finished' ? [[event.outcome, event.reason]] : [])),
    [['done', 'nothing is left']],
  );
  assert.equal(ending.outcome, 'held');
});

test('what cannot be done just now is tried again as often as its `retry` says', async () => {
  let looks = 0;
  const script: Script = {
    act: [{ verb: 'begin', retry: { times: 2, every: 1000 } }],
    actions: {
      begin: {
        observe: async () => {
          looks += 1;
          // The plan has looked once.
          return looks === 2 || looks === 3
            ? { ...change('it'), verdict: 'cannot', reason: 'it is stopping' }
            : change('it');
        },
      },
    },
  };
  const { log, ending } = await rehearse(script);
  assert.deepEqual([deeds(log), ending.outcome], [['apply begin'], 'held']);
});

test('an act that takes longer than its `timeout` is ended at its safe point, and has failed', async () => {
  const { events, ending } = await rehearse({
    act: [{ verb: 'slow', timeout: 20 }],
    onFailure: 'leave',
    actions: {
      slow: {
        apply: async ({ signal }) => {
          await new Promise<void>((end) => signal.addEventListener('abort', () => end()));
          return { outcome: 'partial', summary: 'half of it', reason: 'ended half-way', used: {}, blocks: [] };
        },
      },
    },
  });
  const reason = 'it did not end within 20 ms (timeout)';
  assert.deepEqual(ending, { outcome: 'rollback-incomplete', verdict: null, reasons: [`act-1 failed: ${reason}`] });
  assert.ok(events.some((event) => event.type === 'action.applied' && event.applied.reason === reason));
});

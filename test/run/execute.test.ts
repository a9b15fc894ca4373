import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Applied } from '../../src/model/verb.ts';
import { manualInterrupts } from '../../src/wiring/interrupts.ts';
import { change, clause, rehearse } from '../support/rehearsal.ts';

const done: Applied = { outcome: 'done', summary: '', used: {}, blocks: [] };
const failed: Applied = {
  outcome: 'failed',
  summary: 'it broke',
  reason: 'it broke',
  used: {},
  blocks: [],
  undo: { kind: 'nothing' },
};
const lease = { key: 'service:cron', service: 'cron', within: 60_000, undo: 'cron', say: 'start cron' };
const stop = { observe: async () => change('cron', { lease }) };

test('an intent is in the journal before its action is applied, step by step, and the lease is armed before the stop', async () => {
  const { log, ending } = await rehearse({
    diagnose: [{ expect: clause('count', { at_least: 1 }) }],
    act: [{ verb: 'stop' }, { verb: 'change' }, { verb: 'start' }],
    actions: {
      stop,
      start: { observe: async () => change('cron'), apply: async () => ({ ...done, releases: ['service:cron'] }) },
    },
  });
  assert.deepEqual(log, [
    'look look',
    'journal action.intended',
    'arm cron 60000',
    'journal lease.armed',
    'apply stop',
    'journal action.intended',
    'apply change',
    'journal action.intended',
    'apply start',
    'journal lease.released',
    'release cron',
    'journal run.finished',
  ]);
  assert.deepEqual(ending, { outcome: 'held', verdict: 'held', reasons: [] });
});

test('a decisive no means that nothing is done, and names what was wanted and what was seen', async () => {
  const { log, ending } = await rehearse({
    diagnose: [{ id: 'mailers', expect: clause('count', { at_least: 4 }) }],
    act: [{ verb: 'change' }],
  });
  assert.deepEqual(log, ['look look', 'journal run.finished']);
  assert.deepEqual(ending, {
    outcome: 'not-this-incident',
    verdict: null,
    reasons: ['mailers: wanted count at least 4, seen 1'],
  });
});

test('a probe that could not look fails closed: inconclusive, nothing done', async () => {
  const { log, ending } = await rehearse({
    diagnose: [{ id: 'mail', verb: 'blind', expect: clause('count', { at_least: 1 }) }],
    act: [{ verb: 'change' }],
    probes: {
      blind: {
        look: async () => ({
          summary: '',
          measures: { count: null },
          unknown: 'permission denied',
          detail: null,
          blocks: [],
        }),
      },
    },
  });
  assert.deepEqual(log, ['journal run.finished']);
  assert.deepEqual(ending, {
    outcome: 'inconclusive',
    verdict: null,
    reasons: ['mail: could not look: permission denied'],
  });
});

test('after a failed step the run is undone newest first if the policy says so, and the lease is fulfilled with it', async () => {
  const { log, ending } = await rehearse({
    act: [{ verb: 'stop' }, { verb: 'change' }, { id: 'bad', verb: 'bad' }],
    actions: { stop, bad: { observe: async () => change('bad'), apply: async () => failed } },
  });
  assert.deepEqual(log, [
    'journal action.intended',
    'arm cron 60000',
    'journal lease.armed',
    'apply stop',
    'journal action.intended',
    'apply change',
    'journal action.intended',
    'apply bad',
    'revert change',
    'revert stop',
    'journal lease.released',
    'release cron',
    'journal run.finished',
  ]);
  assert.equal(ending.outcome, 'rolled-back');
});

test('after a failed step nothing is undone if the policy says leave, but a stopped service is started again', async () => {
  const { log, ending } = await rehearse({
    onFailure: 'leave',
    act: [{ verb: 'stop' }, { verb: 'bad' }],
    actions: { stop, bad: { observe: async () => change('bad'), apply: async () => failed } },
  });
  assert.deepEqual(log.slice(-5), [
    'apply bad',
    'revert stop',
    'journal lease.restored',
    'release cron',
    'journal run.finished',
  ]);
  assert.equal(ending.outcome, 'rollback-incomplete');
});

test('the answer "stop and undo" after the first action undoes it, and the run ends as interrupted', async () => {
  const { log, ending } = await rehearse({
    act: [{ verb: 'change' }, { id: 'second', verb: 'other' }],
    actions: { other: { observe: async () => change('other') } },
    answers: [
      { choice: 'run', reason: null },
      { choice: 'undo', reason: null },
    ],
  });
  assert.deepEqual(log, [
    'ask act-1',
    'journal action.intended',
    'apply change',
    'ask second',
    'revert change',
    'journal run.finished',
  ]);
  assert.deepEqual(ending, { outcome: 'interrupted', verdict: null, reasons: ['stopped before second'] });
});

test('before an undo that may bring the incident back the person is told so, and a no leaves it', async () => {
  const { log, ending } = await rehearse({
    diagnose: [{ id: 'jobs', expect: clause('count', { at_least: 1 }) }],
    act: [
      { verb: 'change', arg: { jobs: '$jobs' } },
      { id: 'second', verb: 'change' },
    ],
    answers: [
      { choice: 'run', reason: null },
      { choice: 'undo', reason: null },
    ],
    undo: 'leave',
  });
  assert.deepEqual(log.slice(-3), ['ask second', 'ask dangerous undo', 'journal run.finished']);
  assert.equal(ending.outcome, 'rollback-incomplete');
});

test('a step said to be done by hand is looked at again and asked again while there is something to do', async () => {
  // The plan looks, and each question; each answer is looked at: the first time something is left, the second time
  // nothing is.
  let left = 5;
  const { log, events } = await rehearse({
    act: [{ verb: 'clean' }],
    actions: {
      clean: { observe: async () => (--left > 0 ? change('clean') : { ...change('clean'), verdict: 'nothing' }) },
    },
    answers: [
      { choice: 'by-hand', reason: null },
      { choice: 'by-hand', reason: 'it was the other folder' },
    ],
  });
  assert.deepEqual(log, ['ask act-1', 'ask act-1', 'journal run.finished']);
  assert.deepEqual(
    events.flatMap((event) =>
      event.type === 'note'
        ? [event.text]
        : event.type === 'step.finished'
          ? [`${event.outcome}: ${event.reason}`]
          : [],
    ),
    [
      'act-1 was said to be done by hand, but there is still this to do: change clean',
      'by-hand: it was the other folder',
    ],
  );
});

test('a cost above the limit is refused before anything is touched, with the rule that sets the limit', async () => {
  const over = {
    act: [{ verb: 'change' }, { id: 'kill-them', verb: 'kill' }],
    actions: { kill: { observe: async () => change('them', { costs: { kill: 11 } }) } },
  };
  const { log, events, ending } = await rehearse({ ...over, rule: { limits: { kill: 10 } } });
  assert.deepEqual(log, ['journal run.finished']);
  const reason = 'kill 11 is over the limit of 10 of rule rule-1';
  assert.deepEqual(ending, { outcome: 'over-limit', verdict: null, reasons: [`kill-them: ${reason}`] });
  assert.deepEqual(
    events.flatMap((event) => (event.type === 'policy.decided' ? [[event.step, event.decision]] : [])),
    [['kill-them', { effect: 'over-limit', reason, rule: 'rule-1' }]],
  );
  const theRunbooks = await rehearse({ ...over, limits: { kill: 10 } });
  assert.deepEqual(theRunbooks.ending.reasons, [
    "kill-them: kill 11 is over the limit of 10, which is the runbook's: rule rule-1 does not raise it",
  ]);
});

test('a person is told the flag that a cost above the limit would need', async () => {
  const { ending } = await rehearse({
    limits: { kill: 10 },
    act: [{ id: 'kill-them', verb: 'kill' }],
    actions: { kill: { observe: async () => change('them', { costs: { kill: 11 } }) } },
    answers: [],
  });
  assert.deepEqual(ending, {
    outcome: 'over-limit',
    verdict: null,
    reasons: ['kill-them: kill 11 is over the limit of 10; a person may raise it for this run: --limit kill=11'],
  });
});

test('a journal that cannot be written ends the run before the act and still starts again what was stopped', async () => {
  const log: string[] = [];
  const logged = (line: string) => async () => {
    log.push(line);
    return done;
  };
  const run = rehearse({
    act: [{ verb: 'stop' }, { verb: 'change' }],
    actions: {
      stop: { ...stop, revert: logged('revert stop') },
      change: { apply: logged('apply change') },
    },
    journal: {
      append: async (event) => {
        if (event.type === 'action.applied') throw new Error('ENOSPC');
      },
    },
  });
  await assert.rejects(run, { name: 'JournalError', message: 'Error: ENOSPC' });
  assert.deepEqual(log, ['revert stop']);
});

test('an interrupt during a step is handled at the end of the step: undo', async () => {
  const interrupts = manualInterrupts();
  const { log, ending } = await rehearse({
    interrupts,
    act: [{ verb: 'slow' }, { verb: 'change' }],
    actions: {
      slow: {
        observe: async () => change('slow'),
        apply: async () => {
          interrupts.raise('SIGINT');
          return { ...done, outcome: 'partial' };
        },
      },
    },
    answers: [],
    interrupted: 'undo',
  });
  assert.deepEqual(log, [
    'ask act-1',
    'journal action.intended',
    'apply slow',
    'ask interrupted',
    'revert slow',
    'journal run.finished',
  ]);
  assert.equal(ending.outcome, 'interrupted');
});

test('an act that throws is in the book before it acts, so it is undone', async () => {
  const { log, ending } = await rehearse({
    act: [{ id: 'boom', verb: 'boom' }],
    actions: {
      boom: {
        observe: async () => change('boom'),
        apply: async () => {
          throw new Error('unexpected');
        },
      },
    },
  });
  assert.deepEqual(log, ['journal action.intended', 'apply boom', 'revert boom', 'journal run.finished']);
  assert.equal(ending.outcome, 'rolled-back');
});

test('a step for a person stops an unattended run', async () => {
  const { ending, log } = await rehearse({
    act: [{ verb: 'manual' }],
    actions: { manual: { observe: async () => change('x') } },
  });
  assert.equal(ending.outcome, 'needs-a-human');
  assert.deepEqual(log, ['journal run.finished']);
});

/** An action that is interrupted once, twice ... in its middle. */
const interruptedBy = (interrupts: ReturnType<typeof manualInterrupts>, ...signals: readonly string[]) => ({
  observe: async () => change('slow'),
  apply: async () => {
    for (const signal of signals) interrupts.raise(signal);
    return { ...done, outcome: 'partial' as const };
  },
});

test('a second signal during a step undoes without a question', async () => {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    const interrupts = manualInterrupts();
    const slow = interruptedBy(interrupts, signal, signal);
    const { log, ending } = await rehearse({
      interrupts,
      act: [{ verb: 'slow' }, { verb: 'change' }],
      actions: { slow },
      answers: [],
    });
    assert.deepEqual(log, [
      'ask act-1',
      'journal action.intended',
      'apply slow',
      'revert slow',
      'journal run.finished',
    ]);
    assert.equal(ending.outcome, 'interrupted');
  }
});

test('a second signal during the question undoes without further questions', async () => {
  const interrupts = manualInterrupts();
  const slow = interruptedBy(interrupts, 'SIGINT');
  const { log } = await rehearse({
    interrupts,
    act: [{ verb: 'slow' }],
    actions: { slow },
    answers: [],
    get interrupted() {
      interrupts.raise('SIGINT');
      return 'quit' as const;
    },
  });
  assert.deepEqual(log, [
    'ask act-1',
    'journal action.intended',
    'apply slow',
    'ask interrupted',
    'revert slow',
    'journal run.finished',
  ]);
});

test('a person who goes on after an interrupt goes on with the step that was cut short, and signals count from zero', async () => {
  const interrupts = manualInterrupts();
  let times = 0;
  const slow = {
    observe: async () => change('slow'),
    apply: async () => {
      times += 1;
      if (times === 1) interrupts.raise('SIGINT');
      return times === 1 ? { ...done, outcome: 'partial' as const } : done;
    },
  };
  const script = {
    interrupts,
    act: [{ verb: 'slow' }, { verb: 'change' }],
    actions: { slow },
    answers: [],
    interrupted: 'continue' as const,
  };
  const { log, ending } = await rehearse(script);
  assert.deepEqual(
    log.filter((line) => /^(ask|apply)/.test(line)),
    ['ask act-1', 'apply slow', 'ask interrupted', 'ask act-1', 'apply slow', 'ask act-2', 'apply change'],
  );
  assert.deepEqual([ending.outcome, interrupts.pressed], ['held', 0]);
});

test('a hang-up in the middle of the run asks nobody, and stopped services are started again', async () => {
  const interrupts = manualInterrupts();
  const slow = interruptedBy(interrupts, 'SIGHUP');
  const lease = { key: 'service:cron', service: 'cron', within: 60_000, undo: 'cron', say: 'start cron' };
  const stop = { observe: async () => change('cron', { lease }) };
  const { log, ending } = await rehearse({
    interrupts,
    act: [{ verb: 'stop' }, { verb: 'slow' }],
    actions: { stop, slow },
    answers: [],
  });
  assert.deepEqual(
    [log.includes('ask interrupted'), log.includes('revert slow'), log.includes('revert stop')],
    [false, false, true],
  );
  assert.equal(ending.outcome, 'interrupted');
});

test('a hang-up does not end the run if only the watch is left', async () => {
  const interrupts = manualInterrupts();
  const hangUp = async () => {
    interrupts.raise('SIGHUP');
    return done;
  };
  const last = { observe: async () => change('last'), apply: hangUp };
  const { ending } = await rehearse({ interrupts, act: [{ verb: 'last' }], actions: { last }, answers: [] });
  interrupts.raise('SIGHUP');
  assert.deepEqual([ending.outcome, interrupts.signal.aborted], ['held', false]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PastRun } from '../../src/model/policy.ts';
import type { Applied } from '../../src/model/verb.ts';
import { manualInterrupts } from '../../src/wiring/interrupts.ts';
import {
  change,
  clause,
  quickClock,
  type Rehearsal,
  rehearse,
  type Script,
  takeUp,
  undoAll,
} from '../support/rehearsal.ts';

const failed: Applied = {
  outcome: 'failed',
  summary: 'it broke',
  reason: 'it broke',
  used: {},
  blocks: [],
  undo: { kind: 'nothing' },
};
const done: Applied = { outcome: 'done', summary: '', used: {}, blocks: [] };
const lease = { key: 'service:cron', service: 'cron', within: 60_000, undo: 'cron', say: 'start cron' };

/** What was really done to the host. */
const touched = ({ log }: Rehearsal) => log.filter((line) => /^(apply|revert) /.test(line));
const decisions = ({ events }: Rehearsal) =>
  events.flatMap((event) => (event.type === 'policy.decided' ? [event.decision] : []));

test('what no rule allows is not even looked at, and every action says why in the journal', async () => {
  const rehearsal = await rehearse({
    rule: { who: ['nagios'] },
    diagnose: [{ verb: 'look' }],
    act: [{ verb: 'change' }],
  });
  const reason = 'no rule of policy.yaml allows test@1.0.0: rule rule-1: started by tester, not by nagios';
  assert.deepEqual(rehearsal.log, ['journal run.finished']);
  assert.deepEqual(rehearsal.ending, { outcome: 'refused-by-policy', verdict: null, reasons: [reason] });
  assert.deepEqual(decisions(rehearsal), [{ effect: 'deny', reason, rule: null }]);
});

test('an act has the decision of its rule in the journal before it is done', async () => {
  const rehearsal = await rehearse({ act: [{ verb: 'change' }] });
  assert.deepEqual(decisions(rehearsal), [{ effect: 'allow', reason: 'rule rule-1 allows test', rule: 'rule-1' }]);
  const types = rehearsal.events.map(({ type }) => type);
  assert.ok(types.indexOf('policy.decided') < types.indexOf('action.intended'));
});

test('a window that closes during a run does not stop the run', async () => {
  const rehearsal = await rehearse({
    clock: quickClock(Date.parse('2026-11-23T05:55Z')),
    rule: { during: [{ days: [1], from: 0, to: 6 * 60, zone: null }] },
    diagnose: [{ verb: 'slow', expect: clause('count', { at_least: 1 }) }],
    act: [{ verb: 'change' }],
    probes: {
      slow: {
        look: async ({ clock }) => {
          await clock.sleep(600_000);
          return { summary: '1', measures: { count: 1 }, detail: null, blocks: [] };
        },
      },
    },
  });
  assert.deepEqual([touched(rehearsal), rehearsal.ending.outcome], [['apply change'], 'held']);
});

// ---------------------------------------------------------------- resume, rollback

const failing: Script = {
  diagnose: [{ id: 'jobs', expect: clause('count', { at_least: 1 }) }],
  act: [
    { id: 'safe', verb: 'change' },
    { id: 'cure', verb: 'change', arg: { jobs: '$jobs' } },
    { id: 'bad', verb: 'bad' },
  ],
  actions: { bad: { observe: async () => change('bad'), apply: async () => failed } },
};

test('a resume and a rollback need the same right as the run, and a refusal leaves the run to be taken up by a person', async () => {
  const cut = (await rehearse({ ...failing, onFailure: 'leave' })).events.filter(({ type }) => type !== 'run.finished');
  for (const again of [takeUp, undoAll]) {
    const rehearsal = await again(
      { ...failing, freeze: [{ from: '1970-01-01', to: '1970-01-02', why: 'the sale', zone: null }] },
      cut,
    );
    assert.deepEqual(touched(rehearsal), []);
    assert.equal(rehearsal.ending.outcome, 'refused-by-policy');
    assert.deepEqual(
      rehearsal.events.map(({ type }) => type),
      ['note'],
    );
  }
});

test('automation undoes what its rule lets it undo: nothing, what is safe, or the cure too', async () => {
  const undone = async (undo: 'none' | 'safe' | 'all') =>
    touched(await rehearse({ ...failing, rule: { undo } })).filter((line) => line.startsWith('revert'));
  assert.deepEqual(await undone('none'), []);
  assert.deepEqual(await undone('safe'), ['revert change']);
  assert.deepEqual(await undone('all'), ['revert change', 'revert change']);
});

test('an unattended rollback has the rights of the rule too', async () => {
  const earlier = (await rehearse({ ...failing, onFailure: 'leave' })).events;
  const reverted = async (undo: 'none' | 'safe' | 'all') => {
    const rehearsal = await undoAll({ ...failing, rule: { undo } }, earlier);
    return [rehearsal.ending.outcome, touched(rehearsal).length];
  };
  assert.deepEqual(await reverted('none'), ['refused-by-policy', 0]);
  assert.deepEqual(await reverted('safe'), ['rollback-incomplete', 1]);
  assert.deepEqual(await reverted('all'), ['rolled-back', 2]);
});

// ---------------------------------------------------------------- how often

const held = (more: Partial<PastRun> = {}): PastRun => ({
  id: 'earlier-run',
  runbook: 'test',
  host: 'test',
  started: 900_000,
  ended: 990_000,
  acted: true,
  held: true,
  ...more,
});
const trigger = { who: 'tester', zone: 'UTC', past: [held()] };

test('the same incident again soon after a fix that held ends with 3 and the earlier run, with nothing touched', async () => {
  const rehearsal = await rehearse({
    rule: { coolDown: 60_000 },
    trigger,
    diagnose: [{ expect: clause('count', { at_least: 1 }) }],
    act: [{ verb: 'change' }],
  });
  assert.deepEqual(touched(rehearsal), []);
  assert.equal(rehearsal.ending.outcome, 'needs-a-human');
  assert.match(rehearsal.ending.reasons.join(), /earlier-run/);
});

test('on a well host the same trigger is not this incident, cool-down or not', async () => {
  const { ending } = await rehearse({
    rule: { coolDown: 60_000 },
    trigger,
    diagnose: [{ expect: clause('count', { at_least: 9 }) }],
    act: [{ verb: 'change' }],
  });
  assert.equal(ending.outcome, 'not-this-incident');
});

test('a person is not kept waiting by a cool-down', async () => {
  const { ending } = await rehearse({ rule: { coolDown: 60_000 }, trigger, act: [{ verb: 'change' }], answers: [] });
  assert.equal(ending.outcome, 'held');
});

test('a run above the runs of an hour ends with 5, with nothing touched', async () => {
  const rehearsal = await rehearse({ rule: { runs: { anHour: 1 } }, trigger, act: [{ verb: 'change' }] });
  assert.deepEqual([touched(rehearsal), rehearsal.ending.outcome], [[], 'over-limit']);
});

// ---------------------------------------------------------------- the kill switch

test('the kill switch before the first act: nothing is touched', async () => {
  const rehearsal = await rehearse({ stop: () => 'the kill switch is set: /stop', act: [{ verb: 'change' }] });
  assert.deepEqual(touched(rehearsal), []);
  assert.deepEqual(rehearsal.ending, {
    outcome: 'interrupted',
    verdict: null,
    reasons: ['the kill switch is set: /stop before anything was done'],
  });
});

test('the kill switch during a step: no further act, what was stopped runs again, and nothing else is undone', async () => {
  let stop: string | null = null;
  const rehearsal = await rehearse({
    stop: () => stop,
    onFailure: 'undo',
    act: [{ verb: 'stop' }, { verb: 'kill' }, { verb: 'change' }],
    actions: {
      stop: { observe: async () => change('cron', { lease }) },
      kill: {
        apply: async () => {
          stop = 'the kill switch is set: /stop';
          return done;
        },
      },
    },
  });
  assert.deepEqual(touched(rehearsal), ['apply stop', 'apply kill', 'revert stop']);
  assert.deepEqual(rehearsal.ending, {
    outcome: 'interrupted',
    verdict: null,
    reasons: ['the kill switch is set: /stop'],
  });
});

test('the kill switch during the watch: it ends at its next sample, inconclusive', async () => {
  const interrupts = manualInterrupts();
  let looks = 0;
  const rehearsal = await rehearse({
    interrupts,
    clock: quickClock(),
    stop: () => (looks >= 3 ? 'the kill switch is set: /stop' : null),
    diagnose: [{ id: 'seen', expect: clause('count', { at_least: 1 }) }],
    act: [{ verb: 'change' }],
    verify: [
      {
        verb: 'watch',
        arg: { for: '10m', every: '1m' },
        hold: [
          {
            of: 'seen',
            condition: clause('count', { at_most: 5 }),
            place: { file: '', line: 1, column: 1, length: 1 },
          },
        ],
      },
    ],
    probes: {
      look: {
        look: async () => {
          looks += 1;
          return { summary: '1', measures: { count: 1 }, detail: null, blocks: [] };
        },
      },
    },
  });
  assert.equal(looks, 3);
  assert.equal(rehearsal.ending.outcome, 'inconclusive');
  assert.match(rehearsal.ending.reasons.join(), /the kill switch is set: \/stop/);
});

test('a person at the terminal goes on whatever the kill switch says', async () => {
  const rehearsal = await rehearse({
    stop: () => 'the kill switch is set: /stop',
    act: [{ verb: 'change' }],
    answers: [],
  });
  assert.deepEqual([touched(rehearsal), rehearsal.ending.outcome], [['apply change'], 'held']);
});

// ---------------------------------------------------------------- limits

test('a limit holds over steps, retries and lives of a run: what each took is counted', async () => {
  const two: Script = {
    rule: { limits: { kill: 10 } },
    act: [
      { id: 'first', verb: 'kill' },
      { id: 'second', verb: 'kill-again' },
    ],
    actions: {
      kill: {
        observe: async () => change('them', { costs: { kill: 6 } }),
        apply: async () => ({ ...done, used: { kill: 6 } }),
      },
      'kill-again': { observe: async () => change('them', { costs: { kill: 5 } }) },
    },
  };
  const planned = await rehearse(two);
  assert.deepEqual([touched(planned), planned.ending.outcome], [[], 'over-limit']);

  // The first life had a wider limit, and was cut short after its first step.
  const wide = await rehearse({ ...two, rule: { limits: { kill: 100 } } });
  const cut = wide.events.slice(0, wide.events.findIndex((event) => event.type === 'step.finished') + 1);
  const resumed = await takeUp(two, cut);
  assert.deepEqual(touched(resumed), []);
  assert.deepEqual(resumed.ending, {
    outcome: 'over-limit',
    verdict: null,
    reasons: ['second: kill 11 is over the limit of 10 of rule rule-1'],
  });
});

test('a retry may take what is left of the limit, not the limit again', async () => {
  const allowances: number[] = [];
  await rehearse({
    rule: { limits: { kill: 10 } },
    act: [{ verb: 'kill', retry: { times: 1, every: 10 } }],
    actions: {
      kill: {
        observe: async () => change('them', { costs: { kill: 6 } }),
        apply: async (act) => {
          allowances.push(act.allowance('kill'));
          return { ...failed, used: { kill: 6 } };
        },
      },
    },
  });
  assert.deepEqual(allowances, [10, 4]);
});

test('whatever a rule says, and however often it is tried: a host is touched only where the rule allows it', async () => {
  const words = <T>(...items: readonly T[]) => fc.subarray([...items]);
  const rule = fc.record({
    who: words('tester', 'ada'),
    hosts: words('test', 'te*', 'db-1'),
    deny: words('change', 'kill'),
    most: fc.nat(20),
  });
  let acted = 0;
  await fc.assert(
    fc.asyncProperty(rule, fc.nat(20), async ({ who, hosts, deny, most }, watch) => {
      const script: Script = {
        rule: { who, hosts, deny, params: { watch: { at_most: `${most}s` } } },
        params: { watch: `${watch}s` },
        act: [{ verb: 'change' }],
      };
      const first = await rehearse(script);
      const again = await takeUp(script, first.events.slice(0, -1));
      const undone = await undoAll(script, first.events);
      const whom = who.length === 0 || who.includes('tester');
      const allowed =
        whom &&
        (hosts.length === 0 || hosts.some((host) => host.startsWith('te'))) &&
        !deny.includes('change') &&
        watch <= most;
      assert.equal(touched(first).length > 0, allowed);
      if (!allowed) assert.deepEqual([touched(again), touched(undone)], [[], []]);
      if (allowed) acted += 1;
    }),
    { numRuns: 300 },
  );
  assert.ok(acted > 20, `${acted} of 300 acted`);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Host } from '../../../src/model/host.ts';
import type { Json } from '../../../src/model/json.ts';
import { findFor, type Looking } from '../../../src/model/run/look.ts';
import { form } from '../../../src/model/runbook/shape.ts';
import type { Step } from '../../../src/model/runbook.ts';
import { defineProbe, type Look, unknownFinding } from '../../../src/model/verb.ts';
import { quickClock } from '../../support/rehearsal.ts';

const measures = { count: { about: 'how many', unit: 'count' } } as const;

/** Asks a probe that never finds, as often as the step says. */
async function asked(look: (look: Look, times: number) => void, more: Partial<Step> = {}, lost = () => 0) {
  let times = 0;
  const stop = new AbortController();
  const probe = defineProbe({
    ...{
      summary: 'look',
      about: 'Looks.',
      schema: form<Json>({}),
      example: {},
      needs: [],
      measures,
      explain: () => [],
    },
    look: async (at) => {
      times += 1;
      look(at, times);
      if (times === 2 && more.onFail === 'ask') stop.abort('SIGINT');
      return { summary: '', measures: { count: 0 }, detail: null, blocks: [] };
    },
  });
  const host = { name: 'a', connection: { unanswered: () => ({ count: lost() }) } } as unknown as Host;
  const looking = {
    host,
    clock: quickClock(),
    signal: stop.signal,
    catalogue: { probe: async () => probe },
  } as unknown as Looking;
  const step = { id: 'a', verb: 'look', retry: { times: 5, every: 1000 }, ...more } as Step;
  return { finding: await findFor(step, {}, looking, () => false), times };
}

test('a look is tried again as often as its step says', async () => {
  assert.equal((await asked(() => {})).times, 6);
});

test('a look is not repeated over a lost connection', async () => {
  let lost = 0;
  const { times } = await asked(
    (_, nth) => {
      if (nth === 2) lost += 1;
    },
    {},
    () => lost,
  );
  assert.equal(times, 2);
});

test('an interrupt ends the tries, and what was seen by then is unknown', async () => {
  const { times, finding } = await asked(() => {}, { onFail: 'ask' });
  assert.deepEqual([times, finding], [2, unknownFinding(measures, 'it was interrupted')]);
});

test('a look that does not listen to its time-out is not waited for', async () => {
  const probe = defineProbe({
    ...{
      summary: 'look',
      about: 'Looks.',
      schema: form<Json>({}),
      example: {},
      needs: [],
      measures,
      explain: () => [],
    },
    look: () => new Promise(() => {}),
  });
  const keep = setInterval(() => {}, 1000);
  const looking = {
    host: { name: 'a' },
    clock: quickClock(),
    signal: new AbortController().signal,
    catalogue: { probe: async () => probe },
  };
  const step = { id: 'a', verb: 'look', timeout: 20 } as Step;
  const finding = await findFor(step, {}, looking as unknown as Looking, () => false);
  clearInterval(keep);
  assert.equal(finding.unknown, 'it did not end within 20 ms (timeout)');
});

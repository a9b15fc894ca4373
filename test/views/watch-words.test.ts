import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WatchSample } from '../../src/model/state.ts';
import { paperOf } from '../../src/views/draw/style.ts';
import { brokenWords, looksText, watchedText } from '../../src/views/tell/watch-words.ts';
import { seriesLines } from '../support/views/drawn.ts';

const sample = (site: string | null, more: Partial<WatchSample> = {}): WatchSample => ({
  at: '2026-12-01T03:00:00.000Z',
  mono: 0,
  values: { 'mail count': 4, ...(site === null && { 'site stdout': null }) },
  ...(site !== null && { texts: { 'site stdout': site } }),
  broken: [],
  minutes: null,
  left: 0,
  ...more,
});

test('a text that is watched is shown as a text, as it went, an empty one in quotes', () => {
  const samples = [sample(''), sample('starting'), sample(null), sample('up'), sample('up')];
  assert.deepEqual(seriesLines(samples, paperOf({ columns: 80, color: false })), [
    '  mail count   4  ▁▁▁▁▁',
    '  site stdout  "" → starting → ? → up',
  ]);
  assert.deepEqual(seriesLines(samples, paperOf({ columns: 32, color: false })).at(-1), '  site stdout  … → ? → up');
});

test('what did not count is told: while it settled, and what was tolerated', () => {
  const bad = { broken: ['site: wanted stdout is up, seen ""'] };
  const samples = [
    sample('', { ...bad, standing: 'settling' }),
    sample('', { ...bad, standing: 'tolerated' }),
    sample('up'),
    sample('up'),
  ];
  assert.equal(looksText(samples), 'every line true at 2 looks, 1 bad look tolerated, 1 look while it settled');
  assert.equal(looksText([sample('up')]), 'every line true at 1 look');
  assert.deepEqual(brokenWords(bad.broken, 'tolerated'), ['tolerated: site: wanted stdout is up, seen ""']);
  assert.deepEqual(brokenWords(bad.broken, undefined), bad.broken);
});

test('a plan says what a watch forgives', () => {
  const spec = { for: 600_000, every: 15_000, proof: null, hold: [] };
  assert.equal(watchedText(spec), 'for 10 min, a look every 15 s');
  assert.equal(
    watchedText({ ...spec, settle: 20_000, tolerate: 1 }),
    'for 10 min, a look every 15 s; what is bad in the first 20 s does not count; 1 bad look is tolerated',
  );
});

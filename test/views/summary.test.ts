import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stateOf } from '../../src/model/state.ts';
import { paperOf } from '../../src/views/draw/style.ts';
import { demoEvents, STORIES, type Story } from '../support/views/demo-events.ts';
import { renderSummary } from '../support/views/drawn.ts';

const paper = paperOf({ columns: 80 });
const summaryOf = (story: Story, until = Number.POSITIVE_INFINITY): readonly string[] =>
  renderSummary(stateOf(demoEvents(story).slice(0, until)), paper);

test('the verdict stands in the last five lines, where a small screen still shows it', () => {
  const words: Readonly<Record<Story, string>> = {
    held: 'HELD',
    recurred: 'RECURRED',
    undone: 'ROLLED BACK',
    elsewhere: 'NOT THIS INCIDENT',
    'at-once': 'RECURRED',
  };
  for (const story of Object.keys(STORIES) as Story[])
    assert.ok(summaryOf(story).slice(-5).includes(words[story]), story);
});

test('a run that touched nothing says so', () => {
  assert.ok(summaryOf('elsewhere').includes('Nothing was changed.'));
  assert.ok(!summaryOf('held').includes('Nothing was changed.'));
});

test('a rollback of an earlier run does not say that nothing was changed', () => {
  const events = demoEvents('undone');
  const from = events.findIndex((event) => event.type === 'rollback.started');
  const lines = renderSummary(stateOf(events.slice(from)), paper);
  assert.ok(lines.includes('UNDONE  because kill-mailers failed'));
  assert.ok(!lines.includes('Nothing was changed.'));
});

test('how each thing that was done can be undone is always there, newest first', () => {
  const lines = summaryOf('held');
  const from = lines.indexOf('TO UNDO  what was done, newest first');
  const ids = lines.slice(from + 1).flatMap((line) => /^ {2}[↶!] (\S+)/.exec(line)?.[1] ?? []);
  assert.deepEqual(ids.slice(0, 5), ['start-cron', 'silence-jobs', 'empty-maildrop', 'kill-mailers', 'stop-cron']);
});

test('what has been rolled back is no longer listed as to be undone', () => {
  const lines = summaryOf('undone');
  assert.ok(lines.includes('UNDONE  because kill-mailers failed'));
  assert.ok(!lines.some((line) => line.startsWith('TO UNDO')));
});

test('an act that was begun and never ended is unknown, and its lease is named', () => {
  const events = demoEvents('held');
  const acting = events.findIndex((event) => event.type === 'lease.armed') + 1;
  const lines = summaryOf('held', acting);
  assert.ok(lines.some((line) => line.includes('OUTCOME UNKNOWN: it was begun')));
  assert.ok(lines.some((line) => line.includes('lease service:cron is still open')));
  assert.ok(lines.includes('OUTCOME UNKNOWN'));
});

test('any part of any run has a summary', () => {
  for (const story of Object.keys(STORIES) as Story[]) {
    for (let until = 0; until <= demoEvents(story).length; until += 1) assert.ok(summaryOf(story, until).length > 0);
  }
});

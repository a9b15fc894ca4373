import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent } from '../../src/model/event.ts';
import { paperOf } from '../../src/views/draw/style.ts';
import { liveView, type Row, type Screen } from '../../src/views/live.ts';
import { demoEvents, type Story } from '../support/views/demo-events.ts';
import { demoPlan } from '../support/views/demo-plan.ts';
import { sameAsFixture } from '../support/views/golden.ts';

/** A screen that keeps what stays on it (`lasting`) and all that it was ever told to draw (`drawn`). */
function fakeScreen(columns = 80) {
  const lasting: string[] = [];
  const drawn: string[] = [];
  const ticks = new Set<() => void>();
  let open: string | null = null;
  let now = 0;
  const row = (first: string): Row => {
    assert.equal(open, null, 'one row at a time');
    open = first;
    drawn.push(first);
    const close = (): void => {
      assert.notEqual(open, null, 'a row ends once');
      open = null;
    };
    return {
      text: (line) => {
        open = line;
        drawn.push(line);
      },
      below: (lines) => drawn.push(...lines),
      end: async (line) => {
        close();
        lasting.push(line);
      },
      withdraw: async () => close(),
    };
  };
  const screen: Screen = {
    begin: row,
    print: (lines) => {
      assert.equal(open, null, 'nothing is printed into a row');
      lasting.push(...lines);
    },
    every: (_, tick) => {
      ticks.add(tick);
      return () => ticks.delete(tick);
    },
    now: () => now,
    paper: () => paperOf({ columns }),
  };
  const pass = (milliseconds: number): void => {
    now += milliseconds;
    for (const tick of ticks) tick();
  };
  return { screen, lasting, drawn, pass, ticking: () => ticks.size };
}

const upTo = (events: readonly RunEvent[], type: RunEvent['type'], step?: string): readonly RunEvent[] =>
  events.slice(
    0,
    events.findIndex(
      (event) => event.type === type && (step === undefined || ('step' in event && event.step === step)),
    ) + 1,
  );

for (const story of ['held', 'recurred', 'undone', 'elsewhere'] satisfies Story[]) {
  for (const columns of [80, 200]) {
    test(`what stays on a screen of ${columns} columns after the run "${story}"`, async () => {
      const { screen, lasting, ticking } = fakeScreen(columns);
      const view = liveView(screen);
      for (const event of demoEvents(story)) await view.show(event);
      await view.close();
      assert.equal(ticking(), 0);
      sameAsFixture(`views/live-${story}-${columns}.txt`, `${lasting.join('\n')}\n`);
    });
  }
}

test('the screen is free once approval has been asked for', async () => {
  const { screen } = fakeScreen();
  const view = liveView(screen);
  for (const event of upTo(demoEvents('held'), 'approval.asked')) await view.show(event);
  screen.print(['a question']);
});

test('a deletion shows its bar, count, rate and the time left', async () => {
  const { screen, drawn } = fakeScreen();
  const view = liveView(screen);
  for (const event of upTo(demoEvents('held'), 'action.progress', 'empty-maildrop')) await view.show(event);
  assert.equal(drawn.at(-1), '█████████░░░░░░░░░░░░░░░░░░░░░░░░░  1 000 of 3 977  1 660/s  1.8 s left');
});

test('a watch shows each value with its history, what is left, and how much proof is still wanted', async () => {
  const { screen, drawn, pass } = fakeScreen();
  const view = liveView(screen);
  view.planned(demoPlan);
  const events = demoEvents('held');
  const seventh = events.findIndex((event) => event.type === 'watch.sampled') + 7;
  for (const event of events.slice(0, seventh)) await view.show(event);
  assert.deepEqual(drawn.slice(-5), [
    'calm            8 min 30 s left, 1 of 2 cron minutes seen',
    '█████░░░░░░░░░░░░░░░░░░░░░░░░░░░',
    'mailers count      0  ▁▁▁▁▁▁▁',
    'mail growth        0  ▁▁▁▁▁▁▁',
    'inodes free    3 960  ▁▅█▁▅█▁',
  ]);
  pass(5000);
  assert.equal(drawn.at(-5), 'calm            8 min 25 s left, 1 of 2 cron minutes seen');
});

test('a resumed run, and any part of a run, can be shown', async () => {
  const events = demoEvents('held');
  for (let from = 0; from < events.length; from += 7) {
    const view = liveView(fakeScreen().screen);
    for (const event of events.slice(from)) await view.show(event);
    await view.close();
  }
});

test('a run that recurs at the very first look still ends with its verdict and its summary', async () => {
  const events = demoEvents('at-once');
  assert.equal(events.filter((event) => event.type === 'watch.sampled').length, 1);
  const { screen, lasting, ticking } = fakeScreen();
  const view = liveView(screen);
  for (const event of events) await view.show(event);
  await view.close();
  assert.equal(ticking(), 0);
  const text = lasting.join('\n');
  assert.match(text, /\nVERIFY\n✘ calm {12}recurred: /);
  assert.match(text, /\n── result ─+\nRECURRED\n/);
});

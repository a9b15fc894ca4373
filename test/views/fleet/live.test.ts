import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RunEvent } from '../../../src/model/event.ts';
import { type FleetEvent, isFleetEvent } from '../../../src/model/fleet/ports.ts';
import { width } from '../../../src/views/draw/layout.ts';
import { paperOf } from '../../../src/views/draw/style.ts';
import type { FleetScreen } from '../../../src/views/fleet/frame.ts';
import { liveFleet } from '../../../src/views/fleet/live.ts';
import { anyFleetStream } from '../../support/fleet/any-fleet.ts';
import { demoFleetPlan } from '../../support/fleet/demo-fleet.ts';
import { FLEETS, type FleetStory, fleetEvents, named } from '../../support/fleet/demo-fleet-events.ts';
import { sameAsFixture } from '../../support/views/golden.ts';
import { emulator } from '../../support/views/screen-emulator.ts';

type Any = FleetEvent | RunEvent;

/** A terminal whose clock is the events' own: `pass` ticks four times a second, as the real one does. */
function stage({ columns = 80, rows = 24, known = true } = {}) {
  const terminal = emulator(columns, rows);
  const size = { columns, rows, frozen: false };
  const ticks = new Map<() => void, number>();
  const written: string[] = [];
  let now = 0;
  const screen: FleetScreen = {
    write: (text) => {
      written.push(text);
      if (known) terminal.write(text);
    },
    columns: () => size.columns,
    rows: () => size.rows,
    frozen: () => size.frozen,
    every: (milliseconds, tick) => {
      ticks.set(tick, milliseconds);
      return () => ticks.delete(tick);
    },
    now: () => now,
    paper: () => paperOf({ columns: size.columns }),
  };
  function pass(milliseconds: number): void {
    const until = now + milliseconds;
    for (; now + 250 <= until; now += 250) for (const tick of [...ticks.keys()]) tick();
    now = until;
  }
  return {
    screen,
    terminal,
    written,
    size,
    pass,
    ticking: () => ticks.size,
    bytes: () => written.reduce((sum, text) => sum + text.length, 0),
  };
}

/** Plays events with the pauses between them; gives the screen once `until` has happened. */
async function play(
  events: readonly Any[],
  stages: ReturnType<typeof stage>,
  view = liveFleet(stages.screen),
): Promise<ReturnType<typeof liveFleet>> {
  let last = events[0]?.mono ?? 0;
  for (const event of events) {
    if (event.mono > last) stages.pass(event.mono - last);
    last = Math.max(last, event.mono);
    await view.show(event);
  }
  return view;
}

const upTo = (events: readonly Any[], holds: (event: Any) => boolean): readonly Any[] =>
  events.slice(0, events.findIndex(holds) + 1);

for (const name of ['held', 'recurred', 'trouble'] as const) {
  for (const columns of [80, 200]) {
    test(`what stays on a screen of ${columns} columns after the fleet run "${name}"`, async () => {
      const seen = stage({ columns });
      const view = await play(fleetEvents(FLEETS[name]), seen);
      await view.close();
      assert.equal(seen.ticking(), 0);
      sameAsFixture(`views/fleet/live-${name}-${columns}.txt`, `${seen.terminal.text()}\n`);
    });
  }
}

test('in the middle of 200 hosts: ten rows at work, those in trouble by name, and one row that counts', async () => {
  const seen = stage();
  const events = fleetEvents(FLEETS.large);
  await play(
    upTo(events, (event) => event.type === 'host.finished' && event.host === 'node-60'),
    seen,
  );
  seen.pass(250);
  sameAsFixture('views/fleet/live-middle.txt', `${seen.terminal.seen().join('\n')}\n`);
});

test('a terminal of ten lines shows fewer rows, and still the row that counts', async () => {
  const seen = stage({ rows: 10, columns: 60 });
  const events = fleetEvents(FLEETS.large);
  await play(
    upTo(events, (event) => event.type === 'host.started' && event.host === 'node-40'),
    seen,
  );
  seen.pass(250);
  const rows = seen.terminal.seen();
  assert.equal(rows.length, 10);
  assert.match(
    rows.join('\n'),
    /\n {2}… \d+ more: node-\d[^\n]*\n(✘[^\n]*\n)?batch 3 of 4 · 10 held · 30 running · 160 waiting · \d+:\d\d\n$/,
  );
});

/** How much is drawn for a story between its start and its end. */
async function cost(
  story: FleetStory,
): Promise<{ readonly frames: number; readonly seconds: number; readonly bytes: number; readonly events: number }> {
  const seen = stage({ known: false });
  const events = fleetEvents(story);
  await play(events, seen);
  const seconds = ((events.at(-1)?.mono ?? 0) - (events[0]?.mono ?? 0)) / 1000;
  return { frames: seen.written.length, seconds, bytes: seen.bytes(), events: events.length };
}

test('however many hosts and events there are, four frames a second at the most, each of a bounded size', async () => {
  const few = await cost({ hosts: named('h', 20), atOnce: 10 });
  const many = await cost({ hosts: named('h', 200), atOnce: 150 });
  assert.ok(many.events > 8 * few.events, 'the large fleet has far more to tell');
  for (const { frames, seconds, bytes } of [few, many]) {
    // Batches and the end are printed as they happen.
    assert.ok(frames <= 4 * seconds + 40, `${frames} writes in ${seconds} s`);
    assert.ok(bytes / frames < 600, `${bytes} bytes in ${frames} writes`);
  }
  assert.ok(
    many.bytes / many.seconds < 1.5 * (few.bytes / few.seconds) + 200,
    `${many.bytes / many.seconds} bytes a second, of few hosts ${few.bytes / few.seconds}`,
  );
});

test('a burst of events is one frame', async () => {
  const seen = stage();
  const view = await play(
    upTo(fleetEvents(FLEETS.large), (event) => event.type === 'host.started' && event.host === 'node-11'),
    seen,
  );
  const before = seen.written.length;
  for (let at = 0; at < 5000; at += 1) {
    const progress = { done: at, total: 5000, text: `${at}` };
    await view.show({
      v: 1,
      seq: at,
      at: '2026-11-23T03:00:00.000Z',
      mono: 9,
      run: 'r',
      host: 'node-11',
      type: 'action.progress',
      step: 'd',
      progress,
    });
  }
  assert.ok(seen.written.length - before <= 1);
  seen.pass(1000);
  assert.ok(seen.written.length - before <= 5);
});

test('while a person is asked nothing is drawn; what happened meanwhile is told afterwards', async () => {
  const seen = stage();
  const events = fleetEvents(FLEETS.trouble);
  const lost = events.findIndex((event) => event.type === 'host.finished' && event.host === 'web-7');
  const view = await play(events.slice(0, lost), seen);
  view.hold();
  const before = seen.written.length;
  await play(events.slice(lost, lost + 40), seen, view);
  seen.pass(5000);
  assert.equal(seen.written.length, before);
  assert.doesNotMatch(seen.terminal.text(), /batch 3 of 4 ·/, 'the region is gone');
  view.release();
  assert.match(seen.terminal.text(), /✘ web-7 {2}outcome unknown: the connection was lost[\s\S]*batch 3 of 4 ·/);
});

test('a frozen terminal holds nothing up and gets the newest frame once it takes more', async () => {
  const seen = stage();
  const events = fleetEvents(FLEETS.held);
  const view = await play(
    upTo(events, (event) => event.type === 'host.started'),
    seen,
  );
  seen.size.frozen = true;
  const before = seen.written.length;
  const rest = events.slice(events.findIndex((event) => event.type === 'host.started') + 1);
  await play(
    upTo(rest, (event) => event.type === 'watch.sampled'),
    seen,
    view,
  );
  seen.pass(60_000);
  assert.equal(seen.written.length, before);
  seen.size.frozen = false;
  seen.pass(250);
  assert.match(seen.terminal.text(), /web-1 +1:\d\d +calm +watches/);
});

test('while hosts are planned a line says how many have answered', () => {
  const seen = stage();
  const view = liveFleet(seen.screen);
  for (let done = 1; done <= 200; done += 1) view.planning({ done, of: 200, host: `web-${done}` });
  seen.pass(250);
  assert.equal(seen.terminal.text(), 'looked at 200 of 200 hosts, now web-200');
  assert.ok(seen.written.length <= 2);
});

test('where nothing would be done the plan is shown, since nobody is asked about it', async () => {
  const seen = stage();
  const view = liveFleet(seen.screen);
  const groups = demoFleetPlan.groups.filter(({ kind }) => kind !== 'act');
  await view.planned?.({ ...demoFleetPlan, batches: [], groups });
  assert.match(
    seen.terminal.text(),
    /NOT THIS INCIDENT {2}2 hosts[\s\S]*UNREACHABLE {2}1 host[\s\S]*Nothing was changed\.$/,
  );
});

test('whatever happens, in whatever order and with whatever names, every line fits and obeys nobody', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyFleetStream,
      fc.integer({ min: 25, max: 90 }),
      fc.integer({ min: 4, max: 30 }),
      async (events, columns, rows) => {
        const seen = stage({ columns, rows, known: false });
        const view = liveFleet(seen.screen);
        for (const event of events) {
          await view.show(event);
          seen.pass(300);
        }
        await view.close();
        for (const text of seen.written) {
          // Of escape sequences only the region's own.
          const plain = text.replace(/\x1b\[(?:\d+A|2K|J)|\r/g, '');
          assert.doesNotMatch(plain.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
          // What is to be typed is not broken.
          const laidOut = plain.split('\n').filter((line) => !line.startsWith('    firebreak '));
          for (const line of laidOut)
            assert.ok(width(line) <= Math.max(40, columns), `${width(line)} columns: ${line}`);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('the same fold as everybody: a host that was told of by its own run alone is at work', async () => {
  const seen = stage();
  const events = fleetEvents(FLEETS.held);
  const begun = events.findIndex((event) => event.type === 'run.started');
  await play(events.slice(0, begun + 5), seen);
  seen.pass(250);
  assert.ok(events.slice(0, begun + 5).some((event) => !isFleetEvent(event)));
  assert.match(seen.terminal.text(), /\n {2}web-1 /);
});

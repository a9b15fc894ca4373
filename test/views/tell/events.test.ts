import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVENT_VERSION, type Fact, type RunEvent } from '../../../src/model/event.ts';
import { type FleetEvent, isFleetEvent } from '../../../src/model/fleet/ports.ts';
import { initialState, stateOf } from '../../../src/model/state.ts';
import { paperOf } from '../../../src/views/draw/style.ts';
import { drawText } from '../../../src/views/draw/terminal.ts';
import { fleetLinesView } from '../../../src/views/fleet/lines.ts';
import { linesView } from '../../../src/views/lines.ts';
import { liveView, type Row } from '../../../src/views/live.ts';
import { TOLD_EVENTS, tellEvent } from '../../../src/views/tell/event.ts';
import { TOLD_FLEET_EVENTS, tellFleetEvent } from '../../../src/views/tell/fleet/event.ts';
import { followFleet } from '../../../src/views/tell/fleet/follow.ts';
import { fleetTimeline } from '../../../src/views/tell/fleet/timeline.ts';
import { timelineOf } from '../../../src/views/tell/timeline.ts';
import { FLEETS, fleetEvents } from '../../support/fleet/demo-fleet-events.ts';
import { demoEvents } from '../../support/views/demo-events.ts';

type Kind = Fact['type'];
type Sample<K extends Kind> = Omit<Extract<Fact, { readonly type: K }>, 'type'>;

const [begun] = demoEvents('held');
assert.ok(begun?.type === 'run.started');
const applied = { outcome: 'done', summary: 'it is done', undo: { kind: 'nothing' }, used: {}, blocks: [] } as const;
const observed = demoEvents('held').find((event) => event.type === 'action.observed');
const asked = demoEvents('held').find((event) => event.type === 'action.intended');
const found = demoEvents('held').find((event) => event.type === 'probe.found');
assert.ok(asked?.type === 'action.intended' && found?.type === 'probe.found' && observed?.type === 'action.observed');
const plan = { id: '0123456789abcdef', at: '2026-11-23T02:00:00Z', by: 'ada' } as const;

/** One event of each kind: a kind that has none does not compile. */
const SAMPLES: { readonly [K in Kind]: Sample<K> } = {
  'run.started': begun,
  'run.resumed': { ...begun, to: 'finish', mode: 'interactive', hash: 'abc' },
  'step.started': { step: 'stop-cron', phase: 'act', verb: 'stop' },
  'probe.found': found,
  'diagnosis.made': { verdict: 'not-this-incident', reasons: ['inodes are free'] },
  'plan.compared': { plan: plan as never, drift: [] },
  'plan.pinned': { pinned: [] },
  'action.observed': { ...observed, step: 'stop-cron' },
  'policy.decided': { step: 'stop-cron', decision: { effect: 'ask', reason: 'nobody allowed it', rule: null } },
  'approval.asked': { step: 'stop-cron', question: 'stop service cron' },
  'approval.given': { step: 'stop-cron', choice: 'run', by: 'alice', reason: null },
  'action.intended': { ...asked, attempt: 2 },
  'action.reserved': { step: 'stop-cron', used: { kill: 1 } },
  'action.settled': { step: 'stop-cron', used: { kill: 1 } },
  'action.progress': { step: 'stop-cron', progress: { done: 1, total: 0, text: 'half of it' } },
  'action.applied': { step: 'stop-cron', applied },
  'step.finished': { step: 'stop-cron', outcome: 'failed', reason: 'no permission' },
  'lease.armed': { step: 'stop-cron', key: 'service:cron', within: 60_000, undo: null, say: 'start cron' },
  'lease.renewed': {
    key: 'service:cron',
    handle: null,
    deadline: { at: '2026-11-23T03:00:00.000Z', boot: 'b', uptime: 1 } as never,
  },
  'lease.released': { key: 'service:cron', by: 'start-cron' },
  'lease.restored': { key: 'service:cron', ok: false, summary: 'cron did not start' },
  'watch.sampled': {
    step: 'calm',
    values: { 'mail growth': 2 },
    broken: ['mail: wanted growth at most 0'],
    minutes: 1,
    left: 0,
  },
  'watch.judged': { step: 'calm', verdict: 'recurred', reasons: ['mail grew by 2'] },
  'rollback.started': { why: 'stop-cron failed', steps: ['stop-cron'] },
  'undo.intended': { step: 'stop-cron', say: 'start cron again' },
  'undo.applied': { step: 'stop-cron', applied },
  'rollback.finished': { complete: false, left: ['stop-cron: start cron again'] },
  interrupted: { signal: 'SIGINT', doing: 'stop-cron' },
  note: { text: 'a thing worth a note' },
  'run.finished': {
    outcome: 'recurred',
    verdict: 'recurred',
    reasons: ['mail grew by 2'],
    open: [],
    missed: [],
  } as never,
};

/** Known without words: they are for whoever goes on, and not for whoever reads. */
const SILENT: readonly Kind[] = ['plan.pinned', 'action.reserved'];

const stamp = { v: EVENT_VERSION, at: '2026-11-23T03:00:00.000Z', run: begun.run, host: 'web-7' } as const;
const eventOf = (kind: Kind): RunEvent =>
  ({ ...SAMPLES[kind], ...stamp, type: kind, seq: 2, mono: begun.mono + 1000 }) as unknown as RunEvent;
const first: RunEvent = { ...begun, host: 'web-7' };
const kinds = Object.keys(SAMPLES) as Kind[];

function toldOf(event: RunEvent) {
  const before = stateOf([first]);
  const told = tellEvent(event, { before, state: stateOf([first, event]) });
  assert.ok(told, event.type);
  return told;
}

test('every kind of event has words, and no other has', () => {
  assert.deepEqual(TOLD_EVENTS.toSorted(), kinds.toSorted());
  const silent = kinds.filter((kind) => {
    const { text, story, now } = toldOf(eventOf(kind));
    return text === null && story === null && now === null;
  });
  assert.deepEqual(silent, SILENT);
  assert.equal(
    tellEvent({ ...eventOf('note'), type: 'moon.risen' } as never, { before: initialState, state: initialState }),
    null,
  );
});

for (const kind of kinds) {
  const event = eventOf(kind);
  const { who, word, text, story, now, many } = toldOf(event);

  test(`lines and the lines of many hosts draw ${kind} from its words`, () => {
    const out: string[] = [];
    const view = linesView({ write: (line) => out.push(line) });
    view.show(first);
    const before = out.length;
    view.show(event);
    const line = out[before]?.slice(22).replace(/ +/g, ' ').trim();
    assert.equal(line, text === null ? undefined : `${who} ${word} ${text}`.replace(/ +/g, ' ').trim());

    const fleet: string[] = [];
    fleetLinesView({ write: (lines) => fleet.push(lines) }).show(event);
    assert.deepEqual(
      fleet.map((lines) => lines.slice(22).trim().split(/ {2,}/)),
      many === null ? [] : [['web-7', ...many]],
    );
  });

  test(`the timeline of a report draws ${kind} from its words`, () => {
    assert.deepEqual(
      timelineOf([first, event])
        .slice(1)
        .map((entry) => entry.text),
      story === null ? [] : [story],
    );
  });

  test(`the screen draws ${kind} from its words, or leaves it`, async () => {
    const drawn: string[] = [];
    const row: Row = {
      text: (line) => drawn.push(line),
      below: (lines) => drawn.push(...lines),
      end: async (line) => void drawn.push(line),
      withdraw: async () => {},
    };
    const begin = (line: string): Row => {
      drawn.push(line);
      return row;
    };
    const paper = () => paperOf({ columns: 200 });
    const print = (lines: readonly string[]) => void drawn.push(...lines);
    const view = liveView({ begin, print, every: () => () => {}, now: () => 0, paper });
    await view.show(first);
    await view.show({ ...eventOf('step.started'), step: 'step' in event ? event.step : 'stop-cron' } as RunEvent);
    const before = drawn.length;
    await view.show(event);
    const shown = drawn.slice(before).join('\n');
    if (now !== null) assert.ok(shown.includes(now), `${now}\n${shown}`);
  });
}

/** What the stories have none of. */
const RARE: readonly Omit<FleetEvent, keyof typeof stamp | 'seq' | 'mono'>[] = [
  { type: 'fleet.resumed', to: 'roll-back', hosts: ['web-7'], who: 'ada' },
  { type: 'host.rolled-back', run: 'r', outcome: 'rolled-back', verdict: null, reasons: [] },
  { type: 'fleet.noted', text: 'a thing worth a note' },
  { type: 'fleet.stopped', why: 'a person said so', notBegun: ['web-9'] },
] as never;

const stories = Object.values(FLEETS).map((story): readonly (FleetEvent | RunEvent)[] => {
  const events = fleetEvents(story);
  const [host = ''] = story.hosts;
  const rare = RARE.map(
    (fact, at) => ({ ...stamp, host, seq: 1e6 + at, mono: 1e6 + at, ...fact }) as unknown as FleetEvent,
  );
  return [...events.slice(0, -1), ...rare, ...events.slice(-1)];
});

test('every kind of event of a fleet has words', () => {
  const told = stories.flat().filter(isFleetEvent);
  assert.deepEqual([...TOLD_FLEET_EVENTS].sort(), [...new Set(told.map(({ type }) => type))].sort());
});

for (const [at, events] of stories.entries()) {
  test(`log, timeline and screen of the fleet ${Object.keys(FLEETS)[at]} draw its events from their words`, () => {
    const follower = followFleet();
    const out: string[] = [];
    const view = fleetLinesView({ write: (line) => out.push(line) });
    for (const event of events) {
      const before = out.length;
      follower.take(event);
      view.show(event);
      if (!isFleetEvent(event)) continue;
      const { log, story, lasting } = tellFleetEvent(event, follower.now);
      const lines = out.slice(before, before + log.length).map((line) => line.slice(22).trim().split(/ {2,}/));
      assert.deepEqual(
        lines,
        log.map((line) => line.filter((words) => words !== '')),
      );
      const moments = fleetTimeline([event], follower.now).map(({ text }) => text);
      assert.deepEqual(moments, story === null ? [] : [story]);
      assert.ok(log.length > 0, event.type);
      if (lasting.length > 0) assert.notEqual(drawText(lasting, paperOf({ columns: 80 })), '');
    }
  });
}

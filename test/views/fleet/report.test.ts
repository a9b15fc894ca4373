import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RunEvent } from '../../../src/model/event.ts';
import { type FleetEvent, isFleetEvent } from '../../../src/model/fleet/ports.ts';
import { fleetStateOf } from '../../../src/model/fleet/state.ts';
import { stateOf } from '../../../src/model/state.ts';
import { followFleet, touchedOf } from '../../../src/views/tell/fleet/follow.ts';
import type { FleetReported } from '../../../src/views/tell/fleet/report.ts';
import { anyFleetStream } from '../../support/fleet/any-fleet.ts';
import { FLEET, FLEETS, fleetEvents, named } from '../../support/fleet/demo-fleet-events.ts';
import { fakeFleet } from '../../support/fleet/fake-fleet.ts';
import { fleetReportJson, fleetReportMarkdown } from '../../support/views/drawn.ts';
import { sameAsFixture } from '../../support/views/golden.ts';
import { assertMarkdown } from '../../support/views/markdown-lines.ts';

type Any = FleetEvent | RunEvent;

/** From the journals: the fleet's own events, and the fold of each run. */
function reported(events: readonly Any[], more: Partial<FleetReported> = {}): FleetReported {
  const own = events.filter(isFleetEvent);
  const runs = Map.groupBy(
    events.filter((event): event is RunEvent => !isFleetEvent(event)),
    ({ host }) => host,
  );
  return {
    id: FLEET,
    folder: `/var/lib/firebreak/runs/${FLEET}`,
    place: { path: '/var/lib/firebreak', home: true },
    events: own,
    fleet: fleetStateOf(own),
    touched: new Map([...runs].map(([host, mine]) => [host, touchedOf(stateOf(mine))])),
    problem: null,
    damaged: false,
    running: null,
    unread: new Map(),
    ...more,
  };
}

const STORY = {
  hosts: named('web-', 8),
  stories: { 'web-2': 'lost', 'web-3': 'recurred', 'web-4': 'undone' },
  elsewhere: ['web-7'],
  unreachable: { 'web-8': 'the host key has changed' },
  failures: 5,
} as const;

test('the report of a fleet run with every kind of trouble reads as the fixture does', () => {
  sameAsFixture('reports/fleet.md', fleetReportMarkdown(reported(fleetEvents(STORY))));
});

test('the canary that was rolled back, and the hosts that were not begun, are named', () => {
  const text = fleetReportMarkdown(reported(fleetEvents(FLEETS.recurred)));
  assert.match(text, /^# cron-mail-storm on 12 hosts: recurred\n/);
  assert.match(
    text,
    /\n- \[ \] \*\*web-1:\*\* recurred: mail: wanted growth at most 0, seen 2; then rolled back: the canary recurred\n- \[ \] 11 hosts not begun: web-2 … web-12\n/,
  );
  assert.match(text, /\n\| web-2 \| {2}\| not begun \| {2}\| {2}\| {2}\| {2}\| {2}\| {2}\|\n/);
  assert.match(text, /\n```sh\nfirebreak resume 20261123-025900-fleet-9xk2\n```\n/);
});

test('a fleet run whose engine died is unfinished, with the hosts that were at work', () => {
  const events = fleetEvents(FLEETS.trouble);
  const text = fleetReportMarkdown(
    reported(
      events.slice(
        0,
        events.findIndex((event) => event.type === 'watch.sampled' && event.host === 'web-4'),
      ),
    ),
  );
  assert.match(text, /^# cron-mail-storm on 40 hosts: unfinished\n/);
  assert.match(text, /\*\*The fleet run did not finish\.\*\*/);
  assert.match(text, /\n\| web-4 \| 3 \| running \|/);
});

test('of one that is at work nothing is left to anybody yet', () => {
  const text = fleetReportMarkdown(reported(fleetEvents(FLEETS.trouble).slice(0, 300), { running: 'pid 7, by alice' }));
  assert.match(text, /^# cron-mail-storm on 40 hosts: running\n/);
  assert.match(text, /\*\*It goes on\*\*, pid 7, by alice\./);
  assert.doesNotMatch(text, /## (Open|To go on)/);
});

test('a journal that cannot be read whole is said first, and one of a host in its row', () => {
  const text = fleetReportMarkdown(
    reported(fleetEvents(FLEETS.held), {
      problem: 'line 7 does not continue the one before',
      damaged: true,
      unread: new Map([['web-2', 'a line is cut']]),
    }),
  );
  assert.equal(
    text.split('\n')[2],
    '> **The journal is not whole:** line 7 does not continue the one before. This report tells what can be read.',
  );
  assert.match(text, /\n\| web-2 \| 2 \| held \|.*\| its journal: a line is cut \|\n/);
});

test('the JSON has a row for every host, the timeline and the whole state', () => {
  const json = JSON.parse(fleetReportJson(reported(fleetEvents(STORY))));
  assert.deepEqual(
    [json.report, json.kind, json.run, json.outcome, json.exit],
    [1, 'fleet', FLEET, 'outcome-unknown', 10],
  );
  assert.deepEqual(
    json.hosts.map((one: Record<string, unknown>) => [
      one.host,
      one.batch,
      one.outcome,
      one.killed,
      one.deleted,
      one.unknown,
    ]),
    [
      ['web-1', 1, 'held', 42, 3977, []],
      ['web-2', 2, 'outcome-unknown', 42, 0, ['empty-maildrop']],
      ['web-3', 2, 'recurred', 42, 3977, []],
      ['web-4', 2, 'rolled-back', 0, 0, []],
      ['web-5', 2, 'held', 42, 3977, []],
      ['web-6', 2, 'held', 42, 3977, []],
      ['web-7', null, 'not-this-incident', null, null, []],
      ['web-8', null, 'outcome-unknown', null, null, []],
    ],
  );
  assert.equal(json.state.finished.outcome, 'outcome-unknown');
  assert.ok(json.timeline.length > 10);
});

test('what a view has followed is what the journals add up to', async () => {
  const events: Any[] = [];
  const fleet = fakeFleet({ hosts: 4, onEvent: (event) => void events.push(event) });
  await fleet.run();
  const follower = followFleet();
  for (const event of events) follower.take(event);
  const { fleet: state, touched } = reported(events);
  assert.deepEqual(follower.now.fleet, state);
  assert.deepEqual(new Map([...follower.now.touched].toSorted()), new Map([...touched].toSorted()));
  assert.equal(follower.now.working.size, 0);
});

const SECTIONS = /^## (Open|Hosts|In trouble|Timeline|To go on, or back|Circumstances)$/;
const LINES = [/^$/, SECTIONS, /^### /, /^\| .* \|$/, /^\|( --- \|)+$/, /^- /, /^> /, /^[^#>|`\s-]/];

test('nothing that a host or an inventory says becomes a heading, a row, a link, a tag or an escape sequence', () => {
  fc.assert(
    fc.property(anyFleetStream, (events) => {
      assertMarkdown(fleetReportMarkdown(reported(events)), LINES);
      assert.doesNotMatch(fleetReportJson(reported(events)).replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
    }),
  );
});

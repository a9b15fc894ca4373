import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import type { RunEvent } from '../../../src/model/event.ts';
import type { FleetEvent } from '../../../src/model/fleet/ports.ts';
import { fleetStateOf } from '../../../src/model/fleet/state.ts';
import { stateOf } from '../../../src/model/state.ts';
import { showCount } from '../../../src/model/text/quantity.ts';
import type { PaperAsked } from '../../../src/views/draw/style.ts';
import { fleetLinesView } from '../../../src/views/fleet/lines.ts';
import { ndjsonView } from '../../../src/views/json.ts';
import { assertNdjson } from '../../support/event-schema.ts';
import { anyFleetStream } from '../../support/fleet/any-fleet.ts';
import { FLEETS, fleetEvents } from '../../support/fleet/demo-fleet-events.ts';
import { fakeFleet } from '../../support/fleet/fake-fleet.ts';
import { sameAsFixture } from '../../support/views/golden.ts';

type Any = FleetEvent | RunEvent;

function shown(events: readonly Any[], look: PaperAsked = {}): string {
  let out = '';
  const view = fleetLinesView({
    ...look,
    write: (text) => {
      out += text;
    },
  });
  for (const event of events) view.show(event);
  view.close();
  return out;
}

/** Without the summary, which is laid out. */
const logOf = (text: string): readonly string[] => text.slice(0, text.indexOf('\n\n')).split('\n');

for (const name of ['held', 'recurred'] as const) {
  for (const columns of [80, 200]) {
    test(`the fleet run "${name}" in lines, its summary at ${columns} columns`, () => {
      sameAsFixture(`views/fleet/lines-${name}-${columns}.txt`, shown(fleetEvents(FLEETS[name]), { columns }));
    });
  }
}

test('every line begins with its time, its host and a word, however narrow the terminal', () => {
  for (const story of Object.values(FLEETS)) {
    const narrow = logOf(shown(fleetEvents(story), { columns: 40 }));
    assert.deepEqual(narrow, logOf(shown(fleetEvents(story), { columns: 200 })));
    for (const line of narrow) assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ {2}[\w. -]+ {2,}[\w-]+( {2}|$)/);
  }
});

test('colours change nothing but the colours', () => {
  const events = fleetEvents(FLEETS.recurred);
  assert.equal(stripVTControlCharacters(shown(events, { columns: 80, color: true })), shown(events, { columns: 80 }));
});

test('a host that held is two lines; one in trouble says why, and what to type for it', () => {
  const log = logOf(shown(fleetEvents(FLEETS.trouble)));
  const of = (host: string) =>
    log.filter((line) => line.slice(22).startsWith(`${host} `)).map((line) => line.slice(22).replace(/ {2,}/g, ' '));
  assert.deepEqual(of('web-1'), [
    'web-1 begins run 20261123-030000-web-1',
    'web-1 held killed 42 processes, deleted 3 977 files, edited 1 file; in 10:12',
  ]);
  assert.deepEqual(of('web-7'), [
    'web-7 begins run 20261123-030000-web-7',
    'web-7 outcome-unknown the connection was lost while empty-maildrop was at work: ssh ended with 255, "Broken pipe"; killed 42 processes; in 0:09',
    'web-7 next firebreak resume 20261123-025900-fleet-9xk2 --host web-7',
    'web-7 next firebreak rollback 20261123-025900-fleet-9xk2 --host web-7',
    'web-7 next firebreak report 20261123-030000-web-7',
  ]);
});

test('a log of 200 hosts has a few lines for each of them, however much they have to tell', () => {
  const events = fleetEvents(FLEETS.large);
  const log = logOf(shown(events));
  assert.ok(events.length > 15_000 && log.length < 3 * 200, `${log.length} lines of ${events.length} events`);
});

test('whatever a host or an inventory says, it stays within its line', () => {
  fc.assert(
    fc.property(anyFleetStream, (events) => {
      const out: string[] = [];
      const view = fleetLinesView({ columns: 60, write: (text) => void out.push(text) });
      for (const event of events) view.show(event);
      assert.doesNotMatch(out.join('').replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
      for (const line of out.filter((text) => !text.startsWith('\n')))
        assert.equal(line.indexOf('\n'), line.length - 1);
    }),
  );
});

// ---------------------------------------------------------------- what a real fleet run tells

/** All that a fleet of fake hosts tells its views. */
async function told(
  hosts: number,
): Promise<{ readonly events: readonly Any[]; readonly fleet: ReturnType<typeof fakeFleet> }> {
  const events: Any[] = [];
  const fleet = fakeFleet({ hosts, strategy: { atOnce: 2 }, onEvent: (event) => void events.push(event) });
  await fleet.run();
  return { events, fleet };
}

test('a fleet run on hosts in the storm: NDJSON is one stream that the schema knows, each line with its host and its run', async () => {
  const { events, fleet } = await told(3);
  let out = '';
  const view = ndjsonView({
    write: (text) => {
      out += text;
    },
  });
  for (const event of events) view.show(event);
  const read = assertNdjson(out);
  assert.deepEqual(JSON.parse(JSON.stringify(events)), read);
  for (const [run, kept] of fleet.runs) {
    const mine = read.filter((event) => event.run === run && !/^(fleet|batch|host)\./.test(event.type));
    assert.deepEqual([...new Set(mine.map(({ host }) => host))], [run.replace(/^run-\d-/, '')]);
    assert.deepEqual(mine, JSON.parse(JSON.stringify(kept.events)));
  }
});

test('in lines it begins and ends each host once, and its counts are those of the journals', async () => {
  const { events, fleet } = await told(3);
  const text = shown(events, { columns: 120 });
  const used = [...fleet.runs.values()].map(({ events: own }) => stateOf(own).used);
  const sum = (of: 'kill' | 'delete' | 'edit') => showCount(used.reduce((all, one) => all + one[of], 0));
  assert.notEqual(sum('kill'), '0');
  assert.match(
    text,
    new RegExp(`\nDONE {2}killed ${sum('kill')}, deleted ${sum('delete')}, edited ${sum('edit')}, on 3 hosts\n`),
  );
  for (const host of ['web-1', 'web-2', 'web-3'])
    assert.deepEqual(
      logOf(text)
        .filter((line) => line.slice(22).startsWith(`${host} `))
        .map((line) => /\s(begins|held)\s/.exec(line)?.[1]),
      ['begins', 'held'],
    );
  assert.match(text, /\nHELD\n.*exit 0: held/);
});

test('one that goes on counts what its earlier lives did', async () => {
  const { events, fleet } = await told(2);
  const before = {
    fleet: fleetStateOf(fleet.journal),
    runState: (run: string) => stateOf(fleet.runs.get(run)?.events ?? []),
  };
  const more: Any[] = [];
  await fleet.resume(undefined, { onEvent: (event) => void more.push(event) });
  const done = (text: string): string => /\nDONE .*\n/.exec(text)?.[0] ?? '';
  let out = '';
  const view = fleetLinesView({
    before,
    columns: 120,
    write: (text) => {
      out += text;
    },
  });
  for (const event of more) view.show(event);
  assert.match(done(out), /on 2 hosts/);
  assert.equal(done(out), done(shown(events, { columns: 120 })));
});

test('Ctrl-C is seen to be heard, with what it means and what the next one would', async () => {
  const notes = async (presses: number): Promise<readonly string[]> => {
    const events: Any[] = [];
    const fleet = fakeFleet({
      hosts: 3,
      onEvent: (event, { interrupts }) => {
        events.push(event);
        if (event.type === 'run.started') for (let at = 0; at < presses; at += 1) interrupts.raise('SIGINT');
      },
    });
    await fleet.run();
    return logOf(shown(events)).flatMap((line) => /fleet +(?:note|stopped) +(.*)/.exec(line)?.[1] ?? []);
  };
  assert.deepEqual(await notes(1), [
    'SIGINT: no further host is begun, those at work come to their end; once more: they stop at their next safe point',
    'SIGINT; 2 hosts not begun: web-2, web-3',
  ]);
  assert.equal(
    (await notes(2)).find((text) => text.includes('safe point')),
    'SIGINT: those at work stop at their next safe point; once more: all ends at once, and leases start again what is stopped',
  );
});

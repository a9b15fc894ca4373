import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RunEvent } from '../../../src/model/event.ts';
import type { FleetEvent } from '../../../src/model/fleet/ports.ts';
import { fleetJunitView } from '../../../src/views/fleet/junit.ts';
import { anyFleetStream } from '../../support/fleet/any-fleet.ts';
import { FLEETS, fleetEvents, named } from '../../support/fleet/demo-fleet-events.ts';
import { sameAsFixture } from '../../support/views/golden.ts';
import { wellFormed } from '../../support/views/xml.ts';

function document(events: readonly (FleetEvent | RunEvent)[]): string {
  let out = '';
  const view = fleetJunitView({
    write: (text) => {
      out += text;
    },
  });
  for (const event of events) view.show(event);
  assert.equal(out, '', 'one document, at the end');
  view.close();
  return out;
}

test('each host is a testcase, and so is the outcome', () => {
  const story = {
    hosts: named('web-', 6),
    stories: { 'web-2': 'lost', 'web-3': 'recurred' },
    elsewhere: ['web-5'],
    unreachable: { 'web-6': 'no route' },
    failures: 1,
  } as const;
  sameAsFixture('views/fleet/junit.xml', document(fleetEvents(story)));
});

test('a fleet run that held is green, one that broke off is not', () => {
  const events = fleetEvents({ hosts: named('web-', 3) });
  assert.match(document(events), /<testsuites name="firebreak" tests="4" failures="0" errors="0" skipped="0"/);
  const broken = document(events.slice(0, -1));
  assert.match(broken, /errors="1"[\s\S]*<error message="the fleet run did not end by itself"\/>/);
  assert.match(
    document(events.slice(0, 20)),
    /<testcase name="web-1"[^>]*>\n\s*<error message="its run did not end"\/>/,
  );
});

test('hosts that were never begun are skipped, and the outcome is red all the same', () => {
  const text = document(fleetEvents(FLEETS.recurred));
  assert.match(text, /<testsuites name="firebreak" tests="13" failures="2" errors="0" skipped="11"/);
  assert.match(text, /<testcase name="outcome"[^>]*>\n\s*<failure message="recurred, exit 4: /);
});

test('whatever hosts are called and say, the document is well-formed XML', () => {
  fc.assert(
    fc.property(anyFleetStream, (events) => wellFormed(document(events))),
    { numRuns: 200 },
  );
});

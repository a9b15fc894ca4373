import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeHost } from '../../../src/hosts/fake.ts';
import { clockOn, offsetOn } from '../../../src/model/host/far-clock.ts';
import type { FarClock, Host } from '../../../src/model/host.ts';
import { dueMinutes, localOffset, parseSchedule } from '../../../src/model/text/schedule.ts';
import { emptyWorld } from '../../support/hosts/fake-world.ts';
import { quickClock } from '../../support/rehearsal.ts';

const hostIn = (zone: string | null, ahead = 0): Host => ({
  ...fakeHost(emptyWorld()),
  farClock: (): FarClock => ({ ahead, zone }),
});

test('ages are measured by the clock of the host, and passing time by ours', () => {
  const clock = quickClock(1_000_000);
  assert.equal(clockOn(fakeHost(emptyWorld()), clock), clock);
  const there = clockOn(hostIn(null, -90_000), clock);
  assert.deepEqual([there.now(), there.monotonic()], [910_000, 1_000_000]);
});

test('a schedule is read in the zone of the host, also where its clocks are set and where it is no whole hour from UTC', () => {
  const nine = parseSchedule('0 9 * * *');
  assert.ok(typeof nine !== 'string');
  const due = (zone: string, from: string, to: string) =>
    dueMinutes({
      schedule: nine,
      from: Date.parse(from),
      to: Date.parse(to),
      limit: 10,
      offset: offsetOn(hostIn(zone)),
    }).map((minute) => new Date(minute).toISOString());
  assert.deepEqual(due('Asia/Kathmandu', '2026-11-23T00:00Z', '2026-11-24T00:00Z'), ['2026-11-23T03:15:00.000Z']);
  // Clocks go forward in the night to the 29th of March.
  assert.deepEqual(due('Europe/Berlin', '2026-03-28T00:00Z', '2026-03-30T00:00Z'), [
    '2026-03-28T08:00:00.000Z',
    '2026-03-29T07:00:00.000Z',
  ]);
  assert.deepEqual(due('Pacific/Auckland', '2026-11-23T00:00Z', '2026-11-24T00:00Z'), ['2026-11-23T20:00:00.000Z']);
});

test('if the zone of the host is not known, ours is used', () => {
  assert.equal(offsetOn(hostIn(null)), localOffset);
  assert.equal(offsetOn(fakeHost(emptyWorld())), localOffset);
});

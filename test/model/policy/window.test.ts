import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFrozen, isOpen, isZone, localTime, sayWindow } from '../../../src/model/policy/window.ts';

const nights = { days: [1, 2, 3, 4, 5], from: 22 * 60, to: 6 * 60, zone: null };
const open = (at: string, zone = 'UTC', window: Parameters<typeof isOpen>[0] = nights) =>
  isOpen(window, Date.parse(at), zone);

test('a window over midnight is open on the evenings of its days and the mornings after', () => {
  assert.equal(open('2026-11-23T21:59Z'), false);
  assert.equal(open('2026-11-23T22:00Z'), true);
  assert.equal(open('2026-11-24T05:59:59Z'), true);
  assert.equal(open('2026-11-24T06:00Z'), false);
});

test('the morning part of a window belongs to the day before', () => {
  assert.equal(open('2026-11-28T03:00Z'), true);
  assert.equal(open('2026-11-23T03:00Z'), false);
});

test('a window is read on the clock of its zone, else of the host', () => {
  assert.equal(open('2026-11-23T21:30Z', 'Europe/Berlin'), true);
  assert.equal(open('2026-11-23T21:30Z', 'Europe/Berlin', { ...nights, zone: 'UTC' }), false);
  assert.equal(open('2026-07-20T20:30Z', 'Europe/Berlin'), true);
});

test('a whole day is open from its first minute to its last', () => {
  const monday = { days: [1], from: 0, to: 1440, zone: null };
  assert.deepEqual(
    ['2026-11-22T23:59Z', '2026-11-23T00:00Z', '2026-11-23T23:59Z', '2026-11-24T00:00Z'].map((at) =>
      open(at, 'UTC', monday),
    ),
    [false, true, true, false],
  );
});

test('the hour after midnight is hour 0 and not 24', () => {
  assert.deepEqual(localTime(Date.parse('2026-11-23T00:05Z'), 'UTC'), { date: '2026-11-23', day: 1, minute: 5 });
});

test('a freeze of days lasts to the end of its last day in its zone; one of instants to the instant', () => {
  const days = { from: '2026-12-20', to: '2026-12-21', why: '', zone: null };
  const frozen = (freeze: typeof days, at: string, zone = 'UTC') => isFrozen(freeze, Date.parse(at), zone);
  assert.deepEqual(
    ['2026-12-19T23:59Z', '2026-12-20T00:00Z', '2026-12-21T23:59Z', '2026-12-22T00:00Z'].map((at) => frozen(days, at)),
    [false, true, true, false],
  );
  assert.equal(frozen(days, '2026-12-19T23:30Z', 'Europe/Berlin'), true);
  const instants = { ...days, from: '2026-12-20T12:00+01:00', to: '2026-12-20T12:00Z' };
  assert.deepEqual(
    ['2026-12-20T10:59Z', '2026-12-20T11:00Z', '2026-12-20T12:00Z', '2026-12-20T12:01Z'].map((at) =>
      frozen(instants, at),
    ),
    [false, true, true, false],
  );
});

test('a zone is one that the machine knows', () => {
  assert.deepEqual(['UTC', 'Europe/Berlin', 'Europe/Berlni', ''].map(isZone), [true, true, false, false]);
});

test('a window in words', () => {
  assert.equal(sayWindow(nights), 'mon, tue, wed, thu, fri 22:00 to 06:00');
  assert.equal(
    sayWindow({ days: [0, 1, 2, 3, 4, 5, 6], from: 0, to: 1440, zone: 'UTC' }),
    'every day 00:00 to 24:00 UTC',
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  dueMinutes,
  missedMinutes,
  parseSchedule,
  perMinute,
  type Schedule,
} from '../../../src/model/text/schedule.ts';

const UTC = () => 0;
const MINUTE = 60_000;
const at = (text: string) => Date.parse(`${text}Z`);

function due(schedule: string, from: string, to: string, limit = 1000): readonly string[] {
  return missedMinutes({ schedule, from: at(from), to: at(to), limit, offset: UTC }).map((minute) =>
    new Date(minute).toISOString().slice(0, 16),
  );
}

function parsed(text: string): Schedule {
  const schedule = parseSchedule(text);
  assert.ok(typeof schedule !== 'string', `${text}: ${schedule}`);
  return schedule;
}

test('what cron accepts is accepted, what it refuses is refused in its words', () => {
  // Each line was given to `crontab -` of Debian's cron 3.0pl1-162.
  const accepted = [
    '* * * * *',
    '*/99 * * * *',
    '* * * jan-mar mon,tue',
    '* * * * 5-7',
    '10-5 * * * *',
    '1~5 * * * *',
    '1-3-5 * * * *',
    '*5 * * * *',
    '** * * * *',
    '0-59/2,5 * * * *',
    '@annually',
    '@midnight',
    '@reboot',
  ];
  for (const text of accepted) parsed(text);
  const refused: Record<string, string> = {
    '5/10 * * * *': 'bad minute',
    '*/0 * * * *': 'bad minute',
    '*/5x * * * *': 'bad minute',
    '1,2, * * * *': 'bad minute',
    '61 * * * *': 'bad minute',
    'mon * * * *': 'bad minute',
    '* 24 * * *': 'bad hour',
    '* * 0 * *': 'bad day-of-month',
    '* * * 0 *': 'bad month',
    '* * * January *': 'bad month',
    '* * * * 8': 'bad day-of-week',
    '* * * * monx': 'bad day-of-week',
    '* * *': 'bad month',
    '@Daily': 'bad time specifier',
    '@every_minute': 'bad time specifier',
    '@constructor': 'bad time specifier',
    // anacron's, not cron's.
    '@monthly 45 cron.monthly': 'bad time specifier',
    '': 'bad minute',
  };
  assert.deepEqual(Object.fromEntries(Object.keys(refused).map((text) => [text, parseSchedule(text)])), refused);
});

test('lists, ranges, steps and names say when', () => {
  assert.deepEqual(due('5,10-12,50-59/5 3 * * *', '2026-11-23T00:00', '2026-11-24T00:00'), [
    '2026-11-23T03:05',
    '2026-11-23T03:10',
    '2026-11-23T03:11',
    '2026-11-23T03:12',
    '2026-11-23T03:50',
    '2026-11-23T03:55',
  ]);
  assert.deepEqual(due('0 0 * feb sun', '2026-02-01T00:00', '2026-03-01T00:00'), [
    '2026-02-08T00:00',
    '2026-02-15T00:00',
    '2026-02-22T00:00',
  ]);
  assert.deepEqual(due('0 12 * * 7', '2026-11-22T00:00', '2026-11-23T00:00'), ['2026-11-22T12:00']);
});

test('with two restricted day fields one is enough; if one begins with a star both must fit', () => {
  assert.deepEqual(due('0 0 13 * fri', '2026-11-10T00:00', '2026-11-21T00:00'), [
    '2026-11-13T00:00',
    '2026-11-20T00:00',
  ]);
  assert.deepEqual(due('0 0 14 * fri', '2026-11-10T00:00', '2026-11-15T00:00'), [
    '2026-11-13T00:00',
    '2026-11-14T00:00',
  ]);
  // crontab(5): a field that starts with a star is not restricted, also with a step.
  assert.deepEqual(due('0 0 */2 * fri', '2026-11-10T00:00', '2026-11-21T00:00'), ['2026-11-13T00:00']);
});

test('the window opens after its start and closes with its end, and stops at the limit', () => {
  assert.deepEqual(due('* * * * *', '2026-11-23T10:00', '2026-11-23T10:02'), ['2026-11-23T10:01', '2026-11-23T10:02']);
  assert.deepEqual(due('* * * * *', '2026-11-23T10:00', '2026-11-23T12:00', 2), [
    '2026-11-23T10:01',
    '2026-11-23T10:02',
  ]);
  assert.deepEqual(
    missedMinutes({
      schedule: '* * * * *',
      from: at('2026-11-23T10:00:30'),
      to: at('2026-11-23T10:01:59'),
      limit: 9,
      offset: UTC,
    }),
    [at('2026-11-23T10:01')],
  );
});

test('local time is the time of the host', () => {
  const berlin = () => 60;
  assert.deepEqual(
    missedMinutes({
      schedule: '30 4 * * *',
      from: at('2026-11-23T00:00'),
      to: at('2026-11-24T00:00'),
      limit: 9,
      offset: berlin,
    }),
    [at('2026-11-23T03:30')],
  );
});

test('@reboot, a backwards range and a random minute are due at no minute that can be told', () => {
  for (const schedule of ['@reboot', '10-5 * * * *', '0~59 * * * *', 'not a schedule']) {
    assert.deepEqual(due(schedule, '2026-11-01T00:00', '2026-11-03T00:00'), [], schedule);
  }
});

test('how often a minute is averaged over a day', () => {
  const now = at('2026-11-23T10:00');
  assert.equal(perMinute(parsed('* * * * *'), now, UTC), 1);
  assert.equal(perMinute(parsed('*/5 * * * *'), now, UTC), 0.2);
  assert.equal(perMinute(parsed('@daily'), now, UTC), 1 / 1440);
});

const element = fc.oneof(
  fc.constant('*'),
  fc.nat(59).map(String),
  fc.tuple(fc.nat(59), fc.nat(59), fc.integer({ min: 1, max: 70 })).map(([a, b, step]) => `${a}-${b}/${step}`),
  fc.integer({ min: 1, max: 70 }).map((step) => `*/${step}`),
);
const minutes = fc.array(element, { minLength: 1, maxLength: 4 });

function naive(elements: readonly string[], minute: number): boolean {
  return elements.some((text) => {
    const [range = '', step = '1'] = text.split('/');
    const [low = 0, high = low] = range === '*' ? [0, 59] : range.split('-').map(Number);
    return minute >= low && minute <= high && (minute - low) % Number(step) === 0;
  });
}

test('the minutes of an hour are those that the field names, whatever it is made of', () => {
  fc.assert(
    fc.property(minutes, (elements) => {
      const start = at('2026-11-23T10:00');
      const schedule = parsed(`${elements.join(',')} * * * *`);
      const found = dueMinutes({ schedule, from: start - 1, to: start + 59 * MINUTE, limit: 60, offset: UTC }).map(
        (minute) => (minute - start) / MINUTE,
      );
      assert.deepEqual(
        found,
        Array.from({ length: 60 }, (_, minute) => minute).filter((minute) => naive(elements, minute)),
      );
    }),
  );
});

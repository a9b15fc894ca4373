import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { feed, type Pulse, type PulseSample, startPulse } from '../../../src/model/run/pulse.ts';

/**
 * What a real cron's counters did, recorded every 3 ms; `minutes` is how many of its minutes had a job that it ran and
 * reaped.
 */
interface Recording {
  readonly name: string;
  readonly minutes: number;
  readonly jumps: readonly { readonly at: number; readonly minflt: number; readonly cminflt: number }[];
}

const FOLDER = new URL('../../fixtures/pulse/', import.meta.url);
const recordings = readdirSync(FOLDER).map(readRecording);

function readRecording(name: string): Recording {
  const lines = readFileSync(new URL(name, FOLDER), 'utf8').trim().split('\n');
  const minutes = Number(lines.find((line) => line.startsWith('# minutes '))?.slice(10));
  const jumps = lines
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.split(' ').map(Number))
    .map(([at = 0, minflt = 0, cminflt = 0]) => ({ at, minflt, cminflt }));
  return { name, minutes, jumps };
}

/** The recording as somebody saw it who looked every `every` milliseconds, from `phase` on. */
function samplesOf({ jumps }: Recording, every: number, phase: number, pid = 7): readonly PulseSample[] {
  const end = (jumps.at(-1)?.at ?? 0) + every;
  const samples: PulseSample[] = [];
  for (let mono = phase; mono <= end + every; mono += every) {
    const before = jumps.filter((jump) => jump.at <= mono);
    const sum = (key: 'minflt' | 'cminflt') => before.reduce((total, jump) => total + jump[key], 0);
    samples.push({ mono, pid, start: 99, minflt: 300 + sum('minflt'), cminflt: 40 + sum('cminflt') });
  }
  return samples;
}

const foldAll = (samples: readonly PulseSample[], from: Pulse = startPulse()): Pulse => samples.reduce(feed, from);
const madeOf = (...jumps: readonly [at: number, minflt: number, cminflt: number][]): Recording => ({
  name: 'made',
  minutes: 0,
  jumps: jumps.map(([at, minflt, cminflt]) => ({ at, minflt, cminflt })),
});
const minutesOf = (recording: Recording, every = 150) => foldAll(samplesOf(recording, every, 0)).minutes;

const EVERY = fc.integer({ min: 80, max: 260 });
const PHASE = fc.integer({ min: 0, max: 260 });

describe('the pulse of a real cron', () => {
  it('has recordings to judge by', () => {
    assert.equal(recordings.length, 14);
    assert.ok(recordings.every(({ minutes, jumps }) => minutes > 0 && jumps.length > 2));
  });

  for (const recording of recordings) {
    it(`never counts more minutes than there were, however it is sampled: ${recording.name}`, () => {
      fc.assert(
        fc.property(
          EVERY,
          PHASE,
          (every, phase) => foldAll(samplesOf(recording, every, phase)).minutes <= recording.minutes,
        ),
      );
    });

    it(`counts the minutes that there were: ${recording.name}`, () => {
      // A job that is alone in its minute and slow may be missed (dash: its reap leaves minflt alone); a short one
      // never is.
      const missed = { 'dash-cron.txt': 2, 'drill-cron-slow.txt': 3 }[recording.name] ?? 0;
      fc.assert(
        fc.property(EVERY, (every) => {
          assert.ok(foldAll(samplesOf(recording, every, 0)).minutes >= recording.minutes - missed);
        }),
      );
    });
  }
});

describe('the pulse of made-up counters', () => {
  it('counts nothing while nothing jumps', () => assert.equal(minutesOf(madeOf([10_000, 0, 0])), 0));

  it('counts a minute once however many jobs it has and whenever they end', () => {
    assert.equal(
      minutesOf(madeOf([1000, 20, 0], [1010, 4, 450], [9000, 0, 450], [31_000, 0, 900], [55_000, 0, 450])),
      1,
    );
  });

  it('counts a minute whose only job is slow, when the job ends', () => {
    assert.equal(minutesOf(madeOf([1000, 10, 0], [41_000, 3, 450])), 1);
  });

  it('does not count forks that nobody reaped: jobs that hang', () => {
    assert.equal(minutesOf(madeOf([1000, 12, 0], [61_000, 12, 0], [121_000, 12, 0])), 0);
  });

  it('does not take the reload of a crontab and the late end of an older job for a minute', () => {
    assert.equal(minutesOf(madeOf([1000, 12, 0], [1010, 3, 450], [61_000, 50, 0], [80_000, 0, 450])), 1);
  });

  it('does not count an idle minute in which an older job ends', () => {
    assert.equal(minutesOf(madeOf([1000, 12, 0], [1010, 3, 450], [61_000, 3, 0], [61_010, 0, 450])), 1);
  });

  it('does not split one burst of forks and reaps into two minutes', () => {
    const burst = Array.from({ length: 60 }, (_, n): [number, number, number] => [
      1000 + n * 60,
      12,
      n % 2 === 0 ? 0 : 450,
    ]);
    assert.equal(minutesOf(madeOf(...burst)), 1);
  });

  it('keeps the counted minutes when cron is restarted, and goes on with its new numbers', () => {
    const one = madeOf([1000, 12, 0], [1010, 3, 450]);
    const first = foldAll(samplesOf(one, 150, 0));
    const restarted = foldAll([{ mono: 9000, pid: 8, start: 120, minflt: 1200, cminflt: 940 }], first);
    assert.equal(restarted.minutes, 1);
    assert.equal(
      foldAll(
        samplesOf(one, 150, 0, 8).map((each) => ({
          ...each,
          mono: each.mono + 10_000,
          minflt: each.minflt + 900,
          cminflt: each.cminflt + 900,
          start: 120,
        })),
        restarted,
      ).minutes,
      2,
    );
  });

  it('takes the same pid with another start for another cron', () => {
    const first = foldAll([{ mono: 0, pid: 7, start: 1, minflt: 10, cminflt: 10 }]);
    assert.equal(feed(first, { mono: 100, pid: 7, start: 2, minflt: 500, cminflt: 500 }).minutes, 0);
  });
});

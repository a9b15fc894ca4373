import type { ProcessCounters } from '../host.ts';

/**
 * Rule 12 of the language: in how many minutes *of its own clock* was cron seen to run and reap a job? Told from two
 * numbers in /proc/<cron>/stat alone (proc(5): minflt, field 10, and cminflt, field 11), sampled some times a second:
 * no log, no fork, no reading of its clock, which in a rehearsal runs twenty times as fast.
 *
 * What was measured (Debian 12's cron 3.0pl1, Linux 6, sampled every 3 ms; 1, 2, 10 and 60 jobs a minute; at the real
 * speed and at 20 times it):
 * - A minute with jobs is one burst of fork(2): the parent's pages become copy-on-write, so its minflt jumps by 6 to 36
 *   while the burst lasts (0.3 s for 60 jobs).
 * - The *first* reap after a fork faults the signal handler's pages, minflt +3 or +4, together with cminflt + some 450
 *   (the job's own faults).
 * - Every later reap of the same burst leaves minflt as it is: `sleep 2`, `sleep 20` and `sleep 90` beside a short job
 *   were each cminflt +450, minflt +0.
 * - A minute without a job: minflt +3 at the most, once, when cron first looks at its crontabs after a fork; a reload
 *   of a crontab is a jump of minflt with no cminflt.
 *
 * - A shell that plays cron (dash, rehearsals): a fork is minflt +9 and more, but its first reap may leave minflt
 *   alone.
 *
 * Hence the rule. Jumps of minflt that lie less than `QUIET` apart are one burst. A burst counts once, at the first
 * reap that belongs to it: one with which minflt jumps too, or one that follows within `PROMPT`; and only if its minflt
 * is `FORKED` or more in all. So jobs that end late in the minute, or in the next, count nothing; nor does a reload;
 * nor an idle minute. It may count too few (two minutes that fall into one sample, jobs that all outlive the next
 * burst), which makes a verdict inconclusive, never a false "held".
 */
export interface Pulse {
  /** Different minutes in which cron ran and reaped a job. */
  readonly minutes: number;
  readonly last: PulseSample | null;
  readonly burst: Burst | null;
}

export interface PulseSample extends ProcessCounters {
  /** Milliseconds, monotonic. */
  readonly mono: number;
}

interface Burst {
  /** When minflt last jumped. */
  readonly at: number;
  /** Sum of its jumps. */
  readonly faults: number;
  readonly counted: boolean;
}

/**
 * Milliseconds: between the bursts of two minutes minflt stands still for longer, within one it does not. The fastest
 * minute this tells apart for sure is two seconds.
 */
const QUIET = 1000;
/** Milliseconds: a sample may end between a fork and the end of its short job. */
const PROMPT = 300;
/** A fork and the first reap after it are 9 or more; an idle minute and a late reap are 3. */
const FORKED = 6;

export function startPulse(): Pulse {
  return { minutes: 0, last: null, burst: null };
}

/**
 * The first sample of a process is where counting starts from; cron started anew (other pid or start) keeps the minutes
 * that were counted.
 */
export function feed(pulse: Pulse, sample: PulseSample): Pulse {
  const { last, minutes } = pulse;
  if (last === null || last.pid !== sample.pid || last.start !== sample.start)
    return { minutes, last: sample, burst: null };
  const faults = sample.minflt - last.minflt;
  const reaped = sample.cminflt > last.cminflt;
  const burst = faults > 0 ? grow(pulse.burst, sample.mono, faults, reaped) : pulse.burst;
  const first = reaped && burst !== null && isFirstReap(burst, sample.mono, faults);
  return first
    ? { minutes: minutes + 1, last: sample, burst: { ...burst, counted: true } }
    : { minutes, last: sample, burst };
}

/**
 * A jump belongs to the burst that it follows closely; a reap also to one that still waits for its first, however long
 * the job took.
 */
function grow(burst: Burst | null, mono: number, faults: number, reaped: boolean): Burst {
  const close = burst !== null && mono - burst.at < QUIET;
  if (burst && (close || (reaped && !burst.counted)))
    return { ...burst, at: close ? mono : burst.at, faults: burst.faults + faults };
  return { at: mono, faults, counted: false };
}

function isFirstReap(burst: Burst, mono: number, faults: number): boolean {
  return !burst.counted && burst.faults >= FORKED && (faults > 0 || mono - burst.at <= PROMPT);
}

import type { Judgement, Measure, Measures, Truth } from '../model/condition.ts';
import type { WatchStanding } from '../model/event.ts';
import { isRunning } from '../model/host/service.ts';
import type { Verdict } from '../model/outcome.ts';
import type { WatchSpec } from '../model/plan.ts';
import { findFor } from '../model/run/look.ts';
import { feed, type Pulse, startPulse } from '../model/run/pulse.ts';
import { counts, watchSpec } from '../model/run/watch.ts';
import { judgeWith, resolveArg } from '../model/runbook/scope.ts';
import type { Hold, Step } from '../model/runbook.ts';
import { showDuration } from '../model/text/quantity.ts';
import type { Finding } from '../model/verb.ts';
import { heedStop, type Running } from './running.ts';
import { heard } from './severed.ts';

/**
 * How often cron's own counters are read between two samples, in milliseconds: its minute may last seconds only (a
 * clock that runs fast).
 */
const PULSE = 200;

const CUT = 'the watch was cut short, so nothing is proven';

export interface Judged {
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
}

interface Sample {
  readonly values: Readonly<Record<string, number | null>>;
  readonly texts: Readonly<Record<string, string>>;
  readonly broken: readonly string[];
  readonly unknown: readonly string[];
}

/**
 * Samples at the start, every `every`, and at the end. Held: every line true at every sample that counts and the proof
 * seen. A line that breaks ends it, unless its author lets it settle first or tolerates so many bad samples.
 */
export async function watch(running: Running, step: Step): Promise<Judged> {
  const spec = watchSpec(step, resolveArg(step, running.runbook, running.book.findings), running.book.findings);
  const { clock, interrupts } = running;
  const end = clock.monotonic() + spec.for;
  const sampler = startSampler(
    running,
    (step.hold ?? []).filter((line) => counts(line, running.book.findings)),
  );
  const cron = startCronWatch(running, spec);
  const jury = startJury(spec);
  for (;;) {
    await cron.until(0);
    const left = Math.max(0, end - clock.monotonic());
    const settling = spec.for - left < (spec.settle ?? 0);
    const sample = await heard(running.host, CUT, () => sampler(settling));
    const standing = jury.hear(sample, { settling, last: left === 0 });
    await running.emit({
      type: 'watch.sampled',
      step: step.id,
      values: sample.values,
      ...(Object.keys(sample.texts).length > 0 && { texts: sample.texts }),
      broken: sample.broken,
      ...(standing && { standing }),
      minutes: spec.proof ? cron.minutes() : null,
      left,
    });
    if (sample.broken.length > 0 && !standing)
      return { verdict: 'recurred', reasons: [...sample.broken, ...jury.before()] };
    heedStop(running);
    if (interrupts.signal.aborted)
      return {
        verdict: 'inconclusive',
        reasons: [
          `the watch was interrupted (${String(interrupts.signal.reason)}) ${Math.ceil(left / 1000)} s before its end`,
        ],
      };
    if (left === 0) return conclude(spec, cron, jury.doubts());
    await cron.until(Math.min(spec.every, end - clock.monotonic()));
  }
}

// ---------------------------------------------------------------- which samples count

interface Jury {
  /** Why what is bad in this sample does not count; undefined: it counts, or nothing is bad. */
  readonly hear: (
    sample: Sample,
    when: { readonly settling: boolean; readonly last: boolean },
  ) => WatchStanding | undefined;
  /** What was bad already, for the verdict. */
  readonly before: () => readonly string[];
  /** Why nothing is proven. */
  readonly doubts: () => readonly string[];
}

function startJury({ tolerate = 0, settle = 0 }: WatchSpec): Jury {
  const unknown = new Set<string>();
  let tolerated = 0;
  let counted = 0;
  return {
    hear: ({ broken, unknown: lines }, { settling, last }) => {
      if (settling) return 'settling';
      counted += 1;
      for (const line of lines) unknown.add(line);
      // How it ends is what is left behind: a bad last sample is no passing weakness.
      if (broken.length === 0 || last || tolerated >= tolerate) return undefined;
      tolerated += 1;
      return 'tolerated';
    },
    before: () =>
      tolerated === 0
        ? []
        : [`${tolerated === 1 ? 'a bad sample was' : `${tolerated} bad samples were`} tolerated before`],
    doubts: () =>
      counted === 0
        ? [`the watch was over before it had settled (settle: ${showDuration(settle)})`]
        : [...unknown].map((line) => `could not always be looked at: ${line}`),
  };
}

function conclude(spec: WatchSpec, cron: CronWatch, doubts: readonly string[]): Judged {
  const reasons = [...doubts];
  const wanted = spec.proof?.cronMinutes ?? 0;
  if (cron.minutes() < wanted)
    reasons.push(
      `cron was seen to run and end a job in ${cron.minutes()} of the ${wanted} minutes that prove it${cron.trouble()}`,
    );
  return { verdict: reasons.length === 0 ? 'held' : 'inconclusive', reasons };
}

// ---------------------------------------------------------------- hold lines

/** `growth` is counted from the last sample that still settles, else from the first. */
function startSampler(running: Running, hold: readonly Hold[]): (settling: boolean) => Promise<Sample> {
  const first = new Map<string, number>();
  return async (settling) => {
    if (settling) first.clear();
    const values: Record<string, number | null> = {};
    const texts: Record<string, string> = {};
    const broken: string[] = [];
    const unknown: string[] = [];
    for (const [of, lines] of Map.groupBy(hold, (line) => line.of)) {
      const seen = await lookAgain(running, of, { lines, first });
      // A line is judged as a whole: of an `any_of` one part may well be wrong.
      for (const { truth, judgements } of seen.lines) {
        for (const { wanted, seen: is } of judgements.filter((each) => each.truth === truth)) {
          if (truth === 'no') broken.push(`${of}: wanted ${wanted}, seen ${is}`);
          if (truth === 'unknown') unknown.push(`${of}: ${wanted}`);
        }
        // `none_of`: what must not be is so.
        if (truth === 'no' && judgements.every((each) => each.truth !== 'no'))
          broken.push(`${of}: ${notWanted(judgements)}`);
      }
      for (const name of lines.flatMap(measuresIn)) {
        const measure = seen.measures[name] ?? null;
        if (typeof measure === 'string' || typeof measure === 'boolean') texts[`${of} ${name}`] = String(measure);
        else values[`${of} ${name}`] = toNumber(measure);
      }
    }
    return { values, texts, broken, unknown };
  };
}

const notWanted = (judgements: readonly Judgement[]): string =>
  judgements
    .filter(({ truth }) => truth === 'yes')
    .map(({ wanted, seen }) => `wanted not ${wanted}, seen ${seen}`)
    .join('; ');

function measuresIn(line: Hold): readonly string[] {
  const walk = (condition: Hold['condition']): readonly string[] =>
    condition.kind === 'clause' ? [condition.clause.measure] : condition.conditions.flatMap(walk);
  return walk(line.condition);
}

interface Seen {
  readonly measures: Measures;
  readonly lines: readonly { readonly truth: Truth; readonly judgements: readonly Judgement[] }[];
}

/**
 * The same selector, time-out and tries as in diagnose; `growth` is how many more there are than at the first sample.
 */
async function lookAgain(
  running: Running,
  of: string,
  { lines, first }: { readonly lines: readonly Hold[]; readonly first: Map<string, number> },
): Promise<Seen> {
  const { findings } = running.book;
  const judged = (measures: Measures): Seen => ({
    measures,
    lines: lines.map((line) => judgeWith(line.condition, findings, measures)),
  });
  const grown = (finding: Finding): Measures => {
    const count = toNumber(finding.measures.count ?? null);
    return count === null ? finding.measures : { ...finding.measures, growth: count - (first.get(of) ?? count) };
  };
  const { diagnose, act, verify } = running.runbook;
  const step = [...diagnose, ...act, ...verify].find((one) => one.id === of);
  if (!step) return judged({});
  const arg = findings.steps[of]?.reference.selector ?? resolveArg(step, running.runbook, findings);
  // An interrupt ends the watch after its sample, not in the middle of one.
  const looking = { ...running, signal: new AbortController().signal };
  const finding = await findFor(step, arg, looking, (found) =>
    judged(grown(found)).lines.every(({ truth }) => truth === 'yes'),
  );
  const seen = judged(grown(finding));
  const count = toNumber(finding.measures.count ?? null);
  if (count !== null && !first.has(of)) first.set(of, count);
  return seen;
}

function toNumber(measure: Measure): number | null {
  if (typeof measure === 'number') return measure;
  return typeof measure === 'object' && measure !== null ? measure.value : null;
}

// ---------------------------------------------------------------- proof

interface CronWatch {
  /** Lets this many milliseconds pass, reading cron's counters on the way. */
  readonly until: (milliseconds: number) => Promise<void>;
  readonly minutes: () => number;
  /** Why cron could not be watched, for the verdict. */
  readonly trouble: () => string;
}

function startCronWatch(running: Running, spec: WatchSpec): CronWatch {
  const { clock, host, interrupts } = running;
  let pulse: Pulse = startPulse();
  let pid: number | null = null;
  let start: number | null = null;
  let seen = false;

  async function beat(): Promise<void> {
    pid ??= spec.proof ? await mainPid(running, spec.proof.services) : null;
    if (pid === null) return;
    const counters = await host.processes.counters(pid);
    // Ended, or its number is another's by now, whose minutes prove nothing: the service's new main process is looked
    // up at the next beat.
    if (counters === null || (start !== null && counters.start !== start)) {
      pid = start = null;
      return;
    }
    start = counters.start;
    seen = true;
    pulse = feed(pulse, { ...counters, mono: clock.monotonic() });
  }

  return {
    until: async (milliseconds) => {
      const end = clock.monotonic() + milliseconds;
      do {
        if (spec.proof) await heard(host, CUT, beat);
        await clock.sleep(
          Math.max(0, Math.min(spec.proof ? PULSE : milliseconds, end - clock.monotonic())),
          interrupts.signal,
        );
      } while (clock.monotonic() < end && !interrupts.signal.aborted);
    },
    minutes: () => pulse.minutes,
    trouble: () => (seen ? '' : `; none of ${spec.proof?.services.join(', ')} was seen to run`),
  };
}

async function mainPid(running: Running, services: readonly string[]): Promise<number | null> {
  for (const name of services) {
    const service = await running.host.services.state(name);
    if (service.exists) return isRunning(service.state) ? service.pid : null;
  }
  return null;
}

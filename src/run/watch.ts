import type { Measure, Measures } from '../model/condition.ts';
import type { Verdict } from '../model/outcome.ts';
import type { WatchSpec } from '../model/plan.ts';
import { feed, type Pulse, startPulse } from '../model/pulse.ts';
import type { Hold, Step } from '../model/runbook.ts';
import { judgeWith, resolveArg } from '../model/scope.ts';
import { watchSpec } from '../model/watch.ts';
import { heedStop, looking, type Running } from './running.ts';
import { heard } from './severed.ts';

/** How often cron's own counters are read between two samples, in milliseconds: its minute may last seconds only (a clock that runs fast). */
const PULSE = 200;

const CUT = 'the watch was cut short, so nothing is proven';

export interface Judged {
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
}

interface Sample {
  readonly values: Readonly<Record<string, number | null>>;
  readonly broken: readonly string[];
  readonly unknown: readonly string[];
}

/** Samples at the start, every `every`, and at the end. Held: every line true at every sample and the proof seen. A line that breaks ends it at once. */
export async function watch(running: Running, step: Step): Promise<Judged> {
  const spec = watchSpec(step, resolveArg(step, running.runbook, running.book.findings), running.book.findings);
  const { clock, interrupts } = running;
  const end = clock.monotonic() + spec.for;
  const sampler = startSampler(running, step.hold ?? []);
  const cron = startCronWatch(running, spec);
  const unknown = new Set<string>();
  for (;;) {
    await cron.until(0);
    const left = Math.max(0, end - clock.monotonic());
    const sample = await heard(running.host, CUT, sampler);
    for (const line of sample.unknown) unknown.add(line);
    await running.emit({
      type: 'watch.sampled',
      step: step.id,
      values: sample.values,
      broken: sample.broken,
      minutes: spec.proof ? cron.minutes() : null,
      left,
    });
    if (sample.broken.length > 0) return { verdict: 'recurred', reasons: sample.broken };
    heedStop(running);
    if (interrupts.signal.aborted)
      return {
        verdict: 'inconclusive',
        reasons: [`the watch was interrupted (${String(interrupts.signal.reason)}) ${Math.ceil(left / 1000)} s before its end`],
      };
    if (left === 0) return conclude(spec, cron, [...unknown]);
    await cron.until(Math.min(spec.every, end - clock.monotonic()));
  }
}

function conclude(spec: WatchSpec, cron: CronWatch, unknown: readonly string[]): Judged {
  const reasons = unknown.map((line) => `could not always be looked at: ${line}`);
  const wanted = spec.proof?.cronMinutes ?? 0;
  if (cron.minutes() < wanted)
    reasons.push(`cron was seen to run and end a job in ${cron.minutes()} of the ${wanted} minutes that prove it${cron.trouble()}`);
  return { verdict: reasons.length === 0 ? 'held' : 'inconclusive', reasons };
}

// ---------------------------------------------------------------- hold lines

function startSampler(running: Running, hold: readonly Hold[]): () => Promise<Sample> {
  const first = new Map<string, number>();
  return async () => {
    const values: Record<string, number | null> = {};
    const broken: string[] = [];
    const unknown: string[] = [];
    const looked = new Map<string, Measures>();
    for (const line of hold) {
      const measures = looked.get(line.of) ?? (await lookAgain(running, line.of, first));
      looked.set(line.of, measures);
      const { judgements } = judgeWith(line.condition, running.book.findings, measures);
      for (const judgement of judgements) {
        if (judgement.truth === 'no') broken.push(`${line.of}: wanted ${judgement.wanted}, seen ${judgement.seen}`);
        if (judgement.truth === 'unknown') unknown.push(`${line.of}: ${judgement.wanted}`);
      }
      for (const measure of measuresIn(line)) values[`${line.of} ${measure}`] = toNumber(measures[measure] ?? null);
    }
    return { values, broken, unknown };
  };
}

function measuresIn(line: Hold): readonly string[] {
  const walk = (condition: Hold['condition']): readonly string[] =>
    condition.kind === 'clause' ? [condition.clause.measure] : condition.conditions.flatMap(walk);
  return walk(line.condition);
}

/** The same selector as in diagnose; `growth` is how many more there are than at the first sample. */
async function lookAgain(running: Running, of: string, first: Map<string, number>): Promise<Measures> {
  const step = running.runbook.diagnose.find((one) => one.id === of) ?? running.runbook.act.find((one) => one.id === of);
  if (!step) return {};
  const verb = await running.catalogue.probe(step.verb);
  const arg = running.book.findings.steps[of]?.reference.selector ?? resolveArg(step, running.runbook, running.book.findings);
  const finding = await verb.look(looking(running, of, new AbortController().signal), arg).catch(() => null);
  const count = toNumber(finding?.measures.count ?? null);
  if (finding === null || count === null) return { ...finding?.measures };
  if (!first.has(of)) first.set(of, count);
  return { ...finding.measures, growth: count - (first.get(of) ?? count) };
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
  let seen = false;

  async function beat(): Promise<void> {
    pid ??= spec.proof ? await mainPid(running, spec.proof.services) : null;
    if (pid === null) return;
    const counters = await host.processes.counters(pid);
    if (counters) {
      seen = true;
      pulse = feed(pulse, { ...counters, mono: clock.monotonic() });
    } else pid = null; // Restarted by somebody: its new main process is looked up at the next beat.
  }

  return {
    until: async (milliseconds) => {
      const end = clock.monotonic() + milliseconds;
      do {
        if (spec.proof) await heard(host, CUT, beat);
        await clock.sleep(Math.max(0, Math.min(spec.proof ? PULSE : milliseconds, end - clock.monotonic())), interrupts.signal);
      } while (clock.monotonic() < end && !interrupts.signal.aborted);
    },
    minutes: () => pulse.minutes,
    trouble: () => (seen ? '' : `; none of ${spec.proof?.services.join(', ')} was seen to run`),
  };
}

async function mainPid(running: Running, services: readonly string[]): Promise<number | null> {
  for (const name of services) {
    const service = await running.host.services.state(name);
    if (service.exists) return service.state === 'running' ? service.pid : null;
  }
  return null;
}

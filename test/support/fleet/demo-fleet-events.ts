import { EVENT_VERSION, type Fact, type RunEvent, type Stamp } from '../../../src/model/event.ts';
import { batchesOf } from '../../../src/model/fleet/batches.ts';
import { worstOf } from '../../../src/model/fleet/outcome.ts';
import type { FleetEvent } from '../../../src/model/fleet/ports.ts';
import { DEFAULT_STRATEGY } from '../../../src/model/fleet/strategy.ts';
import { targetNamed } from '../../../src/model/fleet/target.ts';
import type { FleetFact, HostEnd } from '../../../src/model/fleet.ts';
import { demoEvents, type Story } from '../views/demo-events.ts';
import { demoPlan } from '../views/demo-plan.ts';

/**
 * Many hosts through the founding incident, batch after batch, as a fleet run tells it: its own facts and the events of
 * its hosts' runs in one stream.
 */

export const FLEET = '20261123-025900-fleet-9xk2';
type Any = FleetEvent | RunEvent;

export interface FleetStory {
  readonly hosts: readonly string[];
  /** How a host's run goes; `lost`: the connection is, in the middle of an action. Default: held. */
  readonly stories?: Readonly<Record<string, Story | 'lost'>>;
  /** The canary that recurred is undone. */
  readonly undoes?: readonly string[];
  /** Could not be planned. */
  readonly unreachable?: Readonly<Record<string, string>>;
  readonly elsewhere?: readonly string[];
  readonly atOnce?: number;
  readonly failures?: number;
}

export const named = (name: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `${name}${at + 1}`);

interface Timed {
  readonly mono: number;
  readonly event: Any;
}

/** Hosts of a batch begin a little apart and go side by side. */
export function fleetEvents(story: FleetStory): readonly Any[] {
  const { hosts, unreachable = {}, elsewhere = [], atOnce = 10, failures = 0 } = story;
  const strategy = { ...DEFAULT_STRATEGY, atOnce, failures: { kind: 'hosts', count: failures } as const };
  const away = Object.keys(unreachable);
  const acting = hosts.filter((host) => !away.includes(host) && !elsewhere.includes(host));
  const batches = batchesOf(strategy, acting);
  const out: Any[] = [];
  let seq = 0;
  let mono = 1000;
  const stamp = (at: number): Stamp => {
    seq += 1;
    return {
      v: EVENT_VERSION,
      seq,
      at: new Date(demoPlan.at + at - 1000).toISOString(),
      mono: at,
      run: FLEET,
      host: 'bastion',
    };
  };
  const tell = (fact: FleetFact): void => void out.push({ ...stamp(mono), ...fact } as FleetEvent);
  const ends: HostEnd[] = [];
  const { runbook, params } = demoPlan;
  tell({
    type: 'fleet.started',
    ...{
      runbook,
      params,
      strategy,
      hosts: hosts.map((name) => targetNamed(name)),
      skipped: [],
      who: 'alice',
      mode: 'interactive',
    },
    ...{ policy: null, tool: '0.1.0', reach: null },
  });
  mono += 4000;
  tell({
    type: 'fleet.planned',
    groups: [
      { kind: 'act' as const, hosts: acting, says: `${acting.length} hosts alike`, example: acting[0] ?? null },
      {
        kind: 'not-this-incident' as const,
        hosts: elsewhere,
        says: `${elsewhere.length} not this incident`,
        example: elsewhere[0] ?? null,
      },
      ...away.map((host) => ({
        kind: 'unreachable' as const,
        hosts: [host],
        says: `1 unreachable: ${unreachable[host]}`,
        example: null,
      })),
    ].filter((group) => group.hosts.length > 0),
  });
  for (const host of elsewhere) {
    const end: HostEnd = { host, run: null, outcome: 'not-this-incident', verdict: null, reasons: [] };
    ends.push(end);
    tell({ type: 'host.finished', ...end });
  }
  for (const host of away) {
    const end: HostEnd = {
      host,
      run: null,
      outcome: 'outcome-unknown',
      verdict: null,
      reasons: [unreachable[host] ?? ''],
    };
    ends.push(end);
    tell({ type: 'host.finished', ...end });
  }
  let stopped: string | null = null;
  for (const [at, batch] of batches.entries()) {
    if (stopped !== null) break;
    tell({ type: 'batch.started', batch: at + 1, of: batches.length, hosts: batch });
    const timed: Timed[] = [];
    const free = Array.from({ length: atOnce }, (_, slot) => mono + 100 + slot * 130);
    const bad: string[] = [];
    for (const host of batch) {
      const slot = free.indexOf(Math.min(...free));
      const begin = free[slot] ?? mono;
      const { events, end } = hostEvents(host, begin, story);
      timed.push(...events);
      ends.push(end);
      if (end.outcome !== 'held' && end.outcome !== 'not-this-incident') bad.push(host);
      free[slot] = (events.at(-1)?.mono ?? begin) + 50;
    }
    for (const { mono: when, event } of timed.toSorted((one, other) => one.mono - other.mono)) {
      mono = Math.max(mono, when);
      out.push('batch' in event || event.run === '' ? event : fresh(event, when));
    }
    mono += 20;
    tell({ type: 'batch.finished', batch: at + 1, failed: bad });
    if (
      ends.filter(({ run, outcome }) => run !== null && outcome !== 'held' && outcome !== 'not-this-incident').length >
      failures
    )
      stopped = `${bad.join(', ')} failed, and at most ${failures} may`;
  }
  if (stopped !== null) {
    const begun = new Set(ends.map(({ host }) => host));
    tell({ type: 'fleet.stopped', why: stopped, notBegun: acting.filter((host) => !begun.has(host)) });
  }
  mono += 5;
  tell({
    type: 'fleet.finished',
    outcome: worstOf(ends.map(({ outcome }) => outcome)),
    reasons: stopped === null ? [] : [stopped],
  });
  return out;

  function fresh(event: Any, when: number): Any {
    if (!('type' in event) || !event.type.startsWith('host.')) return event;
    seq += 1;
    return { ...event, seq, mono: when, at: new Date(demoPlan.at + when - 1000).toISOString() } as Any;
  }
}

function hostEvents(
  host: string,
  begin: number,
  story: FleetStory,
): { readonly events: readonly Timed[]; readonly end: HostEnd } {
  const run = `20261123-030000-${host.slice(0, 12)}`;
  const kind = story.stories?.[host] ?? 'held';
  const whole = demoEvents(kind === 'lost' ? 'held' : kind).filter(({ type }) => !type.startsWith('approval.'));
  const facts =
    kind === 'lost'
      ? whole.slice(
          0,
          whole.findIndex((event) => event.type === 'action.progress' && event.step === 'empty-maildrop') + 2,
        )
      : whole;
  const first = facts[0]?.mono ?? 0;
  const own = facts.map((event): Timed => {
    const mono = begin + event.mono - first;
    return { mono, event: { ...event, run, host, mono, at: new Date(demoPlan.at + mono - 1000).toISOString() } };
  });
  const last = own.at(-1)?.mono ?? begin;
  const finished = whole.at(-1);
  const lost = 'the connection was lost while empty-maildrop was at work: ssh ended with 255, "Broken pipe"';
  const end: HostEnd =
    kind === 'lost' || finished?.type !== 'run.finished'
      ? { host, run, outcome: 'outcome-unknown', verdict: null, reasons: [lost] }
      : { host, run, outcome: finished.outcome, verdict: finished.verdict, reasons: finished.reasons };
  const at = (mono: number, fact: FleetFact): Timed => ({
    mono,
    event: { v: EVENT_VERSION, seq: 0, at: '', mono, ...fact } as unknown as Any,
  });
  const events = [
    at(begin, { type: 'host.started', host, run }),
    ...own,
    at(last + 1, { type: 'host.finished', ...end }),
  ];
  if (!story.undoes?.includes(host)) return { events, end };
  const undone: HostEnd = { host, run, outcome: 'rolled-back', verdict: null, reasons: ['the canary recurred'] };
  const more = undoFacts(own.length, { run, host, mono: last + 10 });
  return {
    events: [
      ...events,
      at(last + 5, { type: 'host.started', host, run }),
      ...more,
      at(last + 900, { type: 'host.rolled-back', ...undone }),
    ],
    end,
  };
}

function undoFacts(
  after: number,
  { run, host, mono }: { readonly run: string; readonly host: string; readonly mono: number },
): readonly Timed[] {
  const facts: readonly Fact[] = [
    {
      type: 'run.resumed',
      to: 'roll-back',
      who: 'alice',
      mode: 'interactive',
      policy: null,
      tool: '0.1.0',
      boot: { id: 'b00t', at: 0 },
      hash: 'h',
    },
    { type: 'rollback.started', why: 'the canary recurred', steps: ['start-cron', 'silence-jobs', 'stop-cron'] },
    { type: 'undo.intended', step: 'stop-cron', say: 'start cron again' },
    {
      type: 'undo.applied',
      step: 'stop-cron',
      applied: { outcome: 'done', summary: 'cron runs, pid 7012', used: {}, blocks: [] },
    },
    { type: 'rollback.finished', complete: true, left: [] },
    {
      type: 'run.finished',
      outcome: 'rolled-back',
      verdict: null,
      reasons: ['the canary recurred'],
      open: [],
      missed: [],
    },
  ];
  return facts.map((fact, at) => {
    const when = mono + at * 100;
    const stamp: Stamp = {
      v: EVENT_VERSION,
      seq: after + at + 1,
      at: new Date(demoPlan.at + when - 1000).toISOString(),
      mono: when,
      run,
      host,
    };
    return { mono: when, event: { ...stamp, ...fact } };
  });
}

/** The stories that tests and the demo show. */
export const FLEETS = {
  held: { hosts: named('web-', 12), elsewhere: ['web-4'], unreachable: { 'web-9': 'connection timed out after 10 s' } },
  recurred: { hosts: named('web-', 12), stories: { 'web-1': 'recurred' }, undoes: ['web-1'] },
  trouble: {
    hosts: named('web-', 40),
    stories: { 'web-3': 'undone', 'web-7': 'lost', 'web-12': 'recurred' },
    failures: 5,
  },
  large: {
    hosts: named('node-', 200),
    stories: { 'node-31': 'undone', 'node-77': 'lost', 'node-101': 'recurred' },
    failures: 20,
    atOnce: 50,
  },
} as const satisfies Readonly<Record<string, FleetStory>>;

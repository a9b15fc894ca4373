import type { HostEnd, PlanGroup } from '../fleet.ts';
import { exitCode, type OutcomeName } from '../outcome.ts';
import type { FleetEvent, FleetEventOf } from './ports.ts';

/**
 * The state of a fleet run, folded from its events. Resume, rollback, report, `runs` and the views all use this one
 * fold. It works for every prefix of every journal.
 */
export interface FleetState {
  readonly run: string;
  /** What `fleet.started` said; null before it. */
  readonly meta: Omit<FleetEventOf<'fleet.started'>, 'type' | 'v' | 'seq'> | null;
  readonly last: { readonly seq: number; readonly at: string; readonly mono: number } | null;
  /** In the order of the run. */
  readonly hosts: readonly HostState[];
  /** As they were planned last. */
  readonly groups: readonly PlanGroup[];
  readonly batches: readonly BatchState[];
  /** No further host is begun. */
  readonly stopped: { readonly why: string; readonly notBegun: readonly string[] } | null;
  readonly notes: readonly { readonly at: string; readonly text: string }[];
  readonly resumes: number;
  /** Null while the run is at work, and after a crash. */
  readonly finished: {
    readonly outcome: OutcomeName;
    readonly exit: number;
    readonly reasons: readonly string[];
    readonly at: string;
  } | null;
}

export interface HostState {
  readonly host: string;
  readonly status: 'waiting' | 'running' | 'ended' | 'rolled-back';
  /** Null: it was never begun. */
  readonly run: string | null;
  readonly started: { readonly at: string; readonly mono: number } | null;
  /** How its run ended; kept when it is rolled back. */
  readonly end: HostEnd | null;
  readonly ended: { readonly at: string; readonly mono: number } | null;
  readonly rolledBack: HostEnd | null;
}

export interface BatchState {
  readonly batch: number;
  readonly of: number;
  readonly hosts: readonly string[];
  /** Null while it goes on. */
  readonly failed: readonly string[] | null;
}

export const initialFleet: FleetState = {
  run: '',
  meta: null,
  last: null,
  hosts: [],
  groups: [],
  batches: [],
  stopped: null,
  notes: [],
  resumes: 0,
  finished: null,
};

export function fleetStateOf(events: Iterable<FleetEvent>): FleetState {
  let state = initialFleet;
  for (const event of events) state = applyFleet(state, event);
  return state;
}

/** An event of an unknown type changes only `last`. */
export function applyFleet(before: FleetState, event: FleetEvent): FleetState {
  // A fact about a host carries the id of the host's run, not the id of the fleet's.
  const run = event.type.startsWith('host.') ? before.run : event.run;
  const state = { ...before, run, last: { seq: event.seq, at: event.at, mono: event.mono } };
  return applyFact(state, event) ?? state;
}

function applyFact(state: FleetState, event: FleetEvent): FleetState | undefined {
  switch (event.type) {
    case 'fleet.started':
      return started(state, event);
    case 'fleet.resumed':
      return { ...state, hosts: takenUp(state, event), stopped: null, finished: null, resumes: state.resumes + 1 };
    case 'fleet.planned':
      return { ...state, groups: event.groups };
    case 'batch.started':
      return {
        ...state,
        batches: [...state.batches, { batch: event.batch, of: event.of, hosts: event.hosts, failed: null }],
      };
    case 'host.started':
      return begun(state, event);
    case 'host.finished':
      return inHost(state, event.host, {
        status: 'ended',
        end: endOf(event),
        ended: momentOf(event),
        ...(event.run !== null && { run: event.run }),
      });
    case 'host.rolled-back':
      return inHost(state, event.host, { status: isUndone(event) ? 'rolled-back' : 'ended', rolledBack: endOf(event) });
    case 'batch.finished':
      return {
        ...state,
        batches: state.batches.map((batch, at) => (isLast(state, at) ? { ...batch, failed: event.failed } : batch)),
      };
    case 'fleet.stopped':
      return { ...state, stopped: { why: event.why, notBegun: event.notBegun } };
    case 'fleet.noted':
      return { ...state, notes: [...state.notes, { at: event.at, text: event.text }] };
    case 'fleet.finished':
      return {
        ...state,
        finished: { outcome: event.outcome, exit: exitCode(event.outcome), reasons: event.reasons, at: event.at },
      };
    default:
      return unheardOf(event);
  }
}

function unheardOf(_: never): undefined {
  return undefined;
}

const FRESH = { end: null, ended: null, rolledBack: null } as const;

function started(state: FleetState, event: FleetEventOf<'fleet.started'>): FleetState {
  const { type: _type, v: _v, seq: _seq, ...meta } = event;
  return {
    ...state,
    meta,
    hosts: event.hosts.map(({ name: host }) => ({ host, status: 'waiting', run: null, started: null, ...FRESH })),
  };
}

/** Those that were never begun wait for their turn again. */
function takenUp({ hosts }: FleetState, { to, hosts: named }: FleetEventOf<'fleet.resumed'>): readonly HostState[] {
  const again = ({ host, run }: HostState): boolean => to === 'finish' && run === null && named.includes(host);
  return hosts.map((host) => (again(host) ? { ...host, ...FRESH, status: 'waiting' } : host));
}

/** A later life of the same run (a resume, a rollback) does not change how the earlier one ended. */
function begun(state: FleetState, event: FleetEventOf<'host.started'>): FleetState {
  const known = state.hosts.find(({ host }) => host === event.host);
  const again = known?.run === event.run;
  return inHost(state, event.host, {
    ...(again ? {} : FRESH),
    status: 'running',
    run: event.run,
    started: momentOf(event),
  });
}

/** A rollback that could not be begun has undone nothing. */
const isUndone = ({ outcome }: HostEnd): boolean => outcome === 'rolled-back' || outcome === 'rollback-incomplete';

function inHost(state: FleetState, host: string, change: Partial<HostState>): FleetState {
  const at = state.hosts.findIndex((one) => one.host === host);
  const known = state.hosts[at];
  return known === undefined ? state : { ...state, hosts: state.hosts.with(at, { ...known, ...change }) };
}

function endOf({ host, run, outcome, verdict, reasons }: HostEnd): HostEnd {
  return { host, run, outcome, verdict, reasons };
}

function momentOf({ at, mono }: FleetEvent): { readonly at: string; readonly mono: number } {
  return { at, mono };
}

const isLast = ({ batches }: FleetState, at: number): boolean => at === batches.length - 1;

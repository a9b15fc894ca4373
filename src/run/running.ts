import { clockOn } from '../model/host/far-clock.ts';
import { takenDown } from '../model/host/service.ts';
import type { Host } from '../model/host.ts';
import type { Json } from '../model/json.ts';
import type { OutcomeName, Verdict } from '../model/outcome.ts';
import type { Plan } from '../model/plan.ts';
import type { Unsettled } from '../model/policy/spent.ts';
import type { PolicyRule } from '../model/policy.ts';
import type { Ask, Catalogue, Emit, Interrupts, Journal } from '../model/ports.ts';
import type { WayBack } from '../model/run/undo.ts';
import type { Findings } from '../model/runbook/scope.ts';
import type { Limits, Runbook } from '../model/runbook.ts';
import type { Act, Clock, LeaseDeadline, LeaseTerms, Look } from '../model/verb.ts';

/** One execution of one plan on one host: what it works with, and its book of what was done so far. */
export interface Running {
  readonly plan: Plan;
  readonly runbook: Runbook;
  readonly host: Host;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly journal: Journal;
  readonly interrupts: Interrupts;
  /** The kill switch: why an unattended run has to stop; null: it may go on. */
  readonly stop?: () => string | null;
  /** Who decides: a person at a terminal, or the policy's rule. Exactly one. */
  readonly by:
    | { readonly kind: 'person'; readonly ask: Ask; readonly name: string }
    | { readonly kind: 'policy'; readonly rule: PolicyRule };
  /** Act steps that an earlier life of this run has finished. */
  readonly finished: ReadonlySet<string>;
  /** Act steps whose intent has no outcome: the world is asked, and what may not be done twice is for a person. */
  readonly unknown: ReadonlySet<string>;
  readonly book: Book;
}

/** Grows while the run goes on; the journal holds the same, and more. */
export interface Book {
  findings: Findings;
  /** With what is not settled yet. */
  used: Limits;
  /** Of earlier lives, by step: see model/policy/spent.ts. */
  readonly unsettled: Map<string, Unsettled>;
  /** Reserved by the current attempt. */
  reserved: Limits;
  /** What was done and how it is undone, oldest first. */
  readonly done: Done[];
  readonly leases: Map<string, Lease>;
  /** What was stopped under a lease, by its key, and how long. */
  readonly stopped: StoppedTime[];
  /** Aborted at the end of the run: lets go of what waits for a deadline. */
  readonly over: AbortController;
}

export interface Done extends WayBack {
  readonly verb: string;
  /** False: it failed, and nothing tells that it changed anything. */
  readonly sure: boolean;
  readonly records: Readonly<Record<string, string>>;
  /** Undoing it brings back what diagnose matched: a sentence that says so, else null. */
  readonly dangerous: string | null;
}

/** Epoch milliseconds; `to` is null while it is stopped. */
export interface StoppedTime {
  readonly key: string;
  readonly from: number;
  to: number | null;
}

export interface Lease extends LeaseTerms {
  readonly step: string;
  readonly verb: string;
  /** On the monotonic clock: the engine renews it until then, at the latest. */
  readonly until: number;
  /**
   * What starts the service with nobody alive. Null: there was no process slot for it so far, and only the engine
   * watches.
   */
  watch: Watch | null;
  /** Settled once no renewal is at work: who lets go of the lease waits for it. */
  busy: Promise<void>;
}

export interface Watch {
  readonly handle: Json;
  readonly deadline: LeaseDeadline;
}

/**
 * How a step leaves the run: on to the next, cut short by an interrupt (whoever then goes on begins with it again), or
 * halted with what that means.
 */
export type StepEnd =
  | { readonly kind: 'on' }
  | { readonly kind: 'cut-short' }
  | {
      readonly kind: 'halt';
      readonly outcome: OutcomeName;
      readonly reason: string /** Whether to undo: yes, no, or `ask` the person or the policy. `now`: undo without asking. */;
      readonly undo: 'yes' | 'no' | 'ask' | 'now';
    };

export interface Ending {
  readonly outcome: OutcomeName;
  readonly verdict: Verdict | null;
  readonly reasons: readonly string[];
}

export const ON: StepEnd = { kind: 'on' };
export const CUT_SHORT: StepEnd = { kind: 'cut-short' };

/** The terminal is gone: there is nobody to ask. */
export const HANG_UP = 'SIGHUP';

/**
 * The kill switch is an interrupt of its own, looked up at every safe point. Whom a person attends to, that person
 * stops.
 */
export function heedStop({ by, stop, interrupts }: Running): boolean {
  const reason = by.kind === 'policy' ? stop?.() : null;
  if (reason && !interrupts.signal.aborted) interrupts.raise(reason);
  return Boolean(reason);
}

export function looking(running: Running, step: string, signal = running.interrupts.signal): Look {
  return {
    host: running.host,
    clock: clockOn(running.host, running.clock),
    signal,
    takenDown: (service) =>
      takenDown(
        running.book.done.map(({ undo }) => undo),
        service,
      ),
    progress: (progress) => void running.emit({ type: 'action.progress', step, progress }).catch(() => {}),
  };
}

export function acting(
  running: Running,
  step: string,
  records: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Act {
  const { book, plan, journal } = running;
  return {
    ...looking(running, step, signal),
    allowance: (limit) => Math.max(0, (plan.limits[limit] ?? Number.POSITIVE_INFINITY) - (book.used[limit] ?? 0)),
    reserve: async (limit, count, ids) => {
      book.reserved = { ...book.reserved, [limit]: count };
      await running.emit({ type: 'action.reserved', step, used: { [limit]: count }, ...(ids && { ids }) });
    },
    recall: (name) => journal.recall(records[name] ?? name),
  };
}

import type { RunEvent, Stamp } from '../event.ts';
import type { FleetFact, HostEnd, HostPlan, PlanGroup } from '../fleet.ts';
import type { Json } from '../json.ts';
import type { Plan } from '../plan.ts';
import type { Strategy } from './strategy.ts';

/**
 * `run` is the id of the fleet run and `host` the machine on which it was started. In the events `host.*` they are
 * those of the host: `run` is null if its run was never begun.
 */
export type FleetEvent = Stamp & FleetFact;
export type FleetEventOf<T extends FleetFact['type']> = Stamp & Extract<FleetFact, { readonly type: T }>;

/** Tells whether an event belongs to the fleet or to one of its hosts. */
export function isFleetEvent(event: { readonly type: string }): event is FleetEvent {
  return /^(fleet|batch|host)\./.test(event.type);
}

/** What was found on every host and what would be done. It fits one screen, so that a person can approve it. */
export interface FleetPlan {
  readonly runbook: Plan['runbook'];
  readonly params: Readonly<Record<string, Json>>;
  readonly strategy: Strategy;
  /** In the order of the run. Long lists of targets are cut to a sample; the counts are exact. */
  readonly plans: readonly HostPlan[];
  readonly groups: readonly PlanGroup[];
  /** Of the hosts on which something would be done. The first is the canary. */
  readonly batches: readonly (readonly string[])[];
  readonly skipped: readonly string[];
}

/**
 * Shows events and decides nothing. It gets the events of the fleet and of its hosts' runs as they come; `event.host`
 * tells the host.
 */
export interface FleetView {
  show(event: FleetEvent | RunEvent): void | Promise<void>;
  /** While hosts are planned: how many have answered, and of how many. */
  planning?(progress: { readonly done: number; readonly of: number; readonly host: string }): void;
  /** Every host is planned, nothing was touched. Comes after `fleet.planned`. */
  planned?(plan: FleetPlan): void | Promise<void>;
  close(): void | Promise<void>;
}

export interface NextBatch {
  /** 2, 3 ...; the first is part of the plan that was approved. */
  readonly batch: number;
  readonly of: number;
  readonly hosts: readonly string[];
  /** How the earlier batches have ended. */
  readonly ended: readonly HostEnd[];
}

export interface FleetUndo {
  readonly hosts: readonly string[];
  readonly why: string;
  /** What would be undone, newest first, a sentence each. */
  readonly steps: readonly string[];
  /** Undo would bring the incident back: the word must be typed. */
  readonly dangerous: string | null;
}

/**
 * Asks a person about the fleet; one question at a time. Whatever is unclear or interrupted is answered with what
 * changes nothing.
 */
export interface FleetAsk {
  /** Once, before any host is touched. */
  approve(plan: FleetPlan): Promise<{ readonly choice: 'run' | 'quit'; readonly reason: string | null }>;
  /** Before each further batch. */
  next(batch: NextBatch): Promise<{ readonly choice: 'run' | 'quit'; readonly reason: string | null }>;
  undo(undo: FleetUndo): Promise<'undo' | 'leave'>;
  /** A `manual` step of one host. */
  confirm(manual: {
    readonly host: string;
    readonly step: string;
    readonly text: string;
  }): Promise<{ readonly done: boolean; readonly reason: string | null }>;
}

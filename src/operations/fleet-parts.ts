import type { RunEvent } from '../model/event.ts';
import type { FleetFact, Target } from '../model/fleet.ts';
import type { FleetAsk, FleetView } from '../model/fleet-ports.ts';
import type { FleetState } from '../model/fleet-state.ts';
import type { Host, Result } from '../model/host.ts';
import type { Json } from '../model/json.ts';
import type { OutcomeName } from '../model/outcome.ts';
import type { Mode } from '../model/permit.ts';
import type { Catalogue, Interrupts, Journal } from '../model/ports.ts';
import type { Reached } from '../model/reached.ts';
import type { Limits, Runbook } from '../model/runbook.ts';
import type { Secrets } from '../model/secret.ts';
import type { RunState } from '../model/state.ts';
import type { Strategy } from '../model/strategy.ts';
import type { Clock } from '../model/verb.ts';
import type { Brakes } from './fleet-brakes.ts';

/** What is asked for. */
export interface FleetRequest {
  readonly runbook: Runbook;
  readonly params: Readonly<Record<string, Json>>;
  /** Limits that a person raised for this run. */
  readonly raised: Limits;
  readonly strategy: Strategy;
  /** In the order of the run, each once. */
  readonly hosts: readonly Target[];
  readonly skipped: readonly string[];
  /** How the hosts are reached, for the journal. */
  readonly reach: Json;
  readonly who: string;
  readonly mode: 'interactive' | 'unattended';
  readonly policy: { readonly path: string; readonly hash: string } | null;
  readonly tool: string;
  readonly notes: readonly string[];
}

/** A host that answers. */
export interface FleetHost {
  readonly host: Host;
  /** The same host, refusing every change. */
  readonly readOnlyHost: Host;
  /** How it was reached, for the journal of its run: that run can be resumed by itself too. */
  readonly target: Reached;
  /** Who decides on this host, by its own clock and what was done on it before; `run` is left out of that. */
  mode(run?: string): Promise<Mode>;
  /** One run a host. Failure `locked`: somebody else's is there. `note`: what is to be known of the lock. */
  lock(run: string): Promise<Result<{ readonly note: string | null; readonly release: () => Promise<void> }>>;
  /** It may be kept open for the next who reaches it. */
  close(): Promise<void>;
}

/** What it is done with. */
export interface FleetParts {
  /** Of the machine that it is started from. */
  readonly here: string;
  readonly journal: Journal;
  readonly views: readonly FleetView[];
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly interrupts: Interrupts;
  /** Of one host: raised when the fleet is to stop at once, or by its own leases. */
  readonly hostInterrupts: () => Interrupts;
  /** The kill switch. */
  readonly stop?: () => string | null;
  readonly secrets?: Secrets;
  /** Present where a person decides. */
  readonly ask: FleetAsk | null;
  /** How many hosts are looked at at once while they are planned. */
  readonly lookAtOnce: number;
  /** Failure: `unreachable`, `host-key`, `auth`, `become`, `no-slots`. Nothing was touched. */
  reach(target: Target): Promise<Result<{ readonly reached: FleetHost }>>;
  /** A journal of its own for the run of a host. */
  openRun(host: string): Promise<Result<{ readonly journal: Journal }>>;
  reopenRun(run: string): Promise<Result<{ readonly journal: Journal; readonly events: readonly RunEvent[] }>>;
  /** What an earlier run adds up to; null: its journal is gone, or not to be trusted. */
  runState(run: string): RunState | null;
  /** Whether the policy lets so many hosts be changed by one run; null: it does. Asked once all are planned, before any is touched. */
  permit(acting: readonly Target[]): Promise<{ readonly outcome: OutcomeName; readonly reason: string } | null>;
}

/** A fleet run at work. */
export interface Fleet {
  readonly request: FleetRequest;
  readonly parts: FleetParts;
  readonly emit: (fact: FleetFact) => Promise<void>;
  readonly brakes: Brakes;
  /** One question at a time, whichever host it is of. */
  readonly ask: FleetAsk | null;
  /** The fold of its events so far. */
  readonly state: () => FleetState;
}

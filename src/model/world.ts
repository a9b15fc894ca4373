import type { RunEvent } from './event.ts';
import type { Target } from './fleet.ts';
import type { Reached } from './host/reached.ts';
import type { Host, Result } from './host.ts';
import type { OutcomeName } from './outcome.ts';
import type { Mode } from './policy/permit.ts';
import type { Policy } from './policy.ts';
import type { Catalogue, Interrupts, Journal } from './ports.ts';
import type { Runbook } from './runbook.ts';
import type { Secrets } from './secret.ts';
import type { Clock } from './verb.ts';

/** A host that answers. */
export interface ReachedHost {
  readonly host: Host;
  /** The same host, refusing every change. */
  readonly readOnlyHost: Host;
  /** How it was reached, for the journal of its run. Null: it is this machine. */
  readonly target: Reached | null;
  /** What is to be known of it, for the journal. */
  readonly notes: readonly string[];
  /**
   * Takes the lock of the host. Failure `locked`: another run has it. `note`: what a person should know about the lock.
   */
  lock(run: string): Promise<Result<{ readonly note: string | null; readonly release: () => Promise<void> }>>;
  /** Lets go of the connection. It may stay open for the next user of it. */
  close(): Promise<void>;
}

/** An earlier run's journal, to go on with. */
export interface Reopened {
  readonly journal: Journal;
  readonly events: readonly RunEvent[];
  /** Names of records that no line of the journal mentions. */
  readonly orphans: readonly string[];
}

/** What the life of one host's run needs of the world, be it alone or one of many. */
export interface World {
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  /** The kill switch. */
  readonly stop?: () => string | null;
  readonly secrets?: Secrets;
  /**
   * Null: this machine. Failure: `unreachable`, `host-key`, `auth`, `become`, `no-slots`, or `interrupted` by the signal.
   * Nothing was touched.
   */
  reach(target: Target | null, signal: AbortSignal): Promise<Result<{ readonly reached: ReachedHost }>>;
  /** A journal for a new run. `host`: of a host of a fleet, whose journals are told apart by it. */
  openRun(runbook: string, host: string | null): Promise<Result<{ readonly journal: Journal }>>;
  reopenRun(run: string): Promise<Result<Reopened>>;
  /** Who decides on this host, by its own clock and its earlier runs, without the run `except`. */
  mode(
    asked: { readonly runbook: Runbook; readonly policy: Policy | null },
    host: Host,
    except?: string,
  ): Promise<Mode>;
}

/** What only a run on many hosts needs, beside its own journal, its views and the person to ask. */
export interface FleetWorld extends World {
  /** Of the machine that it is started from. */
  readonly here: string;
  readonly interrupts: Interrupts;
  /** The interrupts of one host: raised when the fleet must stop at once, or when one of its leases runs out. */
  readonly hostInterrupts: () => Interrupts;
  /** How many hosts are looked at at once while they are planned. */
  readonly lookAtOnce: number;
  /** The journal of an earlier run, only looked into. */
  readRun(run: string): Result<{ readonly events: readonly RunEvent[] }>;
  /**
   * Why the policy does not let one run change so many hosts; null: it does. Asked after all hosts are planned and
   * before any is touched.
   */
  permit(acting: readonly Target[]): Promise<{ readonly outcome: OutcomeName; readonly reason: string } | null>;
}

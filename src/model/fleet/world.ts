import type { RunEvent } from '../event.ts';
import type { Target } from '../fleet.ts';
import type { Reached } from '../host/reached.ts';
import type { Host, Result } from '../host.ts';
import type { OutcomeName } from '../outcome.ts';
import type { Mode } from '../policy/permit.ts';
import type { Catalogue, Interrupts, Journal } from '../ports.ts';
import type { Secrets } from '../secret.ts';
import type { RunState } from '../state.ts';
import type { Clock } from '../verb.ts';

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

/** What a fleet run needs of the world beside its own journal and whom it shows to and asks. */
export interface FleetWorld {
  /** Of the machine that it is started from. */
  readonly here: string;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly interrupts: Interrupts;
  /** Of one host: raised when the fleet is to stop at once, or by its own leases. */
  readonly hostInterrupts: () => Interrupts;
  /** The kill switch. */
  readonly stop?: () => string | null;
  readonly secrets?: Secrets;
  /** How many hosts are looked at at once while they are planned. */
  readonly lookAtOnce: number;
  /** Failure: `unreachable`, `host-key`, `auth`, `become`, `no-slots`. Nothing was touched. */
  reach(target: Target): Promise<Result<{ readonly reached: FleetHost }>>;
  /** A journal of its own for the run of a host. */
  openRun(host: string): Promise<Result<{ readonly journal: Journal }>>;
  reopenRun(run: string): Promise<Result<{ readonly journal: Journal; readonly events: readonly RunEvent[] }>>;
  /** What an earlier run adds up to; null: its journal is gone, or not to be trusted. */
  runState(run: string): RunState | null;
  /**
   * Whether the policy lets so many hosts be changed by one run; null: it does. Asked once all are planned, before any
   * is touched.
   */
  permit(acting: readonly Target[]): Promise<{ readonly outcome: OutcomeName; readonly reason: string } | null>;
}

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
  /** Who decides on this host, by its own clock and its earlier runs, without the run `run`. */
  mode(run?: string): Promise<Mode>;
  /**
   * Takes the lock of the host. Failure `locked`: another run has it. `note`: what a person should know about the lock.
   */
  lock(run: string): Promise<Result<{ readonly note: string | null; readonly release: () => Promise<void> }>>;
  /** Lets go of the connection. It may stay open for the next user of it. */
  close(): Promise<void>;
}

/** What a fleet run needs beside its own journal, its views and the person to ask. */
export interface FleetWorld {
  /** Of the machine that it is started from. */
  readonly here: string;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly interrupts: Interrupts;
  /** The interrupts of one host: raised when the fleet must stop at once, or when one of its leases runs out. */
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
  /** The state of an earlier run. Null: its journal is gone or damaged. */
  runState(run: string): RunState | null;
  /**
   * Why the policy does not let one run change so many hosts; null: it does. Asked after all hosts are planned and
   * before any is touched.
   */
  permit(acting: readonly Target[]): Promise<{ readonly outcome: OutcomeName; readonly reason: string } | null>;
}

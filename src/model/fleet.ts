import type { Json } from './json.ts';
import type { OutcomeName, Verdict } from './outcome.ts';
import type { Plan } from './plan.ts';

/** A host as it is named, reached and grouped. The name is unique, and what ssh_config(5) is asked with; the rest overrides what stands there. */
export interface Target {
  readonly name: string;
  /** ssh's HostName: an address where the name is none. */
  readonly address: string | null;
  readonly port: number | null;
  readonly user: string | null;
  /** Path of a private key. */
  readonly identity: string | null;
  /** Without `all`, which everybody is in. */
  readonly groups: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Root through sudo; null: as the command line says. */
  readonly become: boolean | null;
}

/** How many: of all hosts that are chosen. */
export type Size =
  | { readonly kind: 'hosts'; readonly count: number }
  | { readonly kind: 'share'; readonly percent: number }
  | { readonly kind: 'rest' };

/** In which order and how boldly a runbook goes through hosts. */
export interface Strategy {
  /**
   * How many are done when a batch has ended, rounded down: `1, 5%, 25%, rest` of 200 is 1, 9 more, 40 more, 150 more; of 5 it is 1 and then 4, since
   * what is done already needs no batch. The first is the canary. A batch begins when all of the one before have been verified.
   */
  readonly batches: readonly Size[];
  readonly atOnce: number;
  /** Milliseconds between batches. */
  readonly pause: number;
  /** No further host is begun once more than this have failed. Default: none may. Never `rest`. */
  readonly failures: Exclude<Size, { readonly kind: 'rest' }>;
  readonly order: 'given' | 'name' | 'reverse' | 'shuffled';
}

export const DEFAULT_STRATEGY: Strategy = {
  batches: [{ kind: 'hosts', count: 1 }, { kind: 'share', percent: 5 }, { kind: 'share', percent: 25 }, { kind: 'rest' }],
  atOnce: 10,
  pause: 0,
  failures: { kind: 'hosts', count: 0 },
  order: 'given',
};

/** What planning found of a host, before any host is touched. */
export type HostPlan =
  | { readonly kind: 'plan'; readonly host: string; readonly plan: Plan }
  /** `unreachable`, `host-key`, `auth`, `become`, `no-slots`, `locked` ...: the failure's code, with its sentence. */
  | { readonly kind: 'unreachable'; readonly host: string; readonly code: string; readonly reason: string };

/** Hosts for which the same would be done, or the same is the matter. */
export interface PlanGroup {
  readonly kind: 'act' | 'not-this-incident' | 'refused' | 'unreachable';
  readonly hosts: readonly string[];
  /** What they have in common, in a sentence. */
  readonly says: string;
  /** One of their plans, to be shown whole; null for those that have none. */
  readonly example: string | null;
}

export interface HostEnd {
  readonly host: string;
  /** Null: it was never begun on this host. */
  readonly run: string | null;
  readonly outcome: OutcomeName;
  readonly verdict: Verdict | null;
  readonly reasons: readonly string[];
}

/** One thing that happened in a fleet run. The runs of its hosts have journals of their own, which tell the rest. */
export type FleetFact =
  | {
      readonly type: 'fleet.started';
      readonly runbook: {
        readonly name: string;
        readonly version: string;
        readonly title: string;
        readonly path: string;
        readonly hash: string;
      };
      readonly params: Readonly<Record<string, Json>>;
      readonly strategy: Strategy;
      readonly hosts: readonly Target[];
      /** Chosen, and left out by name. */
      readonly skipped: readonly string[];
      readonly who: string;
      readonly mode: 'interactive' | 'unattended';
      readonly policy: { readonly path: string; readonly hash: string } | null;
      readonly tool: string;
    }
  | { readonly type: 'fleet.resumed'; readonly to: 'finish' | 'roll-back'; readonly who: string; readonly hosts: readonly string[] }
  | { readonly type: 'fleet.planned'; readonly groups: readonly PlanGroup[] }
  | { readonly type: 'batch.started'; readonly batch: number; readonly of: number; readonly hosts: readonly string[] }
  /** On disk before the host is touched. */
  | { readonly type: 'host.started'; readonly host: string; readonly run: string }
  | ({ readonly type: 'host.finished' } & HostEnd)
  | ({ readonly type: 'host.rolled-back' } & HostEnd)
  | { readonly type: 'batch.finished'; readonly batch: number; readonly failed: readonly string[] }
  /** No further host is begun. */
  | { readonly type: 'fleet.stopped'; readonly why: string; readonly notBegun: readonly string[] }
  | { readonly type: 'fleet.finished'; readonly outcome: OutcomeName; readonly reasons: readonly string[] };

import type { Strategy } from './fleet/strategy.ts';
import type { Json } from './json.ts';
import type { OutcomeName, Verdict } from './outcome.ts';
import type { Plan } from './plan.ts';
import type { IdentityLine } from './run/saved-plan.ts';

export type { Strategy } from './fleet/strategy.ts';

/**
 * A host as it is named, reached and grouped. The name is unique, and what ssh_config(5) is asked with; the rest
 * overrides what stands there.
 */
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

/** What planning found of a host, before any host is touched. */
export type HostPlan =
  | { readonly kind: 'plan'; readonly host: string; readonly plan: Plan }
  /** `unreachable`, `host-key`, `auth`, `become`, `no-slots`, `locked` ...: the failure's code, with its sentence. */
  | { readonly kind: 'unreachable'; readonly host: string; readonly code: string; readonly reason: string };

/**
 * What a host's plan holds fast until its turn comes: which services, edits, limits and actions. Processes and files
 * move meanwhile.
 */
export interface HeldPlan {
  readonly pinned: readonly IdentityLine[];
  readonly refusal: Plan['refusal'];
}

/** Hosts for which the same would be done, or the same is the matter. */
export interface PlanGroup {
  readonly kind: 'act' | 'looked-only' | 'not-this-incident' | 'refused' | 'unreachable';
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
      /**
       * How the hosts are reached, for a resume: what wiring makes of the ssh options. No secret is in it, but where
       * one is.
       */
      readonly reach: Json;
    }
  | {
      readonly type: 'fleet.resumed';
      readonly to: 'finish' | 'roll-back';
      readonly who: string;
      readonly hosts: readonly string[];
    }
  | { readonly type: 'fleet.planned'; readonly groups: readonly PlanGroup[] }
  | { readonly type: 'batch.started'; readonly batch: number; readonly of: number; readonly hosts: readonly string[] }
  /** On disk before the host is touched. */
  | { readonly type: 'host.started'; readonly host: string; readonly run: string }
  | ({ readonly type: 'host.finished' } & HostEnd)
  | ({ readonly type: 'host.rolled-back' } & HostEnd)
  | { readonly type: 'batch.finished'; readonly batch: number; readonly failed: readonly string[] }
  /** No further host is begun. */
  | { readonly type: 'fleet.stopped'; readonly why: string; readonly notBegun: readonly string[] }
  /** What is to be known of how it was started or went on. */
  | { readonly type: 'fleet.noted'; readonly text: string }
  | { readonly type: 'fleet.finished'; readonly outcome: OutcomeName; readonly reasons: readonly string[] };

import type { Strategy } from './fleet/strategy.ts';
import type { Json } from './json.ts';
import type { OutcomeName, Verdict } from './outcome.ts';
import type { Plan } from './plan.ts';
import type { IdentityLine } from './run/saved-plan.ts';

export type { Strategy } from './fleet/strategy.ts';

/**
 * A host: its name, how to reach it, its groups. The name is unique; ssh looks it up in ssh_config(5), and the other
 * fields override what ssh finds there.
 */
export interface Target {
  readonly name: string;
  /** ssh's HostName: the address, if the name is not one. */
  readonly address: string | null;
  readonly port: number | null;
  readonly user: string | null;
  /** Path of a private key. */
  readonly identity: string | null;
  /** Without `all`: every host is in it. */
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
 * What must not change until the host's turn comes: its services, edits, limits and actions. Processes and files may
 * change meanwhile.
 */
export interface HeldPlan {
  readonly pinned: readonly IdentityLine[];
  readonly refusal: Plan['refusal'];
}

/** Hosts on which the run would do the same, or which have the same trouble. */
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
      /** Of the runbook, for a resume to show what was edited since; absent in journals of before. */
      readonly text?: string;
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
       * How to reach the hosts again for a resume, made from the ssh options. It holds no secret, only the place of
       * one.
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
  /** Notes about how the run was started or resumed. */
  | { readonly type: 'fleet.noted'; readonly text: string }
  | { readonly type: 'fleet.finished'; readonly outcome: OutcomeName; readonly reasons: readonly string[] };

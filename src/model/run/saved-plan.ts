import type { Plan } from '../plan.ts';

/** Raised when a program that knows only the old form would misunderstand the new one. */
export const PLAN_FORMAT = 1;

/**
 * A plan as it was reviewed, to be run once and soon. `identity` and `pinned` must be the same when it is run; which
 * processes and which files are touched may change, within the limits and by the same selectors.
 */
export interface SavedPlan {
  readonly firebreak: 'plan';
  readonly format: typeof PLAN_FORMAT;
  /**
   * SHA-256 of all the rest: what is edited by hand has another. The journal of the run that uses it names it, and that
   * is the mark of its use.
   */
  readonly id: string;
  /** A random text, so that two plans of the same moment differ. */
  readonly nonce: string;
  /** ISO 8601, UTC. `until` is for people: what counts is `machine.uptime` and `valid`. */
  readonly at: string;
  readonly until: string;
  /** Milliseconds. */
  readonly valid: number;
  /** Who saved it. */
  readonly by: string;
  readonly machine: MachineThen;
  /** The parameters as they were typed. They are read again when the plan is run. */
  readonly asked: {
    readonly runbook: string;
    readonly params: readonly string[];
    readonly limits: readonly string[];
    readonly policy: string | null;
  };
  /** What is known before anything is looked at: program, runbook, parameters, policy, steps. */
  readonly identity: readonly IdentityLine[];
  /** What the plan found and holds fast: limits, files to be edited by their hash, services, which actions run. */
  readonly pinned: readonly IdentityLine[];
  /** The texts, so that a refusal can name the line that was changed. */
  readonly texts: { readonly runbook: string; readonly policy: string | null };
  /** To be shown again; without the bytes that undo would keep. */
  readonly plan: Plan;
}

/**
 * The life of the machine that it was made in: boot id, and milliseconds since boot, which no step of the clock moves.
 */
export interface MachineThen {
  readonly host: string;
  readonly boot: string;
  readonly uptime: number;
  readonly uid: number;
}

export interface IdentityLine {
  readonly name: string;
  readonly value: string;
}

/** Null: the line is missing on this side. */
export interface Difference {
  readonly name: string;
  readonly planned: string | null;
  readonly now: string | null;
}

/**
 * How far the targets of a step have moved since the plan. Of files only the count is known: at least so many are new,
 * or gone.
 */
export interface StepDrift {
  readonly step: string;
  readonly kind: 'processes' | 'files';
  readonly planned: number;
  readonly now: number;
  readonly new: number;
  readonly gone: number;
}

/** `saved by ada at ...`: what a run's journal keeps of the plan that it carries out. */
export interface PlanMark {
  readonly id: string;
  readonly at: string;
  readonly by: string;
}

export function planMark({ id, at, by }: SavedPlan): PlanMark {
  return { id, at, by };
}

/** How it is named on a screen and in a report. */
export const shortId = (id: string): string => id.slice(0, 12);

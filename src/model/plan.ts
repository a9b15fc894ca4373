import type { Judgement, Truth } from './condition.ts';
import type { Json } from './json.ts';
import type { OutcomeName } from './outcome.ts';
import type { Decision } from './policy.ts';
import type { Limits, OnFail, Phase } from './runbook.ts';
import type { Finding, Observation } from './verb.ts';

/** The ordered, resolved steps for given parameters and one host, with targets and a decision on each. Pure data. */
export interface Plan {
  readonly runbook: {
    readonly name: string;
    readonly version: string;
    readonly title: string;
    readonly path: string;
    readonly hash: string;
  };
  readonly host: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly params: Readonly<Record<string, Json>>;
  /** The runbook's, as raised or lowered by flag or policy. */
  readonly limits: Limits;
  readonly diagnosis: Diagnosis;
  readonly steps: readonly PlannedStep[];
  /** Why a run of this plan would end before its first act; null: it would act. */
  readonly refusal: Refusal | null;
  /** What stays open, judged by the findings of now. */
  readonly open: readonly string[];
  /** Milliseconds, verify's watch included; null where a step cannot tell. */
  readonly estimate: number | null;
}

export interface Refusal {
  readonly outcome: OutcomeName;
  readonly reasons: readonly string[];
}

/**
 * `unknown`: nothing may be done, and the missing finding is named. `looked-only`: no step decides, and the runbook
 * does nothing.
 */
export interface Diagnosis {
  readonly verdict: 'this-incident' | 'looked-only' | 'not-this-incident' | 'unknown';
  readonly reasons: readonly string[];
}

interface PlannedBase {
  readonly id: string;
  readonly phase: Phase;
  readonly verb: string;
  readonly why: string | null;
  /** The argument with every reference resolved. */
  readonly arg: Json;
  readonly explain: readonly string[];
}

export interface PlannedProbe extends PlannedBase {
  readonly kind: 'probe';
  /** Null if the step has not looked yet: it belongs to verify, or its `when` did not hold. */
  readonly finding: Finding | null;
  readonly truth: Truth | 'informs' | 'not-looked';
  readonly judgements: readonly Judgement[];
  readonly decisive: boolean;
  /**
   * For a look in `act`, which is taken at its turn: what the plan tells about it. `finding` is then what was seen for
   * the plan, if anything.
   */
  readonly atTurn?: string;
  /** Its `when` does not hold, or cannot be told: it is not looked at. */
  readonly skipped?: string;
}

/** What a look found, in words. */
export const sayFound = ({ finding, skipped }: PlannedProbe): string =>
  finding?.summary ?? (skipped === undefined ? 'not looked at yet' : `not looked at: ${skipped}`);

export interface PlannedAction extends PlannedBase {
  readonly kind: 'action';
  /** `skipped`: its `when` does not hold, see reason. */
  readonly observation: Observation | null;
  readonly skipped: string | null;
  /**
   * Its `when` speaks of what an earlier look in `act` will find: decided at its turn, and counted here as if it ran.
   */
  readonly late?: string;
  /** The state before this step where earlier steps change it: now -> before -> after. */
  readonly before: string | null;
  readonly decision: Decision;
  readonly onFail: OnFail;
  readonly ask: boolean;
  /** What the author wrote for a person who has to undo it. */
  readonly undoNote: string | null;
  /**
   * The author's own steps that undo it, as they can be foreseen: what they touch is looked at again before they act.
   */
  readonly undoSteps?: readonly PlannedUndo[];
}

export interface PlannedUndo {
  readonly verb: string;
  readonly why: string | null;
  /** In words, with its targets as far as they can be known before the step has acted. */
  readonly say: string;
  /** What is there now, if the undo would find something else by then. */
  readonly now: string | null;
}

/** True: the effect of the step can never be undone. */
export const isForGood = ({ observation, undoSteps = [] }: PlannedAction): boolean =>
  observation?.verdict === 'change' && observation.undo.kind === 'irreversible' && undoSteps.length === 0;

/** Of what is decided at its turn, and has nothing to do so far: what it finds by then may go for good. */
export const mayBeForGood = ({ verb, late, observation, undoSteps = [] }: PlannedAction): boolean =>
  late !== undefined &&
  observation?.verdict === 'nothing' &&
  ['delete', 'kill'].includes(verb) &&
  undoSteps.length === 0;

/** verify's `watch`: samples and judges. */
export interface PlannedWatch extends PlannedBase {
  readonly kind: 'watch';
  readonly watch: WatchSpec;
  /** Its `when` does not hold, or cannot be told. */
  readonly skipped?: string;
}

export type PlannedStep = PlannedProbe | PlannedAction | PlannedWatch;

/** A watch with every reference resolved. Milliseconds. */
export interface WatchSpec {
  readonly for: number;
  readonly every: number;
  /** Time from the begin of the watch in which bad samples do not count. Absent: all samples count. */
  readonly settle?: number;
  /** How many bad samples are accepted, but never the last one. Absent: none. */
  readonly tolerate?: number;
  readonly proof: { readonly cronMinutes: number; readonly services: readonly string[] } | null;
  readonly hold: readonly HoldLine[];
}

export interface HoldLine {
  /** The step whose probe is looked at again. */
  readonly of: string;
  readonly measure: string;
  readonly wanted: string;
}

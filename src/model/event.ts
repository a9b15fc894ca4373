import type { Judgement, Truth } from './condition.ts';
import type { Reached } from './host/reached.ts';
import type { Json } from './json.ts';
import type { OutcomeName, Verdict } from './outcome.ts';
import type { Decision } from './policy.ts';
import type { IdentityLine, PlanMark, StepDrift } from './run/saved-plan.ts';
import type { DeclaredUndo } from './run/undo.ts';
import type { Limits, Phase } from './runbook.ts';
import type { Applied, Finding, LeaseDeadline, Observation, Progress, Targets, Undo } from './verb.ts';

/** Bumped when a reader of the old form would misunderstand the new one. */
export const EVENT_VERSION = 1;

/** What every event carries. */
export interface Stamp {
  readonly v: typeof EVENT_VERSION;
  /** 1, 2, 3 ... within the run. */
  readonly seq: number;
  /** ISO 8601, UTC, milliseconds. */
  readonly at: string;
  /** Milliseconds, monotonic: differences survive a clock that is set. */
  readonly mono: number;
  readonly run: string;
  readonly host: string;
}

/** What a journal takes: an event of a run, or one of a fleet run. */
export interface Stamped extends Stamp {
  readonly type: string;
}

export type Choice = 'run' | 'skip' | 'by-hand' | 'undo' | 'quit';

export interface DrillMark {
  readonly scene: string;
}

/** Root cannot move either: both would let automation forget what it has done. */
export interface OwnPlaces {
  /** The folder of the journals. */
  readonly state?: string;
  /** A name for the lock: only runs with the same name wait for one another. */
  readonly lock?: string;
}

/** A step as the journal remembers it: enough for the views to draw rows and for the report to name it. */
export interface StepOutline {
  readonly id: string;
  readonly phase: Phase;
  readonly verb: string;
  readonly why: string | null;
  readonly kind: 'probe' | 'action' | 'watch';
}

/** An observation without the bytes to keep and without the machine's form of large targets. */
export type ObservationShown = Omit<Observation, 'keep' | 'predicts'>;

/** One thing that happened in a run: serialisable, free of secrets and of display options. */
export type Fact =
  | {
      readonly type: 'run.started';
      readonly runbook: {
        readonly name: string;
        readonly version: string;
        readonly title: string;
        readonly path: string;
        readonly hash: string;
      };
      /** The runbook's text as it was, so that a resume can say what was edited meanwhile. */
      readonly text: string;
      readonly params: Readonly<Record<string, Json>>;
      readonly limits: Limits;
      readonly steps: readonly StepOutline[];
      readonly who: string;
      readonly mode: 'interactive' | 'unattended' | 'plan';
      readonly policy: { readonly path: string; readonly hash: string } | null;
      readonly tool: string;
      readonly boot: { readonly id: string; readonly at: number };
      /** The saved plan that is carried out, and so used up. */
      readonly plan?: PlanMark;
      /** Where the host is elsewhere: how it was reached. */
      readonly target?: Reached;
      /** A rehearsal, and the folder that it was built in. It is never counted, and never taken up for a real run. */
      readonly drill?: DrillMark;
      /** What whoever started it has moved away from its usual place. */
      readonly own?: OwnPlaces;
    }
  /** The same journal goes on, after a crash, an interrupt, or to roll back. What was open is asked of the world. */
  | {
      readonly type: 'run.resumed';
      readonly to: 'finish' | 'roll-back';
      readonly who: string;
      readonly mode: 'interactive' | 'unattended';
      readonly policy: { readonly path: string; readonly hash: string } | null;
      readonly tool: string;
      readonly boot: { readonly id: string; readonly at: number };
      /** Hash of the runbook as it is now; it may have been edited meanwhile. */
      readonly hash: string;
    }
  | { readonly type: 'step.started'; readonly step: string; readonly phase: Phase; readonly verb: string }
  | {
      readonly type: 'probe.found';
      readonly step: string;
      readonly finding: Finding;
      readonly truth: Truth | 'informs';
      readonly judgements: readonly Judgement[];
    }
  | {
      readonly type: 'diagnosis.made';
      readonly verdict: 'this-incident' | 'looked-only' | 'not-this-incident' | 'unknown';
      readonly reasons: readonly string[];
    }
  /** The saved plan was looked at again and holds; what it would touch has moved so far. */
  | { readonly type: 'plan.compared'; readonly plan: PlanMark; readonly drift: readonly StepDrift[] }
  /**
   * What the plan found, before the first act: whoever goes on later finds out whether the host is still like that.
   * Absent in journals of 0.1.0.
   */
  | { readonly type: 'plan.pinned'; readonly pinned: readonly IdentityLine[] }
  | { readonly type: 'action.observed'; readonly step: string; readonly observation: ObservationShown }
  | { readonly type: 'policy.decided'; readonly step: string; readonly decision: Decision }
  | { readonly type: 'approval.asked'; readonly step: string; readonly question: string }
  | {
      readonly type: 'approval.given';
      readonly step: string;
      readonly choice: Choice;
      readonly by: string;
      readonly reason: string | null;
    }
  /** On disk before the host is touched. An intent without an outcome is *unknown*. */
  | {
      readonly type: 'action.intended';
      readonly step: string;
      readonly verb: string;
      readonly attempt: number;
      readonly targets: Targets;
      readonly undo: Undo;
      /** The undo that the runbook's author wrote beside the step. */
      readonly declared?: DeclaredUndo;
      readonly records: Readonly<Record<string, string>>;
      /** What it takes of the limits, but for what it reserves itself as it goes. Absent in journals of 0.1.0. */
      readonly costs?: Limits;
    }
  /**
   * On disk before more is taken: so much of the limits the attempt may have used from now on, whatever becomes of it.
   * `ids`: of whom, where they can be told apart.
   */
  | { readonly type: 'action.reserved'; readonly step: string; readonly used: Limits; readonly ids?: readonly string[] }
  /**
   * An attempt of an earlier life, whose outcome nobody wrote down: so much of what it had reserved is counted as used.
   */
  | { readonly type: 'action.settled'; readonly step: string; readonly used: Limits }
  | { readonly type: 'action.progress'; readonly step: string; readonly progress: Progress }
  | { readonly type: 'action.applied'; readonly step: string; readonly applied: Applied }
  | {
      readonly type: 'step.finished';
      readonly step: string;
      readonly outcome: StepOutcome;
      readonly reason: string | null;
      /** Where it was done by hand: the undo that the runbook's author wrote beside it. */
      readonly declared?: DeclaredUndo;
    }
  | {
      readonly type: 'lease.armed';
      readonly step: string;
      readonly key: string;
      /** Absent in journals of before the leases outlived their engine. */
      readonly service?: string;
      /** What goes down with it, and is started with it. */
      readonly also?: readonly string[];
      readonly within: number;
      readonly undo: Json;
      readonly say: string;
      /**
       * What starts the service with nobody alive, and when. Null: there was no process slot for it, and only the
       * engine watches.
       */
      readonly handle?: Json;
      readonly deadline?: LeaseDeadline | null;
    }
  /** The live engine has put it off, or at last found a process slot for what outlives it. */
  | { readonly type: 'lease.renewed'; readonly key: string; readonly handle: Json; readonly deadline: LeaseDeadline }
  | { readonly type: 'lease.released'; readonly key: string; readonly by: string }
  | { readonly type: 'lease.restored'; readonly key: string; readonly ok: boolean; readonly summary: string }
  /** `broken`: hold lines that were not true at this sample. */
  | {
      readonly type: 'watch.sampled';
      readonly step: string;
      readonly values: Readonly<Record<string, number | null>>;
      /** Measures that are no numbers. */
      readonly texts?: Readonly<Record<string, string>>;
      readonly broken: readonly string[];
      /** Why what is broken does not count. */
      readonly standing?: WatchStanding;
      readonly minutes: number | null;
      readonly left: number;
    }
  | {
      readonly type: 'watch.judged';
      readonly step: string;
      readonly verdict: Verdict;
      readonly reasons: readonly string[];
    }
  | { readonly type: 'rollback.started'; readonly why: string; readonly steps: readonly string[] }
  /** `part`: a step of the undo that the author wrote, counted from 1; absent: what the action itself derived. */
  | {
      readonly type: 'undo.intended';
      readonly step: string;
      readonly say: string;
      readonly part?: number;
      readonly targets?: Targets;
    }
  | { readonly type: 'undo.applied'; readonly step: string; readonly applied: Applied; readonly part?: number }
  | { readonly type: 'rollback.finished'; readonly complete: boolean; readonly left: readonly string[] }
  | { readonly type: 'interrupted'; readonly signal: string; readonly doing: string }
  | { readonly type: 'note'; readonly text: string }
  | {
      readonly type: 'run.finished';
      readonly outcome: OutcomeName;
      readonly verdict: Verdict | null;
      readonly reasons: readonly string[];
      readonly open: readonly string[];
      readonly missed: readonly MissedJob[];
    };

/** A sample that does not count: too soon after the begin of the watch, or one of those that its author tolerates. */
export type WatchStanding = 'settling' | 'tolerated';

export type StepOutcome = 'done' | 'nothing-to-do' | 'skipped' | 'by-hand' | 'failed' | 'partial' | 'not-reached';

/** A cron job whose minute passed while cron was stopped. */
export interface MissedJob {
  readonly file: string;
  readonly schedule: string;
  readonly command: string;
  /** ISO 8601 minutes, at most ten. */
  readonly minutes: readonly string[];
}

export type RunEvent = Stamp & Fact;
export type EventOf<T extends Fact['type']> = Stamp & Extract<Fact, { readonly type: T }>;

/** Shown, and kept only in part: losing one with a crash loses nothing that a resume needs, so it is not synced. */
export function isLight(fact: Fact): boolean {
  return fact.type === 'action.progress' || fact.type === 'step.started' || fact.type === 'action.observed';
}

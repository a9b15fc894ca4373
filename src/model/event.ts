import type { Judgement, Truth } from './condition.ts';
import type { Reached } from './host/reached.ts';
import type { Json } from './json.ts';
import type { OutcomeName, Verdict } from './outcome.ts';
import type { Decision } from './policy.ts';
import type { IdentityLine, PlanMark, StepDrift } from './run/saved-plan.ts';
import type { DeclaredUndo } from './run/undo.ts';
import type { Limits, Phase } from './runbook.ts';
import type { Applied, Finding, LeaseDeadline, Observation, Progress, Targets, Undo } from './verb.ts';

/** Raised when a program that knows only the old form would misunderstand the new one. */
export const EVENT_VERSION = 1;

/** What every event carries. */
export interface Stamp {
  readonly v: typeof EVENT_VERSION;
  /** 1, 2, 3 ... within the run. */
  readonly seq: number;
  /** ISO 8601, UTC, milliseconds. */
  readonly at: string;
  /** Milliseconds of a monotonic clock: differences stay right when somebody sets the clock. */
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

/** Root may change neither of them: automation could then forget what it has done. */
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
      /** The places that the user has changed for this run: its journals, its lock. */
      readonly own?: OwnPlaces;
    }
  /**
   * The same journal goes on: after a crash, after an interrupt, or for a rollback. The host is asked about every
   * outcome that is not known.
   */
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
  /** The saved plan was compared with the host and is still valid; its targets have changed by this much. */
  | { readonly type: 'plan.compared'; readonly plan: PlanMark; readonly drift: readonly StepDrift[] }
  /**
   * What the plan found before the first act: a later resume compares the host with it. Absent in journals of 0.1.0.
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
      /**
       * What the act takes from the limits, without what it reserves itself while it works. Absent in journals of
       * 0.1.0.
       */
      readonly costs?: Limits;
    }
  /**
   * On disk before the act takes more: from now on the attempt may have used this much of the limits, however it ends.
   * `ids` names the targets, if they can be told apart.
   */
  | { readonly type: 'action.reserved'; readonly step: string; readonly used: Limits; readonly ids?: readonly string[] }
  /** An attempt of an earlier engine has no outcome: this much of what it had reserved counts as used. */
  | { readonly type: 'action.settled'; readonly step: string; readonly used: Limits }
  | { readonly type: 'action.progress'; readonly step: string; readonly progress: Progress }
  | { readonly type: 'action.applied'; readonly step: string; readonly applied: Applied }
  | {
      readonly type: 'step.finished';
      readonly step: string;
      readonly outcome: StepOutcome;
      readonly reason: string | null;
      /** If a person did the step by hand: the undo that the author wrote beside it. */
      readonly declared?: DeclaredUndo;
    }
  | {
      readonly type: 'lease.armed';
      readonly step: string;
      readonly key: string;
      /** Absent in journals from the time before a lease could outlive its engine. */
      readonly service?: string;
      /** What goes down with it, and is started with it. */
      readonly also?: readonly string[];
      readonly within: number;
      readonly undo: Json;
      readonly say: string;
      /**
       * What starts the service when the engine is dead, and when. Null: no process slot was free for it, so only the
       * engine watches.
       */
      readonly handle?: Json;
      readonly deadline?: LeaseDeadline | null;
    }
  /** The engine has moved the deadline, or has found a process slot for the watchdog at last. */
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
      /** Why a bad sample does not count. */
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
  /** `part`: the number of the author's undo step, from 1. Absent: the undo that the action derived. */
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

/** A sample that does not count: it came too soon after the begin of the watch, or the author tolerates it. */
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

/** Events that are shown and kept only in part. A resume does not need them, so they are not synced to the disk. */
export function isLight(fact: Fact): boolean {
  return fact.type === 'action.progress' || fact.type === 'step.started' || fact.type === 'action.observed';
}

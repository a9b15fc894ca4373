import type { Choice, Fact, RunEvent, Stamped } from './event.ts';
import type { PlannedAction } from './plan.ts';
import type { ActionVerb, ProbeVerb } from './verb.ts';

/** Shows events; decides nothing. A broken view does not stop a run. */
export interface View {
  show(event: RunEvent): void | Promise<void>;
  /** The last event has been shown; leave the terminal as it was found. */
  close(): void | Promise<void>;
}

/**
 * The append-only file of a run's events. After one failed append every later one fails too: fsync reports an error
 * once, and a retry that succeeds proves nothing.
 */
export interface Journal {
  readonly run: string;
  /** Folder of the run. */
  readonly folder: string;
  /** Durable once it resolves, unless `light`. Rejects with JournalError. */
  append(event: Stamped, options: { readonly light: boolean }): Promise<void>;
  /** Keeps bytes (base64) beside the journal, 0600, durable; returns their name. Same bytes, same name. */
  keep(bytes: string): Promise<string>;
  recall(name: string): Promise<string>;
  close(): Promise<void>;
}

/** The one way in for everything that happens: numbers, stamps, journals, then shows; one at a time. */
export type Emit = (fact: Fact) => Promise<void>;

export interface Question {
  readonly step: PlannedAction;
  /** The number of the action, and how many there are. */
  readonly at: { readonly number: number; readonly of: number };
  /** What undo would now bring back, newest first; empty where nothing was done yet. */
  readonly undoable: readonly string[];
}
export interface Answer {
  readonly choice: Choice;
  readonly reason: string | null;
}

/** Asks a person. Never constructed without a terminal on both ends. */
export interface Ask {
  approve(question: Question): Promise<Answer>;
  /** Something failed, was stopped or recurred: undo what was done? */
  undo(question: {
    readonly why: string;
    readonly steps: readonly string[] /** Undo would bring the incident back: the word must be typed. */;
    readonly dangerous: string | null;
  }): Promise<'undo' | 'leave'>;
  /** A `manual` step: the person says it is done, or not. */
  confirm(question: {
    readonly step: string;
    readonly text: string;
  }): Promise<{ readonly done: boolean; readonly reason: string | null }>;
  /** A step of `on_fail: ask` failed: go on without it, undo, or leave it as it is. */
  failed(question: {
    readonly step: string;
    readonly why: string;
    readonly undoable: readonly string[];
  }): Promise<'continue' | 'undo' | 'quit'>;
  /** After an interrupt: go on, undo, or leave it as it is. */
  interrupted(question: {
    readonly doing: string;
    readonly undoable: readonly string[];
  }): Promise<'continue' | 'undo' | 'quit'>;
}

/** Name to verb; the core never imports its plug-ins. */
export interface Catalogue {
  readonly probes: readonly string[];
  readonly actions: readonly string[];
  /** Throws for a name that is in neither list. */
  probe(name: string): Promise<ProbeVerb>;
  action(name: string): Promise<ActionVerb>;
}

/** Ctrl-C, SIGTERM, SIGHUP, a lease that ran out: asks the run to reach its next safe point. */
export interface Interrupts {
  /**
   * The current signal: aborted (its reason is the name of the signal) until `rearm` or `reset`. Read it again for each
   * step.
   */
  readonly signal: AbortSignal;
  /**
   * How often Ctrl-C or SIGTERM came since the run last went on. Once: reach a safe point and ask. Twice: undo now
   * without asking.
   */
  readonly pressed: number;
  /** Aborted at the third time: what is left is told to the person, and the process ends. */
  readonly third: AbortSignal;
  raise(reason: string): void;
  /** Makes a new signal, so that a question can be asked and interrupted. `pressed` stays as it is. */
  rearm(): void;
  /** The person wants to go on. */
  reset(): void;
  /** From now on this reason does not interrupt the run. */
  ignore(reason: string): void;
}

export class JournalError extends Error {
  override readonly name = 'JournalError';
}

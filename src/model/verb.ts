import type { Block } from './block.ts';
import type { Means, Measures } from './condition.ts';
import type { Host } from './host.ts';
import type { Json, JsonObject } from './json.ts';
import { read } from './read.ts';
import type { Form } from './runbook/shape.ts';
import type { LimitName } from './runbook.ts';

/**
 * A verb is one file with a default export, `verbs/FIELD/NAME.probe.ts` or `NAME.action.ts`; NAME is the verb. From
 * that object come validation, the editor schema, the plan's text, the dry run. Verbs talk to a Host and to nothing
 * else.
 */
export type Verb = ProbeVerb | ActionVerb;

/**
 * A JSON Schema of draft 2020-12 as load/text/schema.ts understands it; see `model/runbook/shape.ts` for the words to
 * build one with.
 */
export type Schema = JsonObject;

/** The measures that an expectation can compare. */
export interface MeasureAbout {
  readonly about: string;
  readonly unit: 'count' | 'percent' | 'bytes' | 'duration' | 'rate' | 'text' | 'boolean' | 'epoch';
  /** The words that a text may be compared with, each with what it stands for; absent: any text. */
  readonly words?: Means;
  /** What to write in place of words that people bring from elsewhere, for the message. */
  readonly instead?: Readonly<Record<string, string>>;
}

interface Described {
  /** One line, imperative: "stop a service". */
  readonly summary: string;
  /** The meaning, in a few sentences, with the traps. */
  readonly about: string;
  readonly schema: Schema;
  /** An argument that validates. */
  readonly example: Json;
  /** What the verb needs. */
  readonly needs: readonly ('fork' | 'inode' | 'root')[];
}

export interface Progress {
  readonly done: number;
  readonly total: number;
  /** A second example, if it makes sense. */
  readonly rate?: number;
  readonly text: string;
}

/** What a verb may use while it looks. */
export interface Look {
  readonly host: Host;
  readonly clock: Clock;
  /** Aborted: reach the next safe point and return what there is. */
  readonly signal: AbortSignal;
  readonly progress: (progress: Progress) => void;
  /** The services that an earlier step has stopped together with this one. Absent: earlier steps are not known. */
  readonly takenDown?: (service: string) => readonly string[];
}

/** What an action may use while it changes. */
export interface Act extends Look {
  /** How many more of this the run may still touch: `limits` (or a low default) less what was used. */
  readonly allowance: (limit: LimitName) => number;
  /**
   * Says, durably and before it is taken, how many of this the act may have used by then. After a crash that many
   * count, unless the host tells that fewer went: `ids` says who they were. A verb that reserves a limit names it in
   * `reserves`.
   */
  readonly reserve?: (limit: LimitName, count: number, ids?: readonly string[]) => Promise<void>;
  /** The bytes that `observe` asked to keep, base64, by the name it gave them. */
  readonly recall: (name: string) => Promise<string>;
}

/** Time, so that no test sleeps. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds, monotonic. */
  monotonic(): number;
  /** Resolves early, without an error, once the signal is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

// ---------------------------------------------------------------- probes

export interface Finding {
  /** One line: "0 of 4 000 inodes free (0 %), 61 % of the blocks free". */
  readonly summary: string;
  readonly measures: Measures;
  /** Why it could not look; every measure is then null. */
  readonly unknown?: string;
  /** What `$step` gives to later steps; its form is the verb's own. */
  readonly detail: Json;
  readonly blocks: readonly Block[];
}

export interface ProbeVerb extends Described {
  readonly kind: 'probe';
  readonly measures: Readonly<Record<string, MeasureAbout>>;
  look(look: Look, arg: Json): Promise<Finding>;
  /** The plain commands that a person could type instead. */
  explain(arg: Json): readonly string[];
}

// ---------------------------------------------------------------- actions

/** What an action would touch. Above 1000 members only count, digest and sample go into the journal. */
export interface Targets {
  readonly kind: 'processes' | 'files' | 'service' | 'file' | 'command' | 'person' | 'none';
  readonly count: number;
  readonly bytes?: number;
  /** Human-readable members, all of them up to 1000, then a sample. */
  readonly members: readonly string[];
  /** The machine's form (identities, handle); what is chosen once and checked again. */
  readonly detail: Json;
}

/**
 * How an action is undone, derived from what it saw before. Data: it goes into the journal before the act, and rollback
 * works from it alone.
 */
export type Undo =
  | { readonly kind: 'revert'; readonly say: string; readonly data: Json }
  | {
      readonly kind: 'irreversible';
      readonly because: string /** What the journal keeps as evidence: counts, digests, samples. */;
      readonly evidence: string;
    }
  | { readonly kind: 'nothing' };

/** What the world will be like after the action, for the steps that come later in the plan. */
export type Prediction =
  | {
      readonly kind: 'service';
      readonly name: string;
      readonly state: 'running' | 'stopped';
      /** What goes down with it. */
      readonly takes?: readonly string[];
    }
  | { readonly kind: 'file'; readonly path: string /** Base64. */; readonly bytes: string }
  | { readonly kind: 'processes-gone'; readonly pids: readonly number[] }
  | { readonly kind: 'files-gone'; readonly in: string; readonly count: number; readonly bytes: number };

/**
 * A temporary change with a deadline: `within` milliseconds from the arming, `undo` is given to the action's own
 * `revert`.
 */
export interface LeaseTerms {
  readonly key: string;
  /** What must run again, by the name that its service manager knows. */
  readonly service: string;
  /** What goes down with it, and must run again too. */
  readonly also?: readonly string[];
  readonly within: number;
  readonly undo: Json;
  readonly say: string;
}

/**
 * When a lease starts its service by itself: on the clock that no step of the wall clock moves, and in the life of the
 * machine that it was armed in.
 */
export interface LeaseDeadline {
  readonly boot: string;
  /** Milliseconds since boot, CLOCK_BOOTTIME. */
  readonly uptime: number;
  /** ISO 8601, UTC: for people. */
  readonly at: string;
}

/** What an action would do, seen without doing it. The dry run is this and no more. */
export interface Observation {
  /** `nothing`: the host is already as wanted. `cannot`: it may not or cannot be done, see reason; a run stops here. */
  readonly verdict: 'change' | 'nothing' | 'cannot';
  readonly reason?: string;
  /** One line: "kill 42 processes: 21 sendmail, 21 postdrop". */
  readonly summary: string;
  readonly targets: Targets;
  /** One word or phrase each, where the thing has a state: `running` -> `stopped`. */
  readonly state?: { readonly now: string; readonly after: string };
  readonly blocks: readonly Block[];
  readonly undo: Undo;
  readonly predicts: readonly Prediction[];
  /** What it takes of the run's limits. */
  readonly costs: Readonly<Partial<Record<LimitName, number>>>;
  /** Bytes that undo will need, base64 by name: kept beside the journal, 0600, before the act. */
  readonly keep: Readonly<Record<string, string>>;
  /** The plain commands that a person could type instead. */
  readonly explain: readonly string[];
  /** Milliseconds; null where nobody can tell. */
  readonly estimate: number | null;
  readonly warnings: readonly string[];
  /** What the action stops must run again. Armed before the act. */
  readonly lease?: LeaseTerms;
}

export interface Applied {
  /** `partial`: interrupted or out of allowance at a safe point; some is done. */
  readonly outcome: 'done' | 'partial' | 'failed';
  readonly summary: string;
  readonly reason?: string;
  /** What was really taken of the limits. */
  readonly used: Readonly<Partial<Record<LimitName, number>>>;
  readonly blocks: readonly Block[];
  /**
   * The undo, if the act did something else than was observed (fewer files, more processes). Absent: the undo of the
   * observation is right.
   */
  readonly undo?: Undo;
  /** Keys of leases that this action has fulfilled. */
  readonly releases?: readonly string[];
}

export interface ActionVerb extends Described {
  readonly kind: 'action';
  /** What it does can never be undone: a person at a terminal is always asked. */
  readonly forGood?: boolean;
  /** True: a second apply on the same host does no harm and nothing new. */
  readonly idempotent: boolean;
  /**
   * Limits that `apply` reserves itself, bit by bit, before it takes them. Of the others its intent counts whole until
   * it has an outcome.
   */
  readonly reserves?: readonly LimitName[];
  observe(look: Look, arg: Json): Promise<Observation>;
  /** Re-checks every target at the moment of use. */
  apply(act: Act, arg: Json, observation: Observation): Promise<Applied>;
  /**
   * Undoes from the journal's `Undo.data` alone, guarded by what was written: what somebody changed since is not
   * overwritten.
   */
  revert(act: Act, data: Json): Promise<Applied>;
}

type Typed<V extends Verb, T> = Omit<V, 'kind' | 'schema' | 'look' | 'explain' | 'observe' | 'apply'> & {
  readonly schema: Form<T>;
};
type ProbeOf<T> = Typed<ProbeVerb, T> & {
  look(look: Look, arg: T): Promise<Finding>;
  explain(arg: T): readonly string[];
};
type ActionOf<T> = Typed<ActionVerb, T> & {
  observe(look: Look, arg: T): Promise<Observation>;
  apply(act: Act, arg: T, observation: Observation): Promise<Applied>;
};

/** A verb gets its argument as its schema reads it: see `read`. */
export function defineProbe<T>(verb: ProbeOf<T>): ProbeVerb {
  return {
    ...verb,
    kind: 'probe',
    look: async (look, arg) => verb.look(look, read(verb.schema, arg)),
    explain: (arg) => verb.explain(read(verb.schema, arg)),
  };
}

export function defineAction<T>(verb: ActionOf<T>): ActionVerb {
  return {
    ...verb,
    kind: 'action',
    observe: async (look, arg) => verb.observe(look, read(verb.schema, arg)),
    apply: async (act, arg, observation) => verb.apply(act, read(verb.schema, arg), observation),
  };
}

export function unknownFinding(measures: Readonly<Record<string, MeasureAbout>>, reason: string): Finding {
  const nothing = Object.fromEntries(Object.keys(measures).map((name) => [name, null]));
  return { summary: `could not look: ${reason}`, measures: nothing, unknown: reason, detail: null, blocks: [] };
}

const NOTHING: Observation = {
  verdict: 'nothing',
  summary: '',
  targets: { kind: 'none', count: 0, members: [], detail: null },
  blocks: [],
  undo: { kind: 'nothing' },
  predicts: [],
  costs: {},
  keep: {},
  explain: [],
  estimate: 0,
  warnings: [],
};

/** The host is already as the step wants it. */
export function nothingToDo(summary: string, more: Partial<Observation> = {}): Observation {
  return { ...NOTHING, summary, ...more };
}

/** It may not or cannot be done; `reason` says why and what to do next. */
export function cannot(summary: string, reason: string, more: Partial<Observation> = {}): Observation {
  return { ...NOTHING, verdict: 'cannot', summary, reason, ...more };
}

/** What an act would do; `targets` and `undo` say to what, and how it is taken back. */
export function change(
  summary: string,
  more: Partial<Observation> & Pick<Observation, 'targets' | 'undo' | 'estimate'>,
): Observation {
  return { ...NOTHING, verdict: 'change', summary, ...more };
}

export function acted(summary: string, more: Partial<Applied> = {}): Applied {
  return { outcome: 'done', summary, used: {}, blocks: [], ...more };
}

export function notActed(summary: string, reason: string, more: Partial<Applied> = {}): Applied {
  return { outcome: 'failed', summary, reason, used: {}, blocks: [], ...more };
}

/** What the journal and the views get of an observation: neither the bytes to keep nor the predictions. */
export function withoutKept({
  keep: _keep,
  predicts: _predicts,
  ...rest
}: Observation): Omit<Observation, 'keep' | 'predicts'> {
  return rest;
}

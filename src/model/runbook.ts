import type { Condition } from './condition.ts';
import type { Strategy } from './fleet/strategy.ts';
import type { Json } from './json.ts';
import type { Place } from './place.ts';
import { unchecked } from './read.ts';
import { COMMAND } from './runbook/command.ts';
import type { ParameterType } from './runbook/shape.ts';

export const PHASES = ['diagnose', 'act', 'verify'] as const;
export type Phase = (typeof PHASES)[number];

export interface Parameter {
  readonly name: string;
  readonly type: ParameterType;
  readonly about: string;
  /** Absent: the parameter is required. Of a secret: where its value is. */
  readonly default?: Json;
  /** The whole value must match every one of them: its author's, and those of the places where it is used. */
  readonly patterns?: readonly string[];
  /** The value is used as a regular expression. */
  readonly regex?: true;
  readonly enum?: readonly Json[];
  readonly min?: number;
  readonly max?: number;
  /** For paths: the value must lie below this folder. */
  readonly under?: string;
  /** From where it is used: no more bytes than this, and words that people try there, with what to write for them. */
  readonly bytes?: number;
  readonly instead?: Readonly<Record<string, string>>;
  readonly place: Place;
}

/**
 * What a run may change at the most; cumulative over its steps. `stopped_for` in milliseconds, the others are counts.
 */
export const LIMITS = ['kill', 'delete', 'edit', 'stopped_for', 'services', 'commands'] as const;
export type LimitName = (typeof LIMITS)[number];
export type Limits = Readonly<Partial<Record<LimitName, number>>>;

/**
 * Limits whose names no label of a host may have. Any other limit gives way to a label of the same name, so that a new
 * kind of limit takes no word away.
 */
export const RESERVED_LIMITS: readonly LimitName[] = ['kill', 'delete', 'edit', 'stopped_for'];

/**
 * The limits that hold if neither runbook nor policy names one. They are low, so that an author who wants more has to
 * write it down.
 */
export const DEFAULT_LIMITS: Readonly<Record<LimitName, number>> = {
  kill: 50,
  delete: 1000,
  edit: 5,
  stopped_for: 15 * 60_000,
  services: 5,
  commands: 10,
};

export const ON_FAIL = ['stop', 'continue', 'undo', 'ask'] as const;
export type OnFail = (typeof ON_FAIL)[number];

/** What to do by hand or by verb to undo a step whose action cannot derive it. */
export type AuthoredUndo =
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'steps'; readonly steps: readonly AuthoredUndoStep[] };

export interface AuthoredUndoStep {
  readonly verb: string;
  readonly arg: Json;
  readonly why?: string;
}

export interface Step {
  readonly id: string;
  readonly phase: Phase;
  /** The sentence on the screen and in the report; required on act steps. */
  readonly why?: string;
  readonly verb: string;
  /** The verb's object as the author wrote it: references unresolved, units in the values. */
  readonly arg: Json;
  readonly expect?: Condition;
  /** With the verb `watch` only: what must be true at every sample, of findings looked at again. */
  readonly hold?: readonly Hold[];
  /** The step runs only where this holds of earlier findings. */
  readonly when?: Condition;
  /** False: informs only, does not decide whether this is the incident. */
  readonly decisive: boolean;
  /** False: an attended run does not ask before this step. */
  readonly ask: boolean;
  readonly undo?: AuthoredUndo;
  /** The change shall stay only until then. So the list of what stays open tells how to take it back. */
  readonly until?: string;
  /** Milliseconds. */
  readonly timeout?: number;
  readonly retry?: { readonly times: number; readonly every: number };
  readonly onFail: OnFail;
  readonly place: Place;
}

/** One line of `hold`: measures of the step `of` (`growth` too, which the watch counts from its first sample). */
export interface Hold {
  readonly of: string;
  readonly condition: Condition;
  /** The line counts only where this held of what diagnose found. */
  readonly when?: Condition;
  readonly place: Place;
}

/** Something that the remedy leaves open, and that the end of the run must tell. */
export interface OpenItem {
  readonly say: string;
  readonly when?: Condition;
  /** The step whose probe looks again at the end; its finding follows the sentence. */
  readonly of?: string;
  readonly place: Place;
}

/** What an author wrote, validated and frozen; every part remembers its place in the text. */
export interface Runbook {
  readonly name: string;
  readonly version: string;
  readonly title: string;
  readonly about: string;
  readonly params: readonly Parameter[];
  readonly limits: Limits;
  readonly diagnose: readonly Step[];
  readonly act: readonly Step[];
  readonly verify: readonly Step[];
  readonly open: readonly OpenItem[];
  /** How it goes through several hosts, as far as its author says; flags win. */
  readonly fleet?: Partial<Strategy>;
  /**
   * Where it was read from and the SHA-256 of its bytes, with those of the runbooks that it uses: the hash is the
   * identity.
   */
  readonly source: { readonly path: string; readonly hash: string; readonly text: string };
}

export function stepsOf(runbook: Runbook): readonly Step[] {
  return [...runbook.diagnose, ...runbook.act, ...runbook.verify];
}

/** The steps of an undo that the author wrote, as steps: a policy judges them, and they may use secrets. */
export function undoStepsOf({ id, undo, place }: Step): readonly Step[] {
  const steps = undo?.kind === 'steps' ? undo.steps : [];
  return steps.map(({ verb, arg }, at) => ({
    id: `${id} (undo ${at + 1})`,
    phase: 'act',
    verb,
    arg,
    decisive: false,
    ask: true,
    onFail: 'stop',
    place,
  }));
}

/** Whether the step changes a host. `run` is a probe and an action: its `effect` tells. */
export function isAction(step: Step, actions: readonly string[]): boolean {
  return step.phase === 'act' && actions.includes(step.verb) && !isDeclaredRead(step);
}

/** The steps that run a command which changes what only its author knows, undo steps among them. */
export function declaredWrites({ act }: Runbook): readonly string[] {
  const undoes = (step: Step) => step.undo?.kind === 'steps' && step.undo.steps.some(({ verb }) => verb === 'run');
  return act.filter((step) => (step.verb === 'run' && !isDeclaredRead(step)) || undoes(step)).map(({ id }) => id);
}

/** A command that only reads, by its author's word: outside of `act` there is no other. */
export function isDeclaredRead(step: Step): boolean {
  return step.verb === 'run' && (step.phase !== 'act' || unchecked(COMMAND, step.arg).effect === 'read');
}

/** What plans and events say of a runbook. */
export function runbookMark({ name, version, title, source: { path, hash } }: Runbook) {
  return { name, version, title, path, hash };
}

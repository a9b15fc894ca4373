import type { Judgement, Truth } from './condition.ts';
import type {
  Choice,
  EventOf,
  MissedJob,
  ObservationShown,
  RunEvent,
  StepOutcome,
  StepOutline,
  WatchStanding,
} from './event.ts';
import type { Json } from './json.ts';
import { exitCode, type OutcomeName, type Verdict } from './outcome.ts';
import { idsOf, intendedUse, sumOf, type Unsettled } from './policy/spent.ts';
import type { Decision } from './policy.ts';
import type { IdentityLine, StepDrift } from './run/saved-plan.ts';
import { afterUndo, BY_HAND, type DeclaredUndo, indexOfUndo, isCovered, type WayBack } from './run/undo.ts';
import { LIMITS, type LimitName, type Limits, type Phase } from './runbook.ts';
import type { Applied, Finding, LeaseDeadline, Progress, Targets, Undo } from './verb.ts';

/**
 * What a run's events add up to. This is the one fold: resume, rollback, report, page and views use it, and none of
 * them keeps an idea of its own of what is done. Total: any prefix of any list of events has a state, also after a
 * crash in the middle.
 */
export interface RunState {
  readonly run: string;
  readonly host: string;
  /** What `run.started` said; null before it. */
  readonly meta: Omit<EventOf<'run.started'>, 'type' | 'v' | 'seq'> | null;
  /** Of the last event: its number, time and monotonic milliseconds. */
  readonly last: { readonly seq: number; readonly at: string; readonly mono: number } | null;
  readonly phase: Phase | null;
  /** In the order of the plan. */
  readonly steps: readonly StepState[];
  /** The step at work; null between steps. */
  readonly current: string | null;
  readonly diagnosis: {
    readonly verdict: EventOf<'diagnosis.made'>['verdict'];
    readonly reasons: readonly string[];
  } | null;
  /** What the actions have taken of the run's limits; undoing takes nothing. */
  readonly used: Readonly<Record<LimitName, number>>;
  /** What attempts without an outcome may have taken. It counts until the truth is known. At most one for each step. */
  readonly unsettled: readonly Unsettled[];
  /** What rollback would undo, newest last. */
  readonly undo: readonly UndoEntry[];
  readonly leases: readonly OpenLease[];
  readonly verdict: Verdict | null;
  readonly verdictReasons: readonly string[];
  readonly rollback: RollbackState | null;
  readonly interrupted: { readonly signal: string; readonly doing: string; readonly at: string } | null;
  readonly notes: readonly { readonly at: string; readonly text: string }[];
  /** Null while the run is at work, and after a crash. */
  readonly finished: {
    readonly outcome: OutcomeName;
    readonly exit: number;
    readonly reasons: readonly string[];
    readonly at: string;
    readonly mono: number;
  } | null;
  /** When the run held, unless a part of it was undone later. */
  readonly held: Moment | null;
  /** When it last meant to act. */
  readonly acted: Moment | null;
  /** How often it was taken up again. */
  readonly resumes: number;
  /** How far the targets had moved since the saved plan that it carries out; empty without one. */
  readonly drift: readonly StepDrift[];
  readonly open: readonly string[];
  readonly missed: readonly MissedJob[];
  /** What the last plan found: see plan/fingerprint.ts. */
  readonly pinned: readonly IdentityLine[];
}

/**
 * `acting` is an intent without an outcome: while the run lives it is at work, after a crash it is *unknown* and the
 * world must be asked.
 */
export type StepStatus = 'waiting' | 'started' | 'asked' | 'acting' | 'acted' | StepOutcome;

export interface StepState extends StepOutline {
  readonly status: StepStatus;
  readonly reason: string | null;
  readonly started: Moment | null;
  readonly ended: Moment | null;
  readonly finding: Finding | null;
  readonly truth: Truth | 'informs' | null;
  readonly judgements: readonly Judgement[];
  readonly observation: ObservationShown | null;
  readonly decision: Decision | null;
  readonly approval: {
    readonly choice: Choice;
    readonly by: string;
    readonly reason: string | null;
    readonly at: string;
  } | null;
  /** Intents written so far. */
  readonly attempts: number;
  /** What the last intent named. */
  readonly targets: Targets | null;
  readonly progress: Progress | null;
  readonly applied: Applied | null;
  readonly watch: WatchState | null;
  readonly undone: Applied | null;
  /** The undo that the author wrote beside it. */
  readonly declared?: DeclaredUndo;
}

export interface Moment {
  readonly at: string;
  readonly mono: number;
}

export interface WatchState {
  readonly samples: readonly WatchSample[];
  readonly verdict: Verdict | null;
  readonly reasons: readonly string[];
}

export interface WatchSample extends Moment {
  readonly values: Readonly<Record<string, number | null>>;
  readonly texts?: Readonly<Record<string, string>>;
  readonly broken: readonly string[];
  readonly standing?: WatchStanding;
  readonly minutes: number | null;
  readonly left: number;
}

/**
 * `intended`: no outcome is known. A failed or partial action may have changed something too, so it stays here; a
 * revert is guarded by what was seen before.
 */
export interface UndoEntry extends WayBack {
  readonly verb: string;
  readonly attempt: number;
  readonly outcome: 'intended' | Applied['outcome'];
  /** It changed something for sure, though it failed. */
  readonly took?: boolean;
  /** Records of the journal, by the name that the action gave them. */
  readonly records: Readonly<Record<string, string>>;
}

export interface OpenLease {
  readonly step: string;
  readonly key: string;
  readonly service: string;
  readonly also?: readonly string[];
  /** Milliseconds from `armed`. */
  readonly within: number;
  readonly undo: Json;
  readonly say: string;
  readonly armed: Moment;
  /** When it starts the service, with nobody alive, and what does so. Null: only the engine watched. */
  readonly deadline: LeaseDeadline | null;
  readonly handle: Json;
}

export interface RollbackState {
  readonly why: string;
  readonly steps: readonly string[];
  /** An undo whose outcome is not known. */
  readonly undoing: string | null;
  readonly undone: readonly { readonly step: string; readonly applied: Applied }[];
  /** Null while it runs, and after a crash. */
  readonly complete: boolean | null;
  readonly left: readonly string[];
}

export const initialState: RunState = {
  run: '',
  host: '',
  meta: null,
  last: null,
  phase: null,
  steps: [],
  current: null,
  diagnosis: null,
  used: { kill: 0, delete: 0, edit: 0, stopped_for: 0, services: 0, commands: 0 },
  unsettled: [],
  undo: [],
  leases: [],
  verdict: null,
  verdictReasons: [],
  rollback: null,
  interrupted: null,
  notes: [],
  finished: null,
  held: null,
  acted: null,
  resumes: 0,
  drift: [],
  open: [],
  missed: [],
  pinned: [],
};

export function stateOf(events: Iterable<RunEvent>): RunState {
  let state = initialState;
  for (const event of events) state = apply(state, event);
  return state;
}

/**
 * An event of a type that this version does not know changes nothing but `last`: a newer minor version may have written
 * it.
 */
export function apply(state: RunState, event: RunEvent): RunState {
  const stamped = {
    ...state,
    run: event.run,
    host: event.host,
    last: { seq: event.seq, at: event.at, mono: event.mono },
  };
  return applyFact(stamped, event) ?? stamped;
}

function applyFact(state: RunState, event: RunEvent): RunState | undefined {
  switch (event.type) {
    case 'run.started':
      return started(state, event);
    case 'run.resumed':
      return { ...state, finished: null, interrupted: null, rollback: null, current: null, resumes: state.resumes + 1 };
    case 'step.started':
      return stepStarted(state, event);
    case 'probe.found':
      return inStep(state, event.step, { finding: event.finding, truth: event.truth, judgements: event.judgements });
    case 'diagnosis.made':
      return { ...state, diagnosis: { verdict: event.verdict, reasons: event.reasons } };
    case 'plan.compared':
      return { ...state, drift: event.drift };
    case 'plan.pinned':
      return { ...state, pinned: event.pinned };
    case 'action.observed':
      return inStep(state, event.step, { observation: event.observation });
    case 'policy.decided':
      return inStep(state, event.step, { decision: event.decision });
    case 'approval.asked':
      return inStep(state, event.step, { status: 'asked' });
    case 'approval.given':
      return approved(state, event);
    case 'action.intended':
      return intended(state, event);
    case 'action.reserved':
      return reserved(state, event);
    case 'action.settled':
      return { ...state, used: plus(state.used, event.used), unsettled: without(state, event.step) };
    case 'action.progress':
      return inStep(state, event.step, { progress: event.progress });
    case 'action.applied':
      return applied(state, event);
    case 'step.finished':
      return stepFinished(state, event);
    case 'lease.armed':
      return { ...state, leases: [...withoutLease(state, event.key), leaseOf(event, state)] };
    case 'lease.renewed':
      return {
        ...state,
        leases: state.leases.map((lease) => (lease.key === event.key ? renewed(lease, event) : lease)),
      };
    case 'lease.released':
      return { ...state, leases: withoutLease(state, event.key) };
    case 'lease.restored':
      return leaseRestored(state, event);
    case 'watch.sampled':
      return sampled(state, event);
    case 'watch.judged':
      return judged(state, event);
    case 'rollback.started':
      return {
        ...state,
        rollback: { why: event.why, steps: event.steps, undoing: null, undone: [], complete: null, left: [] },
      };
    case 'undo.intended':
      return undoIntended(state, event);
    case 'undo.applied':
      return undone(state, event);
    case 'rollback.finished':
      return inRollback(state, { complete: event.complete, left: event.left });
    case 'interrupted':
      return { ...state, interrupted: { signal: event.signal, doing: event.doing, at: event.at } };
    case 'note':
      return { ...state, notes: [...state.notes, { at: event.at, text: event.text }] };
    case 'run.finished':
      return finished(state, event);
    default:
      return unheardOf(event);
  }
}

function unheardOf(_: never): undefined {
  return undefined;
}

// ---------------------------------------------------------------- one function an event, in the order of a run

function started(state: RunState, event: EventOf<'run.started'>): RunState {
  const { type: _type, v: _v, seq: _seq, ...meta } = event;
  return { ...state, meta, steps: event.steps.map(newStep) };
}

function stepStarted(state: RunState, event: EventOf<'step.started'>): RunState {
  const outline = { phase: event.phase, verb: event.verb };
  const next = inStep(state, event.step, { ...outline, status: 'started', started: momentOf(event), ended: null });
  return { ...next, phase: event.phase, current: event.step };
}

function approved(state: RunState, event: EventOf<'approval.given'>): RunState {
  const approval = { choice: event.choice, by: event.by, reason: event.reason, at: event.at };
  return inStep(state, event.step, { approval, status: 'started' });
}

function intended(state: RunState, event: EventOf<'action.intended'>): RunState {
  const { step, verb, attempt, undo, declared, records } = event;
  const first = declared !== undefined && state.undo.every((one) => one.step !== step || one.declared === undefined);
  const entry: UndoEntry = { step, verb, attempt, outcome: 'intended', undo, ...(first && { declared }), records };
  const next = inStep(state, step, {
    verb,
    status: 'acting',
    attempts: attempt,
    targets: event.targets,
    progress: null,
    applied: null,
    undone: null,
    ...(declared && { declared }),
  });
  // An earlier attempt that was never settled counts as used: an older program has gone on.
  const used = plus(state.used, sumOf(state.unsettled.filter((one) => one.step === step)));
  const unsettled = [...without(state, step), { step, used: intendedUse(event), ids: idsOf(event.targets) }];
  const entries = undo.kind === 'nothing' && !first ? state.undo : [...state.undo, entry];
  return { ...next, used, unsettled, acted: momentOf(event), undo: entries };
}

/** In place of what the intent alone could come to; who is added is counted with the rest. */
function reserved(state: RunState, { step, used, ids = [] }: EventOf<'action.reserved'>): RunState {
  const before = state.unsettled.find((one) => one.step === step);
  return {
    ...state,
    unsettled: [
      ...without(state, step),
      { step, used: { ...before?.used, ...used }, ids: [...(before?.ids ?? []), ...ids] },
    ],
  };
}

const without = ({ unsettled }: RunState, step: string): readonly Unsettled[] =>
  unsettled.filter((one) => one.step !== step);

function applied(state: RunState, event: EventOf<'action.applied'>): RunState {
  const next = inStep(state, event.step, { status: 'acted', applied: event.applied });
  const used = plus(state.used, event.applied.used);
  return { ...next, used, unsettled: without(state, event.step), undo: settled(state, event) };
}

/** The newest entry of the step learns its outcome, and the undo that the action gave afterwards. */
function settled(
  state: RunState,
  { step, applied: { outcome, undo, used } }: EventOf<'action.applied'>,
): readonly UndoEntry[] {
  const at = newestUndo(state, step);
  const entry = state.undo[at];
  if (entry === undefined || entry.outcome !== 'intended')
    return undo === undefined ? state.undo : lateUndo(state, step, outcome, undo);
  const rest = state.undo.toSpliced(at, 1);
  const now = { ...entry, outcome, undo: undo ?? entry.undo, ...(tookSome(used) && { took: true }) };
  const nothing = now.undo.kind === 'nothing' && (undo !== undefined || now.declared === undefined);
  return nothing ? rest : rest.toSpliced(at, 0, now);
}

/** The intent had nothing to undo, and the act found that there is. */
function lateUndo(state: RunState, step: string, outcome: Applied['outcome'], undo: Undo): readonly UndoEntry[] {
  if (undo.kind === 'nothing') return state.undo;
  const { verb, attempts } = stepNamed(state, step);
  return [...state.undo, { step, verb, attempt: attempts, outcome, undo, records: {} }];
}

function stepFinished(state: RunState, event: EventOf<'step.finished'>): RunState {
  const done = inStep(state, event.step, { status: event.outcome, reason: event.reason, ended: momentOf(event) });
  const next = event.outcome === 'by-hand' ? { ...done, undo: [...done.undo, byHand(done, event)] } : done;
  return { ...next, current: state.current === event.step ? null : state.current };
}

/** What a person did is undone by a person. */
function byHand(state: RunState, { step, declared }: EventOf<'step.finished'>): UndoEntry {
  const { verb, attempts } = stepNamed(state, step);
  return { step, verb, attempt: attempts, outcome: 'done', undo: BY_HAND, ...(declared && { declared }), records: {} };
}

/** A lease that was kept has undone its step. */
function leaseRestored(state: RunState, event: EventOf<'lease.restored'>): RunState {
  if (!event.ok) return state;
  const lease = state.leases.find(({ key }) => key === event.key);
  const next = { ...state, leases: withoutLease(state, event.key) };
  if (lease === undefined) return next;
  const undone: Applied = { outcome: 'done', summary: event.summary, used: {}, blocks: [] };
  return { ...inStep(next, lease.step, { undone }), undo: state.undo.filter(({ step }) => step !== lease.step) };
}

function sampled(state: RunState, event: EventOf<'watch.sampled'>): RunState {
  const { values, texts, broken, standing, minutes, left } = event;
  const also = { ...(texts && { texts }), ...(standing && { standing }) };
  const watch = watchOf(state, event.step);
  return inStep(state, event.step, {
    watch: { ...watch, samples: [...watch.samples, { ...momentOf(event), values, ...also, broken, minutes, left }] },
  });
}

function judged(state: RunState, { step, verdict, reasons }: EventOf<'watch.judged'>): RunState {
  const next = inStep(state, step, { watch: { ...watchOf(state, step), verdict, reasons } });
  return { ...next, verdict, verdictReasons: reasons };
}

/** An undo that failed or stopped half-way stays to be undone. */
function undone(state: RunState, event: EventOf<'undo.applied'>): RunState {
  const { step, part, applied: outcome } = event;
  const at = indexOfUndo(state.undo, step, part);
  const entry = state.undo[at];
  const rest = entry && outcome.outcome === 'done' ? afterUndo(entry, part) : settledUndo(entry);
  const undo =
    entry === undefined ? state.undo : rest === null ? withoutUndone(state.undo, entry) : state.undo.with(at, rest);
  // Half of it is undone: it is neither done nor as before.
  const half = outcome.outcome === 'done' && rest ? { ...outcome, outcome: 'partial' as const } : outcome;
  const held = outcome.outcome === 'failed' ? state.held : null;
  const next = { ...inStep(state, step, { undone: half }), undo, held };
  const before = state.rollback?.undone ?? [];
  const used = part === undefined ? state.used : plus(state.used, outcome.used);
  const unsettled = part === undefined ? state.unsettled : without(state, step);
  return inRollback({ ...next, used, unsettled }, { undoing: null, undone: [...before, { step, applied: outcome }] });
}

/** The undo failed for certain, so nothing is unknown any more. */
function settledUndo(entry: UndoEntry | undefined): UndoEntry | null {
  if (entry === undefined) return null;
  const { unsure: _, ...known } = entry;
  return known;
}

const withoutUndone = (all: readonly UndoEntry[], undone: UndoEntry): readonly UndoEntry[] =>
  all.filter((entry) => entry !== undone && !(entry.step === undone.step && isCovered(entry, all)));

function undoIntended(state: RunState, { step, part }: EventOf<'undo.intended'>): RunState {
  const at = part === undefined ? -1 : indexOfUndo(state.undo, step, part);
  const entry = state.undo[at];
  const undo = entry === undefined || part === undefined ? state.undo : state.undo.with(at, { ...entry, unsure: part });
  return inRollback({ ...state, undo }, { undoing: step });
}

function finished(state: RunState, event: EventOf<'run.finished'>): RunState {
  const { outcome, reasons, open, missed } = event;
  const end = { outcome, exit: exitCode(outcome), reasons, ...momentOf(event) };
  const held = outcome === 'held' ? momentOf(event) : outcome === 'recurred' ? null : state.held;
  return {
    ...state,
    current: null,
    finished: end,
    held,
    verdict: event.verdict ?? state.verdict,
    open,
    missed: allMissed(state, missed),
  };
}

/** A resume does not know which jobs cron missed during the earlier part of the run. */
function allMissed({ missed }: RunState, more: readonly MissedJob[]): readonly MissedJob[] {
  const known = new Set(missed.map((job) => JSON.stringify(job)));
  return [...missed, ...more.filter((job) => !known.has(JSON.stringify(job)))];
}

// ---------------------------------------------------------------- parts

function newStep(outline: StepOutline): StepState {
  return {
    ...outline,
    status: 'waiting',
    reason: null,
    started: null,
    ended: null,
    finding: null,
    truth: null,
    judgements: [],
    observation: null,
    decision: null,
    approval: null,
    attempts: 0,
    targets: null,
    progress: null,
    applied: null,
    watch: null,
    undone: null,
  };
}

function stepNamed(state: RunState, id: string): StepState {
  return (
    state.steps.find((step) => step.id === id) ??
    newStep({ id, phase: state.phase ?? 'act', verb: '', why: null, kind: 'action' })
  );
}

/** A step that the outline did not name (the steps of an authored undo) is added at the end. */
function inStep(state: RunState, id: string, change: Partial<StepState>): RunState {
  const changed = { ...stepNamed(state, id), ...change };
  const at = state.steps.findIndex((step) => step.id === id);
  return { ...state, steps: at < 0 ? [...state.steps, changed] : state.steps.with(at, changed) };
}

function inRollback(state: RunState, change: Partial<RollbackState>): RunState {
  const rollback = state.rollback ?? { why: '', steps: [], undoing: null, undone: [], complete: null, left: [] };
  return { ...state, rollback: { ...rollback, ...change } };
}

function watchOf(state: RunState, step: string): WatchState {
  return stepNamed(state, step).watch ?? { samples: [], verdict: null, reasons: [] };
}

function newestUndo(state: RunState, step: string): number {
  return state.undo.findLastIndex((entry) => entry.step === step);
}

/** Armed anew by a resume while it is stopped still: it is stopped since the first time. */
function leaseOf(
  { step, key, service, also, within, undo, say, at, mono, handle, deadline }: EventOf<'lease.armed'>,
  state: RunState,
): OpenLease {
  const before =
    stepNamed(state, step).status === 'acting' ? undefined : state.leases.find((lease) => lease.key === key);
  const known = service ?? key.slice(key.indexOf(':') + 1);
  return {
    step,
    key,
    service: known,
    ...(also && { also }),
    within,
    undo,
    say,
    armed: before?.armed ?? { at, mono },
    handle: handle ?? null,
    deadline: deadline ?? null,
  };
}

function renewed(lease: OpenLease, { handle, deadline }: EventOf<'lease.renewed'>): OpenLease {
  return { ...lease, handle, deadline };
}

function withoutLease(state: RunState, key: string): readonly OpenLease[] {
  return state.leases.filter((lease) => lease.key !== key);
}

/** A command counts whether or not it changed anything. */
export const tookSome = ({ commands: _, ...used }: Applied['used']): boolean =>
  Object.values(used).some((amount) => amount > 0);

function momentOf({ at, mono }: Moment): Moment {
  return { at, mono };
}

function plus(used: RunState['used'], more: Limits): RunState['used'] {
  const sums = LIMITS.map((name) => [name, used[name] + (more[name] ?? 0)] as const);
  return Object.fromEntries(sums) as RunState['used'];
}

// ---------------------------------------------------------------- questions to a state

/** Steps that have an intent and no outcome. After a crash their outcome is not known. */
export function unknownSteps(state: RunState): readonly string[] {
  const acting = state.steps.filter(({ status }) => status === 'acting').map(({ id }) => id);
  const undoing = state.rollback?.undoing ?? null;
  return undoing === null || acting.includes(undoing) ? acting : [...acting, undoing];
}

/** A rehearsal, in a scene that ends with it. */
export const isDrill = ({ meta }: RunState): boolean => meta?.drill !== undefined;

/** Leases that are still open. Those of a drill are left out: they end with its scene. */
export const openLeases = (state: RunState): readonly OpenLease[] => (isDrill(state) ? [] : state.leases);

/**
 * Milliseconds from the start to the end, or to the last thing known. A resume may have come after a reboot, where only
 * the clock on the wall goes on.
 */
export function elapsed({ meta, last, finished, resumes }: RunState): number {
  // Notes after the end (a resume that was refused) do not count.
  const end = finished ?? last;
  if (meta === null || end === null) return 0;
  const took = resumes === 0 ? end.mono - meta.mono : Date.parse(end.at) - Date.parse(meta.at);
  return Number.isFinite(took) ? Math.max(0, took) : 0;
}

/** Tells whether the run was cut short during its rollback. A resume then goes on with the rollback. */
export const isBeingUndone = ({ rollback, finished }: RunState): boolean => finished === null && rollback !== null;

/** The last thing that is known of a run, in a few words: for a run that did not finish. */
export function lastThing(state: RunState): string {
  if (state.rollback !== null && state.rollback.complete === null)
    return `rolling back ${state.rollback.undoing ?? ''}`.trimEnd();
  const step =
    state.steps.findLast(({ id }) => id === state.current) ?? state.steps.findLast(({ started }) => started !== null);
  if (step === undefined) return state.meta === null ? 'nothing yet' : 'started';
  return step.status === 'acting' ? `${step.id}: outcome unknown` : `${step.id}: ${step.status}`;
}

import type { DrillMark, OwnPlaces } from '../model/event.ts';
import type { HeldPlan } from '../model/fleet.ts';
import type { Reached } from '../model/host/reached.ts';
import type { Host } from '../model/host.ts';
import type { Json } from '../model/json.ts';
import type { Plan, PlannedAction } from '../model/plan.ts';
import { type Mode, type Permit, permit } from '../model/policy/permit.ts';
import type { Ask, Catalogue, Emit, Interrupts, Journal, View } from '../model/ports.ts';
import type { SavedPlan } from '../model/run/saved-plan.ts';
import type { Limits, Runbook } from '../model/runbook.ts';
import { NO_SECRETS, type Secrets } from '../model/secret.ts';
import type { OpenLease } from '../model/state.ts';
import type { Clock } from '../model/verb.ts';
import { pinnedOf } from '../plan/fingerprint.ts';
import { type Carried, makePlan } from '../plan/plan.ts';
import { execute } from '../run/execute.ts';
import { takeOver } from '../run/lease.ts';
import type { Book, Ending, Running } from '../run/running.ts';
import { endSevered, heard, heed, leaveLeases, Severed, unansweredBy } from '../run/severed.ts';
import { spine } from '../run/spine.ts';
import { type Left, notAsLeft, sayNotAsLeft } from './as-left.ts';
import { compare, compareHeld } from './compare.ts';
import { outsideScene } from './outside-scene.ts';
import { learnSecrets, type Unfit } from './secrets.ts';

/**
 * What is asked for: JSON-safe but for the runbook's frozen parts, so that command line, webhook and fleet worker ask
 * alike.
 */
export interface RunRequest {
  readonly runbook: Runbook;
  readonly params: Readonly<Record<string, Json>>;
  readonly mode: Mode;
  /** Limits that a person raised for this run. */
  readonly raised: Limits;
  readonly who: string;
  /** Notes for the journal about the start: files that were trusted only because a person said so. */
  readonly notes?: readonly string[];
  /** Of an earlier life: kept bytes that its journal does not mention. */
  readonly orphans?: readonly string[];
  /** The program's version, for the journal. */
  readonly tool: string;
  /** The plan that was reviewed: what it holds fast must be found the same. */
  readonly saved?: SavedPlan;
  /** In a fleet run: the parts of this host's plan that must be the same. */
  readonly held?: HeldPlan;
  /** Where the host is elsewhere: how it was reached, for a resume. */
  readonly target?: Reached;
  /** A rehearsal: acts on nothing outside of its scene. */
  readonly drill?: DrillMark;
  readonly own?: OwnPlaces;
}

/** What it is done with. */
export interface RunParts {
  readonly host: Host;
  /** The same host, refusing every change: what diagnosis and plan look through. */
  readonly readOnlyHost: Host;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly views: readonly View[];
  readonly interrupts: Interrupts;
  /**
   * Why automation has to stop, looked up anew at each call; null: it may go on. Absent: nothing can stop it but an
   * interrupt.
   */
  readonly stop?: () => string | null;
  /** Opens what the steps need, before anything is looked at, and keeps it out of all that is written or shown. */
  readonly secrets?: Secrets;
  /** Present where a person decides. */
  readonly ask: Ask | null;
  /** Told the plan before the first act. */
  readonly planned: (plan: Plan) => void;
}

/** What an earlier life of the run leaves to this one. */
interface Earlier extends Carried {
  readonly unknown: ReadonlySet<string>;
  readonly done: Book['done'];
  /** Services that are still stopped. Their leases are armed again, because the engine that watched them is gone. */
  readonly leases: readonly (OpenLease & { readonly verb: string })[];
}

/** One life of a run. Every resume adds another one. */
export interface Life {
  readonly emit: Emit;
  /** Decided once: a window that closes during a run does not stop it. */
  readonly given: Exclude<Permit, { readonly kind: 'denied' }>;
  readonly earlier?: Earlier;
  /** Present in all lives but the first. */
  readonly left?: Left;
}

/** Plans, and unless the plan refuses, acts, verifies and ends. */
export async function carryOut(request: RunRequest, parts: RunParts, life: Life): Promise<Ending> {
  try {
    return await planAndAct(request, parts, life);
  } catch (error) {
    if (error instanceof Severed) return endSevered({ ...life, ...parts }, error, life.earlier?.leases ?? []);
    throw error;
  }
}

async function planAndAct(request: RunRequest, parts: RunParts, life: Life): Promise<Ending> {
  const { emit, given, earlier } = life;
  const { redact } = secretsIn(parts);
  const { plan: made, findings } = await planned(request, parts, life);
  const plan = redact(made);
  const wrong = life.left && sayNotAsLeft(notAsLeft(life.left, plan), parts.journal.folder);
  if (wrong) await emit({ type: 'note', text: wrong });
  const stopped = request.mode.kind === 'unattended' ? parts.stop?.() : null;
  if (stopped) parts.interrupts.raise(stopped);
  const mismatch = parts.interrupts.signal.aborted
    ? null
    : ((await compare(request.saved, plan, emit)) ?? compareHeld(request.held, plan));
  const refusal = mismatch ?? outsideScene(plan, request.drill) ?? refuse(plan, parts.interrupts);
  if (refusal) {
    for (const step of plan.steps) if (step.kind === 'action') await decided(step, emit);
    await emit({
      type: 'run.finished',
      ...refusal,
      open: refusal.outcome === 'not-this-incident' ? [] : plan.open,
      missed: [],
    });
    return refusal;
  }
  parts.planned(plan);
  await emit({ type: 'plan.pinned', pinned: pinnedOf(plan) });
  const running: Running = {
    ...parts,
    plan,
    runbook: request.runbook,
    emit,
    finished: earlier?.finished ?? new Set(),
    unknown: earlier?.unknown ?? new Set(),
    by: decider(request, parts, given),
    book: {
      findings,
      used: earlier?.used ?? {},
      unsettled: new Map(earlier?.unsettled),
      reserved: {},
      done: [...(earlier?.done ?? [])],
      leases: new Map(),
      stopped: [],
      over: new AbortController(),
    },
  };
  await takeOverAll(running, earlier?.leases ?? []);
  return execute(running);
}

/** If the host cannot be reached any more, nothing else is asked. */
function planned(request: RunRequest, parts: RunParts, { emit, given, earlier }: Life): ReturnType<typeof makePlan> {
  const { host: _host, readOnlyHost: host, ...rest } = parts;
  const open = earlier ? 'nothing more was done' : 'nothing was touched';
  const before = unansweredBy(host);
  const heeding: Emit = async (fact) => {
    heed(host, before, open);
    await emit(fact);
  };
  const { signal } = parts.interrupts;
  const carried = earlier && { carried: earlier };
  return heard(host, open, () => makePlan({ ...request, ...rest, given, host, signal, emit: heeding, ...carried }));
}

/** If no new lease can be armed, the one of the earlier engine stays. */
async function takeOverAll(running: Running, leases: Earlier['leases']): Promise<void> {
  try {
    for (const lease of leases) await heard(running.host, 'nothing more was done', () => takeOver(running, lease));
  } catch (error) {
    running.book.over.abort();
    leaveLeases(running);
    throw error;
  }
}

const secretsIn = ({ secrets = NO_SECRETS }: RunParts): Secrets => secrets;

/** Null: all are known. */
export function unfitSecrets(request: RunRequest, parts: RunParts): Promise<Unfit | null> {
  return learnSecrets(request, secretsIn(parts), parts.interrupts.signal);
}

/** The spine of this run, redacting. */
export function spineOf(parts: RunParts, after = 0): Emit {
  return spine({ ...parts, run: parts.journal.run, host: parts.host.name, redact: secretsIn(parts).redact, after });
}

/** Why nothing may be done, with nothing touched; null: go on. */
function refuse(plan: Plan, interrupts: Interrupts): Ending | null {
  if (interrupts.signal.aborted)
    return {
      outcome: 'interrupted',
      verdict: null,
      reasons: [`${String(interrupts.signal.reason)} before anything was done`],
    };
  return plan.refusal && { ...plan.refusal, verdict: null };
}

export function decider({ who }: RunRequest, { ask }: RunParts, given: Life['given']): Running['by'] {
  if (given.kind === 'allowed') return { kind: 'policy', rule: given.rule };
  if (!ask) throw new Error('bug: an attended run needs somebody to ask');
  return { kind: 'person', ask, name: who };
}

/** The policy's answer, as of now: a resume and a rollback need the same right as the run. */
export function permitFor({ mode, runbook, params }: RunRequest, { host, clock }: RunParts): Permit {
  return permit(mode, { runbook, params, host: host.name, at: clock.now() });
}

/** A decision against an act is journaled like one for it. */
async function decided({ id, decision }: PlannedAction, emit: Emit): Promise<void> {
  if (decision.effect === 'deny' || decision.effect === 'over-limit')
    await emit({ type: 'policy.decided', step: id, decision });
}

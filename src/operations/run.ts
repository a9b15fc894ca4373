import { type Mode, ruleFor } from '../model/decide.ts';
import type { StepOutline } from '../model/event.ts';
import type { Host } from '../model/host.ts';
import type { Json } from '../model/json.ts';
import type { Plan } from '../model/plan.ts';
import type { Ask, Catalogue, Emit, Interrupts, Journal, View } from '../model/ports.ts';
import { isAction, type Limits, type Runbook, stepsOf } from '../model/runbook.ts';
import type { Clock } from '../model/verb.ts';
import { makePlan } from '../plan/plan.ts';
import { execute } from '../run/execute.ts';
import type { Ending, Running } from '../run/running.ts';
import { spine } from '../run/spine.ts';

/** What is asked for: JSON-safe but for the runbook's frozen parts, so that command line, webhook and fleet worker ask alike. */
export interface RunRequest {
  readonly runbook: Runbook;
  readonly params: Readonly<Record<string, Json>>;
  readonly mode: Mode;
  /** Limits that a person raised for this run. */
  readonly raised: Limits;
  readonly who: string;
  /** The program's version, for the journal. */
  readonly tool: string;
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
  /** Present where a person decides. */
  readonly ask: Ask | null;
  /** Told the plan before the first act. */
  readonly planned: (plan: Plan) => void;
}

/** Diagnoses, plans, acts, verifies, ends. One execution of one plan on one host. */
export async function run(request: RunRequest, parts: RunParts): Promise<Ending> {
  const emit = spine({ run: parts.journal.run, host: parts.host.name, journal: parts.journal, views: parts.views, clock: parts.clock });
  await start(request, parts, emit);
  const { plan, findings } = await makePlan({
    ...request,
    host: parts.readOnlyHost,
    catalogue: parts.catalogue,
    clock: parts.clock,
    signal: parts.interrupts.signal,
    emit,
  });
  const refusal = refuse(plan, parts.interrupts);
  if (refusal) {
    await emit({ type: 'run.finished', ...refusal, open: refusal.outcome === 'not-this-incident' ? [] : plan.open, missed: [] });
    return refusal;
  }
  parts.planned(plan);
  const running: Running = {
    ...parts,
    plan,
    runbook: request.runbook,
    emit,
    by: decider(request, parts),
    book: { findings, used: {}, done: [], leases: new Map(), stopped: [], over: new AbortController() },
  };
  return execute(running);
}

async function start({ runbook, params, mode, raised, who, tool }: RunRequest, parts: RunParts, emit: Emit): Promise<void> {
  const facts = await parts.host.machine.facts();
  await emit({
    type: 'run.started',
    runbook: { name: runbook.name, version: runbook.version, title: runbook.title, path: runbook.source.path, hash: runbook.source.hash },
    params,
    limits: { ...runbook.limits, ...raised },
    steps: stepsOf(runbook).map(
      (step): StepOutline => ({
        id: step.id,
        phase: step.phase,
        verb: step.verb,
        why: step.why ?? null,
        kind: step.verb === 'watch' ? 'watch' : isAction(step, parts.catalogue.actions) ? 'action' : 'probe',
      }),
    ),
    who,
    mode: mode.kind === 'attended' ? 'interactive' : 'unattended',
    policy: mode.kind === 'unattended' ? mode.policy.source : null,
    tool,
    boot: { id: facts.bootId, at: facts.bootTime },
  });
}

/** Why nothing may be done, with nothing touched; null: go on. */
function refuse(plan: Plan, interrupts: Interrupts): Ending | null {
  if (interrupts.signal.aborted)
    return { outcome: 'interrupted', verdict: null, reasons: [`${String(interrupts.signal.reason)} before anything was done`] };
  return plan.refusal && { ...plan.refusal, verdict: null };
}

function decider(request: RunRequest, parts: RunParts): Running['by'] {
  if (request.mode.kind === 'attended') {
    if (!parts.ask) throw new Error('bug: an attended run needs somebody to ask');
    return { kind: 'person', ask: parts.ask, name: request.who };
  }
  const rule = ruleFor(request.mode.policy, request.runbook);
  if (!rule) throw new Error('bug: a run without a rule has been refused before');
  return { kind: 'policy', rule };
}

import { clockOn } from '../model/host/far-clock.ts';
import type { Json } from '../model/json.ts';
import type { Plan, PlannedAction, PlannedProbe, PlannedStep, PlannedWatch, Refusal } from '../model/plan.ts';
import { addCosts, decide, limitsFor, overLimit } from '../model/policy/decide.ts';
import { tooOften } from '../model/policy/pace.ts';
import { type Mode, type Permit, permit } from '../model/policy/permit.ts';
import { givenBack, minus, type Unsettled } from '../model/policy/spent.ts';
import { type Looking, lookAt } from '../model/run/look.ts';
import { whatStaysOpen } from '../model/run/open.ts';
import { watchSpec } from '../model/run/watch.ts';
import { misled } from '../model/runbook/real-params.ts';
import { type Findings, resolveArg, startFindings, whether } from '../model/runbook/scope.ts';
import { isAction, type Limits, type Runbook, runbookMark, type Step } from '../model/runbook.ts';
import { cannot, type Observation } from '../model/verb.ts';
import { aheadOf, atItsTurn, decidedLate, withoutLateGains } from './at-turn.ts';
import { diagnose } from './diagnose.ts';
import { type Foresight, foresee } from './foresee.ts';
import { foreseeUndo } from './foresee-undo.ts';
import { refusalOf } from './refusal.ts';

interface PlanRequest extends Looking {
  readonly params: Readonly<Record<string, Json>>;
  readonly mode: Mode;
  /** The policy's answer, where it was asked before; else it is asked now. */
  readonly given?: Permit;
  /** Raised for this run by a person. */
  readonly raised: Limits;
  /**
   * A run that goes on: what was found, what is finished and what was used by then. The thresholds gate the first act
   * only, so nothing is diagnosed again.
   */
  readonly carried?: Carried;
}

export interface Carried {
  readonly findings: Findings;
  readonly finished: ReadonlySet<string>;
  readonly used: Limits;
  readonly unsettled: ReadonlyMap<string, Unsettled>;
}

/**
 * Makes a plan: looks, judges, and observes every action on the host as the earlier actions will leave it. `host` must
 * be read-only.
 */
export async function makePlan(request: PlanRequest): Promise<{ readonly plan: Plan; readonly findings: Findings }> {
  const { runbook, mode } = request;
  const asked = { runbook, params: request.params, host: request.host.name, at: request.clock.now() };
  const given = request.given ?? permit(mode, asked);
  const limits = limitsFor(given, runbook, request.raised);
  const wrong = await misled({ ...request, given });
  const { looked, diagnosis } = wrong ? await unlooked(request, wrong) : await diagnosed(request);
  const acting =
    diagnosis.verdict === 'this-incident' || diagnosis.verdict === 'looked-only'
      ? await observeAll(looked.findings, { given, limits, request })
      : { steps: [], findings: looked.findings, known: looked.findings, late: new Set<string>() };
  const verify = runbook.verify.map((step) => foreseeVerify(step, acting, runbook));
  const steps: readonly PlannedStep[] = [...looked.planned, ...acting.steps, ...verify];
  const plan: Plan = {
    runbook: runbookMark(runbook),
    host: request.host.name,
    at: asked.at,
    params: request.params,
    limits,
    diagnosis,
    steps,
    refusal: wrong ?? refusalOf(diagnosis, steps, request.carried ? null : tooOften(mode, given, asked)),
    open: diagnosis.verdict === 'not-this-incident' ? [] : whatStaysOpen(runbook.open, looked.findings),
    estimate: estimateOf(steps),
  };
  return { plan, findings: acting.known };
}

/** What may not be acted on is not even looked at. */
async function unlooked({ carried, params, emit }: PlanRequest, { reasons }: Refusal) {
  if (!carried) await emit({ type: 'diagnosis.made', verdict: 'unknown', reasons });
  return {
    looked: { planned: [], findings: carried?.findings ?? startFindings(params) },
    diagnosis: { verdict: 'unknown', reasons } as const,
  };
}

async function diagnosed(request: PlanRequest) {
  const { runbook, carried, emit } = request;
  if (carried)
    return {
      looked: { planned: [], findings: carried.findings },
      diagnosis: { verdict: 'this-incident', reasons: [] } as const,
    };
  const looked = await lookAtAll(runbook.diagnose, startFindings(request.params), request);
  const diagnosis = diagnose(
    looked.planned,
    runbook.act.some((step) => isAction(step, request.catalogue.actions)),
  );
  await emit({ type: 'diagnosis.made', verdict: diagnosis.verdict, reasons: diagnosis.reasons });
  return { looked, diagnosis };
}

async function lookAtAll(steps: readonly Step[], start: Findings, request: PlanRequest) {
  const planned: PlannedProbe[] = [];
  let findings = start;
  for (const step of steps) {
    const looked = await lookAt(step, findings, request);
    const { skipped } = looked.planned;
    if (skipped !== undefined)
      await request.emit({ type: 'step.finished', step: step.id, outcome: 'skipped', reason: skipped });
    planned.push(looked.planned);
    findings = looked.findings;
  }
  return { planned, findings };
}

async function observeAll(
  start: Findings,
  { given, limits, request }: Pick<Observing, 'given' | 'limits' | 'request'>,
) {
  const steps: PlannedStep[] = [];
  const foresight = foresee(request.host);
  const toDo = request.runbook.act.filter(({ id }) => !request.carried?.finished.has(id));
  const late = new Set(toDo.filter((step) => !isAction(step, request.catalogue.actions)).map(({ id }) => id));
  const known = without(start, late);
  let findings = known;
  let used: Limits = request.carried?.used ?? {};
  for (const step of toDo) {
    if (isAction(step, request.catalogue.actions)) {
      const planned = await observeOne(step, findings, { foresight, given, limits, used, request, known, late });
      used = addCosts(used, planned.observation?.costs ?? {});
      steps.push(planned);
    } else {
      const looked = await lookAhead(step, findings, { ...request, host: foresight.host, known, late });
      findings = looked.findings;
      steps.push(looked.planned);
      // If a step is never looked at, everything that depends on it stays unknown.
      if (looked.planned.skipped !== undefined) late.delete(step.id);
    }
  }
  return { steps, findings, known, late };
}

/**
 * A look in `act` is taken at its turn. What later steps have for their targets is looked at here as well, to be shown
 * and counted; nothing of it is journaled.
 */
async function lookAhead(step: Step, findings: Findings, request: PlanRequest & Pick<Observing, 'known' | 'late'>) {
  const ahead = aheadOf(step, request.runbook);
  const looked =
    ahead && skippedFor(step, request) === undefined
      ? await lookAt(ahead, findings, { ...request, emit: async () => {} })
      : null;
  const planned = atItsTurn(step, resolveArg(step, request.runbook, findings), looked?.planned.finding ?? null, {
    findings,
    skipped: skippedFor(step, request),
  });
  return { planned, findings: looked?.findings ?? findings };
}

/** Why its `when` will not let it look, as far as that can be told before any act. */
function skippedFor(step: Step, { known, late }: Pick<Observing, 'known' | 'late'>): string | undefined {
  const { truth, say } = whether(step, known);
  return truth === 'yes' || (truth === 'unknown' && decidedLate(step, late) !== null) ? undefined : say;
}

function without(findings: Findings, steps: ReadonlySet<string>): Findings {
  return { ...findings, steps: Object.fromEntries(Object.entries(findings.steps).filter(([id]) => !steps.has(id))) };
}

interface Observing {
  readonly foresight: Foresight;
  readonly given: Permit;
  readonly limits: Limits;
  readonly used: Limits;
  readonly request: PlanRequest;
  /** What was found before any act, of which alone the plan may decide a `when`. */
  readonly known: Findings;
  /** Looks that are taken at their turn. */
  readonly late: ReadonlySet<string>;
}

async function observeOne(step: Step, findings: Findings, observing: Observing): Promise<PlannedAction> {
  const { foresight, given, limits, used, request, known } = observing;
  const { runbook, catalogue } = request;
  const arg = resolveArg(step, runbook, findings);
  const base = {
    kind: 'action',
    id: step.id,
    phase: step.phase,
    verb: step.verb,
    why: step.why ?? null,
    arg,
    onFail: step.onFail,
    ask: step.ask,
    undoNote: step.undo?.kind === 'note' ? step.undo.text : null,
  } as const;
  const when = whether(step, known);
  const late = when.truth === 'unknown' ? decidedLate(step, observing.late) : null;
  if (when.truth !== 'yes' && late === null)
    return { ...base, explain: [], observation: null, skipped: when.say, before: null, decision: decide(given, step) };
  const verb = await catalogue.action(step.verb);
  const look = {
    host: foresight.host,
    clock: clockOn(request.host, request.clock),
    signal: request.signal,
    progress: () => {},
    takenDown: foresight.takenDown,
  };
  const foreseen = await verb
    .observe(look, arg)
    .catch((error: unknown) => cannot(`could not look: ${step.verb}`, String(error)));
  const now =
    foresight.used() && foreseen.state
      ? (await verb.observe({ ...look, host: request.host }, arg)).state?.now
      : undefined;
  const observation: Observation =
    now !== undefined && foreseen.state ? { ...foreseen, state: { ...foreseen.state, now } } : foreseen;
  foresight.add(late === null ? observation.predicts : withoutLateGains(observation.predicts));
  const undoSteps =
    observation.verdict === 'change' ? await foreseeUndo(step, { look, runbook, findings, catalogue }) : [];
  const rule = given.kind === 'allowed' ? given.rule : null;
  const owed = request.carried?.unsettled.get(step.id);
  const counted = owed
    ? minus(used, observation.verdict === 'nothing' ? {} : givenBack(owed, observation.targets))
    : used;
  const over =
    given.kind === 'denied'
      ? undefined
      : overLimit({ limits, used: counted, costs: observation.costs, rule, own: request.runbook.limits });
  const decision =
    over === undefined
      ? decide(given, step, observation.undo)
      : ({ effect: 'over-limit', reason: over, rule: rule?.id ?? null } as const);
  const before = now !== undefined && foreseen.state && foreseen.state.now !== now ? foreseen.state.now : null;
  return {
    ...base,
    ...(late !== null && { late }),
    ...(undoSteps.length > 0 && { undoSteps }),
    explain: observation.explain,
    observation,
    skipped: null,
    before,
    decision,
  };
}

function foreseeVerify(
  step: Step,
  { findings, known, late }: Pick<Observing, 'known' | 'late'> & { readonly findings: Findings },
  runbook: Runbook,
): PlannedProbe | PlannedWatch {
  const skipped = skippedFor(step, { known, late: new Set([...late, ...runbook.verify.map(({ id }) => id)]) });
  const base = {
    id: step.id,
    phase: step.phase,
    verb: step.verb,
    why: step.why ?? null,
    arg: resolveArg(step, runbook, findings),
    explain: [],
    ...(skipped !== undefined && { skipped }),
  } as const;
  if (step.verb === 'watch') return { ...base, kind: 'watch', watch: watchSpec(step, base.arg, findings) };
  return { ...base, kind: 'probe', finding: null, truth: 'not-looked', judgements: [], decisive: step.decisive };
}

function estimateOf(steps: readonly PlannedStep[]): number | null {
  let total = 0;
  for (const step of steps) {
    if (step.kind === 'watch' && step.skipped === undefined) total += step.watch.for;
    if (step.kind !== 'action' || !step.observation) continue;
    if (step.observation.estimate === null) return null;
    total += step.observation.estimate;
  }
  return total;
}

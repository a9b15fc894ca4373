import type { StepOutline } from '../model/event.ts';
import { decide, limitsFor } from '../model/policy/decide.ts';
import type { Permit } from '../model/policy/permit.ts';
import type { Emit } from '../model/ports.ts';
import { planMark } from '../model/run/saved-plan.ts';
import { isAction, runbookMark, stepsOf } from '../model/runbook.ts';
import type { Ending } from '../run/running.ts';
import { endSevered, heard, Severed } from '../run/severed.ts';
import { carryOut, permitFor, type RunParts, type RunRequest, spineOf, unfitSecrets } from './carry-out.ts';
import type { Unfit } from './secrets.ts';

/** Diagnoses, plans, acts, verifies, ends. One execution of one plan on one host. */
export async function run(request: RunRequest, parts: RunParts): Promise<Ending> {
  const emit = spineOf(parts);
  try {
    return await begin(request, parts, emit);
  } catch (error) {
    if (error instanceof Severed) return endSevered({ ...parts, emit }, error, []);
    throw error;
  }
}

async function begin(request: RunRequest, parts: RunParts, emit: Emit): Promise<Ending> {
  const given = permitFor(request, parts);
  const unfit = given.kind === 'denied' ? null : await unfitSecrets(request, parts);
  await start(request, parts, { emit, given });
  if (given.kind === 'denied') return denied(request, parts, { emit, given });
  if (unfit !== null) return withoutSecret(emit, unfit);
  return carryOut(request, parts, { emit, given });
}

interface Beginning {
  readonly emit: Emit;
  readonly given: Permit;
}

/** What no rule allows is not even looked at: a runbook's own commands may be part of the looking. */
async function denied({ runbook }: RunRequest, { catalogue }: RunParts, { emit, given }: Beginning): Promise<Ending> {
  const first = runbook.act.find((step) => isAction(step, catalogue.actions));
  if (first) await emit({ type: 'policy.decided', step: first.id, decision: decide(given, first) });
  const reasons = given.kind === 'denied' ? [given.reason] : [];
  const ending: Ending = { outcome: 'refused-by-policy', verdict: null, reasons };
  await emit({ type: 'run.finished', ...ending, open: [], missed: [] });
  return ending;
}

async function withoutSecret(emit: Emit, { outcome, reason }: Unfit): Promise<Ending> {
  const ending: Ending = { outcome, verdict: null, reasons: [`${reason}; nothing was touched`] };
  await emit({ type: 'run.finished', ...ending, open: [], missed: [] });
  return ending;
}

async function start(request: RunRequest, parts: RunParts, { emit, given }: Beginning): Promise<void> {
  const { runbook, params, mode, raised, who, tool, saved, target, drill, own } = request;
  const facts = await heard(parts.host, 'nothing was touched', () => parts.host.machine.facts());
  await emit({
    type: 'run.started',
    runbook: runbookMark(runbook),
    text: runbook.source.text,
    params,
    limits: limitsFor(given, runbook, raised),
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
    ...(saved && { plan: planMark(saved) }),
    ...(target && { target }),
    ...(drill && { drill }),
    ...(own && { own }),
  });
  for (const text of request.notes ?? []) await emit({ type: 'note', text });
}

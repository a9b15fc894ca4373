import type { Truth } from './condition.ts';
import { clockOn } from './far-clock.ts';
import type { Host } from './host.ts';
import type { PlannedProbe } from './plan.ts';
import type { Catalogue, Emit } from './ports.ts';
import type { Runbook, Step } from './runbook.ts';
import { addFinding, type Findings, judgeWith, resolveArg } from './scope.ts';
import { type Clock, type Finding, type Look, unknownFinding } from './verb.ts';

/** What looking needs, for probes and for actions alike. */
export interface Looking {
  readonly runbook: Runbook;
  readonly host: Host;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/** One probe, looked at once: never throws for what is wrong with the host, that is an unknown finding. */
export async function lookAt(
  step: Step,
  findings: Findings,
  looking: Looking,
): Promise<{ readonly planned: PlannedProbe; readonly findings: Findings }> {
  const { emit } = looking;
  const verb = await looking.catalogue.probe(step.verb);
  const arg = resolveArg(step, looking.runbook, findings);
  const base = {
    kind: 'probe',
    id: step.id,
    phase: step.phase,
    verb: step.verb,
    why: step.why ?? null,
    arg,
    decisive: step.decisive,
  } as const;
  if (step.when && judgeWith(step.when, findings).truth !== 'yes') {
    return { planned: { ...base, explain: [], finding: null, truth: 'not-looked', judgements: [] }, findings };
  }
  await emit({ type: 'step.started', step: step.id, phase: step.phase, verb: step.verb });
  const finding = await withDeadline(step, looking, (look) => verb.look(look, arg)).catch((error: unknown) =>
    unknownFinding(verb.measures, String(error)),
  );
  const judged = step.expect ? judgeWith(step.expect, findings, finding.measures) : null;
  const truth: Truth | 'informs' = judged ? judged.truth : finding.unknown !== undefined ? 'unknown' : 'informs';
  const judgements = judged?.judgements ?? [];
  await emit({ type: 'probe.found', step: step.id, finding, truth, judgements });
  return {
    planned: { ...base, explain: verb.explain(arg), finding, truth, judgements },
    findings: addFinding(findings, step, arg, finding),
  };
}

/** A step's `timeout` ends the look by its signal. A probe that does not listen still ends: every port call has a deadline of its own. */
async function withDeadline(step: Step, looking: Looking, look: (look: Look) => Promise<Finding>): Promise<Finding> {
  const signal = step.timeout === undefined ? looking.signal : AbortSignal.any([looking.signal, AbortSignal.timeout(step.timeout)]);
  return look({ host: looking.host, clock: clockOn(looking.host, looking.clock), signal, progress: () => {} });
}

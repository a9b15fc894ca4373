import type { Truth } from '../condition.ts';
import { clockOn } from '../host/far-clock.ts';
import type { Host } from '../host.ts';
import type { Json } from '../json.ts';
import type { PlannedProbe } from '../plan.ts';
import type { Catalogue, Emit } from '../ports.ts';
import { addFinding, type Findings, judgeWith, resolveArg, whether } from '../runbook/scope.ts';
import type { Runbook, Step } from '../runbook.ts';
import { showDuration } from '../text/quantity.ts';
import { type Clock, type Finding, type Look, type ProbeVerb, unknownFinding } from '../verb.ts';

/** What looking needs, for probes and for actions alike. */
export interface Looking {
  readonly runbook: Runbook;
  readonly host: Host;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/** One look of one probe. Trouble of the host gives an unknown finding; it is never thrown. */
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
  const when = whether(step, findings);
  if (when.truth === 'no')
    return {
      planned: { ...base, explain: [], finding: null, truth: 'not-looked', judgements: [], skipped: when.say },
      findings,
    };
  // If nobody knows whether the step should look, its decision is not known either.
  if (when.truth === 'unknown') {
    const judgements = when.judgements.filter(({ truth }) => truth === 'unknown');
    return {
      planned: {
        ...base,
        explain: [],
        finding: null,
        truth: step.expect ? 'unknown' : 'not-looked',
        judgements,
        skipped: when.say,
      },
      findings,
    };
  }
  await emit({ type: 'step.started', step: step.id, phase: step.phase, verb: step.verb });
  const judge = (found: Finding) => (step.expect ? judgeWith(step.expect, findings, found.measures) : null);
  const finding = await findFor(
    step,
    arg,
    looking,
    (found) => (judge(found)?.truth ?? (found.unknown === undefined ? 'yes' : 'unknown')) === 'yes',
  );
  const judged = judge(finding);
  const truth: Truth | 'informs' = judged ? judged.truth : finding.unknown !== undefined ? 'unknown' : 'informs';
  const judgements = judged?.judgements ?? [];
  await emit({ type: 'probe.found', step: step.id, finding, truth, judgements });
  return {
    planned: { ...base, explain: verb.explain(arg), finding, truth, judgements },
    findings: addFinding(findings, step, arg, finding),
  };
}

/**
 * What a step finds, in every phase and in a watch: within its `timeout`, and looked for again as its `retry` says
 * until `well` is content. Never throws for what is wrong with the host.
 */
export async function findFor(
  step: Step,
  arg: Json,
  looking: Looking,
  well: (finding: Finding) => boolean,
): Promise<Finding> {
  const verb = await looking.catalogue.probe(step.verb);
  const unanswered = (): number => looking.host.connection?.unanswered().count ?? 0;
  const before = unanswered();
  // Does not ask again over a lost connection: the caller learns that it is lost.
  const over = (): boolean => looking.signal.aborted || unanswered() !== before;
  let finding = await findOnce(step, verb, arg, looking);
  for (let left = step.retry?.times ?? 0; left > 0 && !well(finding) && !over(); left -= 1) {
    await looking.clock.sleep(step.retry?.every ?? 0, looking.signal);
    if (!over()) finding = await findOnce(step, verb, arg, looking);
  }
  return finding;
}

/** A look that listens to its signal ends by itself; one that hangs in a call is not waited for any longer. */
const GRACE = 2000;

/** A look that was cut short has not seen what it was to see: half of it is neither a yes nor a no. */
async function findOnce(
  step: Step,
  verb: ProbeVerb,
  arg: Json,
  { host, clock, signal: stop }: Looking,
): Promise<Finding> {
  const deadline = step.timeout === undefined ? null : AbortSignal.timeout(step.timeout);
  const signal = deadline ? AbortSignal.any([stop, deadline]) : stop;
  const cutShort = () =>
    unknownFinding(
      verb.measures,
      deadline?.aborted ? `it did not end within ${showDuration(step.timeout ?? 0)} (timeout)` : 'it was interrupted',
    );
  const look: Look = { host, clock: clockOn(host, clock), signal, progress: () => {} };
  const found = (async () => verb.look(look, arg))().catch((error: unknown) =>
    unknownFinding(verb.measures, String(error)),
  );
  const late = new Promise<Finding>((resolve) => {
    deadline?.addEventListener('abort', () => void clock.sleep(GRACE).then(() => resolve(cutShort())), { once: true });
  });
  const finding = await Promise.race([found, late]);
  return signal.aborted ? cutShort() : finding;
}

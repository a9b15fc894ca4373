import { isObject, type Json } from '../model/json.ts';
import type { PlannedUndo } from '../model/plan.ts';
import type { Catalogue } from '../model/ports.ts';
import { type Findings, resolveArg } from '../model/runbook/scope.ts';
import type { AuthoredUndoStep, Runbook, Step } from '../model/runbook.ts';
import { cannot, type Look } from '../model/verb.ts';

interface Foreseen {
  /** At the host as it will be once the step has acted. */
  readonly look: Look;
  readonly runbook: Runbook;
  readonly findings: Findings;
  readonly catalogue: Catalogue;
}

/** The steps that the author wrote to undo this one, each observed as an action is. */
export async function foreseeUndo(step: Step, foreseen: Foreseen): Promise<readonly PlannedUndo[]> {
  if (step.undo?.kind !== 'steps') return [];
  const steps: PlannedUndo[] = [];
  for (const undo of step.undo.steps) steps.push(await foreseeOne(step, undo, foreseen));
  return steps;
}

async function foreseeOne(
  step: Step,
  undo: AuthoredUndoStep,
  { look, runbook, findings, catalogue }: Foreseen,
): Promise<PlannedUndo> {
  const verb = await catalogue.action(undo.verb);
  const arg = resolveArg({ ...step, arg: undo.arg }, runbook, findings);
  const seen = await verb.observe(look, arg).catch((error: unknown) => cannot('could not look', String(error)));
  const { verdict, summary, reason } = seen;
  const base = { verb: undo.verb, why: undo.why ?? null };
  if (verdict === 'change') return { ...base, say: summary, now: null };
  const now = verdict === 'nothing' ? `nothing to do: ${summary}` : `it could not be done: ${reason ?? summary}`;
  return { ...base, say: `${undo.verb} ${sayArg(undo.arg)}`, now };
}

/** As the author wrote it, on one line. */
function sayArg(arg: Json): string {
  if (Array.isArray(arg)) return `[${arg.map(sayArg).join(', ')}]`;
  if (!isObject(arg)) return String(arg);
  return `{${Object.entries(arg)
    .map(([key, value]) => `${key}: ${sayArg(value ?? null)}`)
    .join(', ')}}`;
}

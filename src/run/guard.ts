import type { PlannedProbe } from '../model/plan.ts';
import { lookAt } from '../model/run/look.ts';
import type { Step } from '../model/runbook.ts';
import { CUT_SHORT, type Running, type StepEnd } from './running.ts';
import { heard } from './severed.ts';
import { byOnFail, finish } from './step.ts';
import { lookingFor } from './verify.ts';

/**
 * A look between two acts, taken at its turn. With `expect` it guards the next act: "no" and "unknown" stop the run.
 */
export async function guard(running: Running, step: Step): Promise<StepEnd> {
  const looked = await heard(running.host, `${step.id} could not look`, () =>
    lookAt(step, running.book.findings, lookingFor(running)),
  );
  running.book.findings = looked.findings;
  const { planned } = looked;
  if (planned.truth === 'not-looked') return finish(running, step, 'skipped', planned.skipped ?? null);
  const cut = running.interrupts.signal.aborted && planned.finding?.unknown !== undefined;
  const doubt = cut ? 'interrupted while it looked' : doubtOf(step, planned);
  if (doubt === null) return finish(running, step, 'done', unlooked(planned));
  await finish(running, step, 'failed', doubt);
  return running.interrupts.signal.aborted ? CUT_SHORT : byOnFail(running, step, `${step.id}: ${doubt}`);
}

/** Why the next act must not follow; null: it may. */
function doubtOf(step: Step, { truth, finding, judgements, skipped }: PlannedProbe): string | null {
  if (!step.expect || truth === 'yes') return null;
  if (finding?.unknown !== undefined) return `could not look: ${finding.unknown}`;
  const failed = judgements
    .filter((judgement) => judgement.truth !== 'yes')
    .map(({ wanted, seen }) => `wanted ${wanted}, seen ${seen}`);
  return skipped ?? (failed.join('; ') || 'its expectation does not hold');
}

const unlooked = ({ finding }: PlannedProbe): string | null =>
  finding?.unknown === undefined ? null : `could not look: ${finding.unknown}`;

import { isRunning, readTaken } from '../model/host/service.ts';
import type { Verdict } from '../model/outcome.ts';
import { type Looking, lookAt } from '../model/run/look.ts';
import { counts } from '../model/run/watch.ts';
import { whether } from '../model/runbook/scope.ts';
import type { Step } from '../model/runbook.ts';
import type { Running } from './running.ts';
import { heard } from './severed.ts';
import { finish } from './step.ts';
import { type Judged, watch } from './watch.ts';

/** Every verify step; the worst verdict counts, and a recurrence ends it. */
export async function verify(running: Running): Promise<Judged & { readonly undo: boolean }> {
  let all: Judged = { verdict: 'held', reasons: [] };
  let undo = false;
  let proven = running.runbook.verify.length === 0;
  for (const step of running.runbook.verify) {
    const judged = await verifyOne(running, step);
    proven ||= judged.proven ?? false;
    all = worse(all, judged);
    undo ||= judged.verdict === 'recurred' && step.onFail === 'undo';
    if (judged.verdict === 'recurred' || running.interrupts.signal.aborted) break;
  }
  if (all.verdict === 'recurred') return { ...all, undo };
  if (!proven && all.verdict === 'held') all = NOTHING_PROVEN;
  const down = await whoIsDown(running);
  const back = down.verdict === 'recurred' && running.runbook.verify.some((step) => step.onFail === 'undo');
  return { ...worse(all, down), undo: back };
}

/**
 * Whoever needs a service went down with it: where the service runs again, and they do not, the remedy has done harm,
 * whatever the lines say.
 */
async function whoIsDown({ host, book }: Running): Promise<Judged> {
  const reasons: string[] = [];
  for (const { service, also } of book.done.map(({ undo }) => readTaken(undo)).filter((taken) => taken !== null)) {
    const runs = await heard(host, NOT_SEEN, () => host.services.state(service));
    for (const name of isRunning(runs.state) ? also : []) {
      const { state } = await heard(host, NOT_SEEN, () => host.services.state(name));
      if (!isRunning(state)) reasons.push(`${name} is ${state}: it ran until ${service} was stopped`);
    }
  }
  return { verdict: reasons.length === 0 ? 'held' : 'recurred', reasons: [...new Set(reasons)] };
}

const NOT_SEEN = 'whether all runs that ran before is not known, so nothing is proven';

/** Steps that were skipped, and looks that judge nothing, say nothing of whether it is over. */
const NOTHING_PROVEN: Judged = {
  verdict: 'inconclusive',
  reasons: ['nothing was verified: no step of verify judged anything'],
};

/** `proven`: something was held to what must hold. */
async function verifyOne(running: Running, step: Step): Promise<Judged & { readonly proven?: boolean }> {
  const when = whether(step, running.book.findings);
  if (when.truth !== 'yes') {
    await finish(running, step, 'skipped', when.say);
    // Not to be looked at is fine; not to know whether it was to be looked at proves nothing.
    return when.truth === 'no'
      ? { verdict: 'held', reasons: [] }
      : { verdict: 'inconclusive', reasons: [`${step.id}: ${when.say}`] };
  }
  if (step.verb !== 'watch') return probe(running, step);
  await running.emit({ type: 'step.started', step: step.id, phase: step.phase, verb: step.verb });
  const judged = await watch(running, step);
  await running.emit({ type: 'watch.judged', step: step.id, ...judged });
  await finish(running, step, judged.verdict === 'held' ? 'done' : 'failed', judged.reasons[0] ?? null);
  return { ...judged, proven: step.hold?.some((line) => counts(line, running.book.findings)) ?? false };
}

async function probe(running: Running, step: Step): Promise<Judged & { readonly proven?: boolean }> {
  const { planned, findings } = await heard(running.host, `${step.id} could not look, so nothing is proven`, () =>
    lookAt(step, running.book.findings, lookingFor(running)),
  );
  running.book.findings = findings;
  const seen = planned.judgements.map((judgement) => `${step.id}: wanted ${judgement.wanted}, seen ${judgement.seen}`);
  await finish(
    running,
    step,
    planned.truth === 'no' ? 'failed' : 'done',
    planned.truth === 'no' ? (seen[0] ?? null) : null,
  );
  if (planned.truth === 'no') return { verdict: 'recurred', reasons: seen };
  return planned.truth === 'unknown'
    ? { verdict: 'inconclusive', reasons: [`${step.id}: ${planned.finding?.unknown ?? 'could not look'}`] }
    : { verdict: 'held', reasons: [], proven: planned.truth === 'yes' };
}

export function lookingFor(running: Running): Looking {
  return { ...running, signal: running.interrupts.signal };
}

function worse(one: Judged, other: Judged): Judged {
  const order: readonly Verdict[] = ['recurred', 'inconclusive', 'held'];
  const verdict = order.indexOf(one.verdict) <= order.indexOf(other.verdict) ? one.verdict : other.verdict;
  return { verdict, reasons: [...one.reasons, ...other.reasons] };
}

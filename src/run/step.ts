import type { StepOutcome } from '../model/event.ts';
import type { Json } from '../model/json.ts';
import type { PlannedAction } from '../model/plan.ts';
import { asksFirst, overLimit } from '../model/policy/decide.ts';
import { givenBack, minus } from '../model/policy/spent.ts';
import type { Answer } from '../model/ports.ts';
import { BY_HAND, sayWaysBack } from '../model/run/undo.ts';
import { resolveArg, whether } from '../model/runbook/scope.ts';
import type { Step } from '../model/runbook.ts';
import { type ActionVerb, type Applied, cannot, notActed, type Observation, withoutKept } from '../model/verb.ts';
import { attempt } from './attempt.ts';
import { declaredUndo } from './declared.ts';
import { fenceLeases } from './lease.ts';
import { confirmByHand } from './manual.ts';
import { CUT_SHORT, looking, ON, type Running, type StepEnd } from './running.ts';
import { heard } from './severed.ts';

/** One action of the act phase: look, decide, act, and say how the run goes on. */
export async function takeStep(running: Running, step: Step): Promise<StepEnd> {
  const when = whether(step, running.book.findings);
  if (when.truth !== 'yes') return finish(running, step, 'skipped', when.say);
  const verb = await running.catalogue.action(step.verb);
  const arg = resolveArg(step, running.runbook, running.book.findings);
  await running.emit({ type: 'step.started', step: step.id, phase: step.phase, verb: step.verb });
  const observation = await observePatiently(running, step, verb, arg);
  await settle(running, step, observation);
  if (observation.verdict === 'nothing') return finish(running, step, 'nothing-to-do', observation.summary);
  if (observation.verdict === 'cannot') return failed(running, step, observation.reason ?? observation.summary);
  if (running.unknown.has(step.id) && !verb.idempotent && running.by.kind === 'policy')
    return unknown(running, step, observation);
  const rule = running.by.kind === 'policy' ? running.by.rule : null;
  const { limits } = running.plan;
  const over = overLimit({
    limits,
    used: running.book.used,
    costs: observation.costs,
    rule,
    own: running.runbook.limits,
  });
  if (over !== undefined) return refuse(running, step, over);
  if (step.verb === 'manual')
    return confirmByHand(running, { step, arg, done: (reason) => doneByHand(running, step, reason) });
  const answer = await approve(running, step, arg, observation);
  return answer.choice === 'run' ? apply(running, step, { verb, arg, observation }) : obey(running, step, answer, verb);
}

async function observe(running: Running, step: Step, verb: ActionVerb, arg: Json): Promise<Observation> {
  const observation = await heard(running.host, notBegun(step), () =>
    verb
      .observe(looking(running, step.id), arg)
      .catch((error: unknown) => cannot(`could not look before ${step.verb}`, String(error))),
  );
  await running.emit({ type: 'action.observed', step: step.id, observation: withoutKept(observation) });
  return observation;
}

/** What cannot be done just now is tried again as often as the step's `retry` says. */
async function observePatiently(running: Running, step: Step, verb: ActionVerb, arg: Json): Promise<Observation> {
  let observation = await observe(running, step, verb, arg);
  for (let left = step.retry?.times ?? 0; left > 0 && observation.verdict === 'cannot'; left -= 1) {
    await running.clock.sleep(step.retry?.every ?? 0, running.interrupts.signal);
    if (running.interrupts.signal.aborted) break;
    observation = await observe(running, step, verb, arg);
  }
  return observation;
}

/**
 * Settles what an earlier engine may have used in this step: targets that are still there were not taken, all others
 * count.
 */
async function settle({ book, emit }: Running, { id }: Step, { verdict, targets }: Observation): Promise<void> {
  const owed = book.unsettled.get(id);
  if (owed === undefined || verdict === 'cannot') return;
  book.unsettled.delete(id);
  // Nothing is left to do: it was all done, and counts.
  const back = verdict === 'nothing' ? {} : givenBack(owed, targets);
  book.used = minus(book.used, back);
  await emit({ type: 'action.settled', step: id, used: minus(owed.used, back) });
}

const notBegun = ({ id }: Step): string => `${id} was not begun`;

async function approve(running: Running, step: Step, arg: Json, observation: Observation): Promise<Answer> {
  const { by, emit, plan } = running;
  const planned = plan.steps.find((one): one is PlannedAction => one.kind === 'action' && one.id === step.id);
  if (!planned) throw new Error(`bug: step ${step.id} is not in the plan`);
  if (by.kind === 'policy') {
    await emit({ type: 'policy.decided', step: step.id, decision: planned.decision });
    if (planned.decision.effect !== 'allow')
      throw new Error(`bug: ${step.id} is not allowed, and its plan was not refused`);
    return { choice: 'run', reason: null };
  }
  if (!asksFirst(step, observation.undo)) return { choice: 'run', reason: 'the runbook does not ask' };
  await emit({ type: 'approval.asked', step: step.id, question: observation.summary });
  const actions = plan.steps.filter((one) => one.kind === 'action');
  const answer = await by.ask.approve({
    step: { ...planned, arg, observation, explain: observation.explain },
    at: { number: actions.indexOf(planned) + 1, of: actions.length },
    undoable: undoable(running),
  });
  if (running.interrupts.signal.aborted) return { choice: 'quit', reason: String(running.interrupts.signal.reason) };
  await emit({ type: 'approval.given', step: step.id, choice: answer.choice, by: by.name, reason: answer.reason });
  return answer;
}

/** What undo would do now, newest first, a sentence each. */
export function undoable(running: Running): readonly string[] {
  return sayWaysBack(running.book.done);
}

interface Approved {
  readonly verb: ActionVerb;
  readonly arg: Json;
  readonly observation: Observation;
}

async function apply(running: Running, step: Step, approved: Approved): Promise<StepEnd> {
  const times = 1 + (step.retry?.times ?? 0);
  await heard(running.host, notBegun(step), () => fenceLeases(running));
  let applied: Applied = { outcome: 'failed', summary: 'not tried', used: {}, blocks: [] };
  let { observation } = approved;
  for (
    let number = 1;
    number <= times && applied.outcome === 'failed' && !running.interrupts.signal.aborted;
    number += 1
  ) {
    if (number > 1) {
      await running.clock.sleep(step.retry?.every ?? 0, running.interrupts.signal);
      if (running.interrupts.signal.aborted) break;
      // Looks again before the next try, so that nothing is done twice.
      observation = await observe(running, step, approved.verb, approved.arg);
      if (observation.verdict === 'nothing') return finish(running, step, 'done', observation.summary);
      applied = cannotYet(observation);
      if (observation.verdict === 'cannot') continue;
      await heard(running.host, notBegun(step), () => fenceLeases(running));
    }
    applied = await attempt(running, step, { ...approved, observation, number });
  }
  if (applied.outcome === 'done') return finish(running, step, 'done', null);
  if (applied.outcome === 'failed') return failed(running, step, applied.reason ?? applied.summary);
  await finish(running, step, 'partial', applied.reason ?? applied.summary);
  return running.interrupts.signal.aborted
    ? CUT_SHORT
    : byOnFail(running, step, `${step.id} is done in part: ${applied.reason ?? applied.summary}`);
}

/** A try that could not begin counts as a failed one. */
function cannotYet({ reason, summary }: Observation): Applied {
  return notActed(summary, reason ?? summary);
}

async function obey(running: Running, step: Step, answer: Answer, verb: ActionVerb): Promise<StepEnd> {
  switch (answer.choice) {
    case 'skip':
      return finish(running, step, 'skipped', answer.reason ?? 'no reason given');
    case 'by-hand':
      return byHand(running, step, verb, answer);
    case 'undo':
      await finish(running, step, 'not-reached', 'stop and undo');
      return { kind: 'halt', outcome: 'interrupted', reason: `stopped before ${step.id}`, undo: 'yes' };
    case 'quit':
      await finish(running, step, 'not-reached', answer.reason ?? 'quit');
      return running.interrupts.signal.aborted
        ? CUT_SHORT
        : { kind: 'halt', outcome: 'interrupted', reason: `quit before ${step.id}`, undo: 'no' };
    case 'run':
      throw new Error('bug: run is not obeyed but applied');
  }
}

/**
 * The person says that it is done. The host is looked at again; if there is still something to do, the person is asked
 * again.
 */
async function byHand(running: Running, step: Step, verb: ActionVerb, answer: Answer): Promise<StepEnd> {
  const arg = resolveArg(step, running.runbook, running.book.findings);
  const observation = await observe(running, step, verb, arg);
  if (observation.verdict === 'nothing') return doneByHand(running, step, answer.reason ?? observation.summary);
  await running.emit({
    type: 'note',
    text: `${step.id} was said to be done by hand, but ${observation.verdict === 'cannot' ? 'nobody can tell' : 'there is still this to do'}: ${observation.reason ?? observation.summary}`,
  });
  return takeStep(running, step);
}

/** Acts by hand are in the book too: only a person can undo them. */
async function doneByHand(running: Running, step: Step, reason: string | null): Promise<StepEnd> {
  const declared = declaredUndo(running, step);
  const { id, verb } = step;
  running.book.done.push({
    step: id,
    verb,
    undo: BY_HAND,
    ...(declared && { declared }),
    records: {},
    dangerous: null,
    sure: true,
  });
  await running.emit({ type: 'step.finished', step: id, outcome: 'by-hand', reason, ...(declared && { declared }) });
  return ON;
}

/** Nobody to ask, and doing it twice may do harm. */
async function unknown(running: Running, step: Step, observation: Observation): Promise<StepEnd> {
  const reason = `whether ${step.id} was done is not known, and it must not be done twice; there is this to do: ${observation.summary}`;
  await finish(running, step, 'not-reached', reason);
  return { kind: 'halt', outcome: 'outcome-unknown', reason, undo: 'no' };
}

async function refuse(running: Running, step: Step, reason: string): Promise<StepEnd> {
  await finish(running, step, 'failed', reason);
  return { kind: 'halt', outcome: 'over-limit', reason: `${step.id}: ${reason}`, undo: 'ask' };
}

async function failed(running: Running, step: Step, reason: string): Promise<StepEnd> {
  await finish(running, step, 'failed', reason);
  return running.interrupts.signal.aborted ? CUT_SHORT : byOnFail(running, step, `${step.id} failed: ${reason}`);
}

/**
 * What the runbook says of a step that failed. `ask` is for a person at a terminal; with nobody to ask it is `stop`.
 */
export async function byOnFail(running: Running, step: Step, reason: string): Promise<StepEnd> {
  if (step.onFail === 'continue') return ON;
  const { by, emit } = running;
  if (step.onFail === 'ask' && by.kind === 'person') {
    const answer = await by.ask.failed({ step: step.id, why: reason, undoable: undoable(running) });
    if (running.interrupts.signal.aborted) return CUT_SHORT;
    await emit({ type: 'note', text: `${step.id} failed; ${by.name} was asked (on_fail: ask) and chose to ${answer}` });
    if (answer === 'continue') return ON;
    return { kind: 'halt', outcome: 'rollback-incomplete', reason, undo: answer === 'undo' ? 'yes' : 'no' };
  }
  return { kind: 'halt', outcome: 'rollback-incomplete', reason, undo: step.onFail === 'undo' ? 'yes' : 'ask' };
}

export async function finish(
  running: Running,
  step: Step,
  outcome: StepOutcome,
  reason: string | null,
): Promise<StepEnd> {
  await running.emit({ type: 'step.finished', step: step.id, outcome, reason });
  return ON;
}

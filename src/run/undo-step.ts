import { addCosts, overLimit } from '../model/policy/decide.ts';
import type { UndoStep } from '../model/run/undo.ts';
import { type ActionVerb, type Applied, acted, cannot, notActed, type Observation } from '../model/verb.ts';
import { counted, journaled, keepBytes } from './attempt.ts';
import { releaseLeases } from './lease.ts';
import { saidToPerson } from './manual.ts';
import { acting, type Done, looking, type Running } from './running.ts';
import { heard } from './severed.ts';

interface Part {
  readonly step: UndoStep;
  /** Counted from 1. */
  readonly part: number;
}

/**
 * A step of the undo that an author wrote: looked at, held to the limits, journaled before it acts. Nothing interrupts
 * it: an undo is not cut short by what caused it.
 */
export async function undoStep(running: Running, done: Done, { step, part }: Part): Promise<Applied> {
  const verb = await running.catalogue.action(step.verb);
  const signal = new AbortController().signal;
  const observation = await heard(running.host, `whether ${done.step} can be undone is not known`, () =>
    verb
      .observe(looking(running, done.step, signal), step.arg)
      .catch((error: unknown) => cannot('could not look', String(error))),
  );
  const refused = refusal(running, done, { verb, observation, part });
  if (refused !== null) return over(running, done, part, refused);
  if (step.verb === 'manual') return over(running, done, part, await byHand(running, done, step));
  const records = await keepBytes(running, observation.keep);
  const targets = journaled(observation.targets);
  await running.emit({ type: 'undo.intended', step: done.step, say: step.say, part, targets });
  running.book.reserved = {};
  const act = () => verb.apply(acting(running, done.step, records, signal), step.arg, observation).catch(brokeOff);
  const said = await heard(running.host, `whether ${done.step} was undone is not known: ${step.say}`, act);
  const applied = counted(said, running.book.reserved);
  running.book.used = addCosts(running.book.used, applied.used);
  await over(running, done, part, applied);
  await releaseLeases(running, `undo of ${done.step}`, applied.releases ?? []);
  return applied;
}

async function over({ emit }: Running, { step }: Done, part: number, applied: Applied): Promise<Applied> {
  await emit({ type: 'undo.applied', step, applied, part });
  return applied;
}

interface Seen {
  readonly verb: ActionVerb;
  readonly observation: Observation;
  readonly part: number;
}

/** What ends it before anything is touched: nothing to do, or a reason why not. Null: it may act. */
function refusal({ by, plan, book, runbook }: Running, done: Done, { verb, observation, part }: Seen): Applied | null {
  const { verdict, summary, reason, costs } = observation;
  if (verdict === 'nothing') return acted(`nothing to do: ${summary}`);
  if (verdict === 'cannot') return notActed(summary, reason ?? summary);
  if (done.unsure === part && !verb.idempotent && by.kind === 'policy')
    return notActed(summary, 'whether it was done before is not known, and it must not be done twice');
  const tooMuch = overLimit({
    limits: plan.limits,
    used: book.used,
    costs,
    rule: by.kind === 'policy' ? by.rule : null,
    own: runbook.limits,
  });
  return tooMuch === undefined ? null : notActed(summary, tooMuch);
}

/** What is for a person needs one. */
async function byHand({ by }: Running, { step: id }: Done, { arg, say }: UndoStep): Promise<Applied> {
  const text = saidToPerson(arg) || say;
  if (by.kind === 'policy') return notActed(say, `this is for a person: ${text}`);
  const answer = await by.ask.confirm({ step: id, text });
  return answer.done ? acted(say) : notActed(say, answer.reason ?? 'it was not done');
}

const brokeOff = (error: unknown): Applied => notActed('broke off', String(error));

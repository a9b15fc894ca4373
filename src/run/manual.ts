import { MANUAL } from '../model/arguments.ts';
import type { Json } from '../model/json.ts';
import { unchecked } from '../model/read.ts';
import type { Step } from '../model/runbook.ts';
import { CUT_SHORT, ON, type Running, type StepEnd } from './running.ts';

/** What is to be done, and what is asked then. */
export function saidToPerson(arg: Json): string {
  const { do: work, confirm } = unchecked(MANUAL, arg);
  return [work, confirm].filter((part) => part !== undefined).join('\n');
}

/** People are steps too: at a terminal the person says that it is done; unattended the run stops for one. */
export async function confirmByHand(
  running: Running,
  {
    step,
    arg,
    done,
  }: { readonly step: Step; readonly arg: Json; readonly done: (reason: string | null) => Promise<StepEnd> },
): Promise<StepEnd> {
  const { by, emit } = running;
  const text = saidToPerson(arg);
  if (by.kind === 'policy') {
    await emit({ type: 'step.finished', step: step.id, outcome: 'not-reached', reason: 'needs a person' });
    return { kind: 'halt', outcome: 'needs-a-human', reason: `${step.id} is for a person: ${text}`, undo: 'no' };
  }
  await emit({ type: 'approval.asked', step: step.id, question: text });
  const answer = await by.ask.confirm({ step: step.id, text });
  await emit({
    type: 'approval.given',
    step: step.id,
    choice: answer.done ? 'by-hand' : 'skip',
    by: by.name,
    reason: answer.reason,
  });
  if (answer.done) return done(answer.reason);
  await emit({ type: 'step.finished', step: step.id, outcome: 'skipped', reason: answer.reason });
  if (step.onFail === 'continue') return ON;
  if (running.interrupts.signal.aborted) return CUT_SHORT;
  return {
    kind: 'halt',
    outcome: 'needs-a-human',
    reason: `${step.id} was not done: ${answer.reason ?? 'no reason given'}`,
    undo: 'ask',
  };
}

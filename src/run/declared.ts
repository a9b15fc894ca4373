import { unchecked } from '../model/read.ts';
import type { DeclaredUndo } from '../model/run/undo.ts';
import { COMMAND } from '../model/runbook/command.ts';
import { resolveArg } from '../model/runbook/scope.ts';
import type { Step } from '../model/runbook.ts';
import type { Running } from './running.ts';

/**
 * The undo that the author wrote beside the step, with its references as they stand now. Undefined: none, or an earlier
 * try of the step has it.
 */
export function declaredUndo({ book, plan, runbook }: Running, step: Step): DeclaredUndo | undefined {
  const { undo } = step;
  if (undo === undefined || book.done.some((done) => done.step === step.id && done.declared !== undefined))
    return undefined;
  if (undo.kind === 'note') return undo;
  const planned = plan.steps.find((one) => one.id === step.id);
  const says = planned?.kind === 'action' ? (planned.undoSteps ?? []) : [];
  const steps = undo.steps.map(({ verb, arg }, at) => ({
    verb,
    arg: resolveArg({ ...step, arg }, runbook, book.findings),
    say: says[at]?.say ?? sayShort(verb, arg),
  }));
  return { kind: 'steps', steps };
}

/** Where the plan had nothing to do at the step, and so foresaw no undo. */
function sayShort(verb: string, arg: Step['arg']): string {
  const { argv, shell } = unchecked(COMMAND, arg);
  const words = argv ?? shell ?? arg;
  return `${verb} ${Array.isArray(words) ? words.join(' ') : typeof words === 'string' ? words : JSON.stringify(words)}`;
}

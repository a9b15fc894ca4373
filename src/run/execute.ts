import { stepsNamedIn } from '../model/condition.ts';
import { whatStaysOpen } from '../model/run/open.ts';
import { canBeUndone } from '../model/run/undo.ts';
import { isAction, type Step } from '../model/runbook.ts';
import { unknownFinding } from '../model/verb.ts';
import { guard } from './guard.ts';
import { armTheUnarmed, LEASE_OVER, restoreLeases } from './lease.ts';
import { missedJobs } from './missed.ts';
import { isWhole, type Remains, rollback, sayRemains } from './rollback.ts';
import { CUT_SHORT, type Ending, HANG_UP, heedStop, looking, type Running, type StepEnd } from './running.ts';
import { endSevered, heard, leaveLeases, Severed } from './severed.ts';
import { takeStep, undoable } from './step.ts';
import { verify } from './verify.ts';
import type { Judged } from './watch.ts';

const NOTHING_UNDONE: Remains = { left: [], irreversible: [], unsure: [] };

type Halt = Extract<StepEnd, { kind: 'halt' }>;

/**
 * Runs the acts, verifies, and ends the run. Whatever happens, services that were stopped for the remedy are started
 * again.
 */
export async function execute(running: Running): Promise<Ending> {
  try {
    const halt = await actAll(running);
    const ending = halt ? await stop(running, halt) : await prove(running);
    return await close(running, ending);
  } catch (error) {
    if (error instanceof Severed) return await endSevered(running, error, leaveLeases(running));
    throw error;
  } finally {
    running.book.over.abort();
    await restoreLeases(running).catch(unlessSevered);
  }
}

/** The reason is already being thrown. */
function unlessSevered(error: unknown): void {
  if (!(error instanceof Severed)) throw error;
}

async function actAll(running: Running): Promise<Halt | undefined> {
  for (const step of running.runbook.act.filter(({ id }) => !running.finished.has(id))) {
    for (let end: StepEnd = CUT_SHORT; end.kind === 'cut-short'; ) {
      end = await perform(running, step);
      await armTheUnarmed(running);
      const halt = end.kind === 'halt' ? end : await afterInterrupt(running, step.id);
      if (halt) return halt;
    }
  }
  return undefined;
}

function perform(running: Running, step: Step): Promise<StepEnd> {
  return isAction(step, running.catalogue.actions) ? takeStep(running, step) : guard(running, step);
}

/** A safe point: an interrupt that came before it is answered here. Undefined: the run goes on. */
async function afterInterrupt(running: Running, doing: string): Promise<Halt | undefined> {
  const stopped = heedStop(running);
  if (!running.interrupts.signal.aborted) return undefined;
  const signal = String(running.interrupts.signal.reason);
  await running.emit({ type: 'interrupted', signal, doing });
  if (signal === HANG_UP && onlyToWatch(running, doing)) return undefined;
  // After the kill switch only stopped services are started again. A person decides about an undo.
  const undo = stopped || signal === LEASE_OVER ? 'no' : await answered(running, doing);
  if (undo === 'continue') return undefined;
  const reason = signal === LEASE_OVER ? `${LEASE_OVER}: no further act` : signal;
  return { kind: 'halt', outcome: signal === LEASE_OVER ? 'deadline' : 'interrupted', reason, undo };
}

/** Everything stopped runs again and no question is left, so the run goes on without a terminal. */
function onlyToWatch({ book, runbook, interrupts }: Running, doing: string): boolean {
  const only = book.leases.size === 0 && runbook.act.at(-1)?.id === doing;
  if (only) interrupts.ignore(HANG_UP);
  return only;
}

async function answered(running: Running, doing: string): Promise<Halt['undo'] | 'continue'> {
  const { interrupts, by } = running;
  if (interrupts.pressed >= 2) return 'now';
  if (by.kind === 'policy') return 'ask';
  if (interrupts.signal.reason === HANG_UP) return 'no';
  interrupts.rearm();
  const answer = await by.ask.interrupted({ doing, undoable: undoable(running) });
  if (interrupts.pressed >= 2) return 'now';
  if (answer !== 'continue' || interrupts.signal.aborted) return answer === 'undo' ? 'yes' : 'no';
  interrupts.reset();
  return 'continue';
}

/** The run halts: undo or leave, as was decided; leases are restored either way. */
async function stop(running: Running, halt: Halt): Promise<Ending> {
  const ending: Ending = { outcome: halt.outcome, verdict: null, reasons: [halt.reason] };
  const touched = running.book.done.length > 0;
  const undo = touched && (await wantsUndo(running, halt));
  const remains = undo ? await rollback(running, halt.reason, { dangerous: undo === 'all' }) : NOTHING_UNDONE;
  const restored = await restoreLeases(running);
  if (!restored)
    return {
      ...ending,
      outcome: 'rollback-incomplete',
      reasons: [halt.reason, 'what was stopped for the remedy could not be started again'],
    };
  if (halt.outcome !== 'rollback-incomplete' && !(undo && !isWhole(remains))) return ending;
  const complete = undo ? isWhole(remains) : !touched;
  return {
    ...ending,
    outcome: complete ? 'rolled-back' : 'rollback-incomplete',
    reasons: [halt.reason, ...sayRemains(remains)],
  };
}

async function wantsUndo(running: Running, halt: Halt): Promise<'safe' | 'all' | false> {
  const { by, book } = running;
  const dangerous = book.done.flatMap((done) =>
    done.dangerous === null || !canBeUndone(done) ? [] : [done.dangerous],
  );
  if (halt.undo === 'no') return false;
  if (by.kind === 'policy')
    return (halt.undo === 'yes' || halt.undo === 'now' || by.rule.onFailure === 'undo') && by.rule.undo !== 'none'
      ? by.rule.undo
      : false;
  if (halt.undo === 'now' || (halt.undo === 'yes' && dangerous.length === 0)) return 'safe';
  const answer = await by.ask.undo({
    why: halt.reason,
    steps: undoable(running),
    dangerous: dangerous.length > 0 ? dangerous.join('; ') : null,
  });
  return answer === 'undo' ? 'all' : halt.undo === 'yes' || running.interrupts.pressed >= 2 ? 'safe' : false;
}

/**
 * A person whose watch was interrupted may go on with it, from its beginning; automation ends it there, with what was
 * seen.
 */
async function prove(running: Running): Promise<Ending> {
  if (running.book.leases.size === 0) running.interrupts.ignore(HANG_UP);
  for (;;) {
    const judged = await verify(running);
    if (!running.interrupts.signal.aborted || judged.verdict !== 'inconclusive') return proven(running, judged);
    const halt = await afterInterrupt(running, 'verify');
    if (halt?.undo === 'yes' || halt?.undo === 'now') return stop(running, halt);
    if (halt)
      return {
        outcome: halt.outcome === 'deadline' ? 'deadline' : 'inconclusive',
        verdict: 'inconclusive',
        reasons: judged.reasons,
      };
  }
}

async function proven(running: Running, judged: Judged & { readonly undo: boolean }): Promise<Ending> {
  const may = running.by.kind === 'person' ? 'safe' : running.by.rule.undo;
  const undo = may !== 'none' && judged.undo;
  const remains = undo
    ? await rollback(running, judged.reasons.join('; '), { dangerous: may === 'all' })
    : NOTHING_UNDONE;
  const lookedOnly = judged.verdict === 'held' && running.plan.diagnosis.verdict === 'looked-only';
  return {
    outcome: lookedOnly ? 'looked-only' : judged.verdict,
    verdict: judged.verdict,
    reasons: [...judged.reasons, ...sayRemains(remains)],
  };
}

async function close(running: Running, ending: Ending): Promise<Ending> {
  const restored = await restoreLeases(running);
  const last: Ending = restored
    ? ending
    : {
        ...ending,
        outcome: 'rollback-incomplete',
        reasons: [...ending.reasons, 'what was stopped could not be started again'],
      };
  const left = async () => ({ open: await openItemsNow(running), missed: await missedJobs(running) });
  const rest = await heard(running.host, 'what stays open and which jobs were missed is not known', left);
  await running.emit({ type: 'run.finished', ...last, ...rest });
  return last;
}

/**
 * Looks again: a service that was down may be up by now. If the look fails now, the item is not known, whatever was
 * seen before.
 */
async function openItemsNow(running: Running): Promise<readonly string[]> {
  const asked = new Set(
    running.runbook.open.flatMap((item) => [
      ...(item.when ? stepsNamedIn(item.when) : []),
      ...(item.of === undefined ? [] : [item.of]),
    ]),
  );
  let findings = running.book.findings;
  for (const step of running.runbook.diagnose.filter((one) => asked.has(one.id))) {
    const verb = await running.catalogue.probe(step.verb);
    const seen = findings.steps[step.id];
    if (!seen) continue;
    const finding = await verb
      .look({ ...looking(running, step.id), progress: () => {} }, seen.reference.selector)
      .catch((error: unknown) => unknownFinding(verb.measures, String(error)));
    findings = { ...findings, steps: { ...findings.steps, [step.id]: { ...seen, finding } } };
  }
  return [...whatStaysOpen(running.runbook.open, findings), ...sayUntil(running)];
}

/** Names the changes that are meant for a while only, and how to take them back. */
function sayUntil({ runbook, book, journal }: Running): readonly string[] {
  return book.done.flatMap(({ step, undo }) => {
    const { until, why } = runbook.act.find(({ id }) => id === step) ?? {};
    if (until === undefined || undo.kind !== 'revert') return [];
    const because = why === undefined ? '' : ` (${why})`;
    return [
      `${step}${because} stays until ${until}; then ${undo.say}: firebreak rollback ${journal.run} --only ${step}`,
    ];
  });
}

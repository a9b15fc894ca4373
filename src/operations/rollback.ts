import { limitsFor } from '../model/policy/decide.ts';
import { carryOver } from '../model/run/carry.ts';
import { canBeUndone, sayWaysBack } from '../model/run/undo.ts';
import { partIn, type UndoPart } from '../model/run/undo-part.ts';
import { misled } from '../model/runbook/real-params.ts';
import { type Limits, runbookMark } from '../model/runbook.ts';
import { isBeingUndone, type RunState } from '../model/state.ts';
import { makePlan } from '../plan/plan.ts';
import { leaseOf } from '../run/lease.ts';
import { isWhole, rollback, sayRemains } from '../run/rollback.ts';
import type { Done, Ending, Lease, Running } from '../run/running.ts';
import { endSevered, heard, Severed } from '../run/severed.ts';
import { undoable } from '../run/step.ts';
import { notAsLeft, sayNotAsLeft } from './as-left.ts';
import { decider, type Life, permitFor, type RunParts, type RunRequest, spineOf, unfitSecrets } from './carry-out.ts';
import { doneOf, notTakenUp, resumed } from './resume.ts';

/** Undoes a run from its journal alone, newest first: all of it, or a part. */
export async function rollBack(
  request: RunRequest,
  parts: RunParts,
  state: RunState,
  part: UndoPart | null,
): Promise<Ending> {
  const emit = spineOf(parts, state.last?.seq);
  const given = permitFor(request, parts);
  if (given.kind === 'denied') return notTakenUp(emit, 'rollback', given.reason);
  if (given.kind === 'allowed' && given.rule.undo === 'none')
    return notTakenUp(emit, 'rollback', `rule ${given.rule.id} lets nothing be undone (undo: none)`);
  const running = runningOf(request, parts, { state, part, emit, given });
  // Before anything is journaled: what changes nothing leaves the run what it was, with its outcome and its cool-down.
  const left = await leftAsItIs(running, state);
  if (left !== null) return left;
  // Undo needs no secret: one that is gone holds nothing up.
  const unfit = await unfitSecrets(request, parts);
  try {
    const wrong =
      given.kind === 'allowed'
        ? await heard(parts.host, 'nothing was undone', () => misled({ ...request, ...parts, given }))
        : null;
    if (wrong?.outcome === 'refused-by-policy') return await notTakenUp(emit, 'rollback', wrong.reasons.join('; '));
    await resumed(request, parts, emit, 'roll-back');
    if (unfit !== null) await emit({ type: 'note', text: unfit.reason });
    await lookWhetherAsLeft(request, parts, { state, emit, given });
    return await undoAll(running, state);
  } catch (error) {
    if (error instanceof Severed) return endSevered({ ...parts, emit }, error, state.leases);
    throw error;
  }
}

interface Undoing extends Pick<Life, 'emit' | 'given'> {
  readonly state: RunState;
  readonly part: UndoPart | null;
}

/** A rollback undoes what its journal tells; that there may have been more is said before it. */
async function lookWhetherAsLeft(
  request: RunRequest,
  parts: RunParts,
  { state, emit, given }: Omit<Undoing, 'part'>,
): Promise<void> {
  const { orphans = [] } = request;
  if (state.pinned.length === 0 && orphans.length === 0) return;
  const { interrupts, catalogue, clock, readOnlyHost: host } = parts;
  const carried = carryOver(state, request.runbook);
  const quiet = async (): Promise<void> => {};
  const asked = { ...request, given, host, catalogue, clock, signal: interrupts.signal, emit: quiet, carried };
  const wrong = sayNotAsLeft(notAsLeft({ state, orphans }, (await makePlan(asked)).plan), parts.journal.folder);
  if (wrong !== null) await emit({ type: 'note', text: wrong });
}

function runningOf(request: RunRequest, parts: RunParts, { state, part, emit, given }: Undoing): Running {
  const { findings, used } = carryOver(state, request.runbook);
  const all = doneOf(state, request.runbook, findings);
  return {
    ...parts,
    ...request,
    emit,
    plan: emptyPlan(request, parts, limitsFor(given, request.runbook, request.raised)),
    finished: new Set(),
    unknown: new Set(),
    by: decider(request, parts, given),
    book: {
      findings,
      used,
      unsettled: new Map(),
      reserved: {},
      done: [...partIn(all, part)],
      leases: new Map(),
      stopped: [],
      over: new AbortController(),
    },
  };
}

/** Nothing to undo, or a person who says no. Null: it is undone. */
async function leftAsItIs(running: Running, state: RunState): Promise<Ending | null> {
  const { by, book } = running;
  // Cut short after the last undo: only the closing event is missing.
  if (!book.done.some(canBeUndone)) return isBeingUndone(state) ? null : nothingToUndo(book.done);
  if (by.kind !== 'person') return null;
  const dangerous = book.done.flatMap((done) => (done.dangerous !== null && canBeUndone(done) ? [done.dangerous] : []));
  const answer = await by.ask.undo({
    why: whyOf(state).why,
    steps: undoable(running),
    dangerous: dangerous.length > 0 ? dangerous.join('; ') : null,
  });
  return answer === 'leave' ? { outcome: 'interrupted', verdict: null, reasons: ['left as it is'] } : null;
}

/** What its author says of how to undo it by hand is for a person, and is not done. */
function nothingToUndo(done: readonly Done[]): Ending {
  const notes = sayWaysBack(done);
  if (notes.length > 0)
    return {
      outcome: 'rollback-incomplete',
      verdict: null,
      reasons: ['nothing of it can be undone by itself', ...notes],
    };
  return { outcome: 'rolled-back', verdict: null, reasons: ['there is nothing to undo'] };
}

async function undoAll(running: Running, state: RunState): Promise<Ending> {
  for (const lease of openLeases(running, state)) running.book.leases.set(lease.key, lease);
  const dangerous = running.by.kind === 'person' || running.by.rule.undo === 'all';
  const { why, asked } = whyOf(state);
  const remains = await rollback(running, why, { dangerous });
  // The person who asked for the rollback already knows what cannot be undone. A rollback of a failed run ends as that
  // run would have.
  const whole = asked ? remains.left.length === 0 : isWhole(remains);
  const reasons = [...(asked ? [] : [why]), ...sayRemains(remains)];
  const ending: Ending = { outcome: whole ? 'rolled-back' : 'rollback-incomplete', verdict: null, reasons };
  await running.emit({ type: 'run.finished', ...ending, open: state.open, missed: [] });
  return ending;
}

const WHY = 'rollback was asked for';

/** An undo that was cut short goes on for the reason that it had. */
function whyOf({ rollback: before, finished }: RunState): { readonly why: string; readonly asked: boolean } {
  if (before === null || finished !== null || before.why === WHY) return { why: WHY, asked: true };
  return { why: before.why, asked: false };
}

/** Leases may still be armed. An undone step releases its own; the others stay. */
function openLeases(running: Running, state: RunState): readonly Lease[] {
  return state.leases.map((lease) => {
    const verb = state.steps.find(({ id }) => id === lease.step)?.verb ?? 'stop';
    const { handle, deadline } = lease;
    return { ...leaseOf(running, { id: lease.step, verb }, lease), watch: deadline && { handle, deadline } };
  });
}

/** Nothing is planned: undo works from what the journal holds. */
function emptyPlan({ runbook, params }: RunRequest, parts: RunParts, limits: Limits): Running['plan'] {
  return {
    runbook: runbookMark(runbook),
    host: parts.host.name,
    at: parts.clock.now(),
    params,
    limits,
    diagnosis: { verdict: 'this-incident', reasons: [] },
    steps: [],
    refusal: null,
    open: [],
    estimate: null,
  };
}

import { carryOver } from '../model/carry.ts';
import { limitsFor } from '../model/decide.ts';
import type { Limits } from '../model/runbook.ts';
import type { RunState } from '../model/state.ts';
import { leaseOf } from '../run/lease.ts';
import { rollback } from '../run/rollback.ts';
import type { Ending, Lease, Running } from '../run/running.ts';
import { endSevered, Severed } from '../run/severed.ts';
import { undoable } from '../run/step.ts';
import { decider, type Life, permitFor, type RunParts, type RunRequest, spineOf, unfitSecrets } from './carry-out.ts';
import { doneOf, refused, resumed } from './resume.ts';

/** Undoes a run from its journal alone, newest first: all of it, or what came after and including the step `to`. */
export async function rollBack(request: RunRequest, parts: RunParts, state: RunState, to: string | null): Promise<Ending> {
  const emit = spineOf(parts, state.last?.seq);
  const given = permitFor(request, parts);
  if (given.kind === 'denied') return refused(emit, 'rollback', given.reason);
  if (given.kind === 'allowed' && given.rule.undo === 'none')
    return refused(emit, 'rollback', `rule ${given.rule.id} lets nothing be undone (undo: none)`);
  // Undo needs no secret: one that is gone holds nothing up.
  const unfit = await unfitSecrets(request, parts);
  try {
    await resumed(request, parts, emit, 'roll-back');
    if (unfit !== null) await emit({ type: 'note', text: unfit.reason });
    return await undoAll(request, parts, { state, to, emit, given });
  } catch (error) {
    if (error instanceof Severed) return endSevered({ ...parts, emit }, error, state.leases);
    throw error;
  }
}

interface Undoing extends Pick<Life, 'emit' | 'given'> {
  readonly state: RunState;
  readonly to: string | null;
}

async function undoAll(request: RunRequest, parts: RunParts, { state, to, emit, given }: Undoing): Promise<Ending> {
  const { findings, used } = carryOver(state, request.runbook);
  const all = doneOf(state, request.runbook, findings);
  const from = to === null ? 0 : all.findIndex((done) => done.step === to);
  const running: Running = {
    ...parts,
    ...request,
    emit,
    plan: emptyPlan(request, parts, limitsFor(given, request.runbook, request.raised)),
    finished: new Set(),
    unknown: new Set(),
    by: decider(request, parts, given),
    book: { findings, used, done: all.slice(from), leases: new Map(), stopped: [], over: new AbortController() },
  };
  for (const lease of openLeases(running, state)) running.book.leases.set(lease.key, lease);
  const ending = await decideAndUndo(running);
  await emit({ type: 'run.finished', ...ending, open: state.open, missed: [] });
  return ending;
}

async function decideAndUndo(running: Running): Promise<Ending> {
  const { by, book } = running;
  const dangerous = book.done.flatMap((done) => (done.dangerous !== null && done.undo.kind === 'revert' ? [done.dangerous] : []));
  if (by.kind === 'person') {
    const answer = await by.ask.undo({
      why: 'rollback was asked for',
      steps: undoable(running),
      dangerous: dangerous.length > 0 ? dangerous.join('; ') : null,
    });
    if (answer === 'leave') return { outcome: 'interrupted', verdict: null, reasons: ['left as it is'] };
  }
  const dangerousToo = by.kind === 'person' || by.rule.undo === 'all';
  const { left, irreversible } = await rollback(running, 'rollback was asked for', { dangerous: dangerousToo });
  return { outcome: left.length === 0 ? 'rolled-back' : 'rollback-incomplete', verdict: null, reasons: [...left, ...irreversible] };
}

/** Still armed, perhaps: what is undone lets go of its own; what is not stays under it. */
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
    runbook: { name: runbook.name, version: runbook.version, title: runbook.title, path: runbook.source.path, hash: runbook.source.hash },
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

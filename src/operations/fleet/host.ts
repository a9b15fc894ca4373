import { isUnfinishedEnd } from '../../model/fleet/outcome.ts';
import type { HeldPlan, HostEnd, Target } from '../../model/fleet.ts';
import type { OutcomeName } from '../../model/outcome.ts';
import type { Ask } from '../../model/ports.ts';
import { PART_OF } from '../../model/run/retention.ts';
import { type RunState, stateOf } from '../../model/state.ts';
import type { ReachedHost } from '../../model/world.ts';
import type { Ending } from '../../run/running.ts';
import { beginOn, type HostRequest, type Surroundings, takeUpOn } from '../host-life.ts';
import { holding, type NotHad, reaching } from '../reach.ts';
import { rollBack } from '../rollback.ts';
import { type Told, takeUp, wasUndoing } from '../take-up.ts';
import { askInside, askToUndo } from './ask.ts';
import type { Fleet } from './parts.ts';

/** One host's turn: its plan was made and approved before. */
export interface Turn {
  readonly target: Target;
  readonly held: HeldPlan;
  /** The steps of the plan that was approved. */
  readonly steps: ReadonlySet<string>;
  /** Of the first batch: where it recurs, what was done is undone. */
  readonly canary: boolean;
}

/** The same life as on one host, held to its plan. */
export function runOn(fleet: Fleet, { target, held, steps, canary }: Turn): Promise<HostEnd> {
  const none = (why: NotHad): Promise<HostEnd> => finished(fleet, notBegun(target, null, why));
  const request = { ...requestOf(fleet), held };
  const notes = [...request.notes, `${PART_OF}${fleet.parts.journal.run}`];
  const ask = fleet.ask && askInside(fleet.ask, { host: target.name, steps });
  return onHost(fleet, { target, none }, async (reached) => {
    const around = inFleet(fleet, { target, ask, none });
    const end = await beginOn(fleet.parts, reached, { request: { ...request, notes }, host: target.name }, around);
    // Where no journal could be had its end is told already.
    return end.run === null ? end : proven(fleet, end, { target, reached, canary });
  });
}

export interface Unfinished {
  readonly target: Target;
  readonly run: string;
  readonly canary: boolean;
}

/** Goes on where its journal ends. Null: it had not begun, and is planned anew. */
export async function resumeOn(fleet: Fleet, { target, run, canary }: Unfinished): Promise<HostEnd | null> {
  // Of what was begun before nothing more is known than before.
  const none = ({ reason }: Pick<NotHad, 'reason'>): Promise<HostEnd> =>
    finished(fleet, notBegun(target, run, { outcome: 'outcome-unknown', reason }));
  const read = fleet.parts.readRun(run);
  if (!read.ok) return read.code === 'empty' ? null : none({ reason: read.message });
  const told = { state: stateOf(read.events), events: read.events };
  const over = ended(target, told.state);
  if (over && wasUndone(told)) return rolledBack(fleet, over);
  if (over && !(canary && over.outcome === 'recurred')) return finished(fleet, over);
  if (over === null && told.state.meta === null) return null;
  if (over === null && wasUndoing(told)) return rollBackOn(fleet, { target, run, dangerous: false });
  const steps = new Set(told.state.steps.map(({ id }) => id));
  const ask = fleet.ask && askInside(fleet.ask, { host: target.name, steps });
  const again = { run, request: requestOf(fleet), over: async (state: RunState) => ended(target, state), goOn: takeUp };
  const proof = (reached: ReachedHost): Proof => ({ target, reached, canary });
  return onHost(fleet, { target, none }, async (reached) =>
    proven(
      fleet,
      over ?? (await takeUpOn(fleet.parts, reached, again, inFleet(fleet, { target, ask, none }))),
      proof(reached),
    ),
  );
}

/** The end that its journal tells is that of a rollback. */
function wasUndone({ events }: Told): boolean {
  const last = events.findLast((event) => event.type === 'run.resumed');
  return last?.type === 'run.resumed' && last.to === 'roll-back';
}

/** Its run ended by itself, and the engine died before the fleet's journal knew. */
function ended({ name: host }: Target, { run, finished: over, verdict }: RunState): HostEnd | null {
  if (over === null || isUnfinishedEnd({ outcome: over.outcome, verdict })) return null;
  return { host, run, outcome: over.outcome, verdict, reasons: over.reasons };
}

export interface Undoing {
  readonly target: Target;
  readonly run: string;
  /** Somebody has approved it, what is dangerous too. */
  readonly dangerous: boolean;
}

/** Undoes what a run did on its host, newest first. */
export function rollBackOn(fleet: Fleet, undoing: Undoing): Promise<HostEnd> {
  const { target, run } = undoing;
  const none = ({ outcome, reason }: NotHad): Promise<HostEnd> =>
    rolledBack(fleet, notBegun(target, run, { outcome: outcome === 'locked' ? 'outcome-unknown' : outcome, reason }));
  return onHost(fleet, { target, none }, (reached) => undo(fleet, reached, undoing));
}

async function undo(fleet: Fleet, reached: ReachedHost, { target, run, dangerous }: Undoing): Promise<HostEnd> {
  const ask = fleet.ask && askToUndo(fleet.ask, target.name, { dangerous });
  const none = async ({ reason }: NotHad): Promise<HostEnd> =>
    notBegun(target, run, { outcome: 'journal-damaged', reason });
  const end = await takeUpOn(
    fleet.parts,
    reached,
    {
      ...{ run, request: requestOf(fleet), over: async () => null },
      goOn: (request, parts, { state }) => rollBack(request, parts, state, null),
    },
    inFleet(fleet, { target, ask, none }),
  );
  return rolledBack(fleet, end);
}

interface Proof {
  readonly target: Target;
  readonly reached: ReachedHost;
  readonly canary: boolean;
}

/**
 * A canary that did not hold says that the remedy is none: no other host is begun, and what was done on it is undone as
 * far as that may be.
 */
async function proven(fleet: Fleet, end: HostEnd, { target, reached, canary }: Proof): Promise<HostEnd> {
  await finished(fleet, end);
  if (!canary || end.outcome !== 'recurred' || end.run === null) return end;
  fleet.brakes.failed(`the canary ${end.host} did not hold: ${end.reasons.join('; ')}`);
  await undo(fleet, reached, { target, run: end.run, dangerous: false });
  return end;
}

async function rolledBack(fleet: Fleet, end: HostEnd): Promise<HostEnd> {
  await fleet.emit({ type: 'host.rolled-back', ...end });
  return end;
}

async function finished(fleet: Fleet, end: HostEnd): Promise<HostEnd> {
  await fleet.emit({ type: 'host.finished', ...end });
  return end;
}

// ---------------------------------------------------------------- a host's life in a fleet

interface Place {
  readonly target: Target;
  readonly none: (why: NotHad) => Promise<HostEnd>;
}

function onHost(fleet: Fleet, { target, none }: Place, work: (reached: ReachedHost) => Promise<HostEnd>) {
  const { parts, brakes } = fleet;
  const what = `fleet run ${parts.journal.run}`;
  return reaching(parts, { target, signal: brakes.hard, otherwise: none }, (reached) =>
    holding(reached, { what, otherwise: none }, work),
  );
}

/**
 * Begun in the fleet's journal before the host is touched. Whatever becomes of it is an ending: a host's trouble is its
 * own.
 */
function inFleet(
  { parts, emit, brakes }: Fleet,
  { target: { name: host }, ask, none }: Place & { readonly ask: Ask | null },
): Surroundings<HostEnd> {
  return {
    none,
    life: async ({ run }, live) => {
      const interrupts = parts.hostInterrupts();
      const views = parts.views.map((view) => ({ show: view.show, close: () => {} }));
      // Outside of what is the host's own trouble: without a fleet journal no host is begun.
      await emit({ type: 'host.started', host, run });
      const seat = { views, ask, interrupts, planned: () => {} };
      const { outcome, verdict, reasons } = await brakes.during(interrupts, () => live(seat)).catch(bugIn);
      return { host, run, outcome, verdict, reasons };
    },
  };
}

function bugIn(error: unknown): Ending {
  return { outcome: 'bug', verdict: null, reasons: [error instanceof Error ? error.message : String(error)] };
}

function notBegun(
  { name: host }: Target,
  run: string | null,
  { outcome, reason }: { readonly outcome: OutcomeName; readonly reason: string },
): HostEnd {
  return { host, run, outcome, verdict: null, reasons: [reason] };
}

/** What each of its hosts is asked for. */
function requestOf({ request }: Fleet): HostRequest {
  const { strategy: _, hosts: __, skipped: ___, reach: ____, fleetNotes: _____, ...asked } = request;
  return asked;
}

import type { RunEvent } from '../model/event.ts';
import { isUnfinishedEnd } from '../model/fleet/outcome.ts';
import type { FleetHost } from '../model/fleet/world.ts';
import type { HeldPlan, HostEnd, Target } from '../model/fleet.ts';
import type { Failure } from '../model/host.ts';
import type { OutcomeName } from '../model/outcome.ts';
import { type Journal, JournalError } from '../model/ports.ts';
import { PART_OF } from '../model/run/retention.ts';
import { isBeingUndone, type RunState, stateOf } from '../model/state.ts';
import type { Ending } from '../run/running.ts';
import type { RunParts, RunRequest } from './carry-out.ts';
import { askInside, askToUndo } from './fleet-ask.ts';
import type { Fleet } from './fleet-parts.ts';
import { resume } from './resume.ts';
import { rollBack } from './rollback.ts';
import { run } from './run.ts';

/** One host's turn: its plan was made and approved before. */
export interface Turn {
  readonly target: Target;
  readonly held: HeldPlan;
  /** The steps of the plan that was approved. */
  readonly steps: ReadonlySet<string>;
  /** Of the first batch: where it recurs, what was done is undone. */
  readonly canary: boolean;
}

/** Its own journal, its own lock, its own interrupts: the same run as on one host, held to its plan. */
export async function runOn(fleet: Fleet, { target, held, steps, canary }: Turn): Promise<HostEnd> {
  return onHost(fleet, target, async (reached) => {
    const opened = await fleet.parts.openRun(target.name);
    if (!opened.ok) return finished(fleet, notBegun(target, 'no-journal', opened));
    const { journal } = opened;
    const ask = fleet.ask && askInside(fleet.ask, { host: target.name, steps });
    const end = await lifeOf(fleet, { target, journal, reached }, async (parts) => {
      const request = await requestFor(fleet, reached, journal.run);
      const notes = [...fleet.request.notes, `${PART_OF}${fleet.parts.journal.run}`, ...request.notes];
      return run({ ...request, held, notes }, { ...parts, ask });
    });
    return proven(fleet, end, { target, reached, canary });
  });
}

export interface Unfinished {
  readonly target: Target;
  readonly run: string;
  readonly canary: boolean;
}

/** Goes on where its journal ends. Null: it had not begun, and is planned anew. */
export async function resumeOn(fleet: Fleet, { target, run: id, canary }: Unfinished): Promise<HostEnd | null> {
  const reopened = await fleet.parts.reopenRun(id);
  if (!reopened.ok)
    return reopened.code === 'empty'
      ? null
      : finished(fleet, { ...notBegun(target, 'outcome-unknown', reopened), run: id });
  const { journal } = reopened;
  const state = stateOf(reopened.events);
  const over = ended(target, state);
  if (over || state.meta === null) {
    await journal.close();
    if (over && wasUndone(reopened.events)) return rolledBack(fleet, over);
    if (over === null || !canary || over.outcome !== 'recurred') return over && finished(fleet, over);
    return onHost(fleet, target, (reached) => proven(fleet, over, { target, reached, canary }), { run: id });
  }
  if (wasRollingBack(reopened.events) || isBeingUndone(state)) {
    await journal.close();
    return rollBackOn(fleet, { target, run: id, dangerous: false });
  }
  const ask =
    fleet.ask && askInside(fleet.ask, { host: target.name, steps: new Set(state.steps.map(({ id: step }) => step)) });
  return onHost(
    fleet,
    target,
    async (reached) => {
      const end = await lifeOf(fleet, { target, journal, reached }, async (parts) =>
        resume(await requestFor(fleet, reached, id), { ...parts, ask }, state),
      );
      return proven(fleet, end, { target, reached, canary });
    },
    { run: id, close: () => journal.close() },
  );
}

/** What was being undone is not done again: a canary that recurred, or a rollback that was asked for. */
function wasRollingBack(events: readonly RunEvent[]): boolean {
  const last = events.findLast(({ type }) => type === 'run.resumed' || type === 'run.finished');
  return last?.type === 'run.resumed' && last.to === 'roll-back';
}

/** The end that its journal tells is that of a rollback. */
function wasUndone(events: readonly RunEvent[]): boolean {
  const last = events.findLast((event) => event.type === 'run.resumed');
  return last?.type === 'run.resumed' && last.to === 'roll-back';
}

/** Its run ended by itself, and the engine died before the fleet's journal knew. */
function ended({ name: host }: Target, { run: id, finished: over, verdict }: RunState): HostEnd | null {
  if (over === null || isUnfinishedEnd({ outcome: over.outcome, verdict })) return null;
  return { host, run: id, outcome: over.outcome, verdict, reasons: over.reasons };
}

export interface Undoing {
  readonly target: Target;
  readonly run: string;
  /** Somebody has approved it, what is dangerous too. */
  readonly dangerous: boolean;
}

/** Undoes what a run did on its host, newest first. */
export async function rollBackOn(fleet: Fleet, { target, run: id, dangerous }: Undoing): Promise<HostEnd> {
  return onHost(fleet, target, (reached) => undo(fleet, { target, reached, run: id, dangerous }), {
    run: id,
    finish: (end) => fleet.emit({ type: 'host.rolled-back', ...end }),
  });
}

interface Proof {
  readonly target: Target;
  readonly reached: LockedHost;
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
  await undo(fleet, { target, reached, run: end.run, dangerous: false });
  return end;
}

type UndoNow = Undoing & { readonly reached: LockedHost };

async function undo(fleet: Fleet, { target, reached, run: id, dangerous }: UndoNow): Promise<HostEnd> {
  const reopened = await fleet.parts.reopenRun(id);
  if (!reopened.ok) return rolledBack(fleet, { ...notBegun(target, 'journal-damaged', reopened), run: id });
  const { journal, events } = reopened;
  const ask = fleet.ask && askToUndo(fleet.ask, target.name, { dangerous });
  const end = await lifeOf(fleet, { target, journal, reached }, async (parts) =>
    rollBack(await requestFor(fleet, reached, id), { ...parts, ask }, stateOf(events), null),
  );
  return rolledBack(fleet, end);
}

async function rolledBack(fleet: Fleet, end: HostEnd): Promise<HostEnd> {
  await fleet.emit({ type: 'host.rolled-back', ...end });
  return end;
}

async function finished(fleet: Fleet, end: HostEnd): Promise<HostEnd> {
  await fleet.emit({ type: 'host.finished', ...end });
  return end;
}

// ---------------------------------------------------------------- reach, lock, journal

interface LockedHost extends FleetHost {
  /** What is to be known of the lock. */
  readonly note: string | null;
}

interface Before {
  /** The run that is taken up; null: none was begun yet. */
  readonly run?: string;
  readonly finish?: (end: HostEnd) => Promise<void>;
  readonly close?: () => Promise<void>;
}

/** Reaches the host and takes its lock. What cannot be had is how it ends there, with nothing touched in this life. */
async function onHost(
  fleet: Fleet,
  target: Target,
  work: (reached: LockedHost) => Promise<HostEnd>,
  before: Before = {},
): Promise<HostEnd> {
  const { run: id = null, close = async () => {} } = before;
  const giveUp = async (outcome: OutcomeName, why: Failure): Promise<HostEnd> => {
    const end = { ...notBegun(target, outcome, why), run: id };
    await (before.finish ?? ((one) => fleet.emit({ type: 'host.finished', ...one })))(end);
    await close();
    return end;
  };
  const reached = await fleet.parts.reach(target);
  if (!reached.ok) return giveUp('outcome-unknown', reached);
  try {
    const locked = await reached.reached.lock(`fleet run ${fleet.parts.journal.run}`);
    // Of what was begun before nothing more is known than before.
    if (!locked.ok) return await giveUp(locked.code === 'locked' && id === null ? 'locked' : 'outcome-unknown', locked);
    try {
      return await work({ ...reached.reached, note: locked.note });
    } finally {
      await locked.release();
    }
  } finally {
    await reached.reached.close();
  }
}

interface Living {
  readonly target: Target;
  readonly journal: Journal;
  readonly reached: LockedHost;
}

/**
 * A life of a run, begun in the fleet's journal before the host is touched. Whatever becomes of it is an ending: a
 * host's trouble is its own.
 */
async function lifeOf(
  fleet: Fleet,
  { target, journal, reached }: Living,
  go: (parts: RunParts) => Promise<Ending>,
): Promise<HostEnd> {
  const { parts, emit, brakes } = fleet;
  const interrupts = parts.hostInterrupts();
  const views = parts.views.map((view) => ({ show: (event: RunEvent) => view.show(event), close: () => {} }));
  const end = (ending: Ending): HostEnd => ({ host: target.name, run: journal.run, ...pick(ending) });
  // Outside of what is the host's own trouble: without a fleet journal no host is begun.
  await emit({ type: 'host.started', host: target.name, run: journal.run });
  try {
    const { host, readOnlyHost } = reached;
    const { catalogue, clock, stop, secrets } = parts;
    const all: RunParts = {
      ...{ host, readOnlyHost, catalogue, clock, journal, views, interrupts, ask: null, planned: () => {} },
      ...(stop && { stop }),
      ...(secrets && { secrets }),
    };
    return end(await brakes.during(interrupts, () => go(all)));
  } catch (error) {
    return end(brokenOff(reached, error));
  } finally {
    await journal.close();
  }
}

const pick = ({ outcome, verdict, reasons }: Ending): Ending => ({ outcome, verdict, reasons });

function brokenOff({ host }: FleetHost, error: unknown): Ending {
  const said = error instanceof Error ? error.message : String(error);
  if (error instanceof JournalError) return { outcome: 'no-journal', verdict: null, reasons: [said] };
  const last = host.connection?.lost() ?? host.connection?.unanswered().last;
  if (last) return { outcome: 'outcome-unknown', verdict: null, reasons: [last.message] };
  return { outcome: 'bug', verdict: null, reasons: [said] };
}

function notBegun({ name: host }: Target, outcome: OutcomeName, { message }: Failure): HostEnd {
  return { host, run: null, outcome, verdict: null, reasons: [message] };
}

async function requestFor(
  { request }: Fleet,
  { target, note, mode }: LockedHost,
  id: string,
): Promise<RunRequest & { readonly notes: readonly string[] }> {
  const { runbook, params, raised, who, tool } = request;
  return { runbook, params, raised, who, tool, target, notes: note === null ? [] : [note], mode: await mode(id) };
}

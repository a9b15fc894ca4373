import type { FleetUndo } from '../../model/fleet/ports.ts';
import type { FleetState, HostState } from '../../model/fleet/state.ts';
import type { HostEnd, Target } from '../../model/fleet.ts';
import type { OutcomeName } from '../../model/outcome.ts';
import { carryOver } from '../../model/run/carry.ts';
import { canBeUndone, sayWaysBack } from '../../model/run/undo.ts';
import { type RunState, stateOf } from '../../model/state.ts';
import { atMost } from '../at-most.ts';
import { doneOf } from '../resume.ts';
import { rollBackOn } from './host.ts';
import { type FleetEnding, live } from './life.ts';
import type { FleetParts, FleetRequest } from './parts.ts';

/** One host's part of what is to be undone, in sentences. */
interface ToUndo {
  readonly target: Target;
  readonly run: string;
  /** Newest first. */
  readonly steps: readonly string[];
  readonly dangerous: readonly string[];
}

/**
 * Undoes what a fleet run did, the hosts that were begun last first, each from the journal of its own run. `held` in
 * the ending: all that can be undone is.
 */
export async function rollBackFleet(
  request: FleetRequest,
  parts: FleetParts,
  before: FleetState,
  only: ReadonlySet<string> | null,
): Promise<FleetEnding> {
  const mine = before.hosts.filter(({ host }) => only?.has(host) ?? true);
  const undoing = mine.flatMap((host) => toUndo(request, parts, host)).reverse();
  const undone: HostEnd[] = [];
  const hosts = undoing.map(({ target }) => target.name);
  // Before anything is journaled: what changes nothing leaves the fleet run what it was.
  const left = await leftAsItIs(parts, undoing);
  if (left !== null) return left;
  const begin = { type: 'fleet.resumed', to: 'roll-back', who: request.who, hosts } as const;
  const ending = await live({ request, parts, before, undone: () => undone }, begin, async (fleet) => {
    await atMost(request.strategy.atOnce, undoing, async ({ target, run }) => {
      if (fleet.brakes.stopping() === null) undone.push(await rollBackOn(fleet, { target, run, dangerous: true }));
    });
    const why = undone.length < undoing.length ? fleet.brakes.stopping() : null;
    return why === null ? null : { why, outcome: 'interrupted' };
  });
  return { ...ending, outcome: asDone(ending.outcome) };
}

const asDone = (outcome: OutcomeName): OutcomeName => (outcome === 'rolled-back' ? 'held' : outcome);

/**
 * Null if nothing was begun or everything is undone. A journal that cannot be read is included, so that its host is
 * named.
 */
function toUndo({ hosts, runbook }: FleetRequest, parts: FleetParts, { host, run }: HostState): readonly ToUndo[] {
  const target = hosts.find(({ name }) => name === host);
  if (target === undefined || run === null) return [];
  const read = parts.readRun(run);
  if (!read.ok) return [{ target, run, steps: [], dangerous: [] }];
  const state = stateOf(read.events);
  const done = doneOf(state, runbook, findingsOf(state, runbook));
  const undoing = done.filter(canBeUndone);
  if (undoing.length === 0) return [];
  return [{ target, run, steps: sayWaysBack(done), dangerous: undoing.flatMap(({ dangerous }) => dangerous ?? []) }];
}

const findingsOf = (state: RunState, runbook: FleetRequest['runbook']) => carryOver(state, runbook).findings;

/**
 * Nothing to undo, or a person who says no: asked once for all hosts, what is dangerous is named. Null: it is undone.
 */
async function leftAsItIs({ ask }: FleetParts, undoing: readonly ToUndo[]): Promise<FleetEnding | null> {
  if (undoing.length === 0) return { outcome: 'held', reasons: ['there is nothing to undo'] };
  if (ask === null || (await ask.undo(questionOf(undoing))) === 'undo') return null;
  return { outcome: 'interrupted', reasons: ['left as it is'] };
}

function questionOf(undoing: readonly ToUndo[]): FleetUndo {
  const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)];
  const dangerous = unique(undoing.flatMap((one) => one.dangerous));
  return {
    hosts: undoing.map(({ target }) => target.name),
    why: 'rollback was asked for',
    steps: unique(undoing.flatMap(({ steps }) => steps)),
    dangerous: dangerous.length === 0 ? null : dangerous.join('; '),
  };
}

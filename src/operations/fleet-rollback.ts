import { carryOver } from '../model/carry.ts';
import type { HostEnd, Target } from '../model/fleet.ts';
import type { FleetUndo } from '../model/fleet-ports.ts';
import type { FleetState, HostState } from '../model/fleet-state.ts';
import type { OutcomeName } from '../model/outcome.ts';
import type { RunState } from '../model/state.ts';
import { atMost } from './at-most.ts';
import type { Stopped } from './fleet-batches.ts';
import { rollBackOn } from './fleet-host.ts';
import { type FleetEnding, live } from './fleet-life.ts';
import type { Fleet, FleetParts, FleetRequest } from './fleet-parts.ts';
import { doneOf } from './resume.ts';

/** One host's part of what is to be undone, in sentences. */
interface ToUndo {
  readonly target: Target;
  readonly run: string;
  /** Newest first. */
  readonly steps: readonly string[];
  readonly dangerous: readonly string[];
}

/** Undoes what a fleet run did, the hosts that were begun last first, each from the journal of its own run. `held` in the ending: all that can be undone is. */
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
  const begin = { type: 'fleet.resumed', to: 'roll-back', who: request.who, hosts } as const;
  const ending = await live({ request, parts, before, undone: () => undone }, begin, async (fleet) => {
    const approved = await approve(fleet, undoing);
    if (approved !== true) return approved;
    await atMost(request.strategy.atOnce, undoing, async ({ target, run }) => {
      if (fleet.brakes.stopping() === null) undone.push(await rollBackOn(fleet, { target, run, dangerous: true }));
    });
    const why = undone.length < undoing.length ? fleet.brakes.stopping() : null;
    return why === null ? null : { why, outcome: 'interrupted' };
  });
  return { ...ending, outcome: asDone(ending.outcome) };
}

const asDone = (outcome: OutcomeName): OutcomeName => (outcome === 'rolled-back' ? 'held' : outcome);

/** Nothing, where nothing was begun or all of it is undone. What cannot be read is taken up, so that its host is named. */
function toUndo({ hosts, runbook }: FleetRequest, parts: FleetParts, { host, run }: HostState): readonly ToUndo[] {
  const target = hosts.find(({ name }) => name === host);
  if (target === undefined || run === null) return [];
  const state = parts.runState(run);
  if (state === null) return [{ target, run, steps: [], dangerous: [] }];
  const done = doneOf(state, runbook, findingsOf(state, runbook)).filter(({ undo }) => undo.kind === 'revert');
  if (done.length === 0) return [];
  const steps = done.toReversed().flatMap(({ step, undo }) => (undo.kind === 'revert' ? [`${step}: ${undo.say}`] : []));
  return [{ target, run, steps, dangerous: done.flatMap(({ dangerous }) => dangerous ?? []) }];
}

const findingsOf = (state: RunState, runbook: FleetRequest['runbook']) => carryOver(state, runbook).findings;

/** Once for all of them: what is dangerous is named, and approved with the rest. */
async function approve(fleet: Fleet, undoing: readonly ToUndo[]): Promise<true | Stopped | null> {
  if (undoing.length === 0) return { why: 'there is nothing to undo', outcome: null };
  if (fleet.ask === null) return true;
  if ((await fleet.ask.undo(questionOf(undoing))) === 'undo') return true;
  return { why: 'left as it is', outcome: 'interrupted' };
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

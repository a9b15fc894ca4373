import { worstOf } from '../../model/fleet/outcome.ts';
import { applyFleet, type FleetState, type HostState } from '../../model/fleet/state.ts';
import type { FleetFact, HostEnd } from '../../model/fleet.ts';
import type { OutcomeName } from '../../model/outcome.ts';
import { NO_SECRETS } from '../../model/secret.ts';
import { spineOver } from '../../run/spine.ts';
import { learnSecrets } from '../secrets.ts';
import { oneAtATime } from './ask.ts';
import type { Stopped } from './batches.ts';
import { brakesFor } from './brakes.ts';
import type { Fleet, FleetParts, FleetRequest } from './parts.ts';

/** How a fleet run has ended, over all of its hosts. */
export interface FleetEnding {
  readonly outcome: OutcomeName;
  readonly reasons: readonly string[];
}

export interface FleetLife {
  readonly request: FleetRequest;
  readonly parts: FleetParts;
  /** Of its earlier lives. */
  readonly before: FleetState;
  /** For a rollback: its own outcome, instead of the outcomes of the hosts' runs. */
  readonly undone?: () => readonly HostEnd[];
}

/**
 * One life of a fleet run: `begin` is its first event, `go` does the work, and the outcomes of the hosts give its end.
 */
export async function live(
  { request, parts, before, undone }: FleetLife,
  begin: FleetFact,
  go: (fleet: Fleet) => Promise<Stopped | null>,
): Promise<FleetEnding> {
  let state = before;
  const fold = {
    show: (event: Parameters<typeof applyFleet>[1]) => {
      state = applyFleet(state, event);
    },
  };
  const { journal, clock, here: host, secrets = NO_SECRETS, interrupts } = parts;
  const brakes = brakesFor(interrupts);
  try {
    const unfit = await learnSecrets(request, secrets, brakes.hard);
    const emit = spineOver<FleetFact>({
      ...{ run: journal.run, host, journal, clock, redact: secrets.redact, after: before.last?.seq ?? 0 },
      views: [fold, ...parts.views],
      isLight: () => false,
      noted: (text) => ({ type: 'fleet.noted', text }),
    });
    const ask = parts.ask && oneAtATime(parts.ask);
    const fleet: Fleet = { request, parts, emit, brakes, ask, state: () => state };
    sayHeard(fleet);
    await emit(begin);
    for (const text of [...request.fleetNotes, ...request.notes]) await emit({ type: 'fleet.noted', text });
    const stopped = unfit ? { why: `${unfit.reason}; nothing was touched`, outcome: unfit.outcome } : await go(fleet);
    return await end(fleet, stopped, undone?.());
  } finally {
    brakes.release();
  }
}

/** After Ctrl-C the person sees that it was heard, and what the next one would do. */
function sayHeard({ brakes: { signal, hard }, emit, state }: Fleet): void {
  const say = (text: string): void => {
    if (state().finished === null) emit({ type: 'fleet.noted', text }).catch(() => {});
  };
  // If both brakes are pulled, the harder one tells the reason.
  signal.addEventListener('abort', () => queueMicrotask(() => hard.aborted || say(`${signal.reason}: ${GENTLY}`)), {
    once: true,
  });
  hard.addEventListener('abort', () => say(`${hard.reason}: ${AT_ONCE}`), { once: true });
}

const GENTLY =
  'no further host is begun, those at work come to their end; once more: they stop at their next safe point';
const AT_ONCE =
  'those at work stop at their next safe point; once more: all ends at once, and leases start again what is stopped';

async function end({ emit, state }: Fleet, stopped: Stopped | null, undone?: readonly HostEnd[]): Promise<FleetEnding> {
  const { hosts } = state();
  const notBegun = hosts.filter(({ status }) => status === 'waiting').map(({ host }) => host);
  if (stopped && !undone && notBegun.length > 0) await emit({ type: 'fleet.stopped', why: stopped.why, notBegun });
  const ends = undone ?? hosts.flatMap(({ end: last }) => last ?? []);
  const outcomes = undone ? undone.map(({ outcome }) => outcome) : hosts.flatMap(outcomesOf);
  const well = undone ? UNDONE_WELL : WELL;
  const ending = endingOf({ ends, outcomes, well }, stopped);
  await emit({ type: 'fleet.finished', ...ending });
  return ending;
}

/** What the hosts came to. */
interface Came {
  readonly ends: readonly HostEnd[];
  readonly outcomes: readonly OutcomeName[];
  /** Outcomes that need no sentence. */
  readonly well: readonly OutcomeName[];
}

/** Hosts that are named with what became of them: a screen has no room for two hundred. */
const NAMED = 20;

function endingOf({ ends, outcomes, well }: Came, stopped: Stopped | null): FleetEnding {
  const own: readonly OutcomeName[] = stopped?.outcome ? [stopped.outcome] : [];
  const bad = ends.filter(({ outcome }) => !well.includes(outcome));
  const rest = bad.length - NAMED;
  const named = bad.slice(0, NAMED).map(sayEnd);
  return {
    outcome: worstOf([...outcomes, ...own]),
    reasons: [...(stopped ? [stopped.why] : []), ...named, ...(rest > 0 ? [`and ${rest} more`] : [])],
  };
}

const WELL: readonly OutcomeName[] = ['held', 'looked-only', 'not-this-incident'];
const UNDONE_WELL: readonly OutcomeName[] = ['held', 'rolled-back'];

function sayEnd({ host, outcome, reasons }: HostEnd): string {
  return `${host}: ${outcome.replaceAll('-', ' ')}${reasons.length === 0 ? '' : `: ${reasons.join('; ')}`}`;
}

/**
 * In a rollback only an unknown outcome counts. A step that was left undone does not make the outcome of the run worse.
 */
const UNKNOWN: readonly OutcomeName[] = ['outcome-unknown', 'bug', 'journal-damaged', 'no-journal'];

function outcomesOf({ status, end: last, rolledBack }: HostState): readonly OutcomeName[] {
  const undone = rolledBack && UNKNOWN.includes(rolledBack.outcome) ? [rolledBack.outcome] : [];
  switch (status) {
    case 'waiting':
      return ['interrupted'];
    case 'running':
      return ['outcome-unknown'];
    case 'ended':
    case 'rolled-back':
      return [...(last ? [last.outcome] : []), ...undone];
  }
}

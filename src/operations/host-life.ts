import type { Host } from '../model/host.ts';
import type { Policy } from '../model/policy.ts';
import { type Ask, type Interrupts, type Journal, JournalError, type View } from '../model/ports.ts';
import { outcomeUnread } from '../model/run/left-off.ts';
import { type RunState, stateOf } from '../model/state.ts';
import type { ReachedHost, World } from '../model/world.ts';
import type { Ending } from '../run/running.ts';
import type { RunParts, RunRequest } from './carry-out.ts';
import { type NotHad, notHad } from './reach.ts';
import { run } from './run.ts';
import type { Told } from './take-up.ts';

/** What is asked for; who decides is told by the policy, once it is known on which host. */
export interface HostRequest extends Omit<RunRequest, 'mode' | 'target' | 'orphans'> {
  /** Null: a person decides. */
  readonly policy: Policy | null;
  readonly notes: readonly string[];
}

/** Who looks on and decides while a run lives. */
export interface Seat {
  readonly views: readonly View[];
  readonly ask: Ask | null;
  readonly interrupts: Interrupts;
  readonly planned: RunParts['planned'];
}

/** How a life has ended. */
export interface LifeEnd extends Ending {
  /** It broke off, so that no event tells why. */
  readonly broken: boolean;
}

/** What is around the life of a run: a screen of its own, or a fleet. */
export interface Surroundings<T> {
  /** Seats whoever looks on, lets it live, and says what came of it. */
  life(journal: Journal, live: (seat: Seat) => Promise<LifeEnd>): Promise<T>;
  /** Nothing was begun in this life. */
  none(why: NotHad): Promise<T>;
}

/** Begins a run on a host that is held. `host`: the name that its journal has of a host of many. */
export async function beginOn<T>(
  world: World,
  held: ReachedHost,
  { request, host }: { readonly request: HostRequest; readonly host: string | null },
  around: Surroundings<T>,
): Promise<T> {
  const opened = await world.openRun(request.runbook.name, host);
  if (!opened.ok) return around.none(notHad(opened, 'no-journal'));
  return lifeOf(world, { held, request, journal: opened.journal }, around, run);
}

export interface Again<T> {
  readonly run: string;
  readonly request: HostRequest;
  /** It was brought to its end by whoever had the lock before us, or there is nothing to do. Null: go on. */
  readonly over: (state: RunState) => Promise<T | null>;
  readonly goOn: (request: RunRequest, parts: RunParts, told: Told) => Promise<Ending>;
}

/** Takes up an earlier run on a host that is held, from its journal. */
export async function takeUpOn<T>(
  world: World,
  held: ReachedHost,
  { run: id, request, over, goOn }: Again<T>,
  around: Surroundings<T>,
): Promise<T> {
  const reopened = await world.reopenRun(id);
  if (!reopened.ok) return around.none(notHad(reopened, outcomeUnread(reopened.code)));
  const { journal, events, orphans } = reopened;
  const state = stateOf(events);
  const ended = await over(state);
  if (ended === null)
    return lifeOf(world, { held, request, journal, orphans }, around, (asked, parts) =>
      goOn(asked, parts, { state, events }),
    );
  await journal.close();
  return ended;
}

interface Living {
  readonly held: ReachedHost;
  readonly request: HostRequest;
  readonly journal: Journal;
  readonly orphans?: readonly string[];
}

function lifeOf<T>(
  { catalogue, clock, stop, secrets, mode }: World,
  { held: { host, readOnlyHost, target, notes }, request, journal, orphans = [] }: Living,
  around: Surroundings<T>,
  go: (request: RunRequest, parts: RunParts) => Promise<Ending>,
): Promise<T> {
  return around.life(journal, async (seat) => {
    try {
      const asked = { ...request, mode: await mode(request, host, journal.run), orphans, ...(target && { target }) };
      const parts = {
        host,
        readOnlyHost,
        catalogue,
        clock,
        journal,
        ...seat,
        ...(stop && { stop }),
        ...(secrets && { secrets }),
      };
      return { ...(await go({ ...asked, notes: [...notes, ...request.notes] }, parts)), broken: false };
    } catch (error) {
      const end = brokenOff(host, error);
      if (end === null) throw error;
      return { ...end, broken: true };
    } finally {
      await journal.close();
    }
  });
}

/** What is the host's own trouble; null: it is a bug of ours. */
function brokenOff(host: Host, error: unknown): Ending | null {
  const lost = host.connection?.lost() ?? host.connection?.unanswered().last ?? null;
  if (error instanceof JournalError) {
    // Over a connection that is lost nothing can be started.
    const leases = lost === null ? 'what was stopped for the remedy was started again' : keptBy(host.name);
    return { outcome: 'no-journal', verdict: null, reasons: [`${error.message}; stopped at once, and ${leases}`] };
  }
  return lost && { outcome: 'outcome-unknown', verdict: null, reasons: [lost.message] };
}

const keptBy = (name: string): string => `what was stopped for the remedy ${name} starts again itself, by its lease`;

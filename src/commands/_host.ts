import { hostname } from 'node:os';
import type { Target } from '../model/fleet.ts';
import type { ReachedHost, World } from '../model/world.ts';
import type { Reach } from '../wiring/host.ts';
import type { Io } from './_command.ts';
import { limitWords } from './_limit.ts';
import { type CommandResult, hasEnded } from './_result.ts';
import { refuseHost } from './_session.ts';
import { type Earlier, reachOf, targetsOf } from './fleet/hosts.ts';

type Options = Readonly<Record<string, unknown>>;

/** One host, as it was chosen. */
export interface Chosen {
  /** Null: this machine. */
  readonly target: Target | null;
  readonly reach: Reach | null;
  readonly notes: readonly string[];
  /** Words of --limit that are limits of the run. */
  readonly limits: readonly string[];
}

export const HERE: Chosen = { target: null, reach: null, notes: [], limits: [] };

/** The host of `--host`; `earlier`: that of an earlier run. */
export async function chosenHost(io: Io, options: Options, earlier?: Earlier): Promise<Chosen | CommandResult> {
  const selection = await targetsOf(io, options, earlier);
  if (hasEnded(selection)) return selection;
  if (selection === null) return { ...HERE, limits: limitWords(options).limits };
  const [target = null] = selection.targets;
  return { target, reach: reachOf(io, selection), notes: selection.notes, limits: selection.limits };
}

/** The name that policies and journals have for it. */
export const hostNameOf = ({ target }: Chosen): string => target?.name ?? hostname();

type Work = (world: World, reached: ReachedHost) => Promise<CommandResult>;

/** Reaches it, and leaves no connection behind. */
export async function whileReached(io: Io, { target, reach }: Chosen, work: Work): Promise<CommandResult> {
  const { worldFor } = await import('../wiring/world.ts');
  const { reaching } = await import('../operations/reach.ts');
  const world = worldFor({ ...io, reach });
  const to = {
    target,
    signal: io.interrupts.signal,
    otherwise: async (why: Parameters<typeof refuseHost>[0]) => refuseHost(why),
  };
  return reaching(world, to, (host) => work(world, host));
}

/** The same with its lock, for a run. */
export function held(io: Io, chosen: Chosen, what: string, work: Work): Promise<CommandResult> {
  return whileReached(io, chosen, async (world, host) => {
    const { holding } = await import('../operations/reach.ts');
    return holding(host, { what, otherwise: async (why) => refuseHost(why) }, (locked) => work(world, locked));
  });
}

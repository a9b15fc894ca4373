import type { Target } from '../model/fleet.ts';
import type { FarClock } from '../model/host.ts';
import { showDuration } from '../model/text/quantity.ts';
import type { Hosts, HostsElsewhere, Reach } from '../wiring/host.ts';
import type { Io } from './_command.ts';
import { type CommandResult, hasEnded, refuse } from './_result.ts';
import { reachOf, targetsOf } from './fleet/hosts.ts';

type Options = Readonly<Record<string, unknown>>;

/** Where it happens: this machine, or one over ssh that has answered. */
export interface Stage {
  readonly hosts: Hosts;
  readonly elsewhere: HostsElsewhere | null;
  /** For the journal. */
  readonly notes: readonly string[];
}

/** One host over ssh, as it was chosen. */
export interface Chosen {
  readonly target: Target;
  readonly reach: Reach;
  readonly notes: readonly string[];
  /** Words of --limit that are limits of the run. */
  readonly limits: readonly string[];
}

/** The host of `--host`; null: this machine. A number: what is wrong has been said. */
export async function chosenHost(io: Io, options: Options): Promise<Chosen | null | CommandResult> {
  const selection = await targetsOf(io, options);
  if (selection === null || hasEnded(selection)) return selection;
  const [target] = selection.targets;
  if (target === undefined) throw new Error('bug: a selection without hosts');
  return { target, reach: reachOf(io, selection), notes: selection.notes, limits: selection.limits };
}

/**
 * Reaches the host, lets `go` work there, and leaves no connection behind. A host that cannot be reached is in a
 * line of its own, and nothing is done.
 */
export async function onStage(
  io: Io,
  chosen: Chosen | null,
  go: (stage: Stage) => Promise<CommandResult>,
): Promise<CommandResult> {
  const { hostsFor, hostsHere } = await import('../wiring/host.ts');
  if (chosen === null) return go({ hosts: hostsHere(io.secrets, io.scene), elsewhere: null, notes: [] });
  const hosts = await hostsFor(chosen.target, chosen.reach, io.secrets);
  try {
    const connected = await Promise.race([hosts.connect(), interrupted(io)]);
    if (connected === null) return { outcome: 'interrupted' };
    if (!connected.ok) return refuse(`${connected.message}; nothing was touched`, 'outcome-unknown');
    return await go({ hosts, elsewhere: hosts, notes: [...chosen.notes, ...clockNotes(hosts)] });
  } finally {
    await hosts.close();
  }
}

function interrupted({ interrupts: { signal } }: Io): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}

/** Milliseconds; less than this confuses nobody who reads a report beside a log. */
const WORTH_A_WORD = 30_000;

function clockNotes({ host }: Hosts): readonly string[] {
  const { ahead = 0 }: Partial<FarClock> = host.farClock?.() ?? {};
  if (Math.abs(ahead) < WORTH_A_WORD) return [];
  const beside = `${showDuration(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} the clock here`;
  return [
    `the clock of ${host.name} is ${beside}: the times of this run are by the clock here, those of its own logs are not`,
  ];
}

/** The host that an earlier run had, reached as it was reached then unless the command line says otherwise. */
export async function sameHost(
  io: Io,
  { config, ...target }: Target & { readonly config: string | null },
  options: Options,
): Promise<Chosen | CommandResult> {
  const chosen = await chosenHost(io, {
    ...options,
    // Somebody must be chosen for the ssh options to be read; the journal tells who it is.
    ...{ host: undefined, hosts: 'localhost', inventory: undefined, limit: undefined, skip: undefined },
    ...(options.sshConfig === undefined && config !== null && { sshConfig: config }),
  });
  if (chosen === null) throw new Error('bug: a host without hosts');
  return hasEnded(chosen) ? chosen : { ...chosen, target };
}

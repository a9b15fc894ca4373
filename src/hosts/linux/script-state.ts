import type { Commands, ServiceState } from '../../model/host.ts';
import type { DaemonAbout } from './daemon-about.ts';
import { askScript } from './lsb-status.ts';
import { type Search, type Sight, searchDaemon } from './main-process.ts';
import type { ProcStat } from './proc-text.ts';

export type State = Pick<ServiceState, 'state' | 'pid' | 'since' | 'reason' | 'strangers'>;

interface Asked {
  readonly commands: Commands;
  readonly path: string;
  readonly about: DaemonAbout;
  readonly sight: Sight;
  /** A daemon that we do not see may still be there: perhaps we may not see it. */
  readonly hidden: boolean;
  readonly stoppedSince: (about: DaemonAbout) => number | null;
}

/**
 * The state of a service that an init script starts: from /proc where that can tell, else by the script's own `status`,
 * else unknown, and never a guess.
 */
export async function scriptState({ commands, path, about, sight, hidden, stoppedSince }: Asked): Promise<State> {
  const found = searchDaemon(about, sight);
  const strangers = found.strangers.length === 0 ? {} : { strangers: found.strangers };
  if (found.main) return { state: 'running', ...whose(found.main, sight) };
  if (found.doubt !== null) return { state: 'unknown', pid: null, since: null, reason: found.doubt, ...strangers };
  if (about.certain && !hidden && !about.programs.some(sight.isScript))
    return { state: 'stopped', pid: null, since: stoppedSince(about), ...strangers };
  return { ...(await bySay(found, { commands, path, about, sight })), ...strangers };
}

const whose = (main: ProcStat | null, sight: Sight): Pick<State, 'pid' | 'since'> => ({
  pid: main?.pid ?? null,
  since: main === null ? null : sight.startedAt(main),
});

/** A script looks for a program and not for its owner, so a stranger's process is a daemon to it. */
async function bySay(
  found: Search,
  { commands, path, about, sight }: Omit<Asked, 'hidden' | 'stoppedSince'>,
): Promise<State> {
  const said = await askScript(commands, path, about);
  const [stranger] = found.strangers;
  if (said.state !== 'running') return { pid: null, since: null, ...said };
  if (found.named === null && stranger) {
    const reason = `${path} status says that it runs, and may mean pid ${stranger.pid} of user ${stranger.uid}, which is not the service's`;
    return { state: 'unknown', pid: null, since: null, reason };
  }
  return { state: 'running', ...whose(found.named, sight) };
}

import {
  type Commands,
  failure,
  type Machine,
  type Processes,
  type ProcessIdentity,
  type ServiceManager,
  type Services,
} from '../../model/host.ts';
import type { Init } from '../linux/init.ts';
import { leasesOver } from '../linux/leases.ts';
import { servicesOver } from '../linux/services.ts';
import { farOpenrc, farScript, farSystemd, farSysv, unasked } from './inits.ts';
import { type ProcQuestions, procQuestions } from './proc-look.ts';
import type { Remote } from './remote.ts';
import { lookAtDaemon, NOTHING } from './service-look.ts';
import { farWatchdogs } from './watchdog.ts';

interface World {
  readonly remote: Remote;
  readonly machine: Machine;
  readonly commands: Commands;
  readonly processes: Processes;
}

/** Each look is a round trip. */
const LOOK_EVERY = 200;

/** Services of a far host: one round trip for a state, and the same care as here for a start and a stop. */
export function sshServices({ remote, machine, commands, processes }: World): Services {
  const questions = procQuestions(remote);
  const init = inits({ remote, questions, commands, machine });
  const leases = leasesOver({ machine, commands, init, watchdogs: farWatchdogs({ remote, questions, processes }) });
  const lives = async (main: ProcessIdentity): Promise<boolean> => (await processes.alive([main])).length > 0;
  const identity = (pid: number) => identityOf({ remote, questions }, pid);
  return servicesOver({ commands, processes, init, identity, lives, lookEvery: LOOK_EVERY }, leases);
}

interface Asking {
  readonly remote: Remote;
  readonly questions: ProcQuestions;
}

function inits(world: Asking & Pick<World, 'commands' | 'machine'>): (name: string) => Promise<Init> {
  const script = farScript(world);
  const all: Readonly<Record<ServiceManager, Init>> = {
    systemd: farSystemd(world),
    sysv: farSysv(world),
    openrc: farOpenrc(world),
    script,
  };
  let manager: ServiceManager | null = null;
  return async (name) => {
    if (name.startsWith('/')) return script;
    const facts = manager === null ? await world.machine.facts() : null;
    // No boot id: nobody answered, and what is said of the manager is a guess.
    if (facts !== null && facts.bootId !== '') manager = facts.manager;
    return manager === null ? unanswered(world.remote) : all[manager];
  };
}

/** Whoever took the wrong manager's word would call a service absent that is there. */
function unanswered({ name: host }: Remote): Init {
  return {
    state: async (name) =>
      unasked(name, 'sysv', failure('unreachable', `${host} does not say which manager of services runs there`)),
    command: (name, verb) => ['service', name, verb],
  };
}

async function identityOf(asking: Asking, pid: number): Promise<ProcessIdentity | null> {
  const asked = await lookAtDaemon(asking, { about: NOTHING, pids: [pid] });
  const stat = asked.ok ? asked.look.sight.stat(pid) : null;
  const exe = asked.ok ? asked.look.sight.exe(pid) : undefined;
  return stat && { pid, start: stat.start, exe: exe === undefined || exe === 'denied' ? null : exe };
}

import type { Commands, Machine, Processes, ProcessIdentity, Services } from '../../model/host.ts';
import type { Init } from '../linux/init.ts';
import { leasesOver } from '../linux/leases.ts';
import { exeOf, livesStill, readPid } from '../linux/pid.ts';
import { servicesOver } from '../linux/services.ts';
import { openrcInit } from './init-openrc.ts';
import { systemdInit } from './init-systemd.ts';
import { scriptInit, sysvInit } from './init-sysv.ts';
import { armWatchdog, releaseWatchdog, watchdogs } from './watchdog.ts';

interface World {
  readonly machine: Machine;
  readonly commands: Commands;
  readonly processes: Processes;
}

const LOOK_EVERY = 50;

export function localServices(world: World): Services {
  const init = inits(world);
  const lives = async (main: ProcessIdentity): Promise<boolean> => livesStill(main);
  const leases = leasesOver({
    ...world,
    init,
    watchdogs: {
      arm: armWatchdog,
      release: releaseWatchdog,
      armed: async (prefix, boot) => ({ ok: true, handles: watchdogs(prefix, boot) }),
    },
  });
  return servicesOver(
    { ...world, init, identity: async (pid) => identityOf(pid), lives, lookEvery: LOOK_EVERY },
    leases,
  );
}

function inits({ machine, commands }: World): (name: string) => Promise<Init> {
  const script = scriptInit(commands);
  const all = { systemd: systemdInit(commands), sysv: sysvInit(commands), openrc: openrcInit(), script };
  return async (name) => (name.startsWith('/') ? script : all[(await machine.facts()).manager]);
}

function identityOf(pid: number): ProcessIdentity | null {
  const stat = readPid(pid);
  return stat && { pid: stat.pid, start: stat.start, exe: exeOf(stat.pid) };
}

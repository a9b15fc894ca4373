import { type Commands, failure, type Machine, type Services } from '../../model/host.ts';
import type { Init } from './init.ts';
import { armTimer, readTimer, releaseTimer, timers } from './lease-timer.ts';
import { armWatchdog, readWatchdog, releaseWatchdog, watchdogs } from './watchdog.ts';

interface World {
  readonly machine: Machine;
  readonly commands: Commands;
  readonly init: (name: string) => Promise<Init>;
}

/** Part of a unit's name and of a command line. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,220}$/;

/**
 * Where systemd runs, its own services get a timer of its own. All else gets a watchdog process, also an init script there: systemd ends what a transient
 * service leaves behind, and that would be the daemon.
 */
export function localLeases({ machine, commands, init }: World): Pick<Services, 'arm' | 'release' | 'armed'> {
  return {
    async arm(lease) {
      if (!ID.test(lease.id)) return failure('EINVAL', `${JSON.stringify(lease.id)} cannot be the name of a lease`);
      const { exists, manager } = await (await init(lease.service)).state(lease.service);
      if (!exists) return failure('ENOENT', `there is no service ${lease.service} to start`);
      const starter = (await init(lease.service)).command(lease.service, 'start');
      if (manager === 'systemd') return armTimer(commands, lease, starter);
      return armWatchdog(lease, starter.slice(0, -1), await machine.facts());
    },
    async release(handle) {
      const [timer, watchdog] = [readTimer(handle), readWatchdog(handle)];
      if (timer) return releaseTimer(commands, timer);
      if (watchdog) return releaseWatchdog(watchdog, (await machine.facts()).bootId);
      return failure('EINVAL', 'this is not the handle of a lease');
    },
    async armed(prefix) {
      const { manager, bootId } = await machine.facts();
      const processes = watchdogs(prefix, bootId);
      if (manager !== 'systemd') return { ok: true, handles: processes };
      const found = await timers(commands, prefix);
      return found.ok ? { ok: true, handles: [...found.handles, ...processes] } : found;
    },
  };
}

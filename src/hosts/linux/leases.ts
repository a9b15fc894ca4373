import {
  type Commands,
  failure,
  type LeaseOrder,
  type Machine,
  type MachineFacts,
  type Result,
  type Services,
} from '../../model/host.ts';
import type { Json } from '../../model/json.ts';
import type { Init } from './init.ts';
import { armTimer, readTimer, releaseTimer, timers } from './lease-timer.ts';
import { systemctlStart } from './systemctl.ts';
import { readWatchdog, type Watchdog, type WatchdogStarter } from './watchdog-script.ts';

/** Processes that wait on the host itself, where no manager of services keeps a lease. */
export interface Watchdogs {
  arm(
    lease: LeaseOrder,
    starter: WatchdogStarter,
    facts: Pick<MachineFacts, 'bootId' | 'uptime' | 'manager'>,
  ): Promise<Result<{ readonly handle: Json }>>;
  release(watchdog: Watchdog, bootId: string): Promise<Result<{ readonly state: 'released' | 'gone' }>>;
  armed(prefix: string, bootId: string): Promise<Result<{ readonly handles: readonly Json[] }>>;
}

interface World {
  readonly machine: Machine;
  readonly commands: Commands;
  readonly init: (name: string) => Promise<Init>;
  readonly watchdogs: Watchdogs;
}

/** Part of a unit's name and of a command line. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,220}$/;

/**
 * Where systemd runs, its own services get a timer of its own. All else gets a watchdog process, also an init script
 * there: systemd ends what a transient service leaves behind, and that would be the daemon.
 */
export function leasesOver({ machine, commands, init, watchdogs }: World): Pick<Services, 'arm' | 'release' | 'armed'> {
  return {
    async arm(lease) {
      if (!ID.test(lease.id)) return failure('EINVAL', `${JSON.stringify(lease.id)} cannot be the name of a lease`);
      const { exists, manager } = await (await init(lease.service)).state(lease.service);
      if (!exists) return failure('ENOENT', `there is no service ${lease.service} to start`);
      const starter = (await init(lease.service)).command(lease.service, 'start');
      if (manager === 'systemd') return armTimer(commands, lease, systemctlStart(lease.service, lease.also ?? []));
      const lives = (await (await init(lease.service)).lives?.(lease.service)) ?? '';
      return watchdogs.arm(lease, { starter: starter.slice(0, -1), lives }, await machine.facts());
    },
    async release(handle) {
      const [timer, watchdog] = [readTimer(handle), readWatchdog(handle)];
      if (timer) return releaseTimer(commands, timer);
      if (watchdog) return watchdogs.release(watchdog, (await machine.facts()).bootId);
      return failure('EINVAL', 'this is not the handle of a lease');
    },
    async armed(prefix) {
      const { manager, bootId } = await machine.facts();
      const waiting = await watchdogs.armed(prefix, bootId);
      if (!waiting.ok || manager !== 'systemd') return waiting;
      const found = await timers(commands, prefix);
      return found.ok ? { ok: true, handles: [...found.handles, ...waiting.handles] } : found;
    },
  };
}

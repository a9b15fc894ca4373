import { hostname } from 'node:os';
import { tooManyHosts } from '../model/fleet/limits.ts';
import type { Target } from '../model/fleet.ts';
import type { Json } from '../model/json.ts';
import { changedHosts } from '../model/policy/pace.ts';
import type { Policy } from '../model/policy.ts';
import type { Interrupts } from '../model/ports.ts';
import type { Runbook } from '../model/runbook.ts';
import type { FleetWorld } from '../model/world.ts';
import type { HostsElsewhere } from './host.ts';
import { manualInterrupts } from './interrupts.ts';
import { readRun } from './journal.ts';
import { triggerOf } from './trigger.ts';
import { type Pool, type Wiring, worldFor } from './world.ts';

/** What a fleet run is wired with beside what any run is. */
export interface FleetWiring extends Wiring {
  readonly interrupts: Interrupts;
  readonly runbook: Runbook;
  readonly params: Readonly<Record<string, Json>>;
  readonly policy: Policy | null;
}

/** How many connections stay open between plan and run. Each one is an ssh process. */
const KEPT = 60;

/** Hosts looked at at once while they are planned. Each costs a handshake, on this processor too. */
const LOOK_AT_ONCE = 20;

/** All but journal, views and who is asked. `release` closes the connections that were kept. */
export function wireFleet(wiring: FleetWiring): FleetWorld & { release(): Promise<void> } {
  const pool = poolOf(KEPT);
  return {
    ...worldFor(wiring, pool),
    here: hostname(),
    interrupts: wiring.interrupts,
    hostInterrupts: () => manualInterrupts(),
    lookAtOnce: LOOK_AT_ONCE,
    readRun: (run) => readRun(wiring, run),
    permit: async (acting) => fleetPermit(wiring, acting),
    release: pool.release,
  };
}

function poolOf(most: number): Pool & { release(): Promise<void> } {
  const kept = new Map<string, HostsElsewhere>();
  let released = false;
  return {
    take: async (name) => {
      const hosts = kept.get(name) ?? null;
      kept.delete(name);
      // A connection that was lost once takes no write any more, so a resume opens a new one.
      if (hosts === null || hosts.lost() === null) return hosts;
      await hosts.close();
      return null;
    },
    keep: (name, hosts) => {
      if (released || kept.size >= most) return false;
      kept.set(name, hosts);
      return true;
    },
    release: async () => {
      released = true;
      await Promise.all([...kept.values()].map((each) => each.close()));
      kept.clear();
    },
  };
}

function fleetPermit(wiring: FleetWiring, acting: readonly Target[]): Awaited<ReturnType<FleetWorld['permit']>> {
  const { policy, runbook, params } = wiring;
  if (policy === null) return null;
  const { past } = triggerOf(wiring, { policy, runbook: runbook.name });
  return tooManyHosts(
    { policy, runbook, params },
    { acting, changed: changedHosts(past, { runbook, at: Date.now() }) },
  );
}

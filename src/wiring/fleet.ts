import { hostname } from 'node:os';
import type { Vault } from '../hosts/vault.ts';
import { type LocalJournal, openJournal } from '../journal/append.ts';
import { findRuns, pickRun } from '../journal/find.ts';
import { placesFor } from '../journal/places.ts';
import { readJournal } from '../journal/read.ts';
import { reopenJournal } from '../journal/reopen.ts';
import { newRunId } from '../journal/run-id.ts';
import type { RunEvent } from '../model/event.ts';
import { tooManyHosts } from '../model/fleet/limits.ts';
import type { FleetHost, FleetWorld } from '../model/fleet/world.ts';
import type { Target } from '../model/fleet.ts';
import type { Host, Result } from '../model/host.ts';
import type { Json } from '../model/json.ts';
import { changedHosts } from '../model/policy/pace.ts';
import type { Mode } from '../model/policy/permit.ts';
import type { Policy } from '../model/policy.ts';
import type { Interrupts, Journal } from '../model/ports.ts';
import type { Runbook } from '../model/runbook.ts';
import { stateOf } from '../model/state.ts';
import { folderCatalogue } from './catalogue.ts';
import { systemClock } from './clock.ts';
import { type HostsElsewhere, hostsFor, type Reach } from './host.ts';
import { manualInterrupts } from './interrupts.ts';
import { stopSwitch } from './stop-switch.ts';
import { type Starter, triggerOf } from './trigger.ts';

/** What a fleet run is wired with: of the process, of the command line, and of what was loaded. */
export interface FleetWiring extends Starter {
  readonly pid: number;
  readonly interrupts: Interrupts;
  readonly secrets?: Vault;
  readonly reach: Reach;
  readonly runbook: Runbook;
  readonly params: Readonly<Record<string, Json>>;
  readonly policy: Policy | null;
}

/** Connections that are kept for the run once their host is planned: each is an ssh process and what it costs. */
const KEPT = 60;

/** Hosts looked at at once while they are planned. Each costs a handshake, on this processor too. */
const LOOK_AT_ONCE = 20;

/** All but journal, views and who is asked. `release` closes the connections that were kept. */
export function wireFleet(wiring: FleetWiring): FleetWorld & { release(): Promise<void> } {
  const { interrupts, secrets } = wiring;
  const kept = new Map<string, HostsElsewhere>();
  let released = false;
  return {
    here: hostname(),
    catalogue: folderCatalogue(),
    clock: systemClock,
    interrupts,
    hostInterrupts: () => manualInterrupts(),
    stop: stopSwitch(wiring),
    ...(secrets && { secrets }),
    lookAtOnce: LOOK_AT_ONCE,
    reach: (target) => reachHost(wiring, target, { kept, mayKeep: () => !released && kept.size < KEPT }),
    openRun: (host) => openHostRun(wiring, host),
    reopenRun: (run) => reopenHostRun(wiring, run),
    runState: (run) => runStateOf(wiring, run),
    permit: async (acting) => fleetPermit(wiring, acting),
    release: async () => {
      released = true;
      await Promise.all([...kept.values()].map((each) => each.close()));
      kept.clear();
    },
  };
}

// ---------------------------------------------------------------- hosts

interface Pool {
  readonly kept: Map<string, HostsElsewhere>;
  readonly mayKeep: () => boolean;
}

async function reachHost(
  wiring: FleetWiring,
  target: Target,
  { kept, mayKeep }: Pool,
): Promise<Result<{ readonly reached: FleetHost }>> {
  const { reach, secrets, user, pid } = wiring;
  // What was lost once in its life takes no write any more: a new life begins with a new connection.
  const before = kept.get(target.name);
  kept.delete(target.name);
  const fresh = before === undefined || before.lost() !== null;
  if (before && fresh) await before.close();
  const hosts = before && !fresh ? before : await hostsFor(target, reach, secrets);
  const connected = await hosts.connect();
  if (!connected.ok) {
    await hosts.close();
    return connected;
  }
  const close = async (): Promise<void> => {
    if (!mayKeep() || hosts.lost() !== null) return hosts.close();
    kept.set(target.name, hosts);
  };
  const { host, readOnlyHost } = hosts;
  return {
    ok: true,
    reached: {
      host,
      readOnlyHost,
      target: hosts.reached,
      mode: async (run) => modeOn(wiring, host, run),
      lock: (run) => hosts.lock({ run, who: user, pid, since: new Date().toISOString() }),
      close,
    },
  };
}

/** Windows are judged by the clock of the host. */
function modeOn(wiring: FleetWiring, host: Host, except: string | undefined): Mode {
  const { policy, runbook } = wiring;
  if (policy === null) return { kind: 'attended' };
  const trigger = triggerOf(wiring, { policy, runbook: runbook.name, except });
  return { kind: 'unattended', policy, trigger: { ...trigger, zone: host.farClock?.().zone ?? trigger.zone } };
}

// ---------------------------------------------------------------- policy

function fleetPermit(wiring: FleetWiring, acting: readonly Target[]): Awaited<ReturnType<FleetWorld['permit']>> {
  const { policy, runbook, params } = wiring;
  if (policy === null) return null;
  const { past } = triggerOf(wiring, { policy, runbook: runbook.name });
  return tooManyHosts(
    { policy, runbook, params },
    { acting, changed: changedHosts(past, { runbook, at: Date.now() }) },
  );
}

// ---------------------------------------------------------------- journals

/** The fleet's own journal, in the same place as those of its hosts' runs. */
export function openFleet(who: Starter, runbook: string): Promise<Result<{ readonly journal: LocalJournal }>> {
  const run = newRunId({ now: Date.now(), runbook: `fleet-${runbook}`, random: Math.random });
  return openJournal({ places: placesFor(who), uid: who.uid, run });
}

/** Journals of one second differ in their host, and where long names are cut in four random digits. */
const TRIES = 5;

async function openHostRun(wiring: FleetWiring, host: string): Promise<Result<{ readonly journal: Journal }>> {
  const known = new Set(findRuns({ places: placesFor(wiring), uid: wiring.uid }).runs.map(({ id }) => id));
  const name = `${wiring.runbook.name.slice(0, 28)}-${host.slice(0, 31)}`;
  let run = newRunId({ now: Date.now(), runbook: name, random: Math.random });
  for (let tries = 1; known.has(run) && tries < TRIES; tries += 1)
    run = newRunId({ now: Date.now(), runbook: name, random: Math.random });
  const opened = await openJournal({ places: placesFor(wiring), uid: wiring.uid, run });
  return opened.ok ? { ok: true, journal: settling(opened.journal) } : opened;
}

/** Moved home, where home has room by its end. */
function settling(journal: LocalJournal): Journal {
  return {
    ...journal,
    get folder() {
      return journal.folder;
    },
    close: async () => {
      journal.settle();
      await journal.close();
    },
  };
}

async function reopenHostRun(
  wiring: FleetWiring,
  run: string,
): Promise<Result<{ readonly journal: Journal; readonly events: readonly RunEvent[] }>> {
  const places = placesFor(wiring);
  const picked = pickRun(findRuns({ places, uid: wiring.uid }).runs, run);
  if (!picked.ok) return picked;
  const reopened = await reopenJournal({ found: picked.run, places, uid: wiring.uid });
  return reopened.ok ? { ...reopened, journal: settling(reopened.journal) } : reopened;
}

function runStateOf(wiring: FleetWiring, run: string): ReturnType<FleetWorld['runState']> {
  const picked = pickRun(findRuns({ places: placesFor(wiring), uid: wiring.uid }).runs, run);
  if (!picked.ok) return null;
  const read = readJournal(picked.run.folder);
  return read.ok ? stateOf(read.events) : null;
}

import type { ServiceState } from '../model/host.ts';
import { isObject, type Json } from '../model/json.ts';
import { showDuration } from '../model/quantity.ts';
import { findService, noService } from '../model/service.ts';
import { type Act, type Applied, cannot, type Look, type Observation, type Prediction, type Targets } from '../model/verb.ts';

/** How long a service manager may take: systemd's own default for a stop is 90 s, init scripts wait a few. Milliseconds. */
export const START_TIMEOUT = 60_000;
export const STOP_TIMEOUT = 90_000;

/** What the journal holds of a service that was changed: enough to bring it back, nothing that could be out of date. */
export interface ServiceUndo {
  readonly service: string;
  readonly wanted: 'running' | 'stopped';
}

export const leaseKey = (service: string): string => `service:${service}`;

/** The service that the argument means, or the observation that says why nothing can be done. */
export async function observed(look: Look, arg: Json, verb: string): Promise<{ state: ServiceState } | { cannot: Observation }> {
  const wanted = isObject(arg) ? (arg.service ?? null) : null;
  const found = await findService(look.host.services, wanted);
  if ('tried' in found) return { cannot: cannot(`${verb} ${found.tried.join(' or ')}`, noService(found.tried)) };
  const { state } = found;
  if (state.state !== 'unknown') return { state };
  return {
    cannot: cannot(`${verb} ${state.name}`, `the state of ${state.name} cannot be told: ${state.reason ?? 'no reason given'}`, {
      targets: targetsOf(state),
    }),
  };
}

export function targetsOf(state: ServiceState): Targets {
  return { kind: 'service', count: 1, members: [state.name], detail: { service: state.name, pid: state.pid, manager: state.manager } };
}

export const serviceOf = (targets: Targets): string => (isObject(targets.detail) ? String(targets.detail.service) : '');

export const predicted = (name: string, state: 'running' | 'stopped'): readonly Prediction[] => [{ kind: 'service', name, state }];

/** `running, pid 412, for 3 d 4 h`. */
export function shown(state: ServiceState, now: number): string {
  const since = state.since === null ? null : `for ${showDuration(Math.max(0, now - state.since))}`;
  return [state.state, state.pid === null ? null : `pid ${state.pid}`, since].filter((part) => part !== null).join(', ');
}

/** Said in the plan, where a person can still do something about it; the act would fail with the manager's own words. */
export async function rootWarning(look: Look, state: ServiceState): Promise<readonly string[]> {
  const { uid, user } = await look.host.machine.facts();
  return uid === 0 || state.manager === 'script' ? [] : [`needs root to change ${state.name}; this is ${user}`];
}

/** What one start, stop or restart takes of a run's limits. */
export const CHANGES = { services: 1 } as const;

export const done = (summary: string, more: Partial<Applied> = {}): Applied => ({
  outcome: 'done',
  summary,
  used: {},
  blocks: [],
  ...more,
});

export const failed = (summary: string, reason: string, more: Partial<Applied> = {}): Applied => ({
  outcome: 'failed',
  summary,
  reason,
  used: {},
  blocks: [],
  ...more,
});

/** Brings a service back to where it was. Does nothing where somebody has done so already. */
export async function restore(act: Act, data: Json): Promise<Applied> {
  const undo = readUndo(data);
  if (undo === null) return failed('undo', 'the journal does not say which service');
  const { service, wanted } = undo;
  const before = await act.host.services.state(service);
  const releases = wanted === 'running' ? { releases: [leaseKey(service)] } : {};
  if (before.state === wanted) return done(`${service} is ${wanted} already`, releases);
  const verb = wanted === 'running' ? 'start' : 'stop';
  const result = await act.host.services[verb](service, { timeout: wanted === 'running' ? START_TIMEOUT : STOP_TIMEOUT });
  if (!result.ok) return failed(`${verb} ${service}`, result.message);
  return done(`${service} is ${shown(result.state, act.clock.now())} again`, releases);
}

function readUndo(data: Json): ServiceUndo | null {
  if (!isObject(data) || typeof data.service !== 'string') return null;
  return data.wanted === 'running' || data.wanted === 'stopped' ? { service: data.service, wanted: data.wanted } : null;
}

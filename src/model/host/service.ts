import type { Means } from '../condition.ts';
import type { ServiceState, Services } from '../host.ts';
import { isObject, type Json, listOf } from '../json.ts';
import type { ServiceName } from '../runbook/shape.ts';
import type { Undo } from '../verb.ts';

/** In the author's order. */
export function serviceNames({ name, first_of }: ServiceName): readonly string[] {
  return name === undefined ? (first_of ?? []) : [name];
}

/** The first that exists on the host; otherwise the names that were tried. */
export async function findService(
  services: Pick<Services, 'state'>,
  wanted: ServiceName,
): Promise<{ state: ServiceState } | { tried: readonly string[] }> {
  const tried = serviceNames(wanted);
  for (const name of tried) {
    const state = await services.state(name);
    if (state.exists) return { state };
  }
  return { tried };
}

/** `there is no service crond or cron here`. */
export function noService(tried: readonly string[]): string {
  return `there is no service ${tried.join(' or ')} here`;
}

/** The words with which an author compares the state of a service. `stopped` does not include a service that failed. */
export const STATE_WORDS = {
  running: ['running', 'reloading'],
  reloading: ['reloading'],
  stopped: ['stopped'],
  failed: ['failed'],
  down: ['stopped', 'failed'],
  starting: ['starting', 'restarting'],
  restarting: ['restarting'],
  stopping: ['stopping'],
  absent: ['absent'],
} as const satisfies Means;

/** Words of systemd and of other tools that people type here. */
export const STATE_INSTEAD: Readonly<Record<string, string>> = {
  active: 'running',
  up: 'running',
  started: 'running',
  inactive: 'stopped',
  dead: 'down',
  crashed: 'failed',
  activating: 'starting',
  deactivating: 'stopping',
  'auto-restart': 'restarting',
  'not-found': 'absent',
  missing: 'absent',
};

/** A service that reloads is running. */
export const isRunning = (state: ServiceState['state']): boolean => state === 'running' || state === 'reloading';

/** Whether a service is what an author's word says. */
export function isWord({ state }: Pick<ServiceState, 'state'>, word: Json | undefined): boolean {
  const means: Means = STATE_WORDS;
  return typeof word === 'string' && (means[word] ?? [word]).includes(state);
}

/** The services that this run has stopped together with the given one. The journal remembers them in the undos. */
export function takenDown(undos: readonly Undo[], service: string): readonly string[] {
  return [...new Set(undos.map(readTaken).flatMap((taken) => (taken?.service === service ? taken.also : [])))];
}

/** Null: no other service was stopped with it. */
export function readTaken(undo: Undo): { readonly service: string; readonly also: readonly string[] } | null {
  if (undo.kind !== 'revert' || !isObject(undo.data)) return null;
  const { service, wanted, also } = undo.data;
  const names = listOf(also).filter((name) => typeof name === 'string');
  return typeof service === 'string' && wanted === 'running' && names.length > 0 ? { service, also: names } : null;
}

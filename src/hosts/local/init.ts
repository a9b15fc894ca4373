import type { Commands, ServiceManager, ServiceState } from '../../model/host.ts';
import { bootTime } from './machine.ts';
import { type PidStat, ticksToMilliseconds } from './pid.ts';

/** What a service manager is to us. `state` may fork only where nothing else can tell. */
export interface Init {
  state(name: string): Promise<ServiceState>;
  /** What starts or stops it, as argv. */
  command(name: string, verb: 'start' | 'stop' | 'restart' | 'status'): readonly string[];
}

export interface InitWorld {
  readonly commands: Commands;
}

/** Service names go into argv and paths: a closed alphabet, and never an option. */
export function isServiceName(name: string): boolean {
  return /^[A-Za-z0-9_@:][A-Za-z0-9_.@:\\-]{0,250}$/.test(name) && !name.includes('..');
}

export function absent(name: string, manager: ServiceManager): ServiceState {
  return { name, exists: false, state: 'unknown', enabled: null, pid: null, since: null, manager, reason: 'no such service' };
}

/** The state of a service whose main process was seen. */
export function running(main: PidStat): Pick<ServiceState, 'state' | 'pid' | 'since'> {
  return { state: 'running', pid: main.pid, since: startedAt(main) };
}

/** Epoch milliseconds, to the second: btime has no more. */
export function startedAt(main: PidStat): number {
  return bootTime() + ticksToMilliseconds(main.start);
}

import type { Failure, Result, ServiceManager, ServiceState, ServiceTies } from '../../model/host.ts';
import { bootTime } from './boot-time.ts';
import { type PidStat, ticksToMilliseconds } from './pid.ts';

/** A service manager as we use it. `state` may start a process only if nothing else can tell. */
export interface Init {
  state(name: string): Promise<ServiceState>;
  /**
   * Shell words with which a watchdog finds out whether the service runs (daemon-words.ts). Absent or empty: only the
   * manager can tell.
   */
  lives?(name: string): Promise<string>;
  /** What starts or stops it, as argv, and, where the manager can, others with it. */
  command(name: string, verb: 'start' | 'stop' | 'restart' | 'status', also?: readonly string[]): readonly string[];
  /** Whether the manager knows the word restart; absent: it does. */
  restarts?(name: string): Promise<boolean>;
  /** Absent: it starts and stops nobody else. */
  ties?(name: string): Promise<Result<{ readonly ties: ServiceTies }>>;
  /**
   * Absent: the command of the manager ends when the change is done. Otherwise the change is only requested and then
   * looked at, so that we never wait in a command as long as a service may take.
   */
  readonly queue?: Queue;
}

export interface Queue {
  /** The state as the manager tells it, with its current job; /proc is not used. */
  state(name: string): Promise<ServiceState>;
  command(name: string, verb: 'start' | 'stop' | 'restart', also?: readonly string[]): readonly string[];
  /** Milliseconds that the manager gives it; null: for ever; undefined: it does not say. */
  patience(name: string, verb: 'start' | 'stop'): Promise<number | null | undefined>;
}

/** Service names go into argv and paths: a closed alphabet, and never an option. */
export function isServiceName(name: string): boolean {
  return /^[A-Za-z0-9_@:][A-Za-z0-9_.@:\\-]{0,250}$/.test(name) && !name.includes('..');
}

export function absent(name: string, manager: ServiceManager): ServiceState {
  return {
    name,
    exists: false,
    state: 'unknown',
    enabled: null,
    pid: null,
    since: null,
    manager,
    reason: 'no such service',
  };
}

/** An init script behind a link that a stranger made: what he leads to is not run. */
export function misledScript(name: string, { message }: Failure): ServiceState {
  return {
    name,
    exists: true,
    state: 'unknown',
    enabled: null,
    pid: null,
    since: null,
    manager: 'script',
    reason: message,
    refused: true,
  };
}

/** The state of a service whose main process was seen. */
export function running(main: PidStat): Pick<ServiceState, 'state' | 'pid' | 'since'> {
  return { state: 'running', pid: main.pid, since: startedAt(main) };
}

/** Epoch milliseconds, to the second: btime has no more. */
export function startedAt(main: PidStat): number {
  return bootTime() + ticksToMilliseconds(main.start);
}

import type { Failure, Result, ServiceManager, ServiceState, ServiceTies } from '../../model/host.ts';
import { bootTime } from './boot-time.ts';
import { type PidStat, ticksToMilliseconds } from './pid.ts';

/** What a service manager is to us. `state` may fork only where nothing else can tell. */
export interface Init {
  state(name: string): Promise<ServiceState>;
  /**
   * Words of a shell that tell whether it runs, with nobody of ours alive (daemon-words.ts). Absent or empty: it can
   * only be asked.
   */
  lives?(name: string): Promise<string>;
  /** What starts or stops it, as argv, and, where the manager can, others with it. */
  command(name: string, verb: 'start' | 'stop' | 'restart' | 'status', also?: readonly string[]): readonly string[];
  /** Whether its restart is a word that is known; absent: it is. */
  restarts?(name: string): Promise<boolean>;
  /** Absent: it starts and stops nobody else. */
  ties?(name: string): Promise<Result<{ readonly ties: ServiceTies }>>;
  /**
   * Absent: its command ends when all is done. Else a change is only asked for, so that nobody waits on a command for
   * as long as a service may take, and looked at.
   */
  readonly queue?: Queue;
}

export interface Queue {
  /** As its manager has it, with what it has in hand: no short cut through /proc. */
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

import {
  type CommandResult,
  capturedText,
  type Failure,
  type Result,
  type ServiceManager,
  type ServiceState,
  type ServiceTies,
} from '../../model/host.ts';
import { bootTime } from './machine.ts';
import { type PidStat, ticksToMilliseconds } from './pid.ts';

/** What a service manager is to us. `state` may fork only where nothing else can tell. */
export interface Init {
  state(name: string): Promise<ServiceState>;
  /** Words of a shell that tell whether it runs, with nobody of ours alive (daemon-words.ts). Absent or empty: it can only be asked. */
  lives?(name: string): Promise<string>;
  /** What starts or stops it, as argv, and, where the manager can, others with it. */
  command(name: string, verb: 'start' | 'stop' | 'restart' | 'status', also?: readonly string[]): readonly string[];
  /** Whether its restart is a word that is known; absent: it is. */
  restarts?(name: string): Promise<boolean>;
  /** Absent: it starts and stops nobody else. */
  ties?(name: string): Promise<Result<{ readonly ties: ServiceTies }>>;
  /** Absent: its command ends when all is done. Else a change is only asked for, so that nobody waits on a command for as long as a service may take, and looked at. */
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
  return { name, exists: false, state: 'unknown', enabled: null, pid: null, since: null, manager, reason: 'no such service' };
}

/** An init script behind a link that a stranger made: what he leads to is not run. */
export function misledScript(name: string, { message }: Failure): ServiceState {
  return { name, exists: true, state: 'unknown', enabled: null, pid: null, since: null, manager: 'script', reason: message, refused: true };
}

/** The state of a service whose main process was seen. */
export function running(main: PidStat): Pick<ServiceState, 'state' | 'pid' | 'since'> {
  return { state: 'running', pid: main.pid, since: startedAt(main) };
}

/** Epoch milliseconds, to the second: btime has no more. */
export function startedAt(main: PidStat): number {
  return bootTime() + ticksToMilliseconds(main.start);
}

/** fork(2) and clone(2): no process slot, no memory; of a far host that cannot begin a session for it. */
const NO_FORK = new Set(['EAGAIN', 'ENOMEM', 'no-slots']);
/** What dash, bash and busybox say when they got a slot themselves and none was left for what they wanted to run. */
const SHELL_NO_FORK = /cannot fork|can't fork|fork: .*(?:temporarily unavailable|Cannot allocate)/i;

/** The command did not do its work because no process could be started: it, or one that it needed. */
export function couldNotFork(result: CommandResult): boolean {
  if (!result.ok) return NO_FORK.has(result.code);
  return result.exit !== 0 && saysNoFork(`${capturedText(result.stderr)}${capturedText(result.stdout)}`);
}

export function saysNoFork(text: string): boolean {
  return SHELL_NO_FORK.test(text);
}

import { setTimeout as sleep } from 'node:timers/promises';
import { couldNotFork } from '../../model/host/no-fork.ts';
import { isRunning } from '../../model/host/service.ts';
import {
  type ChangeOptions,
  type Commands,
  capturedText,
  type Failure,
  failure,
  type Processes,
  type ProcessIdentity,
  type ProgramResult,
  type Result,
  type ServiceState,
  type Services,
  type ServiceTies,
} from '../../model/host.ts';
import { commandLine } from '../../model/text/quote.ts';
import type { Init, Queue } from './init.ts';
import { awaitQueued, type Change, patienceFor } from './queued-change.ts';

/** What is needed to start and stop services on a host. */
export interface ServiceWorld {
  readonly commands: Commands;
  readonly processes: Pick<Processes, 'signal'>;
  /** The manager that this service is known to. */
  readonly init: (name: string) => Promise<Init>;
  readonly identity: (pid: number) => Promise<ProcessIdentity | null>;
  readonly lives: (main: ProcessIdentity) => Promise<boolean>;
  /** Milliseconds between two looks at a service that is changing. */
  readonly lookEvery: number;
}
type World = ServiceWorld;
type Changed = Result<{ readonly state: ServiceState }>;

/** How long a daemon may take to show itself, or to be gone, after its manager has said that all is well. */
const SETTLE = 10_000;
const NO_TIES: ServiceTies = {
  needers: [],
  lost: [],
  starters: [],
  endless: [],
  refuses: [],
  rivals: [],
  once: false,
};

export function servicesOver(world: ServiceWorld, leases: Pick<Services, 'arm' | 'release' | 'armed'>): Services {
  const { init } = world;
  const change = async (name: string, verb: Change, { timeout, also = [] }: ChangeOptions): Promise<Changed> => {
    const manager = await init(name);
    const before = await manager.state(name);
    const refused = refusal(before, verb);
    if (refused) return refused;
    if (isThere(before, verb) && (await areUp(manager, also))) return { ok: true, state: before };
    const wanted = { before, verb, timeout, also };
    if (manager.queue) return enqueue(world, manager, manager.queue, wanted);
    return verb === 'restart' ? restart(world, manager, wanted) : carryOut(world, manager, { ...wanted, verb });
  };
  return {
    state: async (name) => {
      // What became of a start is for whoever starts it.
      const { once: _, unmet: __, ...state } = await (await init(name)).state(name);
      return state;
    },
    ties: async (name) => (await (await init(name)).ties?.(name)) ?? { ok: true, ties: NO_TIES },
    start: (name, options) => change(name, 'start', options),
    stop: (name, options) => change(name, 'stop', options),
    restart: (name, options) => change(name, 'restart', options),
    ...leases,
    explain: async (name, verb) =>
      commandLine((await init(name)).command(name, verb).filter((word) => !word.startsWith('--'))),
  };
}

function refusal({ exists, name, masked, removed, refused, reason }: ServiceState, verb: Change): Failure | null {
  if (!exists) return failure('ENOENT', `there is no service ${name} to ${verb}`);
  if (refused) return failure('ELOOP', reason ?? `${name} is behind a link that another user made`);
  if (masked && verb !== 'stop')
    return failure('masked', `${name} is masked, so nothing can start it: systemctl unmask ${name}`);
  if (removed && verb === 'restart')
    return failure('removed', `the unit of ${name} is gone: once stopped it could not be started`);
  return null;
}

function isThere(state: ServiceState, verb: Change): boolean {
  if (verb === 'restart') return false;
  return verb === 'start'
    ? isRunning(state.state)
    : (state.state === 'stopped' || state.state === 'failed') && !state.pending;
}

async function areUp(init: Init, names: readonly string[]): Promise<boolean> {
  for (const name of names) if (!isRunning((await init.state(name)).state)) return false;
  return true;
}

interface Wanted {
  readonly before: ServiceState;
  readonly verb: Change;
  /** Milliseconds, for all of it. */
  readonly timeout: number;
  readonly also: readonly string[];
}

const ASKED = 30_000;

/** The manager is asked, and does it in its own time: looked at until it has done, or its own patience is over. */
async function enqueue(world: World, init: Init, queue: Queue, wanted: Wanted): Promise<Changed> {
  const { before, verb, also } = wanted;
  const { name } = before;
  const main = before.pid === null ? null : await world.identity(before.pid);
  const queued = { name, verb, also, main };
  const argv = queue.command(name, verb, also);
  const result = await world.commands.run(
    { argv, effect: 'write', timeout: ASKED, brief: true },
    new AbortController().signal,
  );
  if (verb === 'stop' && couldNotFork(result))
    return stopBySignal(world, init, { ...wanted, verb, main, why: noFork(argv, result) });
  if (!result.ok) return result;
  if (result.exit !== 0) return failed({ before, verb }, argv, result, await queue.state(name));
  const patience = await patienceFor(queue, queued);
  return awaitQueued(queued, patience, { state: queue.state, lives: world.lives, lookEvery: world.lookEvery });
}

/**
 * The script's own restart may look at the configuration before it stops anything. One that has none is stopped and
 * started.
 */
async function restart(world: World, init: Init, wanted: Wanted): Promise<Changed> {
  const { before, timeout } = wanted;
  const { name } = before;
  if (isThere(before, 'stop')) return carryOut(world, init, { ...wanted, verb: 'start' });
  if (init.restarts === undefined || (await init.restarts(name))) return carryOut(world, init, wanted);
  const stopped = await carryOut(world, init, { ...wanted, verb: 'stop' });
  if (!stopped.ok) return failure(stopped.code, `it could not be stopped: ${stopped.message}`);
  const started = await carryOut(world, init, { before: stopped.state, verb: 'start', timeout, also: [] });
  return started.ok
    ? started
    : failure(started.code, `it is stopped now, and could not be started: ${started.message}`);
}

/** Does not trust the exit status or the manager alone: the main process must be there, or gone. */
async function carryOut(world: World, init: Init, wanted: Wanted): Promise<Changed> {
  const { before, verb, timeout } = wanted;
  const deadline = performance.now() + timeout;
  const main = before.pid === null ? null : await world.identity(before.pid);
  const argv = init.command(before.name, verb);
  const result = await world.commands.run(
    { argv, effect: 'write', timeout, daemon: true, brief: true },
    new AbortController().signal,
  );
  if (verb === 'stop' && couldNotFork(result))
    return stopBySignal(world, init, { ...wanted, main, why: noFork(argv, result) });
  if (!result.ok) return result;
  const patience = result.exit === 0 ? Math.min(SETTLE, Math.max(deadline - performance.now(), 1000)) : 500;
  const state = await settled(world, init, { ...wanted, main, patience });
  return isDone(state, verb) && !(await runsOn(world, main, verb))
    ? { ok: true, state }
    : failed(wanted, argv, result, state);
}

function noFork(argv: readonly string[], result: ProgramResult): Failure {
  return failure('EAGAIN', result.ok ? `${commandLine(argv)} could not start a process` : result.message);
}

interface Settling extends Wanted {
  readonly main: ProcessIdentity | null;
  readonly patience: number;
}

async function settled(world: World, init: Init, { before, verb, main, patience }: Settling): Promise<ServiceState> {
  const until = performance.now() + patience;
  for (;;) {
    // The pid is looked at first: it costs one read, the state perhaps a fork.
    const state = (await runsOn(world, main, verb)) ? before : await init.state(before.name);
    if ((isDone(state, verb) && !(await runsOn(world, main, verb))) || performance.now() >= until) return state;
    await sleep(world.lookEvery);
  }
}

/**
 * No slot for a command is left: what the manager would do at the end, TERM to the verified main process, needs none.
 */
async function stopBySignal(
  { processes, lives, lookEvery }: World,
  init: Init,
  { before, verb, timeout, main, why }: Wanted & { readonly main: ProcessIdentity | null; readonly why: Failure },
): Promise<Changed> {
  if (main === null) return failure(why.code, `${why.message}; and the main process of ${before.name} is not known`);
  const [sent] = await processes.signal([main], 'TERM');
  if (sent?.outcome === 'refused' || sent?.outcome === 'other') {
    return failure(why.code, `${why.message}; TERM to pid ${main.pid}: ${sent.reason ?? sent.outcome}`);
  }
  const until = performance.now() + Math.min(timeout, SETTLE);
  while ((await lives(main)) && performance.now() < until) await sleep(lookEvery);
  if (await lives(main)) return failure('timeout', `${before.name} (pid ${main.pid}) still runs after TERM`);
  return afterSignal(await init.state(before.name), verb);
}

/**
 * Whoever supervises it may have started it again; a state that needs a fork to be known is, after the main process's
 * end, `stopped`.
 */
function afterSignal(state: ServiceState, verb: Change): Changed {
  if (isThere(state, verb)) return { ok: true, state };
  if (state.state === 'unknown') {
    const { reason: _, ...known } = state;
    return { ok: true, state: { ...known, state: 'stopped', pid: null, since: null } };
  }
  return failure('restarted', `${state.name} is ${state.state} again after TERM: its service manager started it anew`);
}

async function runsOn({ lives }: World, main: ProcessIdentity | null, verb: Change): Promise<boolean> {
  return verb !== 'start' && main !== null && (await lives(main));
}

const isDone = (state: ServiceState, verb: Change): boolean => isThere(state, verb === 'restart' ? 'start' : verb);

function failed(
  { before, verb }: Pick<Wanted, 'before' | 'verb'>,
  argv: readonly string[],
  result: Extract<ProgramResult, { ok: true }>,
  state: ServiceState,
): Failure {
  const said = [capturedText(result.stderr), capturedText(result.stdout)]
    .map((text) => text.trim())
    .find((text) => text !== '');
  const how = result.timedOut ? 'did not end in time' : `ended with ${result.exit ?? result.signal}`;
  const code = result.timedOut ? 'timeout' : `exit-${result.exit ?? result.signal}`;
  return failure(
    code,
    `${commandLine(argv)} ${how}, and ${before.name} is ${state.state} after ${verb}${said ? `: ${said.slice(-2000)}` : ''}${misled(state)}`,
  );
}

/** A script that looks for a program finds anybody's. */
function misled({ strangers = [] }: ServiceState): string {
  const [first] = strangers;
  if (first === undefined) return '';
  return `; pid ${first.pid} of user ${first.uid} runs the same program, is not this service, and may have misled its init script`;
}

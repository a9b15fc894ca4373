import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning } from '../../model/host/service.ts';
import { type Failure, failure, type ProcessIdentity, type Result, type ServiceState } from '../../model/host.ts';
import { showDuration } from '../../model/text/quantity.ts';
import type { Queue } from './init.ts';

export type Change = 'start' | 'stop' | 'restart';

/** A change that a manager was asked for and does in its own time. */
export interface Queued {
  readonly name: string;
  readonly verb: Change;
  /** What must be up with it in the end. */
  readonly also: readonly string[];
  /** The main process before. */
  readonly main: ProcessIdentity | null;
}

interface Looking {
  readonly state: (name: string) => Promise<ServiceState>;
  readonly lives: (main: ProcessIdentity) => Promise<boolean>;
  readonly lookEvery: number;
}

/**
 * How long it is waited for at the most where the unit says `infinity`, and where it says more than anybody waits in an
 * incident.
 */
const ENDLESS = 10 * 60_000;
const MOST = 30 * 60_000;
/** Milliseconds between the manager's time-out and the moment when it tells so: a kill takes time. */
const GRACE = 15_000;
const UNSAID = 90_000;

export interface Patience {
  /** Milliseconds. */
  readonly length: number;
  /** Why not longer. */
  readonly because: string;
}

export async function patienceFor(queue: Queue, { name, verb, also }: Queued): Promise<Patience> {
  const parts = verb === 'restart' ? (['stop', 'start'] as const) : ([verb] as const);
  const own: (number | null | undefined)[] = [];
  for (const part of parts) own.push(await queue.patience(name, part));
  for (const other of also) own.push(await queue.patience(other, 'start'));
  if (own.includes(null)) return { length: ENDLESS, because: 'its unit sets no limit, so it was ours' };
  const length = own.reduce((sum: number, each) => sum + (each ?? UNSAID), 0) + GRACE;
  return length > MOST
    ? { length: MOST, because: 'its unit allows more' }
    : { length, because: 'its unit allows no more' };
}

type Seen =
  | { readonly is: 'done'; readonly state: ServiceState }
  | { readonly is: 'working' | 'wrong'; readonly why: Failure };

/** Looks until the manager has done with it. It begins each second at the latest, and says what it saw last. */
export async function awaitQueued(
  queued: Queued,
  patience: Patience,
  looking: Looking,
): Promise<Result<{ readonly state: ServiceState }>> {
  const begun = performance.now();
  let wrongSince: number | null = null;
  for (let pause = looking.lookEvery; ; pause = Math.min(pause * 1.3, 1000)) {
    const seen = await look(queued, looking);
    if (seen.is === 'done') return { ok: true, state: seen.state };
    wrongSince = seen.is === 'wrong' ? (wrongSince ?? performance.now()) : null;
    // What failed, without a job in hand, has failed: a `Restart=` would say so.
    if (wrongSince !== null && (seen.why.code === 'failed' || performance.now() - wrongSince > FOR_GOOD))
      return seen.why;
    if (performance.now() - begun > patience.length) return tooLong(seen.why, patience);
    await sleep(pause);
  }
}

/** Without a job in hand nothing will change any more; a unit that fails may be started again by its own `Restart=`. */
const FOR_GOOD = 4000;

function tooLong(last: Failure, { length, because }: Patience): Failure {
  if (last.code !== 'starting' && last.code !== 'stopping') return last;
  return failure(
    last.code,
    `${last.message} after ${showDuration(length)} (${because}), and goes on by itself: look again in a while`,
  );
}

async function look({ name, verb, also, main }: Queued, { state, lives }: Looking): Promise<Seen> {
  const now = await state(name);
  const old = verb !== 'start' && main !== null && (await lives(main));
  const own = verb === 'stop' ? stopped(now, old) : started(now, old);
  if (own.is !== 'done' || verb === 'stop') return own;
  for (const other of also) {
    const seen = started(await state(other), false);
    if (seen.is !== 'done')
      return { is: seen.is, why: failure(seen.why.code, `${name} runs; ${seen.why.message}, which went down with it`) };
  }
  return own;
}

function stopped(now: ServiceState, old: boolean): Seen {
  // One whose unit file was gone is gone with its last process.
  if (!now.exists && !old) return { is: 'done', state: { ...now, exists: true, state: 'stopped' } };
  const down = now.state === 'stopped' || now.state === 'failed';
  if (down && !old && !now.pending) return { is: 'done', state: now };
  if (now.pending || now.state === 'stopping')
    return { is: 'working', why: failure('stopping', `${now.name} is still stopping`) };
  return { is: 'wrong', why: failure(now.state, `${now.name} is ${now.state} after stop${pidOf(now)}`) };
}

function started(now: ServiceState, old: boolean): Seen {
  if (isRunning(now.state) && !old && !now.pending) return { is: 'done', state: now };
  if (now.state !== 'restarting' && (now.pending || now.state === 'starting' || now.state === 'stopping')) {
    return {
      is: 'working',
      why: failure('starting', `${now.name} is still ${now.state === 'stopping' ? 'stopping' : 'starting'}`),
    };
  }
  const why = now.state === 'restarting' ? 'failed, and is started again and again' : `is ${now.state}`;
  if (now.once && now.state === 'stopped' && !now.pending && !now.unmet) return { is: 'done', state: now };
  if (now.unmet && !now.pending) {
    const says = `${now.name} was not started: a condition of its unit is not met; systemctl status ${now.name} tells which`;
    return { is: 'wrong', why: failure('unmet', says) };
  }
  const said = old ? `still runs as before, pid ${now.pid}` : why;
  return {
    is: 'wrong',
    why: failure(now.state, `${now.name} ${said} after start: systemctl status ${now.name} tells why`),
  };
}

const pidOf = ({ pid }: ServiceState): string => (pid === null ? '' : `, pid ${pid}`);

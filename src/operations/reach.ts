import type { Target } from '../model/fleet.ts';
import type { Failure } from '../model/host.ts';
import type { OutcomeName } from '../model/outcome.ts';
import type { ReachedHost, World } from '../model/world.ts';

/** Why a host was not had. Nothing was touched. */
export interface NotHad {
  /** Of the failure: `unreachable`, `auth`, `locked` ... */
  readonly code: string;
  readonly outcome: OutcomeName;
  readonly reason: string;
}

interface Reaching<T> {
  /** Null: this machine. */
  readonly target: Target | null;
  /** Who does not want it any more does not wait for a host that does not answer. */
  readonly signal: AbortSignal;
  readonly otherwise: (why: NotHad) => Promise<T>;
}

/** Reaches a host for as long as there is work on it, and leaves no connection behind. */
export async function reaching<T>(
  world: Pick<World, 'reach'>,
  { target, signal, otherwise }: Reaching<T>,
  work: (reached: ReachedHost) => Promise<T>,
): Promise<T> {
  const answer = await world.reach(target, signal);
  if (!answer.ok) return otherwise(notHad(answer, answer.code === 'interrupted' ? 'interrupted' : 'outcome-unknown'));
  try {
    return await work(answer.reached);
  } finally {
    await answer.reached.close();
  }
}

/** Holds a host's lock for as long as there is work on it: without anybody else's run. */
export async function holding<T>(
  reached: ReachedHost,
  { what, otherwise }: Pick<Reaching<T>, 'otherwise'> & { readonly what: string },
  work: (held: ReachedHost) => Promise<T>,
): Promise<T> {
  const locked = await reached.lock(what);
  if (!locked.ok) return otherwise(notHad(locked, whyNotLocked(locked, reached)));
  try {
    return await work({ ...reached, notes: [...reached.notes, ...(locked.note === null ? [] : [locked.note])] });
  } finally {
    await locked.release();
  }
}

export function notHad({ code, message }: Failure, outcome: OutcomeName): NotHad {
  return { code, outcome, reason: message };
}

function whyNotLocked({ code }: Failure, { target }: ReachedHost): OutcomeName {
  if (code === 'locked') return 'locked';
  return target === null ? 'unsupported-machine' : 'outcome-unknown';
}

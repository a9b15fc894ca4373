import { mayFail, withCanary } from '../../model/fleet/batches.ts';
import { isFailure } from '../../model/fleet/outcome.ts';
import type { HostEnd } from '../../model/fleet.ts';
import type { OutcomeName } from '../../model/outcome.ts';
import { plural } from '../../model/text/quantity.ts';
import { atMost } from '../at-most.ts';
import { runOn, type Turn } from './host.ts';
import type { Fleet } from './parts.ts';

/** What is known when the batches begin. In a resume this includes how earlier hosts have ended. */
export interface Going {
  readonly batches: readonly (readonly Turn[])[];
  /** Number of the last batch that was begun. */
  readonly after: number;
  readonly ended: readonly HostEnd[];
  /** All hosts that are touched, also before a resume. Shares are counted from this number. */
  readonly all: number;
  /** How large the canary is. */
  readonly canary: number;
}

/** Why no further host was begun. */
export interface Stopped {
  readonly why: string;
  /** The outcome of the stop itself, unless a host has a worse one; null: only the hosts count. */
  readonly outcome: OutcomeName | null;
}

interface Book {
  readonly ends: HostEnd[];
  readonly most: number;
}

/** Batch after batch; each begins when all of the one before have been verified. Null: every host was begun. */
export async function goThrough(fleet: Fleet, { batches, after, ended, all, canary }: Going): Promise<Stopped | null> {
  const book: Book = { ends: [...ended], most: mayFail(fleet.request.strategy, all) };
  let left = batches;
  for (let number = after + 1; left.length > 0; number += 1) {
    const proven = book.ends.some(({ outcome }) => outcome === 'held');
    if (!proven) left = withCanary(left, canary);
    const [batch = [], ...rest] = left;
    const stopped =
      reasonToStop(fleet, book) ??
      (number === after + 1 ? null : await between(fleet, book, { batch, number, of: number + rest.length }));
    if (stopped) return stopped;
    const turns = batch.map((turn) => ({ ...turn, canary: !proven }));
    const begun = await doBatch(fleet, book, { turns, number, of: number + rest.length });
    if (begun < turns.length) return reasonToStop(fleet, book);
    left = rest;
  }
  return null;
}

interface Batch {
  readonly turns: readonly Turn[];
  readonly number: number;
  readonly of: number;
}

/** How many of its hosts were begun. */
async function doBatch(fleet: Fleet, book: Book, { turns, number, of }: Batch): Promise<number> {
  await fleet.emit({ type: 'batch.started', batch: number, of, hosts: turns.map(({ target }) => target.name) });
  const ends: HostEnd[] = [];
  await atMost(fleet.request.strategy.atOnce, turns, async (turn) => {
    if (reasonToStop(fleet, book) !== null) return;
    const end = await runOn(fleet, turn);
    ends.push(end);
    book.ends.push(end);
  });
  await fleet.emit({ type: 'batch.finished', batch: number, failed: ends.filter(isFailure).map(({ host }) => host) });
  return ends.length;
}

function reasonToStop({ brakes, parts, request }: Fleet, { ends, most }: Book): Stopped | null {
  const failed = brakes.failing();
  if (failed !== null) return { why: failed, outcome: null };
  const switched = request.policy === null ? null : parts.stop?.();
  const why = brakes.stopping() ?? switched;
  if (why) return { why, outcome: 'interrupted' };
  const failures = ends.filter(isFailure);
  if (failures.length <= most) return null;
  const named = failures.map(({ host }) => host).join(', ');
  return {
    why: `${plural(failures.length, 'host')} failed (${named}), and ${most === 0 ? 'none' : `at most ${most}`} may`,
    outcome: null,
  };
}

interface Next {
  readonly batch: readonly Turn[];
  readonly number: number;
  readonly of: number;
}

/** Between two batches: a pause, and at a terminal a question. */
async function between(fleet: Fleet, book: Book, { batch, number, of }: Next): Promise<Stopped | null> {
  const { parts, brakes, request, ask } = fleet;
  await parts.clock.sleep(request.strategy.pause, brakes.signal);
  const stopped = reasonToStop(fleet, book);
  if (stopped || ask === null) return stopped;
  const hosts = batch.map(({ target }) => target.name);
  const answer = await ask.next({ batch: number, of, hosts, ended: book.ends });
  return (
    reasonToStop(fleet, book) ??
    (answer.choice === 'run'
      ? null
      : { why: answer.reason ?? `${request.who} ended it before batch ${number}`, outcome: 'interrupted' })
  );
}

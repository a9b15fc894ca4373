import { sayKept } from '../model/host/lease.ts';
import { type Connection, type Failure, failure, type Host } from '../model/host.ts';
import { JournalError } from '../model/ports.ts';
import type { OpenLease } from '../model/state.ts';
import type { Ending, Running } from './running.ts';

/**
 * The connection to the host is lost. It is thrown like a JournalError, because nothing may follow: no act, no undo, no
 * outcome in the journal.
 */
export class Severed extends Error {
  override readonly name = 'Severed';
  readonly code: string;

  constructor({ code, message }: Failure) {
    super(message);
    this.code = code;
  }
}

/**
 * Runs `ask` and throws Severed if one of its questions got no answer, whatever `ask` returned. `open` tells in words
 * what is then not done or not known.
 */
export async function heard<T>(host: Host, open: string, ask: () => Promise<T>): Promise<T> {
  const before = unansweredBy(host);
  const settled = await ask().then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('error' in settled && (settled.error instanceof Severed || settled.error instanceof JournalError))
    throw settled.error;
  heed(host, before, open);
  if ('error' in settled) throw settled.error;
  return settled.value;
}

export const unansweredBy = ({ connection }: Host): number => connection?.unanswered().count ?? 0;

/** Throws where the way was cut since `before`. */
export function heed(host: Host, before: number, open: string): void {
  const why = host.connection && cut(host.name, host.connection, before);
  if (why) throw new Severed({ ...why, message: `${why.message}; ${open}` });
}

function cut(name: string, { lost, unanswered }: Connection, before: number): Failure | null {
  const unknown = lost();
  if (unknown !== null) return failure('lost', `the connection to ${name} was lost: ${unknown.message}`);
  const { count, last } = unanswered();
  return count === before || last === null ? null : failure(last.code, `${name} cannot be reached: ${last.message}`);
}

type Left = Pick<OpenLease, 'service' | 'deadline' | 'say'>;

/**
 * Ends the run so that it can be resumed. Stopped services stay under their leases, which work on the far host without
 * us.
 */
export async function endSevered(
  { emit, host }: Pick<Running, 'emit' | 'host'>,
  cause: Severed,
  leases: readonly Left[],
): Promise<Ending> {
  const reasons = [cause.message, ...leases.map((lease) => sayKept(lease, host.name))];
  const ending: Ending = { outcome: 'outcome-unknown', verdict: null, reasons };
  await emit({ type: 'run.finished', ...ending, open: [], missed: [] });
  return ending;
}

/** The leases of the book, and none of them is restored or released by this life any more. */
export function leaveLeases({ book }: Pick<Running, 'book'>): readonly Left[] {
  const left = [...book.leases.values()].map(({ service, say, watch }) => ({
    service,
    say,
    deadline: watch?.deadline ?? null,
  }));
  book.leases.clear();
  return left;
}

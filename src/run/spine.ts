import { EVENT_VERSION, type Fact, isLight, type Stamp } from '../model/event.ts';
import { type Emit, type Journal, JournalError, type View } from '../model/ports.ts';
import type { Redact } from '../model/secret.ts';
import type { Clock } from '../model/verb.ts';

interface Shows<E> {
  show(event: E): void | Promise<void>;
}

/** `F`: the type of the facts. Views get each fact with its stamp. */
export interface SpineOf<F> {
  readonly run: string;
  readonly host: string;
  readonly journal: Journal;
  readonly views: readonly Shows<Stamp & F>[];
  readonly clock: Clock;
  /** Keeps secrets out, before anything is written or shown. */
  readonly redact?: Redact;
  /** The number of the last event that the journal holds: 0 for a new one. */
  readonly after?: number;
  readonly isLight: (fact: F) => boolean;
  /** What the journal is told of a view that broke. */
  readonly noted: (text: string) => F;
}

export type SpineParts = Omit<SpineOf<Fact>, 'isLight' | 'noted' | 'views'> & { readonly views: readonly View[] };

/** Of a run on a host. */
export function spine(parts: SpineParts): Emit {
  return spineOver({ ...parts, isLight, noted: (text): Fact => ({ type: 'note', text }) });
}

/**
 * The one way in for everything that happens: numbered, stamped, journaled, then shown; one at a time, in the order of
 * the calls. After a failed append every later call rejects: no journal, no act. A view that breaks is dropped, the run
 * goes on.
 */
export function spineOver<F extends { readonly type: string }>(parts: SpineOf<F>): (fact: F) => Promise<void> {
  const { run, host, journal, views, clock, redact = (value) => value, after = 0 } = parts;
  const shownTo = new Set(views);
  let seq = after;
  let last: Promise<void> = Promise.resolve();
  let dead: JournalError | undefined;

  async function emitOne(fact: F): Promise<void> {
    if (dead) throw dead;
    seq += 1;
    const event: Stamp & F = {
      v: EVENT_VERSION,
      seq,
      at: new Date(clock.now()).toISOString(),
      mono: Math.round(clock.monotonic()),
      run,
      host,
      ...redact(fact),
    };
    await journal.append(event, { light: parts.isLight(fact) }).catch((error: unknown) => {
      dead = error instanceof JournalError ? error : new JournalError(String(error));
      throw dead;
    });
    for (const view of shownTo) await showOn(view, event);
  }

  function enqueue(fact: F): Promise<void> {
    const mine = last.then(() => emitOne(fact));
    last = mine.catch(() => {});
    return mine;
  }

  async function showOn(view: Shows<Stamp & F>, event: Stamp & F): Promise<void> {
    try {
      await view.show(event);
    } catch (error) {
      shownTo.delete(view);
      // The journal notes why the screen became silent: the reason may be our bug.
      enqueue(parts.noted(`a view broke at ${event.type} and is not shown any more: ${String(error)}`)).catch(() => {});
    }
  }

  return enqueue;
}

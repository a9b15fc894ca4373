import type { Captured, Failure, Result } from '../../model/host.ts';

/**
 * `read` may be asked again after a reconnect; of a `write` whose answer was lost the outcome is unknown, and it is
 * never sent twice.
 */
export type Effect = 'read' | 'write';

export interface FarAnswer {
  /** Of the script. */
  readonly status: number;
  readonly stdout: Buffer;
  /** At most 64 KiB of it. */
  readonly stderr: string;
}

export interface AskOptions {
  readonly effect: Effect;
  /** Milliseconds for the answer; 30 s unless told. */
  readonly timeout?: number;
  /** The script's stdin; without it /dev/null. */
  readonly input?: Buffer;
}

export interface ChannelEnd {
  /** Of the script; 128 and the signal's number where a signal ended it. */
  readonly status: number;
  /** The first 64 KiB. */
  readonly stderr: string;
  /** The same stream, head and tail. */
  readonly errors: Captured;
}

/** A session of its own on the same connection: for what takes long, streams, or may have to be ended. */
export interface Channel {
  /**
   * What the script writes, as it comes; ends with the script, or with the connection. Backpressure reaches the other
   * end.
   */
  readonly stdout: AsyncIterable<Buffer>;
  /** Resolves once more is taken. */
  write(bytes: Buffer): Promise<void>;
  end(): void;
  /** Failure `lost`: no end was seen, so nobody knows how far it came. */
  readonly done: Promise<Result<ChannelEnd>>;
  /** Ends all that the script has started over there: TERM, a grace, KILL. Resolves with the pids that would not go. */
  cancel(): Promise<readonly number[]>;
}

/**
 * A POSIX sh on another machine, however it is reached. Scripts come over stdin, so that no login shell (fish, tcsh)
 * ever sees them; nothing is written over there. A script is latin1, each character a byte, and none is NUL. What it
 * leaves running must not hold its stdout or stderr. Failures: `unreachable` (nothing was sent), `lost` (sent, no
 * answer), `timeout`, and of the connection `host-key`, `auth`, `become`, `no-slots`.
 */
export interface Remote {
  readonly name: string;
  /** One round trip on the standing session; questions wait for each other. */
  ask(script: string, options: AskOptions): Promise<Result<FarAnswer>>;
  /**
   * `daemon`: what it starts shall stay, so it carries no mark by which it would be ended with the rest when the
   * connection ends.
   */
  open(
    script: string,
    options: { readonly effect: Effect; readonly daemon?: boolean },
  ): Promise<Result<{ readonly channel: Channel }>>;
  /**
   * Runs in the standing shell itself and not in a subshell, output to /dev/null: descriptor 9 is what it may open (a
   * lock), held as long as the shell lives. After a reconnect it is run again before anything else is asked; a status
   * other than 0 is then a failure `locked` of every question. What is asked, opened or started over there never
   * inherits descriptor 9 (`9<&-`): a daemon would keep the lock for ever.
   */
  hold(script: string): Promise<Result<{ readonly status: number }>>;
  /** The first write whose outcome is unknown; null: there is none. */
  lost(): Failure | null;
  close(): Promise<void>;
}

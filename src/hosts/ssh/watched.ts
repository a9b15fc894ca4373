import { type Connection, type Failure, failure, type Result } from '../../model/host.ts';
import type { Channel, FarAnswer, Remote } from './remote.ts';

/** Failures that prove that the write never began. After any other failure its outcome is unknown. */
const NEVER_BEGUN: readonly string[] = ['unreachable', 'host-key', 'auth', 'become', 'no-slots', 'locked'];

export interface WatchedRemote extends Remote {
  readonly connection: Connection;
}

/**
 * A remote that remembers which questions got no answer, and that takes no write any more once the outcome of one is
 * unknown: the ports above it need not tell, and cannot forget.
 */
export function watched(remote: Remote): WatchedRemote {
  let unknown: Failure | null = null;
  let count = 0;
  let last: Failure | null = null;

  const lost = (): Failure | null => unknown ?? remote.lost();

  function note<T>(result: Result<T>, effect: 'read' | 'write'): Result<T> {
    if (result.ok) return result;
    count += 1;
    last = result;
    if (effect === 'write' && !NEVER_BEGUN.includes(result.code)) unknown ??= remote.lost() ?? result;
    return result;
  }

  return {
    ...remote,
    async ask(script, options): Promise<Result<FarAnswer>> {
      const refused = options.effect === 'write' ? lost() : null;
      return refused ? notSent(remote.name, refused) : note(await remote.ask(script, options), options.effect);
    },
    async open(script, options): Promise<Result<{ readonly channel: Channel }>> {
      const refused = options.effect === 'write' ? lost() : null;
      if (refused) return notSent(remote.name, refused);
      const opened = await remote.open(script, options);
      // Without a process slot over there the connection is as good as ever.
      if (!opened.ok) return opened.code === 'no-slots' ? opened : note(opened, options.effect);
      const done = opened.channel.done.then((ended) => note(ended, options.effect));
      return { ok: true, channel: { ...opened.channel, done } };
    },
    lost,
    connection: { lost, unanswered: () => ({ count, last }) },
  };
}

function notSent(name: string, { message }: Failure): Failure {
  return failure('lost', `nothing more is done on ${name} before it was asked what became of this: ${message}`);
}

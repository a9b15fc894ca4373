import { setTimeout as sleep } from 'node:timers/promises';
import { saysNoFork } from '../../model/host/no-fork.ts';
import { type Failure, failure, type Result } from '../../model/host.ts';
import { type OpenChannel, openChannel } from './channel.ts';
import { MARK } from './far-side.ts';
import { END_TREE } from './far-tree.ts';
import type { AskOptions, Channel, Effect, FarAnswer, Remote } from './remote.ts';
import { type FarShell, noSlots, openSession, type Session } from './session.ts';
import type { Launch } from './wire.ts';

/** One way to the host: the standing shell first, then channels beside it for as long as that lives. */
export interface SshLine {
  readonly standing: Launch;
  readonly channel: Launch;
  /** Leaves nothing behind on this machine. */
  close(): void;
}

export interface ConnectionOptions {
  readonly far: FarShell;
  readonly line: () => SshLine;
  /** Milliseconds in which a connection that was lost is tried anew. */
  readonly retryFor: number;
}

export interface SshConnection extends Remote {
  /** Connects if it is not connected: what `ask` would do first. */
  connect(): Promise<Result<{ readonly uid: number }>>;
}

interface Live {
  readonly session: Session;
  readonly line: SshLine;
  readonly channels: Set<OpenChannel>;
}

const FIRST_PAUSE = 250;
/** Who asks a host that was found dead just now is told so at once. */
const FRESH = 1000;
/**
 * Not tried again: a password that is refused again and again locks an account, and a key that has changed does not
 * change back.
 */
const FINAL: readonly string[] = ['become', 'host-key'];
const KILLING = 15_000;

/**
 * The remote as a whole: what is lost is connected anew, what was only looked at is asked anew, and what was meant to
 * change something never is.
 */
export function connection({ far, line, retryFor }: ConnectionOptions): SshConnection {
  const { name } = far;
  let live: Live | null = null;
  let connecting: Promise<Result<{ readonly live: Live }>> | null = null;
  let failed: { readonly at: number; readonly why: Failure } | null = null;
  let unknown: Failure | null = null;
  let held: string | null = null;
  let closed = false;
  let channels = 0;

  async function dial(): Promise<Result<{ readonly live: Live }>> {
    const fresh = line();
    const opened = await openSession(fresh.standing, far);
    const refused = opened.ok ? await unfit(opened.session) : opened;
    if (opened.ok && refused === null)
      return { ok: true, live: { session: opened.session, line: fresh, channels: new Set() } };
    if (opened.ok) await opened.session.end({ farewell: true });
    fresh.close();
    return refused ?? isClosed();
  }

  async function unfit(session: Session): Promise<Failure | null> {
    if (closed) return isClosed();
    if (held === null) return null;
    const answer = await session.hold(held);
    if (!answer.ok) return answer;
    return answer.status === 0
      ? null
      : failure('locked', `${name} was reached again, but somebody else holds its lock by now`);
  }

  /**
   * For a while where a connection was lost, since what took it may pass; once where there was none, or that while was
   * in vain.
   */
  async function dialAgain(): Promise<Result<{ readonly live: Live }>> {
    const until = performance.now() + (live === null ? 0 : retryFor);
    live?.line.close();
    live = null;
    for (let pause = FIRST_PAUSE; ; pause *= 2) {
      const dialled = await dial();
      if (dialled.ok) live = dialled.live;
      if (dialled.ok || dialled.code !== 'unreachable' || performance.now() + pause > until) return dialled;
      await sleep(pause);
    }
  }

  async function reached(): Promise<Result<{ readonly live: Live }>> {
    if (closed) return isClosed();
    if (live?.session.alive()) return { ok: true, live };
    if (failed !== null && (FINAL.includes(failed.why.code) || performance.now() - failed.at < FRESH))
      return failed.why;
    connecting ??= dialAgain().finally(() => {
      connecting = null;
    });
    const dialled = await connecting;
    failed = dialled.ok ? null : { at: performance.now(), why: dialled };
    return dialled;
  }

  const isClosed = (): Failure => failure('unreachable', `the connection to ${name} was closed`);

  function remember(why: Failure): Failure {
    unknown ??= why;
    return why;
  }

  async function hold(script: string): Promise<Result<{ readonly status: number }>> {
    const there = await reached();
    if (!there.ok) return there;
    const answer = await there.live.session.hold(script);
    if (!answer.ok) return answer;
    if (answer.status === 0) held = script;
    return { ok: true, status: answer.status };
  }

  async function ask(script: string, options: AskOptions): Promise<Result<FarAnswer>> {
    const there = await reached();
    if (!there.ok) return there;
    const answer = await there.live.session.ask(script, options);
    if (answer.ok) return whole(answer, options);
    if (answer.code === 'timeout') await endQuestion(there.live);
    return afterFailure(answer, script, options);
  }

  /**
   * What a look could not start a process for is missing in its answer, which looks like a host with less on it. Of a
   * write, its own words tell.
   */
  function whole(answer: Result<FarAnswer> & { readonly ok: true }, { effect }: AskOptions): Result<FarAnswer> {
    return effect === 'read' && saysNoFork(answer.stderr) ? noSlots(name) : answer;
  }

  async function afterFailure(why: Failure, script: string, options: AskOptions): Promise<Result<FarAnswer>> {
    const { effect } = options;
    if (effect === 'write' && ['lost', 'timeout', 'EFBIG'].includes(why.code)) return remember(why);
    // Never sent, but it was meant to follow something of which nobody knows whether it happened.
    if (effect === 'write' && unknown !== null)
      return failure('lost', `nothing more was sent to ${name}: ${unknown.message}`);
    if (closed || (why.code !== 'unreachable' && why.code !== 'lost')) return why;
    const there = await reached();
    if (!there.ok) return there;
    const again = await there.live.session.ask(script, options);
    if (again.ok) return whole(again, options);
    return again.code === 'lost' && effect === 'write' ? remember(again) : again;
  }

  /** What the standing shell has started for a question that takes too long, and the shell with it. */
  async function endQuestion({ session, line: way }: Live): Promise<void> {
    await endOverThere(way, `end_tree "" ${session.pid} ${session.since} ""`);
    session.kill();
  }

  /** In a session beside; null: nobody could be told. */
  async function endOverThere(way: SshLine, call: string): Promise<readonly number[] | null> {
    const opened = await openChannel({ far, launch: way.channel, script: `${END_TREE}\n${call}`, mark: null });
    if (!opened.ok) return null;
    const timer = setTimeout(opened.channel.kill, KILLING);
    const text = await textOf(opened.channel);
    clearTimeout(timer);
    return (await opened.channel.done).ok ? (text.match(/^\d+$/gm) ?? []).map(Number) : null;
  }

  /** Each channel becomes root by itself: a password that was changed meanwhile is not tried twice either. */
  function refusedThere(why: Failure): Failure {
    if (!FINAL.includes(why.code)) return why;
    failed = { at: performance.now(), why };
    live?.session.kill();
    return why;
  }

  async function open(
    script: string,
    options: { readonly effect: Effect; readonly daemon?: boolean },
  ): Promise<Result<{ channel: Channel }>> {
    const there = await reached();
    if (!there.ok) return there;
    const { session, line: way, channels: opened } = there.live;
    channels += 1;
    const mark = `${session.id}.${channels}`;
    const result = await openChannel({ far, launch: way.channel, script, mark: options.daemon ? null : mark });
    if (!result.ok) return refusedThere(result);
    const { channel } = result;
    opened.add(channel);
    channel.done.then((end) => {
      opened.delete(channel);
      if (!end.ok && options.effect === 'write') remember(end);
    });
    const pattern = options.daemon ? '' : `^${MARK}=${session.id}[.]${channels}$`;
    const cancel = async (): Promise<readonly number[]> => {
      const left = await endOverThere(way, `end_tree '${pattern}' ${channel.pid} ${session.since} session`);
      await Promise.race([channel.done, sleep(1000, undefined, { ref: false })]);
      channel.kill();
      return left ?? [channel.pid];
    };
    return { ok: true, channel: { ...channel, cancel } };
  }

  return {
    name,
    ask,
    open,
    hold,
    lost: () => unknown,
    async connect() {
      const there = await reached();
      return there.ok ? { ok: true, uid: there.live.session.uid } : there;
    },
    async close() {
      closed = true;
      await connecting;
      if (live === null) return;
      const { session, line: way, channels: open } = live;
      // Without the farewell the other end sweeps up after the channels.
      await session.end({ farewell: open.size === 0 });
      for (const channel of open) channel.kill();
      way.close();
    },
  };
}

async function textOf(channel: OpenChannel): Promise<string> {
  let text = '';
  for await (const chunk of channel.stdout) text = (text + chunk.toString('latin1')).slice(0, 64 * 1024);
  return text;
}

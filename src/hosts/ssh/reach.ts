import { setTimeout as sleep } from 'node:timers/promises';
import { type Failure, failure, type Result } from '../../model/host.ts';
import type { OpenChannel } from './channel.ts';
import { type FarShell, openSession, type Session } from './session.ts';
import type { Launch } from './wire.ts';

/** One connection to the host: first the standing shell, then channels beside it while the shell lives. */
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

export interface Live {
  readonly session: Session;
  readonly line: SshLine;
  readonly channels: Set<OpenChannel>;
}

type Reached = Result<{ readonly live: Live }>;

/** What is known of the way to one host, from the first connection to the last. */
export interface SshReach extends ConnectionOptions {
  live: Live | null;
  connecting: Promise<Reached> | null;
  failed: { readonly at: number; readonly why: Failure } | null;
  /** The first change of which nobody knows whether it happened. */
  unknown: Failure | null;
  /** The script that holds the lock over there. */
  held: string | null;
  closed: boolean;
  /** How many channels were opened. */
  channels: number;
}

const FIRST_PAUSE = 250;
/** A question to a host that was just found dead fails at once. */
const FRESH = 1000;
/**
 * Not tried again: a password that is refused again and again locks an account, and a key that has changed does not
 * change back.
 */
const FINAL: readonly string[] = ['become', 'host-key'];

export const newReach = (options: ConnectionOptions): SshReach => ({
  ...options,
  live: null,
  connecting: null,
  failed: null,
  unknown: null,
  held: null,
  closed: false,
  channels: 0,
});

/** Connects if it is not connected. */
export async function reached(reach: SshReach): Promise<Reached> {
  const { live, failed } = reach;
  if (reach.closed) return isClosed(reach);
  if (live?.session.alive()) return { ok: true, live };
  if (failed !== null && (FINAL.includes(failed.why.code) || performance.now() - failed.at < FRESH)) return failed.why;
  reach.connecting ??= dialAgain(reach).finally(() => {
    reach.connecting = null;
  });
  const dialled = await reach.connecting;
  reach.failed = dialled.ok ? null : { at: performance.now(), why: dialled };
  return dialled;
}

/**
 * Tries again for some time if the connection was lost, because the cause may pass. If there was no connection before,
 * or that time was in vain, it tries once.
 */
async function dialAgain(reach: SshReach): Promise<Reached> {
  const until = performance.now() + (reach.live === null ? 0 : reach.retryFor);
  reach.live?.line.close();
  reach.live = null;
  for (let pause = FIRST_PAUSE; ; pause *= 2) {
    const dialled = await dial(reach);
    if (dialled.ok) reach.live = dialled.live;
    if (dialled.ok || dialled.code !== 'unreachable' || performance.now() + pause > until) return dialled;
    await sleep(pause);
  }
}

async function dial(reach: SshReach): Promise<Reached> {
  const line = reach.line();
  const opened = await openSession(line.standing, reach.far);
  const refused = opened.ok ? await unfit(reach, opened.session) : opened;
  if (opened.ok && refused === null) return { ok: true, live: { session: opened.session, line, channels: new Set() } };
  if (opened.ok) await opened.session.end({ farewell: true });
  line.close();
  return refused ?? isClosed(reach);
}

async function unfit(reach: SshReach, session: Session): Promise<Failure | null> {
  if (reach.closed) return isClosed(reach);
  if (reach.held === null) return null;
  const answer = await session.hold(reach.held);
  if (!answer.ok) return answer;
  return answer.status === 0
    ? null
    : failure('locked', `${reach.far.name} was reached again, but somebody else holds its lock by now`);
}

const isClosed = ({ far }: SshReach): Failure => failure('unreachable', `the connection to ${far.name} was closed`);

/** Each channel becomes root by itself: a password that was changed meanwhile is not tried twice either. */
export function refusedThere(reach: SshReach, why: Failure): Failure {
  if (!FINAL.includes(why.code)) return why;
  reach.failed = { at: performance.now(), why };
  reach.live?.session.kill();
  return why;
}

export function remember(reach: SshReach, why: Failure): Failure {
  reach.unknown ??= why;
  return why;
}

export async function closeReach(reach: SshReach): Promise<void> {
  reach.closed = true;
  await reach.connecting;
  if (reach.live === null) return;
  const { session, line, channels } = reach.live;
  // Without the farewell the other end sweeps up after the channels.
  await session.end({ farewell: channels.size === 0 });
  for (const channel of channels) channel.kill();
  line.close();
}

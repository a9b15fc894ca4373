import { setTimeout as sleep } from 'node:timers/promises';
import { saysNoFork } from '../../model/host/no-fork.ts';
import { type Failure, failure, type Result } from '../../model/host.ts';
import { type OpenChannel, openChannel } from './channel.ts';
import { MARK } from './far-side.ts';
import { END_TREE } from './far-tree.ts';
import {
  type ConnectionOptions,
  closeReach,
  type Live,
  newReach,
  reached,
  refusedThere,
  remember,
  type SshReach,
} from './reach.ts';
import type { AskOptions, Channel, Effect, FarAnswer, Remote } from './remote.ts';
import { noSlots } from './session.ts';

export interface SshConnection extends Remote {
  /** Connects if it is not connected: what `ask` would do first. */
  connect(): Promise<Result<{ readonly uid: number }>>;
}

const KILLING = 15_000;

/** The remote host: a lost connection is opened again and looks are repeated, but a write is never sent twice. */
export function connection(options: ConnectionOptions): SshConnection {
  const reach = newReach(options);
  return {
    name: options.far.name,
    ask: (script, asked) => ask(reach, script, asked),
    open: (script, opened) => open(reach, script, opened),
    hold: (script) => hold(reach, script),
    lost: () => reach.unknown,
    async connect() {
      const there = await reached(reach);
      return there.ok ? { ok: true, uid: there.live.session.uid } : there;
    },
    close: () => closeReach(reach),
  };
}

async function hold(reach: SshReach, script: string): Promise<Result<{ readonly status: number }>> {
  const there = await reached(reach);
  if (!there.ok) return there;
  const answer = await there.live.session.hold(script);
  if (!answer.ok) return answer;
  if (answer.status === 0) reach.held = script;
  return { ok: true, status: answer.status };
}

// ---------------------------------------------------------------- questions

async function ask(reach: SshReach, script: string, options: AskOptions): Promise<Result<FarAnswer>> {
  const there = await reached(reach);
  if (!there.ok) return there;
  const answer = await there.live.session.ask(script, options);
  if (answer.ok) return whole(reach, answer, options);
  if (answer.code === 'timeout') await endQuestion(reach, there.live);
  return afterFailure(reach, answer, { script, options });
}

/**
 * If a look could not start a process, its answer is incomplete and looks like a host with less on it. A write tells it
 * in its own output.
 */
function whole(
  { far }: SshReach,
  answer: { readonly ok: true } & FarAnswer,
  { effect }: AskOptions,
): Result<FarAnswer> {
  return effect === 'read' && saysNoFork(answer.stderr) ? noSlots(far.name) : answer;
}

interface Asked {
  readonly script: string;
  readonly options: AskOptions;
}

async function afterFailure(reach: SshReach, why: Failure, { script, options }: Asked): Promise<Result<FarAnswer>> {
  const { effect } = options;
  const { far, unknown } = reach;
  if (effect === 'write' && ['lost', 'timeout', 'EFBIG'].includes(why.code)) return remember(reach, why);
  // The question was never sent, but it should follow a write with an unknown outcome.
  if (effect === 'write' && unknown !== null)
    return failure('lost', `nothing more was sent to ${far.name}: ${unknown.message}`);
  if (reach.closed || (why.code !== 'unreachable' && why.code !== 'lost')) return why;
  const there = await reached(reach);
  if (!there.ok) return there;
  const again = await there.live.session.ask(script, options);
  if (again.ok) return whole(reach, again, options);
  return again.code === 'lost' && effect === 'write' ? remember(reach, again) : again;
}

/** What the standing shell has started for a question that takes too long, and the shell with it. */
async function endQuestion(reach: SshReach, live: Live): Promise<void> {
  const { session } = live;
  await endOverThere(reach, live, `end_tree "" ${session.pid} ${session.since} ""`);
  session.kill();
}

/** In a session beside; null: nobody could be told. */
async function endOverThere({ far }: SshReach, { line }: Live, call: string): Promise<readonly number[] | null> {
  const opened = await openChannel({ far, launch: line.channel, script: `${END_TREE}\n${call}`, mark: null });
  if (!opened.ok) return null;
  const timer = setTimeout(opened.channel.kill, KILLING);
  const text = await textOf(opened.channel);
  clearTimeout(timer);
  return (await opened.channel.done).ok ? (text.match(/^\d+$/gm) ?? []).map(Number) : null;
}

// ---------------------------------------------------------------- channels

interface OpenOptions {
  readonly effect: Effect;
  readonly daemon?: boolean;
}

async function open(
  reach: SshReach,
  script: string,
  { effect, daemon }: OpenOptions,
): Promise<Result<{ channel: Channel }>> {
  const there = await reached(reach);
  if (!there.ok) return there;
  const { live } = there;
  reach.channels += 1;
  const number = reach.channels;
  const mark = daemon ? null : `${live.session.id}.${number}`;
  const result = await openChannel({ far: reach.far, launch: live.line.channel, script, mark });
  if (!result.ok) return refusedThere(reach, result);
  const { channel } = result;
  live.channels.add(channel);
  channel.done.then((end) => {
    live.channels.delete(channel);
    if (!end.ok && effect === 'write') remember(reach, end);
  });
  const pattern = daemon ? '' : `^${MARK}=${live.session.id}[.]${number}$`;
  return { ok: true, channel: { ...channel, cancel: () => cancel(reach, live, { channel, pattern }) } };
}

interface Cancelled {
  readonly channel: OpenChannel;
  readonly pattern: string;
}

async function cancel(reach: SshReach, live: Live, { channel, pattern }: Cancelled): Promise<readonly number[]> {
  const left = await endOverThere(reach, live, `end_tree '${pattern}' ${channel.pid} ${live.session.since} session`);
  await Promise.race([channel.done, sleep(1000, undefined, { ref: false })]);
  channel.kill();
  return left ?? [channel.pid];
}

async function textOf(channel: OpenChannel): Promise<string> {
  let text = '';
  for await (const chunk of channel.stdout) text = (text + chunk.toString('latin1')).slice(0, 64 * 1024);
  return text;
}

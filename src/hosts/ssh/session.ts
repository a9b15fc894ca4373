import { randomBytes } from 'node:crypto';
import { saysNoFork } from '../../model/host/no-fork.ts';
import { type Failure, failure, type Result } from '../../model/host.ts';
import { withoutEnd } from '../../model/text/trim.ts';
import { type Become, elevated } from './become.ts';
import { decisiveLine, diagnoseSsh } from './diagnosis.ts';
import { clean, firstWords, HELLO, standingLoop, whole } from './far-side.ts';
import type { AskOptions, FarAnswer } from './remote.ts';
import { type FullWire, fullWire, type Launch, type Wire } from './wire.ts';

export interface FarShell {
  readonly name: string;
  /** Words for a POSIX shell over there: `/bin/sh`. */
  readonly sh: string;
  readonly become: Become | null;
  /**
   * What the standing shell calls itself, `$0`: by it we know the shell of an earlier connection of ours that nobody
   * over there has noticed to be dead.
   */
  readonly tag?: string;
  /** Who logs in, for a sentence about sudo. */
  readonly user: () => string;
  /** Milliseconds until the shell has answered for the first time. */
  readonly patience: number;
  /** Bytes of an answer. */
  readonly limit: number;
}

/** What the standing shell says of itself. */
interface Standing {
  /** Begins the mark of each of its channels. */
  readonly id: string;
  readonly pid: number;
  /** When it was started, in ticks since boot: nothing of ours over there is older. */
  readonly since: number;
  readonly uid: number;
}

/** A standing shell that answers one question after the other until it ends. It is never restarted. */
export interface Session extends Standing {
  /**
   * Failures: `unreachable` (nothing was sent), `lost`, `timeout`, `no-slots` (it never began), `EFBIG`; it is dead
   * after each, but after a `timeout` to be killed.
   */
  ask(script: string, options: Omit<AskOptions, 'effect'>): Promise<Result<FarAnswer>>;
  /** Like `ask`, in the standing shell itself. */
  hold(script: string): Promise<Result<FarAnswer>>;
  alive(): boolean;
  /** `farewell`: the other end shall not take it for a cut, and sweep. */
  end(options: { readonly farewell: boolean }): Promise<void>;
  kill(): void;
}

export const freshNonce = (): string => randomBytes(16).toString('hex');

const STDERR = { bytes: 64 * 1024, beyond: 'drop' } as const;
const TIMEOUT = 30_000;
/** Up to here `read`, a microsecond a byte, is cheaper than a dd. */
const READ_UP_TO = 1500;
const LAST_WORDS = 300;
export async function openSession(launch: Launch, far: FarShell): Promise<Result<{ readonly session: Session }>> {
  const wire = fullWire(launch(firstWords(far.sh)));
  let silent = false;
  const timer = setTimeout(() => {
    silent = true;
    wire.kill();
  }, far.patience);
  try {
    const opened = await begin(wire, far);
    if (opened !== null && !opened.ok) wire.kill();
    return opened ?? (silent ? neverAnswered(far) : await whyEnded(wire, far));
  } finally {
    clearTimeout(timer);
  }
}

/** Null: it ended before it answered. */
async function begin(wire: FullWire, far: FarShell): Promise<Result<{ readonly session: Session }> | null> {
  const refused = far.become === null ? null : await elevated(wire, { ...far, become: far.become });
  if (refused !== null) return refused;
  const id = freshNonce();
  wire.write(clean(far.sh, far.tag) + whole(standingLoop(id)));
  const hello = await question(wire, { kind: 'ask', script: HELLO, dd: false, limit: 4096 });
  // It may be in the middle of its first answer by then: what it says of itself is no noise.
  const said =
    hello.kind === 'answer' ? hello.answer.stderr : hello.kind === 'cut' ? hello.stderr + wire.err.noise() : '';
  if (saysNoFork(said)) return noSlots(far.name);
  if (hello.kind !== 'answer') return null;
  const facts = /^(\d+) (\d+) (\d+) ([ld])$/.exec(hello.answer.stdout.toString('latin1'));
  if (facts === null)
    return failure('unreachable', `what answers on ${far.name} is no POSIX shell with the usual tools`);
  const [, pid, since, uid] = facts.map(Number) as [number, number, number, number];
  return { ok: true, session: session({ wire, far, standing: { id, pid, since, uid }, dd: facts[4] === 'd' }) };
}

export const noSlots = (name: string): Failure =>
  failure('no-slots', `${name} cannot start another process: its process slots are used up`);

const neverAnswered = ({ name, patience }: FarShell): Failure =>
  failure('unreachable', `${name} did not let us in and answer within ${patience / 1000} s`);

export async function whyEnded(
  wire: Wire,
  { name, become, user }: Pick<FarShell, 'name' | 'become' | 'user'>,
): Promise<Failure> {
  const error = await wire.ended;
  if (error !== null)
    return failure('unreachable', `ssh could not be started (${error.code}): install openssh-client, or see PATH`);
  return diagnoseSsh(name, wire.err.noise(), become === null ? null : user());
}

function session({
  wire,
  far,
  standing,
  dd,
}: {
  wire: FullWire;
  far: FarShell;
  standing: Standing;
  dd: boolean;
}): Session {
  let before: Promise<unknown> = Promise.resolve();
  const { name, limit } = far;
  let silent = false;
  const alive = (): boolean => wire.alive() && !silent;

  async function ask(
    asked: Asked,
    { input, timeout = TIMEOUT }: Omit<AskOptions, 'effect'>,
  ): Promise<Result<FarAnswer>> {
    if (!alive())
      return failure('unreachable', `the connection to ${name} has ended: ${decisiveLine(wire.err.noise())}`);
    const timer = timeoutOf(timeout);
    const heard = await Promise.race([question(wire, { ...asked, input, dd, limit }), timer.over]);
    timer.clear();
    if (heard.kind === 'answer') return { ok: true, ...heard.answer };
    silent = heard.kind === 'timeout';
    if (!silent) wire.kill();
    if (heard.kind === 'timeout') return failure('timeout', `${name} gave no answer within ${timeout / 1000} s`);
    if (heard.kind === 'overflow')
      return failure('EFBIG', `${name} answered with more than ${limit} bytes: the connection was ended`);
    await wire.ended;
    if (heard.kind === 'cut' && !heard.begun && saysNoFork(wire.err.noise().slice(-LAST_WORDS))) return noSlots(name);
    return failure(
      'lost',
      `the connection to ${name} was lost before the answer came: ${decisiveLine(wire.err.noise()) || 'without a word'}`,
    );
  }

  function next(asked: Asked, options: Omit<AskOptions, 'effect'>): Promise<Result<FarAnswer>> {
    const answer = before.then(() => ask(asked, options));
    before = answer;
    return answer;
  }

  return {
    ...standing,
    ask: (script, options) => next({ kind: 'ask', script }, options),
    hold: (script) => next({ kind: 'hold', script }, {}),
    alive,
    kill: wire.kill,
    async end({ farewell }) {
      if (farewell) wire.write('bye\n');
      wire.hangUp();
      const timer = setTimeout(wire.kill, 1000);
      await wire.ended;
      clearTimeout(timer);
    },
  };
}

type Heard =
  | { readonly kind: 'answer'; readonly answer: FarAnswer }
  | { readonly kind: 'overflow' }
  | { readonly kind: 'timeout' }
  /** `begun`: the script was, and may have come to its end. */
  | { readonly kind: 'cut'; readonly begun: boolean; readonly stderr: string };

interface Asked {
  readonly kind: 'ask' | 'hold';
  readonly script: string;
}

async function question(
  wire: FullWire,
  asked: Asked & { input?: Buffer | undefined; dd: boolean; limit: number },
): Promise<Heard> {
  const { kind, script, input, dd, limit } = asked;
  const nonce = freshNonce();
  const [text, stdin] = [block(script, dd), block(input?.toString('base64') ?? '', dd)];
  const answers = [wire.out.next(nonce, { bytes: limit, beyond: 'fail' }), wire.err.next(nonce, STDERR)] as const;
  wire.write(`${nonce} ${kind} ${text.head} ${stdin.head}\n${stdin.body}${text.body}`);
  const out = await answers[0];
  if (out.kind === 'overflow') return { kind: 'overflow' };
  const err = await answers[1];
  if (out.kind === 'cut' || err.kind !== 'frame') {
    const begun = out.kind !== 'cut' || out.begun || err.kind !== 'cut' || err.begun;
    return { kind: 'cut', begun, stderr: err.kind === 'overflow' ? '' : err.bytes.toString('latin1') };
  }
  return { kind: 'answer', answer: { status: out.status, stdout: out.bytes, stderr: err.bytes.toString('latin1') } };
}

/** Latin1 in, bytes out: what is no byte is our own mistake. */
function block(text: string, dd: boolean): { readonly head: string; readonly body: string } {
  if (/[^\x01-\xff]/.test(text)) throw new Error('a script is bytes: characters up to \\xff, and no NUL');
  const trimmed = withoutEnd(text, '\n');
  if (dd && trimmed.length > READ_UP_TO) return { head: `d ${trimmed.length}`, body: trimmed };
  return text === '' ? { head: 'l 0', body: '' } : { head: `l ${text.split('\n').length}`, body: `${text}\n` };
}

function timeoutOf(milliseconds: number): { readonly over: Promise<Heard>; clear(): void } {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<Heard>((resolve) => {
    timer = setTimeout(() => resolve({ kind: 'timeout' }), milliseconds);
  });
  return { over, clear: () => clearTimeout(timer) };
}

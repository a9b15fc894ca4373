import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { failure, type Result } from '../../model/host.ts';
import { boundedCapture, type Capture } from '../capture.ts';
import { elevated } from './become.ts';
import { channelShell, clean, firstWords, whole } from './far-side.ts';
import { scanFrame } from './frame.ts';
import type { Frame } from './frames.ts';
import type { Channel } from './remote.ts';
import { type FarShell, freshNonce, whyEnded } from './session.ts';
import { type Launch, type Wire, wireOf } from './wire.ts';

const STDERR = { bytes: 64 * 1024, beyond: 'drop' } as const;
const FAREWELL = 1000;

export interface ChannelOptions {
  readonly far: FarShell;
  readonly launch: Launch;
  readonly script: string;
  /** `NAME=` of MARK; null: a daemon, which nobody shall find by it. */
  readonly mark: string | null;
}

export interface OpenChannel extends Omit<Channel, 'cancel'> {
  /** Its session over there, and the process that leads it. */
  readonly pid: number;
  /** Our own end of it. */
  kill(): void;
}

export async function openChannel({
  far,
  launch,
  script,
  mark,
}: ChannelOptions): Promise<Result<{ readonly channel: OpenChannel }>> {
  const child = launch(firstWords(far.sh));
  const wire = wireOf(child);
  const stdout = keptStdout(child);
  const timer = setTimeout(wire.kill, far.patience);
  const [nonce, pid] = [freshNonce(), freshNonce()];
  const refused = far.become === null ? null : await elevated(wire, { ...far, become: far.become });
  // Both are waited for before anything is sent: they may come in one chunk.
  const errors = boundedCapture();
  const [told, end] = [
    wire.err.next(pid, STDERR),
    endOf(wire.err.next(nonce, { ...STDERR, into: errors }), errors, far.name),
  ];
  if (refused === null)
    wire.write(clean(far.sh) + whole(channelShell({ sh: far.sh, nonce, pid, mark })) + whole(script));
  else wire.kill();
  const begun = refused === null ? await told : null;
  clearTimeout(timer);
  if (refused !== null) return refused;
  if (begun?.kind !== 'frame') {
    wire.kill();
    return whyEnded(wire, far);
  }
  return {
    ok: true,
    channel: channelOf({ child, stdout, wire, nonce, done: end, pid: Number(begun.bytes.toString('latin1')) }),
  };
}

/**
 * Node throws away what nobody reads yet when a process ends (`flushStdio`), and nobody can before we know that the
 * channel is open.
 */
function keptStdout({ stdout }: ChildProcess): Readable {
  if (stdout === null) throw new Error('a channel needs pipes');
  const kept = new PassThrough();
  stdout.on('error', () => undefined).once('close', () => kept.end());
  return stdout.pipe(kept);
}

interface Begun {
  readonly child: ChildProcess;
  readonly stdout: Readable;
  readonly wire: Wire;
  readonly nonce: string;
  readonly done: Channel['done'];
  readonly pid: number;
}

function channelOf({ child, stdout, wire, nonce, done, pid }: Begun): OpenChannel {
  const { stdin } = child;
  if (stdin === null) throw new Error('a channel needs pipes');
  let read: Promise<void> | null = null;
  // Something may hold its stdout over there, and with it our process: the script's end is the end, once what it wrote
  // is read.
  done.then(async () => {
    await (read ?? sleep(FAREWELL, undefined, { ref: false }));
    await read;
    wire.kill();
  });
  return {
    pid,
    stdout: {
      [Symbol.asyncIterator]() {
        const { promise, resolve } = Promise.withResolvers<void>();
        read = promise;
        return bodyOf(stdout, nonce, resolve);
      },
    },
    done,
    async write(bytes) {
      if (!stdin.write(bytes)) await Promise.race([once(stdin, 'drain').catch(() => undefined), done]);
    },
    end: wire.hangUp,
    kill: wire.kill,
  };
}

async function endOf(end: Promise<Frame>, errors: Capture, name: string): Channel['done'] {
  const frame = await end;
  if (frame.kind === 'frame')
    return { ok: true, status: frame.status, stderr: frame.bytes.toString('latin1'), errors: errors.done() };
  return failure('lost', `the connection to ${name} was lost before the end was seen`);
}

/** As it comes and no faster than it is taken. */
async function* bodyOf(stdout: Readable, nonce: string, over: () => void): AsyncGenerator<Buffer> {
  const scan = scanFrame(nonce);
  try {
    for await (const chunk of stdout as AsyncIterable<Buffer>) {
      const { body, end } = scan(chunk);
      if (body.length > 0) yield body;
      if (end !== null) return;
    }
  } catch {
    // Cut off: `done` tells.
  } finally {
    over();
  }
}

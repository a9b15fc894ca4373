import type { ChildProcess } from 'node:child_process';
import { type Frames, framesOf } from './frames.ts';

/** How a shell is started over there: the text is one line for the login shell of whoever logs in. */
export type Launch = (firstWords: string) => ChildProcess;

/** A far shell, as long as it lives. */
export interface Wire {
  /** Latin1: each character is a byte. */
  write(text: string): void;
  readonly err: Frames;
  /** Resolves when the connection's own process has ended, with why it could not be started. */
  readonly ended: Promise<NodeJS.ErrnoException | null>;
  alive(): boolean;
  kill(): void;
  /** The far shell's stdin ends. */
  hangUp(): void;
}

export interface FullWire extends Wire {
  readonly out: Frames;
}

/** A helper of ssh's (a ProxyCommand) may hold its pipes. */
const HELD = 250;

export function fullWire(child: ChildProcess): FullWire {
  if (child.stdout === null) throw new Error('a far shell needs three pipes');
  return { ...wireOf(child), out: framesOf(child.stdout) };
}

/** With stdout left to who reads it. */
export function wireOf(child: ChildProcess): Wire {
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new Error('a far shell needs three pipes');
  // An EPIPE says nothing that the end of the process does not say.
  stdin.on('error', () => undefined);
  let alive = true;
  const ended = new Promise<NodeJS.ErrnoException | null>((resolve) => {
    child.once('exit', () => {
      alive = false;
      setTimeout(() => stderr.destroy(), HELD).unref();
      if (stderr.closed) resolve(null);
      else stderr.once('close', () => resolve(null));
    });
    child.once('error', (error) => {
      alive = false;
      resolve(error);
    });
  });
  return {
    write: (text) => void (alive && stdin.write(text, 'latin1')),
    err: framesOf(stderr),
    ended,
    alive: () => alive,
    kill() {
      child.kill('SIGKILL');
      // A process that holds the other end may write for ever.
      stdout.destroy();
    },
    hangUp: () => void stdin.end(),
  };
}

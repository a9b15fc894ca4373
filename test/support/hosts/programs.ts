import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Real processes with names of our choosing: copies of the shell in a folder of their own have that name in comm *and*
 * in /proc/PID/exe. They wait by reading a pipe that this process holds (descriptor 3), so they end with the test even
 * when it is killed.
 */
export interface Programs {
  readonly folder: string;
  /** Path of a program of that name. */
  path(name: string): string;
  /**
   * Starts it with a script, whose lines on stdout come through `line()`; `session`: it leads one of its own, as a
   * daemon does.
   */
  start(
    name: string,
    script: string,
    options?: { readonly args?: readonly string[]; readonly session?: boolean },
  ): Program;
  close(): Promise<void>;
}

export interface Program {
  readonly pid: number;
  /** The next line that it, or what it started, has written. */
  line(): Promise<string>;
  /** Resolves when it has ended and was reaped. */
  readonly ended: Promise<void>;
}

const SHELL = realpathSync('/bin/sh');

export function programs(): Programs {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'fb-programs-')));
  const children: ChildProcess[] = [];
  let scripts = 0;
  const path = (name: string) => {
    const copy = join(folder, name);
    // A program that runs cannot be written over (ETXTBSY).
    if (!existsSync(copy)) copyFileSync(SHELL, copy);
    return copy;
  };
  return {
    folder,
    path,
    start: (name, script, { args = [], session = false } = {}) => {
      scripts += 1;
      const file = join(folder, `script-${scripts}`);
      writeFileSync(file, `${script}\n`);
      const child = spawn(path(name), [file, ...args], {
        // Not stdin: Node closes that when the child ends, and its own children are to live on.
        stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
        detached: session,
        env: { PATH: '/usr/bin:/bin', dir: folder },
      });
      child.stdio[3]?.on('error', () => {});
      children.push(child);
      return programOf(child);
    },
    close: async () => {
      await Promise.all(children.map(end));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Waits for ever without a child of its own. */
export const WAIT = 'while read -r line <&3; do :; done';
export const STUBBORN = `trap '' TERM; ${WAIT}`;

function programOf(child: ChildProcess): Program {
  const lines: string[] = [];
  const wanted: ((line: string) => void)[] = [];
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      const waiting = wanted.shift();
      if (waiting) waiting(line);
      else lines.push(line);
    }
  });
  return {
    pid: child.pid ?? 0,
    line: async () => lines.shift() ?? (await new Promise<string>((resolve) => wanted.push(resolve))),
    ended: new Promise((resolve) => child.once('exit', () => resolve())),
  };
}

/** Closing the pipe ends those that wait on it, whoever their parent is now; KILL is for the one that does not read. */
async function end(child: ChildProcess): Promise<void> {
  child.stdio[3]?.destroy();
  child.stdout?.destroy();
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** Polls, because a signal takes its time; fails after a minute or more: the machine may be busy. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  what: string | (() => string) = String(holds),
): Promise<void> {
  for (let tries = 0; tries < 6000; tries += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`not within a minute: ${typeof what === 'string' ? what : what()}`);
}

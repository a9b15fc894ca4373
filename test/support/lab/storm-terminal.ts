import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CHECKOUT, LAB } from './lab.ts';

/**
 * What the run's shell prints behind it: its exit code, and whether cron runs (the daemon: pgrep would find its
 * children too).
 */
const AFTER =
  'echo "EXIT=$?"; service cron status >/dev/null 2>&1 && echo CRON=runs || echo CRON=stopped; exec sleep 1000';

export interface StormTerminal {
  /**
   * Waits until the screen shows it. A question that waits for an answer begins with `? `, one that was answered with
   * `✔ `.
   */
  shows(pattern: RegExp): Promise<string>;
  /** Types a line. */
  says(line: string): Promise<void>;
  /** A command inside the namespaces, beside the run. */
  inside(command: string): void;
  /** All that was shown, once the run has ended. */
  ended(): Promise<string>;
}

/** An attended run on a real terminal (tmux) in the storm. Everything that it started has ended when this has. */
export async function onTerminal(
  { columns, params = '--param watch=8s' }: { readonly columns: number; readonly params?: string },
  play: (terminal: StormTerminal) => Promise<void>,
): Promise<void> {
  if (LAB === undefined) throw new Error('the lab is not here: set FIREBREAK_LAB to the folder of mail-storm');
  const folder = mkdtempSync(join(tmpdir(), 'firebreak-terminal-'));
  const socket = join(folder, 'tmux');
  const over = join(folder, 'over');
  writeFileSync(join(folder, 'run'), `cd '${CHECKOUT}' && bin/firebreak run cron-mail-storm ${params}; ${AFTER}\n`);
  const server = `tmux -S '${socket}' -f /dev/null new -d -x ${columns} -y 50 sh '${folder}/run' && while [ ! -e '${over}' ]; do sleep 0.2; done; tmux -S '${socket}' kill-server`;
  const storm = spawn(join(LAB, 'mail-storm'), ['--quiet', '--', 'sh', '-c', server], {
    env: { HOME: folder, PATH: `${dirname(process.execPath)}:${process.env.PATH}`, TERM: 'xterm' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    await play(terminalOf(socket, storm));
  } finally {
    writeFileSync(over, '');
    if (storm.exitCode === null) await once(storm, 'close');
    rmSync(folder, { recursive: true });
  }
}

const answered = (screen: string): number => screen.match(/^✔ .*\?/gm)?.length ?? 0;

function terminalOf(socket: string, storm: ChildProcess): StormTerminal {
  const tmux = (...args: readonly string[]): string =>
    execFileSync('tmux', ['-S', socket, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const screen = (): string => {
    try {
      return tmux('capture-pane', '-p', '-S', '-4000');
    } catch {
      // The storm is still being built.
      return '';
    }
  };
  const shows = async (pattern: RegExp): Promise<string> => {
    for (let tries = 0; tries < 400 && storm.exitCode === null; tries += 1) {
      const text = screen();
      if (pattern.test(text)) return text;
      await sleep(150);
    }
    return assert.fail(`never shown: ${pattern}\n${screen()}`);
  };
  return {
    shows,
    says: async (line) => {
      // A question is drawn before it listens; what is typed ahead of it on purpose is dropped.
      await sleep(300);
      if (line !== '') tmux('send-keys', '-l', line);
      await sleep(200);
      const before = answered(screen());
      tmux('send-keys', 'Enter');
      for (let tries = 0; tries < 50 && answered(screen()) === before; tries += 1) await sleep(50);
    },
    inside: (command) => void tmux('run-shell', command),
    ended: () => shows(/^CRON=\w+$/m),
  };
}

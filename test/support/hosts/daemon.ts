import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { allPids, exeOf } from '../../../src/hosts/linux/pid.ts';

/**
 * A real little daemon with an init script of its own, in a temporary folder, for an ordinary user. Ends with the test.
 */
export interface Daemon {
  readonly folder: string;
  readonly script: string;
  readonly pidFile: string;
  /** What the daemon wrote when it started. */
  wrote(): string;
  /** A process of user 1001 that runs the daemon's program and leads its session. Root alone can make one. */
  stranger(): Promise<number>;
}

export interface DaemonOptions {
  /** Replaces the script's `stop)` branch. */
  readonly stop?: string;
  /** Replaces the script's `status)` branch; $PROGRAM is the daemon's. */
  readonly status?: string;
  /** Put before what starts the daemon. */
  readonly beforeStart?: string;
  /** Lines at the script's top; `PIDFILE=` is among them unless it is left out here. */
  readonly pidFileLine?: string;
  /** Another program than the one that DAEMON= names. */
  readonly run?: string;
}

export function littleDaemon(test: TestContext, options: DaemonOptions = {}): Daemon {
  const folder = mkdtempSync(join(tmpdir(), 'firebreak-daemon-'));
  const [program, script, pidFile] = [join(folder, 'littled'), join(folder, 'little'), join(folder, 'littled.pid')];
  copyFileSync(realpathSync('/bin/sh'), program);
  chmodSync(program, 0o755);
  writeFileSync(script, initScript(folder, options), { mode: 0o755 });
  test.after(() => {
    endAll(program);
    rmSync(folder, { recursive: true, force: true });
    // A script that was under way may have started one meanwhile; now it cannot any more.
    endAll(program);
  });
  const stranger = async (): Promise<number> => {
    chmodSync(folder, 0o755);
    const child = spawn(
      'setpriv',
      ['--reuid=1001', '--regid=1001', '--clear-groups', 'setsid', program, '-c', 'echo here; read line'],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    test.after(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    return child.pid ?? 0;
  };
  return { folder, script, pidFile, wrote: () => readFileSync(join(folder, 'wrote'), 'utf8'), stranger };
}

/** Whether this process may become another user. */
export const MAY_BE_ANOTHER = process.getuid?.() === 0;

/** A pipe without a writer keeps the daemon waiting without a child of its own. */
function initScript(
  folder: string,
  { stop, status, beforeStart = ':', pidFileLine = `PIDFILE=${folder}/$NAME.pid`, run }: DaemonOptions,
): string {
  const body = `{ umask; pwd; ulimit -Sn; env; ls -l /proc/self/fd; } >${folder}/wrote; cat /proc/self/limits /proc/self/oom_score_adj >${folder}/limits; mkfifo ${folder}/forever 2>/dev/null; read line <${folder}/forever`;
  return `#!/bin/sh
NAME=littled
DAEMON="${folder}/$NAME"
${pidFileLine}
case "$1" in
start)
  ${beforeStart}
  ${run ?? `setsid "$DAEMON" -c '${body}' </dev/null >/dev/null 2>&1 &`}
  echo $! >${folder}/littled.pid
  ${run ? ':' : `until [ -p ${folder}/forever ] || [ ! -d ${folder} ]; do sleep 0.02; done`} ;;
stop)
  ${stop ?? `kill "$(cat ${folder}/littled.pid)"; rm ${folder}/littled.pid`} ;;
status)
  echo asked >>${folder}/asked
  ${status ?? `kill -0 "$(cat ${folder}/littled.pid)" 2>/dev/null || exit 3`} ;;
*) exit 2 ;;
esac
`;
}

/** A pid file may be lost, or name another: what runs the daemon's program is the daemon. */
function endAll(program: string): void {
  for (const { pid } of allPids()) {
    if (exeOf(pid)?.replace(/ \(deleted\)$/, '') !== program) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone already.
    }
  }
}

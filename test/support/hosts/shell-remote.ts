import { type ChildProcess, spawn } from 'node:child_process';
import { connection, type SshConnection } from '../../../src/hosts/ssh/connection.ts';
import type { ConnectionOptions } from '../../../src/hosts/ssh/reach.ts';
import type { FarShell } from '../../../src/hosts/ssh/session.ts';

export interface ShellOptions {
  /** The far /bin/sh. */
  readonly shell?: readonly string[];
  /** Of whoever logs in: gets the first words. */
  readonly login?: readonly string[];
  readonly far?: Partial<FarShell>;
  readonly retryFor?: number;
  /** Sees each process that stands for an ssh. */
  readonly spawned?: (child: ChildProcess) => void;
}

/** The ssh adapter's own remote, whose other end is a shell on this machine. Close it, or the test never ends. */
export function shellRemote(options: ShellOptions = {}): SshConnection {
  const { shell = ['/bin/sh'], login = ['/bin/sh', '-c'], far, retryFor = 2000, spawned } = options;
  const launch = (firstWords: string): ChildProcess => {
    const [file = '', ...args] = [...login, firstWords];
    const child = spawn(file, args, { stdio: 'pipe', detached: true });
    spawned?.(child);
    return child;
  };
  const line: ConnectionOptions['line'] = () => ({ standing: launch, channel: launch, close: () => undefined });
  const there = {
    name: 'shell',
    sh: shell.join(' '),
    become: null,
    user: () => 'somebody',
    patience: 10_000,
    limit: 64 * 1024 * 1024,
  };
  return connection({ far: { ...there, ...far }, line, retryFor });
}

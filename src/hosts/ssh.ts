import type { Target } from '../model/fleet.ts';
import { failure, type Host, type Result } from '../model/host.ts';
import { sshCommands } from './ssh/commands.ts';
import { connection } from './ssh/connection.ts';
import { sshFiles } from './ssh/files.ts';
import { sshMachine } from './ssh/machine.ts';
import { isHostName, sshLine, userOf } from './ssh/openssh.ts';
import { sshProcesses } from './ssh/processes.ts';
import type { Remote } from './ssh/remote.ts';
import { sshServices } from './ssh/services.ts';
import { controlSockets } from './ssh/sockets.ts';
import { watched } from './ssh/watched.ts';

export interface SshOptions {
  /** ssh's own configuration file, `-F`; null: the user's. */
  readonly config: string | null;
  /** Root through sudo, where the target does not say. */
  readonly become: boolean;
  /** For sudo, asked for once it is needed. Null: sudo must want none. */
  readonly password: (() => Promise<string | null>) | null;
  /** Of our own control sockets. */
  readonly uid: number;
  /** What our shells over there call themselves: see ssh/lock.ts. */
  readonly tag?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface SshHost {
  readonly host: Host;
  readonly remote: Remote;
  /** Before anything else is asked. Failures: `unreachable`, `host-key`, `auth`, `become`, `no-slots`. */
  connect(): Promise<Result<{ readonly uid: number }>>;
}

const PATIENCE = 30_000;
const RETRY_FOR = 15_000;
const MOST = 64 * 1024 * 1024;

/** Another machine, by the system's OpenSSH and a POSIX sh over there. Nothing is sent before the first question. */
export function sshHost(target: Target, options: SshOptions): SshHost {
  const { name } = target;
  const way = { target, config: options.config, env: options.env, sockets: socketsOf(options) };
  const become = (target.become ?? options.become) ? { password: options.password } : null;
  const far = {
    name,
    sh: '/bin/sh',
    become,
    user: () => userOf(way),
    patience: PATIENCE,
    limit: MOST,
    ...(options.tag !== undefined && { tag: options.tag }),
  };
  const connected = connection({ far, line: () => sshLine(way), retryFor: RETRY_FOR });
  const remote = watched(connected);
  const connect = async (): ReturnType<SshHost['connect']> =>
    isHostName(name)
      ? await connected.connect()
      : failure('unreachable', `${JSON.stringify(name)} is no name of a host`);
  return { host: hostOf(remote), remote, connect };
}

function hostOf(remote: ReturnType<typeof watched>): Host {
  const { name } = remote;
  const machine = sshMachine(remote);
  const commands = sshCommands(remote);
  const processes = sshProcesses({ remote, machine });
  const files = sshFiles({ remote, machine });
  const services = sshServices({ remote, machine, commands, processes });
  return { name, processes, files, services, commands, machine, connection: remote.connection };
}

/** All hosts of this process share one folder. */
const folders = new Map<number, ReturnType<typeof controlSockets>>();

function socketsOf({ uid, env }: SshOptions): ReturnType<typeof controlSockets> {
  const sockets = folders.get(uid) ?? controlSockets({ uid, env });
  folders.set(uid, sockets);
  return sockets;
}

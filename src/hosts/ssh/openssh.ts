import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import type { Target } from '../../model/fleet.ts';
import type { SshLine } from './reach.ts';
import type { Sockets } from './sockets.ts';

export interface OpenSsh {
  readonly target: Target;
  /** ssh's `-F`; null: the user's own. */
  readonly config: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly sockets: Sockets;
}

/**
 * Whatever the user's configuration says of ordinary logins: this is none. What decides whom we trust
 * (StrictHostKeyChecking, known_hosts) is left alone.
 */
const ALWAYS = {
  BatchMode: 'yes',
  ClearAllForwardings: 'yes',
  ConnectTimeout: '10',
  ControlPersist: 'no',
  EscapeChar: 'none',
  ForwardAgent: 'no',
  ForwardX11: 'no',
  // Without the banner: its words are the host's, and ours are told by ssh's.
  LogLevel: 'ERROR',
  PermitLocalCommand: 'no',
  RemoteCommand: 'none',
  RequestTTY: 'no',
  // Dead is who says nothing for a quarter of a minute.
  ServerAliveCountMax: '3',
  ServerAliveInterval: '5',
};

/** One ssh process holds the standing shell and is the master of all channels. */
export function sshLine(ssh: OpenSsh): SshLine {
  const { target, sockets } = ssh;
  let socket = sockets.fresh();
  const path = socket?.replaceAll('%', '%%') ?? null;
  let master: ChildProcess | null = null;
  const start = (words: readonly string[], command: string): ChildProcess => {
    // In a session of its own: Ctrl-C is for the engine, which decides what becomes of the connection.
    return spawn('ssh', [...words, '--', target.name, command], {
      env: { ...ssh.env, LC_ALL: 'C' },
      stdio: 'pipe',
      detached: true,
    });
  };
  return {
    standing(command) {
      const own =
        path === null ? { ControlMaster: 'no', ControlPath: 'none' } : { ControlMaster: 'yes', ControlPath: path };
      master = start([...whereTo(ssh), ...options({ ...ALWAYS, ...own })], command);
      return master;
    },
    channel(command) {
      if (path === null)
        return start([...whereTo(ssh), ...options({ ...ALWAYS, ControlMaster: 'no', ControlPath: 'none' })], command);
      // Without its master a client would log in by itself: it shall fail.
      const only = {
        BatchMode: 'yes',
        ControlMaster: 'no',
        ControlPath: path,
        LogLevel: 'ERROR',
        ProxyCommand: 'false',
        RequestTTY: 'no',
      };
      return start(['-F', 'none', ...options(only)], command);
    },
    close() {
      master?.kill('SIGKILL');
      if (socket !== null) sockets.remove(socket);
      socket = null;
    },
  };
}

/** The user that ssh would log in as, without logging in. */
export function userOf(ssh: OpenSsh): string {
  const { stdout } = spawnSync('ssh', [...whereTo(ssh), '-G', '--', ssh.target.name], {
    env: { ...ssh.env },
    encoding: 'utf8',
    timeout: 5000,
    killSignal: 'SIGKILL',
    maxBuffer: 256 * 1024,
  });
  return /^user (\S+)$/m.exec(stdout ?? '')?.[1] ?? 'the user';
}

/** A name that ssh and a shell read as nothing but a name. */
export const isHostName = (name: string): boolean => /^[A-Za-z0-9_.:%@[\]][A-Za-z0-9_.:%@[\]-]*$/.test(name);

function whereTo({ target, config }: OpenSsh): readonly string[] {
  const { address, port, user, identity } = target;
  return [
    ...(config === null ? [] : ['-F', config]),
    ...(address === null ? [] : ['-o', `HostName=${address.replaceAll('%', '%%')}`]),
    ...(port === null ? [] : ['-p', String(port)]),
    ...(user === null ? [] : ['-l', user]),
    ...(identity === null ? [] : ['-i', identity]),
  ];
}

const options = (values: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(values).flatMap(([name, value]) => ['-o', `${name}=${value}`]);

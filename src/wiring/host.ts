import { hostname } from 'node:os';
import { localHost } from '../hosts/local.ts';
import { readOnly } from '../hosts/read-only.ts';
import type { Vault } from '../hosts/vault.ts';
import { withSecrets } from '../hosts/with-secrets.ts';
import type { Target } from '../model/fleet.ts';
import type { Failure, Host, Result } from '../model/host.ts';

/** The host of a run, and the same one refusing every change. */
export interface Hosts {
  readonly host: Host;
  readonly readOnlyHost: Host;
}

export function hostsHere(secrets?: Vault): Hosts {
  return hostsOf(localHost(hostname()), secrets);
}

/** How hosts elsewhere are reached, beside what ssh_config(5) and the target say. */
export interface Reach {
  /** ssh's own configuration file, `-F`; null: the user's. */
  readonly config: string | null;
  /** Root through sudo, where the target does not say. */
  readonly become: boolean;
  /** For sudo: asked for once it is needed, at most once a host. Null: there is none. */
  readonly password: (() => Promise<string | null>) | null;
  /** Of our own control sockets. */
  readonly uid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface HostsElsewhere extends Hosts {
  /** Before anything else is asked. A failure's code says why: `unreachable`, `host-key`, `auth`, `become`, `no-slots`. */
  connect(): Promise<Result<object>>;
  /** The first write whose outcome is unknown. */
  lost(): Failure | null;
  close(): Promise<void>;
}

/** Another machine, over ssh; nothing is sent before `connect`. What it needs is imported only here: a plan of this machine loads none of it. */
export async function hostsFor(target: Target, reach: Reach, secrets?: Vault): Promise<HostsElsewhere> {
  const { sshHost } = await import('../hosts/ssh.ts');
  const { host, remote, connect } = sshHost(target, reach);
  return { ...hostsOf(host, secrets), connect, lost: () => remote.lost(), close: () => remote.close() };
}

function hostsOf(bare: Host, secrets: Vault | undefined): Hosts {
  const host = secrets === undefined ? bare : withSecrets(bare, secrets);
  return { host, readOnlyHost: readOnly(host) };
}

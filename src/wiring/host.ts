import { hostname } from 'node:os';
import { inScene } from '../hosts/in-scene.ts';
import { localHost } from '../hosts/local.ts';
import { readOnly } from '../hosts/read-only.ts';
import type { Vault } from '../hosts/vault.ts';
import { withSecrets } from '../hosts/with-secrets.ts';
import type { Holder } from '../journal/lock.ts';
import type { Target } from '../model/fleet.ts';
import type { Reached } from '../model/host/reached.ts';
import { type Failure, type FarClock, failure, type Host, type MachineFacts, type Result } from '../model/host.ts';
import { isZone } from '../model/policy/window.ts';
import { lockName } from './environment.ts';

/** The host of a run, and the same one refusing every change. */
export interface Hosts {
  readonly host: Host;
  readonly readOnlyHost: Host;
}

/** `scene`: of a drill, which changes nothing outside of it. */
export function hostsHere(secrets?: Vault, scene?: string): Hosts {
  const host = localHost(hostname());
  return hostsOf(scene === undefined ? host : inScene(host, scene), secrets);
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
  /** For the journal: what a resume reaches it by. */
  readonly reached: Reached;
  /**
   * Before anything else is asked. A failure's code says why: `unreachable`, `host-key`, `auth`, `become`, `no-slots`.
   */
  connect(): Promise<Result<object>>;
  /** One run a host, whoever drives it: here, over there, and from anywhere else. Failure `locked` says who has it. */
  lock(holder: Holder): Promise<Result<LockedHost>>;
  /** The first write whose outcome is unknown. */
  lost(): Failure | null;
  close(): Promise<void>;
}

export interface LockedHost {
  /** Why it is locked only from here, for the journal; null: it is locked. */
  readonly note: string | null;
  readonly release: () => Promise<void>;
}

/**
 * Another machine, over ssh; nothing is sent before `connect`. What it needs is imported only here: a plan of this
 * machine loads none of it.
 */
export async function hostsFor(target: Target, reach: Reach, secrets?: Vault): Promise<HostsElsewhere> {
  const { sshHost } = await import('../hosts/ssh.ts');
  const { tagOf, takeLock } = await import('../journal/lock.ts');
  const name = lockName(reach);
  const scope = { uid: reach.uid, ...(name !== undefined && { name }), host: target.name };
  const tag = tagOf(scope);
  const { host: bare, remote, connect } = sshHost(target, { ...reach, tag });
  const there: { uid: number; clock: FarClock } = { uid: 0, clock: { ahead: 0, zone: null } };
  const host: Host = { ...bare, farClock: () => there.clock };
  return {
    ...hostsOf(host, secrets),
    reached: { ...target, become: target.become ?? reach.become, config: reach.config },
    connect: async () => {
      const connected = await connect();
      if (!connected.ok) return connected;
      const facts = await factsOf(host);
      if (!facts.ok) return facts;
      there.uid = facts.uid;
      there.clock = clockOf(facts, Date.now());
      return { ok: true };
    },
    lock: async (holder) => {
      const here = await takeLock(scope, holder);
      if (!here.ok) return here;
      // A rehearsal: many names may lead to one host, so the host itself is not locked.
      if (name !== undefined) return { ok: true, note: null, release: async () => here.lock.release() };
      const { lockThere } = await import('../hosts/ssh/lock.ts');
      const locked = await lockThere(remote, { uid: there.uid, tag });
      if (!locked.ok) here.lock.release();
      if (!locked.ok) return locked;
      const release = async (): Promise<void> => {
        await locked.release();
        here.lock.release();
      };
      return { ok: true, note: locked.note, release };
    },
    lost: () => remote.lost(),
    close: () => remote.close(),
  };
}

/** The connection may be lost before the first question. */
async function factsOf({ name, machine, connection }: Host): Promise<Result<MachineFacts>> {
  const facts = await machine.facts();
  if (facts.bootId !== '') return { ok: true, ...facts };
  return (
    connection?.unanswered().last ??
    failure('unreachable', `${name} does not say which life of which machine it is: is /proc mounted?`)
  );
}

/**
 * Boot time and uptime are whole seconds and the answer takes its time: less than this is no difference. Milliseconds.
 */
const EXACT = 3000;

/** The clock of the host compared with ours. Its zone is only a name from a file of that host. */
export function clockOf({ bootTime, uptime, zone = null }: MachineFacts, now: number): FarClock {
  const ahead = bootTime + uptime - now;
  return { ahead: Math.abs(ahead) < EXACT ? 0 : Math.round(ahead), zone: zone !== null && isZone(zone) ? zone : null };
}

function hostsOf(bare: Host, secrets: Vault | undefined): Hosts {
  const host = secrets === undefined ? bare : withSecrets(bare, secrets);
  return { host, readOnlyHost: readOnly(host) };
}

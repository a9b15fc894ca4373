import { type Failure, failure, type Host } from '../../../src/model/host.ts';

/** How the connection is lost at one call of a port. */
export interface Cut {
  /** 1: at the first call; of the writes: at the first that would change the host. */
  readonly at: number | { readonly write: number };
  /** Whether what was asked was done over there, though no answer came. */
  readonly done: boolean;
  /** Reads are answered again from the next call on; else nothing is. */
  readonly heals: boolean;
}

export interface CutHost {
  readonly host: Host;
  /** Of each call, in order: whether it was a write. */
  readonly writes: readonly boolean[];
  /** At the cut, which call it was; null: it has not come to it. */
  readonly cut: () => { readonly call: string; readonly write: boolean } | null;
}

const WRITES: readonly string[] = ['signal', 'delete', 'replace', 'start', 'stop', 'arm', 'release'];

/**
 * A host whose connection is lost at the Nth call of a port. Where a port's answer has no room for a failure it lies:
 * nobody lives, nothing is known. Whoever relies on answers alone is led astray.
 */
export function cutHost(host: Host, { at, done, heals }: Cut): CutHost {
  const writes: boolean[] = [];
  let count = 0;
  let last: Failure | null = null;
  let lost: Failure | null = null;
  let seen: ReturnType<CutHost['cut']> = null;
  let reached = false;

  const isAt = (write: boolean): boolean =>
    typeof at === 'number' ? writes.length === at : write && writes.filter(Boolean).length === at.write;

  async function call(
    port: string,
    name: string,
    args: readonly unknown[],
    go: () => Promise<unknown>,
  ): Promise<unknown> {
    const write = WRITES.includes(name) || (name === 'run' && (args[0] as { effect: string }).effect === 'write');
    writes.push(write);
    const now = reached === false && isAt(write);
    if (now) reached = true;
    if (!reached || (!now && heals && !(write && lost))) return go();
    if (now) {
      seen = { call: `${port}.${name}`, write };
      if (done) await go();
    }
    last = now && write ? failure('lost', 'no answer came') : failure('unreachable', 'Connection timed out');
    if (now && write) lost = last;
    count += 1;
    return lie(name, args, last);
  }

  const portOf = <P extends object>(port: string, real: P): P =>
    Object.fromEntries(
      Object.entries(real).map(([name, method]) => [
        name,
        (...args: readonly unknown[]) =>
          call(port, name, args, () => (method as (...given: readonly unknown[]) => Promise<unknown>)(...args)),
      ]),
    ) as P;
  return {
    host: {
      name: host.name,
      processes: portOf('processes', host.processes),
      files: portOf('files', host.files),
      services: portOf('services', host.services),
      commands: portOf('commands', host.commands),
      machine: portOf('machine', host.machine),
      connection: { lost: () => lost, unanswered: () => ({ count, last }) },
    },
    writes,
    cut: () => seen,
  };
}

function lie(name: string, args: readonly unknown[], why: Failure): unknown {
  switch (name) {
    case 'explain':
      throw new Error(why.message);
    case 'facts':
      return { hostname: 'host3', bootId: '', bootTime: 0, uptime: 0, uid: -1, user: '', manager: 'sysv' };
    case 'signal':
    case 'alive':
      return [];
    case 'counters':
    case 'which':
      return null;
    case 'users':
      return {};
    case 'state':
      return {
        name: args[0],
        exists: true,
        state: 'unknown',
        enabled: null,
        pid: null,
        since: null,
        manager: 'sysv',
        reason: why.message,
      };
    case 'read':
    case 'writable':
      return (args[0] as readonly string[]).map(() => why);
    default:
      return why;
  }
}

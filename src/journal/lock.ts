import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { hostname } from 'node:os';
import { failure, type Result } from '../model/host.ts';

/** Who holds the lock, as it tells the one that comes second. */
export interface Holder {
  readonly run: string;
  readonly who: string;
  readonly pid: number;
  /** ISO 8601. */
  readonly since: string;
}

/** `name` keeps rehearsals apart from the real thing. */
export interface Scope {
  readonly uid: number;
  readonly name?: string;
  /** A host that is elsewhere: one run of it from here. */
  readonly host?: string;
}

export interface Lock {
  release(): void;
}

/**
 * One run a host. The lock is a socket in Linux's abstract namespace (unix(7)): the kernel lets one process bind a name and takes it back when that
 * process ends, however it ends. So nothing is left behind by kill -9 or a reboot, no manual unlock exists, and it costs no inode and no block.
 * A host is what one pid namespace sees: a container, or a drill in namespaces of its own, does not keep the machine's run waiting.
 */
export async function takeLock(scope: Scope, holder: Holder): Promise<Result<{ readonly lock: Lock }>> {
  const path = nameOf(scope);
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(JSON.stringify(holder));
  });
  const code = await bound(server, path);
  if (code === null) return { ok: true, lock: { release: () => void server.close() } };
  const { host = 'this host' } = scope;
  if (code !== 'EADDRINUSE') return failure(code, `the lock of ${host} cannot be taken: ${code}; nothing was touched`);
  return failure('locked', `another run holds ${host}: ${sayHolder(await ask(path))}; nothing was touched`);
}

/** Which folder a run over ssh locks: see hosts/ssh/lock.ts. */
const LOCKED_FROM_AFAR = ['/run', '/'];

/**
 * Whether a run over ssh, started elsewhere, has this host: it holds flock(2) on a folder that every host has. Read from proc_locks(5), without a fork. In a
 * container the kernel shows only locks whose process still lives, so that there a run from afar may go unseen; it sees us in any case.
 */
export function heldFromAfar({ folders = LOCKED_FROM_AFAR, locks = '/proc/locks' } = {}): boolean {
  try {
    const folder = folders.find((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory());
    if (folder === undefined) return false;
    const { dev, ino } = statSync(folder, { bigint: true });
    const there = ` ${deviceOf(dev)}:${ino} `;
    return readFileSync(locks, 'utf8')
      .split('\n')
      .some((line) => line.includes(there) && /\bFLOCK\b.*\bWRITE\b/.test(line));
  } catch {
    return false;
  }
}

/** `00:19`, as proc_locks(5) writes what makedev(3) has put together. */
function deviceOf(dev: bigint): string {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
  return [major, minor].map((part) => part.toString(16).padStart(2, '0')).join(':');
}

/** Who holds the lock now; null: nobody, or it does not answer. Takes nothing. */
export function whoHolds(scope: Scope): Promise<Holder | null> {
  return ask(nameOf(scope));
}

/** A name in the abstract namespace has 107 bytes; a host's may be longer. */
function nameOf({ uid, name = '', host }: Scope): string {
  const elsewhere = host === undefined ? '' : `@${createHash('sha256').update(host).digest('hex').slice(0, 24)}`;
  return `\0firebreak-${uid}-${pidNamespace()}-${name}${elsewhere}`;
}

/** Whoever has this lock is the only one who may call himself so on the host that it is of. */
export function tagOf(scope: Scope): string {
  return `firebreak-${createHash('sha256')
    .update(`${machineId()}${nameOf(scope)}`)
    .digest('hex')
    .slice(0, 24)}`;
}

function machineId(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim() || hostname();
  } catch {
    return hostname();
  }
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** Null: ours. Else why not. The server does not keep the process alive. */
function bound(server: Server, path: string): Promise<string | null> {
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'EIO'));
    server.listen({ path }, () => resolve(null));
    server.unref();
  });
}

/** A holder that is stopped or busy may not answer; then nobody knows more than that it holds the lock. */
const PATIENCE = 5000;

function ask(path: string): Promise<Holder | null> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ path });
    socket.setTimeout(PATIENCE, () => socket.destroy());
    socket.on('data', (data) => {
      text += data.toString('utf8', 0, 4096);
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(holderIn(text)));
  });
}

function holderIn(text: string): Holder | null {
  try {
    const { run, who, pid, since } = JSON.parse(text) as Partial<Holder>;
    return typeof run === 'string' && typeof who === 'string' && typeof pid === 'number' && typeof since === 'string'
      ? { run, who, pid, since }
      : null;
  } catch {
    return null;
  }
}

function sayHolder(holder: Holder | null): string {
  return holder === null
    ? 'it does not answer just now (busy or stopped)'
    : `${holder.run}, started by ${holder.who} at ${holder.since}, pid ${holder.pid}`;
}

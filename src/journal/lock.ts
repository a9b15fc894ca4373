import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { failure, type Result } from '../model/host.ts';
import { answerWith, ask, type Claim, claim, claimsElsewhere, claimsOf, type SeenClaims } from './claim.ts';
import { formerHolder, nameFor, ownerOf, tellFormer } from './former-lock.ts';
import { type Holder, holderIn, textOf } from './holder.ts';

export type { Holder } from './holder.ts';

/** `name` keeps rehearsals apart from the real thing. */
export interface LockScope {
  readonly uid: number;
  readonly name?: string;
  /** A host that is elsewhere: one run of it from here. */
  readonly host?: string;
}

export interface Lock {
  release(): void;
}

/**
 * Below 1024 the kernel gives a port to root alone: nobody else can be in the way. Unassigned by IANA, and below what
 * rpc programs choose from.
 */
const ROOTS_PORT = 4;
/** Below the ports that the kernel chooses from. */
const USERS_PORT = 28_259;

/**
 * One run a host. Root waits for root alone, a user for root and for himself: only their claims are believed, and a
 * stranger's is as if it were not there. Usually the first to bind the one port has the lock. Where a stranger has
 * taken that port, any other port is a claim as well: whoever sees another believed claim beside its own lets go. A
 * host is what one pid namespace sees: a container, or a drill in namespaces of its own, does not keep the machine's
 * run waiting.
 */
export async function takeLock(scope: LockScope, holder: Holder): Promise<Result<{ readonly lock: Lock }>> {
  const { host = 'this host' } = scope;
  try {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const tried = await tryOnce(scope);
      if ('code' in tried)
        return failure(tried.code, `the lock of ${host} cannot be taken: ${tried.code}; nothing was touched`);
      if ('socket' in tried) return await keep(tried, scope, holder);
      if (isFirst(scope, tried) || (await stays(scope, tried)))
        return tried.elsewhere === undefined ? held(host, await tell(scope, tried)) : heldElsewhere(host, tried);
    }
    return held(host, null);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'EIO';
    return failure(
      code,
      `the lock of ${host} cannot be taken: whose it is cannot be looked for (${code}); nothing was touched`,
    );
  }
}

const TRIES = 10;

const held = (host: string, holder: Holder | null) =>
  failure('locked', `another run holds ${host}: ${sayHolder(holder)}; nothing was touched`);

function heldElsewhere(host: string, { inode, elsewhere = 0 }: SeenClaims) {
  const pid = ownerOf(inode) ?? elsewhere;
  const who = `pid ${pid}, in another network namespace`;
  return failure('locked', `another run holds ${host}: ${who}; nothing was touched`);
}

/** Of one namespace only one socket has the one port; two of different ones may each have it. */
const isFirst = (scope: LockScope, { port, elsewhere }: SeenClaims): boolean =>
  port === portOf(scope) && elsewhere === undefined;

/** Our claim if no believed claim disputes it, else the rival claim. */
async function tryOnce(scope: LockScope): Promise<Claim | SeenClaims | { readonly code: string }> {
  const lock = lockOf(scope);
  let own = await claim(lock, portOf(scope));
  if ('code' in own) {
    if (!['EADDRINUSE', 'EACCES'].includes(own.code)) return own;
    const [rival] = rivals(scope, null);
    if (rival) return rival;
    own = await claimElsewhere(lock);
    if ('code' in own) return own;
  }
  const [rival] = rivals(scope, own);
  if (!rival) return own;
  own.socket.close();
  return rival;
}

/** Another user may take every port above 1023, but none of root's. */
async function claimElsewhere(lock: number): Promise<Claim | { readonly code: string }> {
  let own = await claim(lock, 0);
  for (let port = 1023; 'code' in own && own.code === 'EADDRINUSE' && port > 900; port -= 1)
    own = await claim(lock, port);
  return own;
}

/**
 * The kernel's list is read twice: while sockets come and go, one reading may miss a line. The one port comes first.
 */
function rivals(scope: LockScope, own: Claim | null): readonly SeenClaims[] {
  const lock = lockOf(scope);
  const uids = new Set([0, scope.uid]);
  const look = (): readonly SeenClaims[] => [
    ...claimsOf(lock).filter(({ port }) => port !== own?.port),
    // A far host has a lock over there, which knows no namespaces.
    ...(scope.host === undefined ? claimsElsewhere(lock, uids) : []),
  ];
  const both = [...look(), ...look()].filter(({ uid }) => uids.has(uid));
  return both.sort((one, other) => Number(isFirst(scope, other)) - Number(isFirst(scope, one)));
}

/**
 * Two that come at once may see each other: both let go, and only one that holds the lock is still there a little
 * later.
 */
async function stays(scope: LockScope, rival: SeenClaims): Promise<boolean> {
  await sleep(50 + Math.random() * 200);
  return rivals(scope, null).some(({ inode }) => inode === rival.inode);
}

async function keep(own: Claim, scope: LockScope, holder: Holder): Promise<Result<{ readonly lock: Lock }>> {
  const former = await formerHolder(nameOf(scope), scope.uid);
  if (former !== null) {
    own.socket.close();
    return held(scope.host ?? 'this host', former);
  }
  const text = textOf(holder);
  answerWith(own, text);
  const forget = await tellFormer(nameOf(scope), text);
  return {
    ok: true,
    lock: {
      release: () => {
        own.socket.close();
        forget();
      },
    },
  };
}

async function tell(scope: LockScope, { port, elsewhere }: SeenClaims): Promise<Holder | null> {
  return elsewhere !== undefined ? null : holderIn(await ask(lockOf(scope), port));
}

/** Who holds the lock now; null: nobody. `silent`: somebody who does not answer, or nobody can tell. Takes nothing. */
export async function whoHolds(scope: LockScope): Promise<Holder | 'silent' | null> {
  try {
    const [rival] = rivals(scope, null);
    return rival ? ((await tell(scope, rival)) ?? 'silent') : await formerHolder(nameOf(scope), scope.uid);
  } catch {
    return 'silent';
  }
}

const portOf = ({ uid }: LockScope): number => (uid === 0 ? ROOTS_PORT : USERS_PORT);

/**
 * Of this host: the number of its pid namespace, which a shell over there can work out as well (hosts/ssh/lock.ts).
 * Else 23 bits of a hash.
 */
function lockOf(scope: LockScope): number {
  const space = pidNamespace();
  if (scope.name === undefined && scope.host === undefined) return Number(/\d+/.exec(space)?.[0] ?? 0) % 2 ** 23;
  return (
    createHash('sha256')
      .update(`${space} ${scope.name ?? ''} ${scope.host ?? ''}`)
      .digest()
      .readUInt32BE() %
    2 ** 23
  );
}

const nameOf = (scope: LockScope): string => nameFor(scope, pidNamespace());

/** A tag for processes on the locked host. Only the holder of the lock may use it. */
export function tagOf(scope: LockScope): string {
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

function sayHolder(holder: Holder | null): string {
  return holder === null
    ? 'it does not answer just now (busy or stopped)'
    : `${holder.run}, started by ${holder.who} at ${holder.since}, pid ${holder.pid}`;
}

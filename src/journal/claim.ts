import { createSocket, type Socket } from 'node:dgram';
import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { endianness } from 'node:os';
import { linesOf } from './proc-lines.ts';

/**
 * A claim is a UDP socket on a loopback address that stands for one lock. We chose it because the kernel writes the uid
 * of who made it into /proc/net/udp, for everybody to read: nobody can claim in somebody else's name. It costs no
 * inode, no process and no write, and the kernel takes it back when its process ends, however it ends.
 */
export interface Claim {
  readonly port: number;
  readonly socket: Socket;
}

/** Another process's claim, as the kernel tells it. */
export interface SeenClaims {
  readonly port: number;
  readonly uid: number;
  readonly inode: string;
  /** Of another network namespace than ours: a process that is in it. It can be seen, and not be asked. */
  readonly elsewhere?: number;
}

/** Which lock: 23 bits, in the upper half of 127.0.0.0/8, where no service listens. */
export const addressOf = (lock: number): string =>
  `127.${128 + ((lock >> 16) & 0x7f)}.${(lock >> 8) & 0xff}.${lock & 0xff}`;

/** Claims of a lock, all of them, whoever made them. Throws where the kernel's list cannot be read. */
export function claimsOf(lock: number, list = '/proc/net/udp'): readonly SeenClaims[] {
  const address = hexOf(addressOf(lock));
  const seen: SeenClaims[] = [];
  for (const line of linesOf(list)) {
    const [, local = '', , , , , , uid = '', , inode = ''] = line.trim().split(/\s+/);
    const [host, port = ''] = local.split(':');
    if (host === address) seen.push({ port: Number.parseInt(port, 16), uid: Number(uid), inode });
  }
  return seen;
}

/**
 * Claims of a lock in the other network namespaces of this host (a service with PrivateNetwork=, `ip netns exec`, a
 * container that shares our processes): each has a list of its own. Only those in which a process of these users is are
 * looked into, so that a stranger's cost nothing.
 */
export function claimsElsewhere(lock: number, uids: ReadonlySet<number>): readonly SeenClaims[] {
  return [...namespacesOf(uids)].flatMap(([, pid]) => {
    try {
      return claimsOf(lock, `/proc/${pid}/net/udp`).map((seen) => ({ ...seen, elsewhere: pid }));
    } catch {
      return [];
    }
  });
}

/** Other than our own, each with the first process that is in it. Who has ended, or may not be looked at, is left out. */
function namespacesOf(uids: ReadonlySet<number>): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const own = readlinkSync('/proc/self/ns/net');
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (!uids.has(lstatSync(`/proc/${name}`).uid)) continue;
      const space = readlinkSync(`/proc/${name}/ns/net`);
      if (space !== own && !found.has(space)) found.set(space, Number(name));
    } catch {}
  }
  return found;
}

/** As the kernel prints an address: as a number of its own byte order. */
function hexOf(address: string): string {
  const bytes = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0').toUpperCase());
  return (endianness() === 'LE' ? bytes.reverse() : bytes).join('');
}

/** Port 0: any that is free. Null: ours. Else why not. */
export async function claim(lock: number, port: number): Promise<Claim | { readonly code: string }> {
  const socket = createSocket('udp4');
  const code = await new Promise<string | null>((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'EIO'));
    socket.bind({ address: addressOf(lock), port, exclusive: true }, () => resolve(null));
  });
  if (code === null) return { port: socket.address().port, socket };
  socket.close();
  return { code };
}

const QUESTION = 'who';
/** The most answers in a second, however often somebody asks. */
const ANSWERS = 50;

/** Tells whoever asks, and does not keep the process alive. */
export function answerWith({ socket }: Claim, text: string): void {
  let second = 0;
  let answers = 0;
  socket.on('error', () => {});
  socket.on('message', (message, { address, port }) => {
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) answers = 0;
    second = now;
    answers += 1;
    if (answers <= ANSWERS && message.toString('latin1') === QUESTION) socket.send(text, port, address, () => {});
  });
  socket.unref();
}

/** Milliseconds. A holder that is stopped or busy does not answer, and we do not wait longer. */
const PATIENCE = 4000;
/** Bytes. */
const LONGEST = 4096;

/**
 * Asks the owner of a claim. Null: no answer in time, or one that is too long. Only answers from the address of the
 * claim count.
 */
export function ask(lock: number, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    let over = false;
    const done = (answer: string | null): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    // On a busy machine the answer may already be there when the time is over, so we look once more.
    const timer = setTimeout(() => setImmediate(() => done(null)), PATIENCE);
    socket.on('error', () => done(null));
    socket.once('message', (message) => done(message.length > LONGEST ? null : message.toString('utf8')));
    socket.connect(port, addressOf(lock), () => over || socket.send(QUESTION, () => {}));
  });
}

import { createHash } from 'node:crypto';
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { type Holder, holderIn } from './holder.ts';
import { linesOf } from './proc-lines.ts';

/**
 * The lock of Firebreak 0.1.0 was a name in Linux's abstract namespace (unix(7)), which anybody can bind. An engine of
 * that release may still be at work when this one starts, and starts while this one is at work: so it is looked for,
 * and told.
 */
export function nameFor(
  { uid, name = '', host }: { readonly uid: number; readonly name?: string; readonly host?: string },
  pidNamespace: string,
): string {
  const elsewhere = host === undefined ? '' : `@${createHash('sha256').update(host).digest('hex').slice(0, 24)}`;
  return `firebreak-${uid}-${pidNamespace}-${name}${elsewhere}`;
}

/** Believed only where the process that it names is this user's and has that very socket. */
export async function formerHolder(name: string, uid: number): Promise<Holder | null> {
  try {
    const inode = socketNamed(name);
    if (inode === null) return null;
    const holder = holderIn(await askFormer(name));
    return holder !== null && statSync(`/proc/${holder.pid}`).uid === uid && hasSocket(holder.pid, inode)
      ? holder
      : null;
  } catch {
    return null;
  }
}

/**
 * The kernel writes a name's first byte, a zero, as @, and a newline as it is: a name can look like two lines. So only
 * one line may have it.
 */
function socketNamed(name: string): string | null {
  const inodes: string[] = [];
  for (const line of linesOf('/proc/net/unix')) if (line.endsWith(` @${name}`)) inodes.push(line.split(/\s+/)[6] ?? '');
  return inodes.length === 1 ? (inodes[0] ?? null) : null;
}

const hasSocket = (pid: number, inode: string): boolean =>
  readdirSync(`/proc/${pid}/fd`).some((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`;
    } catch {
      return false;
    }
  });

/** The process that has a socket, as far as we may look. */
export function ownerOf(inode: string): number | null {
  const pid = readdirSync('/proc').find((name) => {
    try {
      return /^\d+$/.test(name) && hasSocket(Number(name), inode);
    } catch {
      return false;
    }
  });
  return pid === undefined ? null : Number(pid);
}

/** Milliseconds, whatever it sends meanwhile. */
const PATIENCE = 1000;
const LONGEST = 4096;

function askFormer(name: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ path: `\0${name}` });
    const timer = setTimeout(() => socket.destroy(), PATIENCE);
    socket.on('data', (data) => {
      text += data.toString('utf8', 0, LONGEST);
      if (text.length > LONGEST) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(text);
    });
  });
}

/**
 * Other users can connect too, so only a few at a time and only for a short time. If the name is taken, we answer
 * nobody. Resolves to a function that gives the name back.
 */
export function tellFormer(name: string, text: string): Promise<() => void> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.setTimeout(PATIENCE, () => socket.destroy());
    socket.resume();
    socket.end(text);
  });
  server.maxConnections = 8;
  return new Promise((resolve) => {
    server.once('error', () => resolve(() => {}));
    server.listen({ path: `\0${name}` }, () => resolve(() => void server.close()));
    server.unref();
  });
}

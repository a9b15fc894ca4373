import { closeSync, constants, fstatSync, openSync, readlinkSync, type Stats } from 'node:fs';
import { type Failure, failure, type Result } from '../../model/host.ts';
import {
  foreignLink,
  type Ground,
  isKept,
  kernelLink,
  mayFollow,
  oddPath,
  startAt,
  stepInto,
} from '../files/strangers.ts';
import type { Identity } from '../files/vital.ts';
import { failureOf } from '../linux/errno.ts';
import { hanging, type Mount, mayHang, mountOf, readMounts } from '../linux/mounts.ts';
import { ours } from './ours.ts';

/** O_PATH of open(2), which Node has no name for: a descriptor that only marks a place needs no right to read it. */
export const O_PATH = 0o10000000;

/** The end of a path, held by a descriptor. Changes of the path do not affect it any more. */
export interface Pinned {
  readonly ok: true;
  readonly fd: number;
  /** Absolute, without links, `.` and `..`. */
  readonly real: string;
  readonly stat: Stats;
  readonly mount: Mount;
  /** The folder that holds it. */
  readonly ground: Ground;
  /** From / to itself. */
  readonly chain: readonly Identity[];
}

/** Names are bytes as latin1. */
interface Walk {
  readonly asked: string;
  readonly mounts: readonly Mount[];
  readonly last: 'follow' | 'keep';
  readonly sticky: boolean;
  done: string[];
  todo: string[];
  fd: number;
  stat: Stats;
  ground: Ground;
  chain: Identity[];
  links: number;
  /** Why it is refused; the rest of the way is walked only to say where it leads. */
  refused: ((leadsTo: string) => Failure) | null;
}

const MOST_LINKS = 40;

interface PinOptions {
  readonly mounts?: readonly Mount[];
  /** Our link in a sticky folder of ours is followed too: where the kernel lets nobody give it another name. */
  readonly sticky?: boolean;
  /** A server that may be dead is waited for: our own user named a file of his there (his home), and not a runbook. */
  readonly patient?: boolean;
}

/**
 * Opens a path, one component after the other, each by its bare name in the descriptor of the one before. A link is
 * followed only where root or we made it and nobody else can have put it there. The mount is looked up *before* a
 * component is touched: a dead NFS server would hold us for ever. `last`: whether a link in the last component is
 * followed, or pinned as the link that it is.
 */
export function pin(
  path: string,
  last: 'follow' | 'keep',
  { mounts = readMounts(), sticky = false, patient = false }: PinOptions = {},
): Pinned | Failure {
  const walk = begin(path, last, patient ? mounts.filter((mount) => !mayHang(mount)) : mounts, sticky);
  if ('ok' in walk) return walk;
  const refused = walkOn(walk);
  if (refused === null) return pinned(walk);
  closeSync(walk.fd);
  return refused;
}

/** The real path alone. What does not exist leads nowhere else: the rest of such a path stays as it was written. */
export function resolvePath(path: string, mounts = readMounts()): Result<{ readonly real: string }> {
  const walk = begin(path, 'follow', mounts, false);
  if ('ok' in walk) return walk;
  const refused = walkOn(walk);
  closeSync(walk.fd);
  if (refused === null || (['ENOENT', 'ENOTDIR'].includes(refused.code) && walk.refused === null))
    return { ok: true, real: realOf(walk) };
  return refused;
}

/** Opens the pinned file or folder itself, even if its path leads elsewhere by now. */
export function reopen({ fd, stat }: Pick<Pinned, 'fd' | 'stat'>, flags: number): number {
  return openSync(`/proc/self/fd/${fd}${stat.isDirectory() ? '/.' : ''}`, flags);
}

function begin(path: string, last: Walk['last'], mounts: readonly Mount[], sticky: boolean): Walk | Failure {
  const odd = oddPath(path);
  if (odd) return odd;
  try {
    const todo = namesIn(Buffer.from(path).toString('latin1'));
    return { asked: path, mounts, last, sticky, todo, links: 0, refused: null, ...atRoot() };
  } catch (error) {
    return failureOf(error, path);
  }
}

function atRoot(): Pick<Walk, 'done' | 'fd' | 'stat' | 'ground' | 'chain'> {
  const fd = openSync('/', O_PATH | constants.O_DIRECTORY);
  const stat = fstatSync(fd);
  return { done: [], fd, stat, ground: startAt(stat), chain: [identityOf(stat)] };
}

const namesIn = (path: string): string[] => path.split('/').filter((name) => name !== '' && name !== '.');
const identityOf = ({ dev, ino }: Stats): Identity => ({ device: dev, inode: ino });
const shown = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('utf8');
const pathOf = (names: readonly string[]): string => shown(`/${names.join('/')}`);

function pinned({ fd, stat, ground, chain, done, mounts }: Walk): Pinned {
  const real = pathOf(done);
  return {
    ok: true,
    fd,
    real,
    stat,
    ground,
    chain,
    mount: mountOf(real, mounts) ?? { at: '/', type: 'unknown', source: 'unknown' },
  };
}

/** Null: the walk reached the end of the path, and it may be used. */
function walkOn(walk: Walk): Failure | null {
  try {
    while (walk.todo.length > 0) {
      const refused = step(walk);
      if (refused) return walk.refused?.(realOf(walk)) ?? refused;
    }
  } catch (error) {
    const known = failureOf(error, walk.asked);
    return walk.refused?.(realOf(walk)) ?? known;
  }
  return walk.refused?.(realOf(walk)) ?? null;
}

/** As far as it was walked, and the rest as it stands there. */
function realOf({ done, todo }: Walk): string {
  const names = [...done];
  for (const name of todo) {
    if (name === '..') names.pop();
    else names.push(name);
  }
  return pathOf(names);
}

function step(walk: Walk): Failure | null {
  const [name = '', ...rest] = walk.todo;
  if (name === '..') {
    restart(walk, [...walk.done.slice(0, -1), ...rest]);
    return null;
  }
  const next = pathOf([...walk.done, name]);
  const mount = mountOf(next, walk.mounts);
  if (mount && mayHang(mount)) return hanging(next, mount);
  const place = Buffer.from(`/proc/self/fd/${walk.fd}/${name}`, 'latin1');
  const fd = openSync(place, O_PATH | constants.O_NOFOLLOW);
  const stat = fstatSync(fd);
  if (stat.isSymbolicLink() && (rest.length > 0 || walk.last === 'follow')) {
    closeSync(fd);
    return follow(walk, { next, stat, target: () => readlinkSync(place, { encoding: 'latin1' }), rest, mount });
  }
  closeSync(walk.fd);
  walk.ground = rest.length === 0 ? walk.ground : stepInto(walk.ground, stat, ours());
  walk.fd = fd;
  walk.stat = stat;
  walk.chain.push(identityOf(stat));
  walk.done.push(name);
  walk.todo = rest;
  return null;
}

interface Link {
  readonly next: string;
  readonly stat: Stats;
  readonly target: () => string;
  readonly rest: readonly string[];
  readonly mount: Mount | undefined;
}

function follow(walk: Walk, { next, stat, target: read, rest, mount }: Link): Failure | null {
  walk.links += 1;
  if (walk.links > MOST_LINKS) return failure('ELOOP', `${walk.asked}: too many symbolic links`);
  if (isMagic(next, mount)) walk.refused ??= (leadsTo) => kernelLink(next, leadsTo);
  else if (!mayFollow(walk.ground, stat, ours()) && !(walk.sticky && isKept(walk.ground, stat, ours())))
    walk.refused ??= (leadsTo) => foreignLink({ asked: walk.asked, link: next, uid: stat.uid, leadsTo });
  const target = read();
  restart(walk, [...(target.startsWith('/') ? [] : walk.done), ...namesIn(target), ...rest]);
  return null;
}

/** Of /proc/PID: the kernel goes by what is open, in whatever namespace, and not by the text of the link (proc(5)). */
function isMagic(path: string, mount: Mount | undefined): boolean {
  return mount?.type === 'proc' && /^\/\d+\//.test(path.slice(mount.at.length));
}

/** Starts again at /. Only one descriptor is open at a time, however deep the path is. */
function restart(walk: Walk, todo: string[]): void {
  const fresh = atRoot();
  closeSync(walk.fd);
  Object.assign(walk, fresh, { todo });
}

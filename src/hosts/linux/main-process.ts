import { basename } from 'node:path';
import { type DaemonAbout, isInterpreter } from './daemon-about.ts';
import type { Writer } from './pid-file.ts';
import type { ProcStat, ProcStatus, Seen } from './proc-text.ts';

/** What we read from a host to find a daemon. */
export interface Sight {
  /** A small regular file with a number in it, not followed and not waited for. */
  pidIn(path: string): PidFile | null;
  /** Null: not there, or it may not be looked at. */
  stat(pid: number): ProcStat | null;
  exe(pid: number): Seen<string>;
  args(pid: number): readonly string[];
  status(pid: number): Seen<ProcStatus>;
  /** All processes that may be the daemon. */
  all(): readonly ProcStat[];
  realPath(path: string): string;
  /** Its first line is `#!...`. */
  isScript(path: string): boolean;
  /** The ids of these users, and of who looks. */
  ids(users: readonly string[]): ReadonlySet<number>;
  /** Epoch milliseconds. */
  startedAt(stat: ProcStat): number;
  readonly bootTime: number;
}

export interface PidFile extends Writer {
  readonly pid: number;
  /** Epoch milliseconds. */
  readonly written: number;
}

/** Processes of other users that run the daemon's program or have its name. */
export interface Stranger {
  readonly pid: number;
  readonly uid: number;
}

export interface Search {
  readonly main: ProcStat | null;
  /** Alive and named by a pid file that only root or its own user can have written, of a program that is not known. */
  readonly named: ProcStat | null;
  /** Why it is not certain that no daemon runs. */
  readonly doubt: string | null;
  readonly strangers: readonly Stranger[];
}

/** A daemon writes its number after it has started; clocks are read to the second. */
const WRITTEN_WITHIN = 5000;
const FIRST_PERSON = 1000;

/**
 * Finds the daemon's main process: by its pid file, else a session leader that runs the program. Anybody can have this
 * pid, program or name. So the process must belong to root, to the user that the script names, or to the only user who
 * can have written the pid file.
 */
export function searchDaemon(about: DaemonAbout, sight: Sight): Search {
  const owners = new Set([0, ...sight.ids(about.users)]);
  const world: World = {
    about,
    sight,
    owners,
    programs: new Set(about.programs.filter((path) => !isInterpreter(path)).map(sight.realPath)),
  };
  const files = about.pidFiles.map((path) => judgePidFile(path, world));
  const listed = files.find((file) => file?.is === 'daemon')?.stat ?? null;
  const running = runningProgram(world);
  const main = listed ?? byProgram(world, running);
  const strangers =
    main === null ? running.filter((each) => !isOwned(world, each)).flatMap((each) => strangerOf(world, each)) : [];
  return {
    main,
    named: files.find((file) => file?.is === 'named')?.stat ?? null,
    doubt: main === null ? doubtOf(world, files, strangers) : null,
    strangers,
  };
}

interface World {
  readonly about: DaemonAbout;
  readonly sight: Sight;
  readonly owners: ReadonlySet<number>;
  /** Real paths of programs that are the daemon's alone. */
  readonly programs: ReadonlySet<string>;
}

const lives = ({ state }: ProcStat): boolean => state !== 'Z' && state !== 'X';

function statusOf({ sight }: World, { pid }: ProcStat): ProcStatus | null {
  const status = sight.status(pid);
  return status === undefined || status === 'denied' ? null : status;
}

/** By the real user: a set-user-id program of root's is run by whoever likes. */
function isOwned(world: World, stat: ProcStat): boolean {
  const real = statusOf(world, stat)?.real;
  return real !== undefined && world.owners.has(real);
}

function strangerOf(world: World, stat: ProcStat): readonly Stranger[] {
  const real = statusOf(world, stat)?.real;
  return real === undefined ? [] : [{ pid: stat.pid, uid: real }];
}

type Judged = { readonly is: 'daemon' | 'named' | 'undated'; readonly stat: ProcStat } | null;

/** A stale pid file may name a process that got the number later. */
function judgePidFile(path: string, world: World): Judged {
  const { about, sight, owners } = world;
  const file = sight.pidIn(path);
  const stat = file === null ? null : sight.stat(file.pid);
  const status = stat && statusOf(world, stat);
  if (file === null || !stat || !status || !lives(stat) || status.elsewhere) return null;
  const own = !file.free && file.by === status.real;
  if (!own && (file.by === null || !owners.has(file.by))) return null;
  const theirs = own || owners.has(status.real);
  if (!runsDaemon(world, stat)) {
    const named = theirs && !about.certain && about.own.includes(path) && !wroteEarlier(file, stat, sight);
    return named ? { is: 'named', stat } : null;
  }
  if (theirs) return { is: 'daemon', stat };
  // Root's pid file names a process of somebody else's: a daemon that gave up its rights, or who got the number later.
  if (about.rootsOwn || wroteEarlier(file, stat, sight)) return null;
  return { is: file.written < sight.bootTime ? 'undated' : 'daemon', stat };
}

const wroteEarlier = (file: PidFile, stat: ProcStat, sight: Sight): boolean =>
  file.written >= sight.bootTime && sight.startedAt(stat) > file.written + WRITTEN_WITHIN;

function runsDaemon({ about, sight, programs }: World, stat: ProcStat): boolean {
  const exe = exeOf(sight, stat);
  if (exe !== null && programs.has(exe)) return true;
  if (about.names.includes(stat.comm) || (exe !== null && about.names.includes(basename(exe).slice(0, 15))))
    return true;
  return runsScript(about, sight, stat);
}

/** An interpreter runs it: the script stands among the first arguments. */
function runsScript({ programs }: DaemonAbout, sight: Sight, { pid }: ProcStat): boolean {
  const args = sight.args(pid).slice(1, 4);
  return args.some((arg) => programs.includes(arg) && !isInterpreter(arg));
}

function exeOf(sight: Sight, { pid }: ProcStat): string | null {
  const seen = sight.exe(pid);
  return seen === undefined || seen === 'denied' ? null : seen;
}

/**
 * All that run the program, whosever they are. Whose program may not be looked at (another user's, for who is not root)
 * is known by its name.
 */
function runningProgram(world: World): readonly ProcStat[] {
  const { about, sight, programs } = world;
  const scripts = about.programs.some(sight.isScript);
  // Of a program that is many (busybox, python3) only what goes by the daemon's name is meant.
  const shared = new Set([...programs].filter((path) => isInterpreter(path)));
  const isIt = (stat: ProcStat): boolean => {
    const exe = sight.exe(stat.pid);
    if (exe === 'denied') return about.names.includes(stat.comm);
    if (exe === undefined) return false;
    if (programs.has(exe)) return !shared.has(exe) || about.names.includes(stat.comm);
    return scripts && runsScript(about, sight, stat);
  };
  return sight
    .all()
    .filter((stat) => !stat.kernel && lives(stat) && isIt(stat) && statusOf(world, stat)?.elsewhere === false);
}

/**
 * Children of cron are cron too, and outlive it as orphans: only a session's leader, or what a supervisor runs, is the
 * daemon.
 */
function byProgram(world: World, running: readonly ProcStat[]): ProcStat | null {
  const owned = running.filter((stat) => isOwned(world, stat));
  const pids = new Set(owned.map(({ pid }) => pid));
  const daemons = owned.filter((stat) => stat.pid === stat.session || (stat.ppid !== 1 && !pids.has(stat.ppid)));
  return daemons.toSorted((a, b) => a.start - b.start)[0] ?? null;
}

/**
 * A daemon that gave up root's rights belongs to a system account. An intruder in that account looks the same, so the
 * answer is "unknown".
 */
function doubtOf({ about }: World, files: readonly Judged[], strangers: readonly Stranger[]): string | null {
  const undated = files.find((file) => file?.is === 'undated');
  if (undated) return `its pid file is older than the boot, and names pid ${undated.stat.pid}, which lives`;
  const system = about.rootsOwn ? undefined : strangers.find(({ uid }) => uid < FIRST_PERSON);
  return system ? `pid ${system.pid} of user ${system.uid} runs its program, and no pid file names it` : null;
}

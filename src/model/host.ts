import type { AsideWhy, Holds } from './host/holds.ts';
import type { Json } from './json.ts';
import type { SecretReference } from './secret.ts';

/**
 * A host is where steps happen: five small ports, each asynchronous, everything that crosses is JSON. Adapters: local,
 * ssh, fake; decorators: read-only, predicted. They speak the domain ("list the processes that cron started"), so that
 * local works without a fork and ssh in one round trip. An expected failure is a value (`Failure`); a port throws only
 * for our own bugs.
 */
export interface Host {
  readonly name: string;
  readonly processes: Processes;
  readonly files: Files;
  readonly services: Services;
  readonly commands: Commands;
  readonly machine: Machine;
  /** Absent: the host is here, and cannot be lost. */
  readonly connection?: Connection;
  /** Absent: its clock is ours. */
  readonly farClock?: () => FarClock;
}

/** The clock of a host that is elsewhere, as it was when it was reached. */
export interface FarClock {
  /** Milliseconds; below 0 it is behind ours. */
  readonly ahead: number;
  /** IANA name; null: nobody can tell, so ours is taken for it. */
  readonly zone: string | null;
}

/**
 * The way to a host that is elsewhere. Whoever acts looks at it after each act: what its answer says is worth nothing
 * where the way was cut meanwhile.
 */
export interface Connection {
  /**
   * The first write whose answer was lost, so that nobody knows its outcome; the host takes no further write in this
   * life. Null: there is none.
   */
  lost(): Failure | null;
  /**
   * How many questions got no answer although it was tried to reach the host again, and why the last did not: a port
   * without a Failure in its answer cannot tell.
   */
  unanswered(): { readonly count: number; readonly last: Failure | null };
}

/**
 * Why something could not be looked at or done. `code` is the errno's name where there is one (EACCES, ENOSPC, EAGAIN),
 * else a word.
 */
export interface Failure {
  readonly ok: false;
  readonly code: string;
  readonly message: string;
}
export type Result<T> = ({ readonly ok: true } & T) | Failure;

export function failure(code: string, message: string): Failure {
  return { ok: false, code, message };
}

// ---------------------------------------------------------------- processes

/** All that is given must hold; a list means any of its members. */
export interface ProcessSelector {
  /** The kernel's comm (proc(5), at most 15 bytes). */
  readonly name?: readonly string[];
  /** Real paths are compared, ` (deleted)` is ignored: Red Hat's /usr/sbin/sendmail is a link. */
  readonly exe?: readonly string[];
  /** A regular expression over the arguments joined by one space. */
  readonly args?: string;
  /** User names or numeric ids. */
  readonly user?: readonly string[];
  /** Milliseconds. */
  readonly older_than?: number;
  /** State letters of proc(5): R S D T Z I. */
  readonly state?: readonly string[];
  /**
   * An ancestor's program has one of these names, or the session or cgroup is that of a running daemon of that name.
   * The daemon is root's, or the looker's, or of a user that `user` names, or in the system's cgroup of its name.
   */
  readonly started_by?: readonly string[];
}

/** What tells one process from another that got its pid later. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in clock ticks since boot: field 22 of /proc/PID/stat. */
  readonly start: number;
  /** Real path of /proc/PID/exe without ` (deleted)`; null for kernel threads and where it cannot be read. */
  readonly exe: string | null;
}

export interface ProcessRecord extends ProcessIdentity {
  readonly ppid: number;
  readonly session: number;
  readonly name: string;
  readonly args: readonly string[];
  readonly uid: number;
  readonly user: string;
  readonly state: string;
  /** Milliseconds since it was started. */
  readonly age: number;
  readonly cgroup: string | null;
  /** From the nearest ancestor up to PID 1: `CRON(4121) < cron(2011)`. Empty where the parents are gone. */
  readonly ancestry: readonly { readonly pid: number; readonly name: string }[];
  /**
   * The daemon that `started_by` matched, with how it is known. `pid` is 0 where the daemon has ended and only its
   * cgroup is left.
   */
  readonly startedBy: {
    readonly name: string;
    readonly pid: number;
    readonly by: 'ancestor' | 'session' | 'cgroup';
  } | null;
  /** Why it is never signalled; absent where it may be. `elsewhere`: in another pid namespace, a container's. */
  readonly spared?: 'init' | 'self' | 'ancestor' | 'kernel' | 'elsewhere';
}

export type ProcessList = Result<{
  readonly processes: readonly ProcessRecord[];
  /** Processes whose details could not be read (permission); above 0 the list may be short. */
  readonly unreadable: number;
  /**
   * Left out: what else would be in the list, but was started by a process that only has the daemon's name and is
   * somebody else's.
   */
  readonly strangers?: readonly ProcessRecord[];
}>;

export interface SignalResult {
  readonly pid: number;
  /**
   * `gone`: had ended already. `other`: the pid is now somebody else's, left alone. `refused`: protected or not
   * permitted, see reason.
   */
  readonly outcome: 'sent' | 'gone' | 'other' | 'refused';
  readonly reason?: string;
}

/**
 * Counters of one process, from /proc/PID/stat (proc(5)): minflt is field 10, cminflt 11; cron's cminflt jumps when it
 * reaps a job.
 */
export interface ProcessCounters {
  readonly pid: number;
  readonly start: number;
  readonly minflt: number;
  readonly cminflt: number;
}

export interface Processes {
  list(selector: ProcessSelector): Promise<ProcessList>;
  /**
   * Each target is checked by pid, start time and executable at the moment of use; children before parents. Never pid
   * 1, itself, its ancestors, kernel threads, another pid namespace.
   */
  signal(
    targets: readonly ProcessIdentity[],
    signal: 'TERM' | 'KILL' | 'HUP' | 'INT' | 'USR1' | 'USR2' | 'CONT' | 'STOP',
  ): Promise<readonly SignalResult[]>;
  /** Which of these still live (a zombie is gone). */
  alive(targets: readonly ProcessIdentity[]): Promise<readonly ProcessIdentity[]>;
  counters(pid: number): Promise<ProcessCounters | null>;
}

// ---------------------------------------------------------------- files

export const FILE_TYPES = ['file', 'directory', 'symlink', 'fifo', 'socket', 'device'] as const;
export type FileType = (typeof FILE_TYPES)[number];

/** Direct entries of one directory; nothing is followed, nothing recursed. */
export interface FileSelector {
  readonly in: string;
  readonly type?: readonly FileType[];
  /** A regular expression over the name, whose bytes are taken as latin1. */
  readonly name?: string;
  /** Milliseconds since the last change of content. */
  readonly older_than?: number;
  readonly newer_than?: number;
  readonly user?: readonly string[];
  /** What the file itself must hold: regular files only. */
  readonly holds?: Holds;
}

/**
 * `values` are bytes as latin1. `more`: there were more than are kept, of these owners (of nobody's name: the empty
 * one).
 */
export interface Caught {
  readonly values: readonly Readonly<Record<string, string>>[];
  readonly more: readonly string[];
}

/** Files that match all but `holds`, so that they stay. */
export interface Aside {
  readonly count: number;
  readonly owners: readonly { readonly user: string; readonly count: number }[];
  readonly why: Readonly<Partial<Record<AsideWhy, number>>>;
  /** At most five, as latin1. */
  readonly names: readonly string[];
}

export interface FileRecord {
  /** Bytes as latin1, so that invalid UTF-8 survives; views escape it. */
  readonly name: string;
  readonly type: FileType;
  readonly size: number;
  readonly uid: number;
  readonly user: string;
  /** Permission bits. */
  readonly mode: number;
  readonly links: number;
  /** Epoch milliseconds. */
  readonly modified: number;
  readonly inode: number;
}

/**
 * The directory that was looked at, pinned by device and inode, with the selector: what `delete` takes. Never two
 * million names.
 */
export interface FileHandle {
  readonly selector: FileSelector;
  readonly device: number;
  readonly inode: number;
  /** When it was looked at, epoch milliseconds. */
  readonly at: number;
  readonly count: number;
}

/** Files of a directory that somebody holds open: their space comes back once it is closed. */
export interface Held {
  readonly files: number;
  readonly bytes: number;
  /** At most 20, who holds most first. */
  readonly by: readonly { readonly pid: number; readonly name: string; readonly files: number }[];
  /** False: not every process could be looked at, so there may be more. */
  readonly whole: boolean;
}

export type FileList = Result<{
  readonly count: number;
  readonly bytes: number;
  readonly oldest: number | null;
  readonly newest: number | null;
  readonly owners: readonly { readonly user: string; readonly count: number }[];
  /** Entries of the directory that the selector left out, by type: a directory or a FIFO in a spool is worth a word. */
  readonly others: Readonly<Partial<Record<FileType, number>>>;
  /** With `holds` only. */
  readonly aside?: Aside;
  /** Who has files of the directory open, where that was asked for; absent where it cannot be told. */
  readonly held?: Held;
  /** With `holds` only: what the named groups of its patterns caught, each distinct set once. */
  readonly caught?: Caught;
  /** At most `sample` records, in the order in which they were looked at. */
  readonly sample: readonly FileRecord[];
  /** The folder without links. */
  readonly real: string;
  /** The vital folder (model/policy/danger.ts) that it is or lies below, under whatever name; null: none. */
  readonly vital: string | null;
  readonly handle: FileHandle;
}>;

export interface FileSystemUsage {
  readonly path: string;
  readonly mount: string;
  readonly source: string;
  readonly type: string;
  /** Bytes. `free` is what an ordinary user may still take. */
  readonly space: { readonly total: number; readonly free: number };
  /** Total 0: the file system has no fixed inode table (btrfs): nothing to run out of. */
  readonly inodes: { readonly total: number; readonly free: number };
}

export type FileContent = Result<{
  readonly path: string;
  /** Without links: what was read. */
  readonly real: string;
  /** Base64. */
  readonly bytes: string;
  /** SHA-256 of the bytes, hexadecimal. */
  readonly hash: string;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  readonly modified: number;
}>;

export interface DeleteProgress {
  readonly done: number;
  readonly total: number;
  /** Files a second, lately. */
  readonly rate: number;
}

export type DeleteResult = Result<{
  readonly deleted: number;
  /** The sizes of what had no other name: what has one frees nothing. */
  readonly bytes: number;
  /** Of the deleted: how many have another name (a hard link) left. */
  readonly linked?: number;
  /** Deleted, and still held open: their space is not free yet. Absent where it cannot be told. */
  readonly held?: Held;
  /** Of the deleted: how many came after the delete had begun. */
  readonly arrived: number;
  /**
   * Entries that matched by name and were left alone, with why: a directory, changed meanwhile, not permitted. At most
   * 20.
   */
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
  readonly left: number;
  /** With `holds` only: what was left in peace, as it was judged at the act. Absent where it was not all looked at. */
  readonly aside?: Aside;
  /**
   * Why it ended before the directory was clean. `refilling`: files arrive faster than they go, so the source still
   * runs.
   */
  readonly ended: 'clean' | 'refilling' | 'limit' | 'interrupted';
}>;

/**
 * No method follows a symbolic link, in any component of a path, but where root or the user who runs it (by the
 * effective uid on that host) made it in a folder that nobody else can change: else it is a failure, ELOOP, that says
 * where the link leads. What was resolved is what is acted on, by descriptor.
 */
export interface Files {
  /** The path without links, `.` and `..`. The part of it that does not exist stays as it is. */
  resolve(path: string): Promise<Result<{ readonly real: string }>>;
  usage(path: string): Promise<Result<FileSystemUsage>>;
  list(selector: FileSelector, options: { readonly sample: number; readonly held?: boolean }): Promise<FileList>;
  /**
   * Batches; works through one descriptor of the pinned directory; refuses when device or inode differ, and what is
   * vital. With `holds` each file is judged again at the act. Ends at a batch's end once `signal` is aborted.
   */
  delete(
    handle: FileHandle,
    options: {
      readonly batch: number;
      readonly limit: number;
      readonly signal: AbortSignal;
      readonly progress: (p: DeleteProgress) => void;
      /**
       * Called before each batch with how many may be deleted once it is over; no file of it goes before this resolves.
       */
      readonly reserve?: (count: number) => Promise<void>;
    },
  ): Promise<DeleteResult>;
  /** Regular files only; never hangs on a FIFO. Larger than `max` bytes (default 1 MiB) is a failure, EFBIG. */
  read(paths: readonly string[], options?: { readonly max?: number }): Promise<readonly FileContent[]>;
  /**
   * Whether the kernel lets each regular file be opened for writing, each folder have names made in it: EPERM says
   * immutable (chattr +i), EROFS a file system that is read-only. Nothing is written, and no inode or, on this machine,
   * fork is needed.
   */
  writable(paths: readonly string[]): Promise<readonly Result<object>[]>;
  /**
   * Replaces the content of an existing regular file, keeping owner, mode, label and link; refuses with `changed` when
   * its bytes are not the ones seen before.
   */
  replace(
    path: string,
    change: { readonly before: string; readonly bytes: string },
  ): Promise<Result<{ readonly hash: string }>>;
}

// ---------------------------------------------------------------- services

/**
 * Told by what runs, not by what is installed: systemctl may be there where systemd is not. `script`: the service is
 * named by the absolute path of its init script.
 */
export type ServiceManager = 'systemd' | 'sysv' | 'openrc' | 'script';

export interface ServiceState {
  readonly name: string;
  readonly exists: boolean;
  /** `restarting`: it failed, and its manager waits before it starts it again. */
  readonly state: 'running' | 'reloading' | 'stopped' | 'failed' | 'starting' | 'restarting' | 'stopping' | 'unknown';
  /** Started at boot; null where it cannot be told. */
  readonly enabled: boolean | null;
  readonly pid: number | null;
  /** Epoch milliseconds: since when it runs, or has been stopped; null where it cannot be told. */
  readonly since: number | null;
  readonly manager: ServiceManager;
  /** Why the state is unknown. */
  readonly reason?: string;
  /** Its manager refuses to start it until it is unmasked. It may run still. */
  readonly masked?: true;
  /** It runs, and what its manager knew it by is gone: once stopped it cannot be started. */
  readonly removed?: true;
  /** Its manager has a change of it in hand that has not ended. */
  readonly pending?: true;
  /**
   * Processes that run its program, or have its name, and are not it: somebody else's. Looked for only where the daemon
   * itself was not found.
   */
  readonly strangers?: readonly { readonly pid: number; readonly uid: number }[];
  /** True: nothing may be done with it either. The path of its script leads through a link that a stranger made. */
  readonly refused?: boolean;
}

/** What becomes of others when a service is stopped, and what becomes of it then. */
export interface ServiceTies {
  /** Running now, and stopped and restarted with it, since they need it. */
  readonly needers: readonly string[];
  /** Those of them that cannot be started again. */
  readonly lost: readonly string[];
  /** What waits to start it again by itself: sockets, timers, paths. */
  readonly starters: readonly string[];
  /** What its manager lets it take for ever. */
  readonly endless: readonly ('start' | 'stop')[];
}

/**
 * A promise that outlives who gave it: the service is started `within` milliseconds from the arming, unless it is
 * released before.
 */
export interface LeaseOrder {
  /** Tells it from every other: letters, digits, `.`, `_`, `-`; the run's id comes first. */
  readonly id: string;
  readonly service: string;
  /** What went down with it, and is started with it. */
  readonly also?: readonly string[];
  readonly within: number;
}

/** Whose manager has time-outs of its own goes by these. */
export interface ChangeOptions {
  /** Milliseconds, where the manager has none. */
  readonly timeout: number;
  /** What is started with it, and must be up as well on return. */
  readonly also?: readonly string[];
}

export interface Services {
  /**
   * A name that the manager knows (`cron`), or the absolute path of an init script. Without a fork where cgroup or pid
   * file tell.
   */
  state(name: string): Promise<ServiceState>;
  ties(name: string): Promise<Result<{ readonly ties: ServiceTies }>>;
  /**
   * Returns once the manager says so and the main process is seen (start) or gone (stop). What it starts gets init's
   * umask, environment, cwd and limits. `starting`, `stopping`: the time is over and it is still at it, which it goes
   * on with.
   */
  start(name: string, options: ChangeOptions): Promise<Result<{ readonly state: ServiceState }>>;
  stop(name: string, options: ChangeOptions): Promise<Result<{ readonly state: ServiceState }>>;
  /** The manager's own restart, so that it restarts who needs it; what is stopped is started. */
  restart(name: string, options: ChangeOptions): Promise<Result<{ readonly state: ServiceState }>>;
  /**
   * Kept whatever becomes of this process, on CLOCK_BOOTTIME or, where systemd runs, its own monotonic clock; a reboot
   * ends it. Tries again until the service runs. EAGAIN and ENOMEM: no process could be started for it now. The handle
   * is for `release`, also in another life of the engine.
   */
  arm(lease: LeaseOrder): Promise<Result<{ readonly handle: Json }>>;
  /**
   * `gone`: there was nothing armed any more, so it has fired, or was released before. A start that has begun is left
   * to its end.
   */
  release(handle: Json): Promise<Result<{ readonly state: 'released' | 'gone' }>>;
  /** The handles of what is armed under ids that begin so: a crash may have come between the arming and the journal. */
  armed(prefix: string): Promise<Result<{ readonly handles: readonly Json[] }>>;
  /** What a person would type. */
  explain(name: string, verb: 'start' | 'stop' | 'restart' | 'status'): Promise<string>;
}

// ---------------------------------------------------------------- commands

export interface CommandRequest {
  /** No shell. */
  readonly argv: readonly string[];
  /** `read` is allowed under a read-only host. */
  readonly effect: 'read' | 'write';
  /** Milliseconds; then TERM, then KILL of the whole tree. */
  readonly timeout: number;
  /** The environment is cleared; PATH is fixed; these are added. */
  readonly env?: Readonly<Record<string, string>>;
  /** Base64; without it stdin is /dev/null. */
  readonly stdin?: string;
  /**
   * Whose values belong into the environment and onto stdin. The host alone puts them there, at the last moment; one
   * that cannot refuses to run it.
   */
  readonly secrets?: { readonly env?: Readonly<Record<string, SecretReference>>; readonly stdin?: SecretReference };
  /** Starts a daemon: init's umask 022 instead of our 077. */
  readonly daemon?: boolean;
  /**
   * One of our own tools, that says little and ends soon, and is better let end than interrupted: where a session of
   * its own has a price, it needs none.
   */
  readonly brief?: boolean;
}

/** Head and tail of a stream, with what was dropped between, in bytes. Text is UTF-8 with replacement. */
export interface Captured {
  readonly head: string;
  readonly tail: string;
  readonly dropped: number;
}

export type CommandResult = Result<{
  readonly exit: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  readonly stdout: Captured;
  readonly stderr: Captured;
  /** Milliseconds. */
  readonly took: number;
}>;

export interface Commands {
  run(request: CommandRequest, signal: AbortSignal): Promise<CommandResult>;
  /** The real path of a program in the fixed PATH, or null. No fork. */
  which(name: string): Promise<string | null>;
}

/** What a stream held, for tests of its text; `…` marks what was dropped. */
export function capturedText(captured: Captured): string {
  return captured.dropped === 0 ? captured.head + captured.tail : `${captured.head}…${captured.tail}`;
}

// ---------------------------------------------------------------- machine

export interface MachineFacts {
  readonly hostname: string;
  /** /proc/sys/kernel/random/boot_id. Empty: the host did not answer, and none of these facts is one. */
  readonly bootId: string;
  /** Epoch milliseconds: btime of /proc/stat. */
  readonly bootTime: number;
  /** Milliseconds since boot, CLOCK_BOOTTIME (/proc/uptime). */
  readonly uptime: number;
  readonly uid: number;
  readonly user: string;
  readonly manager: ServiceManager;
  /**
   * Of a host that is elsewhere: the IANA name of its zone, by /etc/localtime's link or /etc/timezone. Absent or null:
   * nobody can tell, or it is ours.
   */
  readonly zone?: string | null;
}

export interface Machine {
  facts(): Promise<MachineFacts>;
  /** uid to name, from passwd(5); ids without a name are absent. */
  users(): Promise<Readonly<Record<string, string>>>;
}

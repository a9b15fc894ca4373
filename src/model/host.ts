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

/** The clock of a far host at the moment when it was reached. */
export interface FarClock {
  /** Milliseconds; below 0 it is behind ours. */
  readonly ahead: number;
  /** IANA name. Null: it is not known, so our own zone is used. */
  readonly zone: string | null;
}

/**
 * The connection to a far host. After each act the caller asks it whether it was cut meanwhile: then the answer of the
 * act is worth nothing.
 */
export interface Connection {
  /**
   * The first write whose answer was lost: nobody knows its outcome, so this engine sends no further write to the host.
   * Null: there is none.
   */
  lost(): Failure | null;
  /**
   * How many questions got no answer although the connection was tried again, and why the last one got none. Some ports
   * have no Failure in their answer and cannot tell it themselves.
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
   * An ancestor runs a program of one of these names, or the session or cgroup belongs to a running daemon of that
   * name. The daemon must belong to root, to the user who looks, or to a user that `user` names, or run in the system's
   * cgroup of its name.
   */
  readonly started_by?: readonly string[];
}

/** Tells a process from a later one that got the same pid. */
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
   * Processes that are not in the list because the process that started them only has the daemon's name and belongs to
   * somebody else.
   */
  readonly strangers?: readonly ProcessRecord[];
}>;

export interface SignalResult {
  readonly pid: number;
  /**
   * `gone`: it had ended already. `other`: another process has the pid now, and was left alone. `refused`: it is
   * protected or we may not signal it, see the reason.
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
  /** Those of the given processes that still live. A zombie does not live. */
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
 * `values` are bytes as latin1. `more`: the owners of whom more values were found than are kept; an empty name is a
 * value without an owner.
 */
export interface Caught {
  readonly values: readonly Readonly<Record<string, string>>[];
  readonly more: readonly string[];
}

/** Files that match everything except `holds`, so they stay. */
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
 * What `delete` takes: the folder, known by device and inode, and the selector. It never carries the names, which may
 * be two million.
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
  /** Entries that the selector left out, counted by type: a folder or a FIFO in a spool is worth a mention. */
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
  /** The vital folder (model/policy/danger.ts) that this folder is, or lies in, whatever it is called. Null: none. */
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
  /** The bytes of files that had no other name. A file with another name (a hard link) frees nothing. */
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
  /**
   * With `holds` only: the files that were left alone, as they were judged at the act. Absent if not all were looked
   * at.
   */
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
 * Known from what runs, not from what is installed: systemctl may exist on a host without a running systemd. `script`:
 * the service is named by the absolute path of its init script.
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
  /** It runs, but its unit or script is gone: if it is stopped, nobody can start it again. */
  readonly removed?: true;
  /** The manager is still busy with a change of it. */
  readonly pending?: true;
  /** It runs once and ends: `stopped` after a start says that it did not fail. */
  readonly once?: true;
  /** It was not started: a condition of its unit was not met. */
  readonly unmet?: true;
  /**
   * Processes of other users that run its program or have its name. They are looked for only if the daemon itself was
   * not found.
   */
  readonly strangers?: readonly { readonly pid: number; readonly uid: number }[];
  /**
   * True: it must not be started or stopped either, because the path of its script leads through another user's link.
   */
  readonly refused?: boolean;
}

/** What a stop of the service does to other services, and what may start it again. */
export interface ServiceTies {
  /** Services that run now and need it: they are stopped and restarted with it. */
  readonly needers: readonly string[];
  /** Those of `needers` that cannot be started again. */
  readonly lost: readonly string[];
  /** Sockets, timers and paths that may start it again. */
  readonly starters: readonly string[];
  /** The changes for which its manager sets no time limit. */
  readonly endless: readonly ('start' | 'stop')[];
  /** What its unit refuses to whoever asks for it by name (RefuseManualStart=, RefuseManualStop=). */
  readonly refuses: readonly ('start' | 'stop')[];
  /** Running now, and stopped by its start, since they conflict with it. */
  readonly rivals: readonly string[];
  /** It runs once and ends, and is stopped again then. */
  readonly once: boolean;
}

/**
 * A promise that outlives the engine: the service is started `within` milliseconds after the arming, unless the lease
 * is released before.
 */
export interface LeaseOrder {
  /** A unique name of letters, digits, `.`, `_` and `-`. It begins with the id of the run. */
  readonly id: string;
  readonly service: string;
  /** What went down with it, and is started with it. */
  readonly also?: readonly string[];
  readonly within: number;
}

/** A manager with time-outs of its own uses those. */
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
   * Returns when the manager says so and the main process is there (start) or gone (stop). A started daemon gets init's
   * umask, environment, cwd and limits. `starting`, `stopping`: the time is over, and the manager goes on with it.
   */
  start(name: string, options: ChangeOptions): Promise<Result<{ readonly state: ServiceState }>>;
  stop(name: string, options: ChangeOptions): Promise<Result<{ readonly state: ServiceState }>>;
  /**
   * The manager's own restart, so that it also restarts the services that need this one. A stopped service is started.
   */
  restart(name: string, options: ChangeOptions): Promise<Result<{ readonly state: ServiceState }>>;
  /**
   * Holds even if this process dies, by CLOCK_BOOTTIME or by the monotonic clock of systemd; a reboot ends it. It tries
   * again until the service runs. EAGAIN and ENOMEM: no process could be started for it now. `release` takes the
   * handle, also from a later engine.
   */
  arm(lease: LeaseOrder): Promise<Result<{ readonly handle: Json }>>;
  /**
   * `gone`: nothing was armed any more: the lease has fired or was released before. A start that has begun is not
   * interrupted.
   */
  release(handle: Json): Promise<Result<{ readonly state: 'released' | 'gone' }>>;
  /**
   * The handles of all armed leases whose id begins with this text: a crash may have happened after the arming and
   * before the journal.
   */
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
   * The secrets whose values go into the environment and to stdin. Only the host inserts them, at the last moment; a
   * host that cannot do so does not run the command.
   */
  readonly secrets?: { readonly env?: Readonly<Record<string, SecretReference>>; readonly stdin?: SecretReference };
  /** Starts a daemon: init's umask 022 instead of our 077. */
  readonly daemon?: boolean;
  /**
   * One of our own short tools. It prints little, ends soon, and is better not interrupted, so it needs no channel of
   * its own over ssh.
   */
  readonly brief?: boolean;
}

/** Head and tail of a stream, with what was dropped between, in bytes. Text is UTF-8 with replacement. */
export interface Captured {
  readonly head: string;
  readonly tail: string;
  readonly dropped: number;
}

export type ProgramResult = Result<{
  readonly exit: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  readonly stdout: Captured;
  readonly stderr: Captured;
  /** Milliseconds. */
  readonly took: number;
}>;

export interface Commands {
  run(request: CommandRequest, signal: AbortSignal): Promise<ProgramResult>;
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
  /** /proc/sys/kernel/random/boot_id. Empty: the host did not answer, and none of the other values is real. */
  readonly bootId: string;
  /** Epoch milliseconds: btime of /proc/stat. */
  readonly bootTime: number;
  /** Milliseconds since boot, CLOCK_BOOTTIME (/proc/uptime). */
  readonly uptime: number;
  readonly uid: number;
  readonly user: string;
  readonly manager: ServiceManager;
  /**
   * Far hosts only: the IANA name of the zone, from the link /etc/localtime or from /etc/timezone. Absent or null: it
   * is not known, or it is our own.
   */
  readonly zone?: string | null;
}

export interface Machine {
  facts(): Promise<MachineFacts>;
  /** uid to name, from passwd(5); ids without a name are absent. */
  users(): Promise<Readonly<Record<string, string>>>;
}

import type {
  CommandRequest,
  FileSystemUsage,
  MachineFacts,
  ProcessRecord,
  ServiceState,
  ServiceTies,
} from '../../model/host.ts';

/** A host in memory, for tests and rehearsals: plain mutable data that a test sets up and looks at. */
export interface FakeWorld {
  /**
   * Every change in order, as one line each: `signal TERM 412`, `delete /spool 3`, `replace /etc/crontab`, `start
   * cron`, `run crontab -u root -`.
   */
  readonly log: string[];
  processes: ProcessRecord[];
  /** Processes that do not end on TERM. */
  readonly ignoresTerm: Set<number>;
  /** Fault counters of a process (proc(5), fields 10 and 11), for the watch; without it they stand still at 0. */
  counters?: (pid: number) => { readonly minflt: number; readonly cminflt: number };
  readonly files: Map<string, FakeFile>;
  usage: FileSystemUsage;
  readonly services: Map<string, ServiceState>;
  /** Which services stop together with a service, and what would start it again. */
  ties?: Map<string, Partial<ServiceTies>>;
  /** Armed leases by their id. Each call of the services port looks whether one is due. */
  leases?: Map<string, { readonly service: string; readonly also: readonly string[]; readonly at: number }>;
  /** Answers commands; undefined: no such program. */
  commands: (
    request: CommandRequest,
  ) => { readonly exit: number; readonly stdout?: string; readonly stderr?: string } | undefined;
  facts: MachineFacts;
  users: Record<string, string>;
  /** Epoch milliseconds; a test moves it. */
  now: number;
}

export interface FakeFile {
  readonly type: 'file' | 'directory' | 'symlink' | 'fifo';
  /** Base64. */
  bytes: string;
  mode: number;
  uid: number;
  gid: number;
  modified: number;
  readonly inode: number;
  /** Number of names (hard links); 1 if absent. */
  links?: number;
  /** chattr +i. */
  immutable?: boolean;
}

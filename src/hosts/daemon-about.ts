import { basename } from 'node:path';
import type { ProcStat, Seen } from './proc-text.ts';

/** What an init script says of its daemon, read without running it. */
export interface DaemonAbout {
  /** Absolute paths of the program: DAEMON=, exec=, command=, as far as they can be worked out. */
  readonly programs: readonly string[];
  /** Names that the process may have (comm). */
  readonly names: readonly string[];
  readonly pidFiles: readonly string[];
  /** The script (or its distribution) names the pid file itself: no file, no daemon. */
  readonly certain: boolean;
  /** It can be asked: `SCRIPT status`, LSB exit codes. */
  readonly answersStatus: boolean;
}

/** Daemons whose script hides the pid file behind commands of its own. Postfix: master(8) locks pid/master.pid below queue_directory. */
const KNOWN: Readonly<Record<string, { readonly pidFile: string; readonly program: string }>> = {
  postfix: { pidFile: '/var/spool/postfix/pid/master.pid', program: 'master' },
};

/** Variables that scripts keep the two facts in: Debian's skeleton, Red Hat's (exec, prog), OpenRC's (command, pidfile). */
const PROGRAM_VARIABLES = ['DAEMON', 'daemon', 'exec', 'command', 'BINARY', 'DAEMON_PATH'];
const PID_FILE_VARIABLES = ['PIDFILE', 'pidfile', 'PID_FILE', 'pid_file', 'PIDFILE_PATH'];

export function daemonAbout(script: string, name: string): DaemonAbout {
  const base = basename(name);
  const known = KNOWN[base];
  const variables = assignments(script);
  const valued = (keys: readonly string[]): readonly string[] =>
    keys.map((key) => variables.get(key)).filter((value) => value?.startsWith('/') === true) as readonly string[];
  const header = [...script.matchAll(/^#\s*pidfile:\s*(\/\S+)/gm)].map((match) => match[1] ?? '');
  const named = [...script.matchAll(/^#\s*processname:\s*(\S+)/gm)].map((match) => basename(match[1] ?? ''));
  const programs = known ? [] : valued(PROGRAM_VARIABLES);
  const own = known ? [known.pidFile] : [...valued(PID_FILE_VARIABLES), ...header];
  const names = known ? [known.program] : [...programs.map((program) => basename(program)), ...named, base];
  return {
    programs,
    names: [...new Set(names.map((each) => each.slice(0, 15)))],
    pidFiles: [...new Set([...own, ...usualPidFiles(base)])],
    certain: own.length > 0,
    answersStatus: /\bstatus\b[^\n]*\)/.test(script) || /openrc-run|runscript/.test(script.split('\n', 1)[0] ?? ''),
  };
}

function usualPidFiles(base: string): readonly string[] {
  return [`/run/${base}.pid`, `/var/run/${base}.pid`, `/run/${base}/${base}.pid`, `/run/${base}d.pid`, `/run/${base}d/${base}d.pid`];
}

/** Plain `NAME=value` lines, with the variables of earlier lines put in; what needs a shell to be known is left out. */
function assignments(script: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [, name = '', raw = ''] of script.matchAll(/^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)=("[^"\n]*"|'[^'\n]*'|[^\s;#&|"'`]+)/gm)) {
    const value = expand(raw, values);
    if (value !== null && !values.has(name)) values.set(name, value);
  }
  return values;
}

function expand(raw: string, values: ReadonlyMap<string, string>): string | null {
  if (raw.startsWith("'")) return raw.slice(1, -1);
  const text = raw.startsWith('"') ? raw.slice(1, -1) : raw;
  let known = true;
  // `${PIDFILE:-/run/x.pid}` and `${PIDFILE-...}`: the default, which is what holds unless a configuration file says otherwise.
  const expanded = text.replace(/\$\{(\w+)(?::?-([^}$]*))?\}|\$(\w+)/g, (_, braced?: string, otherwise?: string, bare?: string) => {
    const value = values.get(braced ?? bare ?? '') ?? otherwise;
    if (value === undefined) known = false;
    return value ?? '';
  });
  return known && !/[$`]/.test(expanded) ? expanded : null;
}

/** What has to be seen of a host to find a daemon there. */
export interface Sight {
  /** The number in a small regular file, not followed and not waited for. */
  pidIn(path: string): number | null;
  /** Null: not there, or it may not be looked at. */
  stat(pid: number): ProcStat | null;
  exe(pid: number): Seen<string>;
  args(pid: number): readonly string[];
  /** In a container. */
  elsewhere(pid: number): boolean;
  /** Everybody who may be the daemon. */
  all(): readonly ProcStat[];
  realPath(path: string): string;
}

/** The daemon's main process: from its pid file, checked to be alive and to be that program; else a session leader that runs the program. */
export function mainProcess(about: DaemonAbout, sight: Sight): ProcStat | null {
  return fromPidFile(about, sight) ?? byProgram(about, sight);
}

const lives = ({ state }: ProcStat): boolean => state !== 'Z' && state !== 'X';

function fromPidFile(about: DaemonAbout, sight: Sight): ProcStat | null {
  for (const path of about.pidFiles) {
    const pid = sight.pidIn(path);
    const stat = pid === null ? null : sight.stat(pid);
    // A stale pid file may name a process that got the number later.
    if (stat && lives(stat) && runsDaemon(about, stat, sight)) return stat;
  }
  return null;
}

/**
 * Children of cron are cron too, and outlive it as orphans: only a session's leader, or what a supervisor runs, is the daemon. Whose program may not be
 * looked at (another user's, for who is not root) is known by its name.
 */
function byProgram(about: DaemonAbout, sight: Sight): ProcStat | null {
  const real = new Set(about.programs.map(sight.realPath));
  const isIt = (stat: ProcStat): boolean => {
    const exe = sight.exe(stat.pid);
    return exe === 'denied' ? about.names.includes(stat.comm) : exe !== undefined && real.has(exe);
  };
  const running = sight.all().filter((stat) => !stat.kernel && lives(stat) && isIt(stat) && !sight.elsewhere(stat.pid));
  const pids = new Set(running.map(({ pid }) => pid));
  const daemons = running.filter((stat) => stat.pid === stat.session || (stat.ppid !== 1 && !pids.has(stat.ppid)));
  return daemons.toSorted((a, b) => a.start - b.start)[0] ?? null;
}

function runsDaemon(about: DaemonAbout, stat: ProcStat, sight: Sight): boolean {
  const seen = sight.exe(stat.pid);
  const exe = seen === undefined || seen === 'denied' ? null : seen;
  if (exe !== null && about.programs.map(sight.realPath).includes(exe)) return true;
  if (about.names.includes(stat.comm) || (exe !== null && about.names.includes(basename(exe).slice(0, 15)))) return true;
  // An interpreter runs it: the script stands among the first arguments.
  return sight
    .args(stat.pid)
    .slice(1, 4)
    .some((arg) => about.programs.includes(arg));
}

/** The first number of a pid file's text; Postfix pads it with spaces. */
export function pidOf(text: string): number | null {
  const pid = Number(/^\s*(\d{1,10})\b/.exec(text)?.[1] ?? 0);
  return pid > 1 ? pid : null;
}

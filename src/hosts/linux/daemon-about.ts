import { basename } from 'node:path';

/** What an init script says of its daemon, read without running it. */
export interface DaemonAbout {
  /** Absolute paths of the program: DAEMON=, exec=, command=, as far as they can be worked out. */
  readonly programs: readonly string[];
  /** Names that the process may have (comm). */
  readonly names: readonly string[];
  readonly pidFiles: readonly string[];
  /** Names that the script itself tells, not names that we guess from the script's name. */
  readonly own: readonly string[];
  /**
   * The script (or its distribution) names both the pid file and the program: who is neither in the one nor runs the
   * other is not it.
   */
  readonly certain: boolean;
  /** Whom the script starts it as, by name or number, beside root. */
  readonly users: readonly string[];
  /**
   * A daemon that always belongs to root, whatever the script says. Anybody else who runs its program is not the
   * daemon.
   */
  readonly rootsOwn: boolean;
  /** It can be asked: `SCRIPT status`, LSB exit codes. */
  readonly answersStatus: boolean;
  /** It has a restart of its own. */
  readonly restarts: boolean;
}

/**
 * Daemons whose script hides the pid file behind commands of its own. Postfix: master(8) locks pid/master.pid below
 * queue_directory.
 */
const KNOWN: Readonly<Record<string, { readonly pidFile: string; readonly program: string }>> = {
  postfix: { pidFile: '/var/spool/postfix/pid/master.pid', program: 'master' },
};

/**
 * Variables that scripts keep the two facts in: Debian's skeleton, Red Hat's (exec, prog), OpenRC's (command, pidfile).
 */
const PROGRAM_VARIABLES = ['DAEMON', 'daemon', 'exec', 'command', 'BINARY', 'DAEMON_PATH'];
const USER_VARIABLES = ['USER', 'DAEMON_USER', 'DAEMONUSER', 'RUN_AS', 'RUNAS', 'RUN_AS_USER', 'command_user', 'user'];
const PID_FILE_VARIABLES = ['PIDFILE', 'pidfile', 'PID_FILE', 'pid_file', 'PIDFILE_PATH'];

/** Daemons that need root for their work from their first to their last moment. */
const ROOTS_OWN = ['cron', 'crond', 'cronie', 'anacron', 'fcron', 'dcron', 'bcron', 'atd', 'sshd', 'ssh', 'postfix'];
/** Interpreters and multi-call programs: many daemons have them as their program. */
const INTERPRETER =
  /^(?:(?:ba|da|a|k|z|tc)?sh|busybox|env|python|perl|ruby|node|nodejs|java|php|php-cgi|lua|tclsh|mono|dotnet|beam\.smp|erl|bun|deno)[\d.]*$/;

export const isInterpreter = (path: string): boolean => INTERPRETER.test(basename(path));

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
  const names = known
    ? [known.program]
    : [...programs.filter((program) => !isInterpreter(program)).map((program) => basename(program)), ...named, base];
  return {
    programs,
    names: [...new Set(names.map((each) => each.slice(0, 15)))],
    pidFiles: [...new Set([...own, ...usualPidFiles(base)])],
    own,
    certain: own.length > 0 && (known !== undefined || (programs.length > 0 && !programs.some(isInterpreter))),
    users: usersIn(script, variables),
    rootsOwn: ROOTS_OWN.includes(base.replace(/@.*$/, '')),
    answersStatus: knows(script, 'status'),
    restarts: knows(script, 'restart'),
  };
}

/** A label of its `case`, which has words and nothing else before its parenthesis; OpenRC's scripts know all words. */
function knows(script: string, word: string): boolean {
  const labels = script.split('\n').map((line) => line.slice(0, 200).split(')', 2));
  const words = labels.flatMap(([label = '', rest]) => (rest === undefined ? [] : [label.replace('(', '').split('|')]));
  const isLabel = (parts: readonly string[]): boolean => parts.every((part) => /^[\w*?.-]+$/.test(plain(part)));
  return (
    words.some((parts) => isLabel(parts) && parts.map(plain).includes(word)) ||
    /openrc-run|runscript/.test(script.split('\n', 1)[0] ?? '')
  );
}

const plain = (word: string): string => word.trim().replace(/["']/g, '');

/** `USER=`, `start-stop-daemon --chuid USER`, Red Hat's `daemon --user USER`, `su USER -c`, `runuser -u USER`. */
function usersIn(script: string, variables: ReadonlyMap<string, string>): readonly string[] {
  const options = [
    ...script.matchAll(/(?:--chuid|--user|\bsu(?: -| -l| --login)?|\brunuser(?: -u| -)?)[= \t]+["']?(\$?\{?[\w.-]+)/g),
  ].map((match) => match[1] ?? '');
  const named = [
    ...USER_VARIABLES.map((key) => variables.get(key) ?? ''),
    ...options.map((text) => expand(text.replace('{', ''), variables) ?? ''),
  ];
  const users = named.map((name) => name.replace(/:.*$/, '')).filter((name) => /^[A-Za-z0-9_][\w.-]*$/.test(name));
  return [...new Set(users)];
}

function usualPidFiles(base: string): readonly string[] {
  return [
    `/run/${base}.pid`,
    `/var/run/${base}.pid`,
    `/run/${base}/${base}.pid`,
    `/run/${base}d.pid`,
    `/run/${base}d/${base}d.pid`,
  ];
}

/** Plain `NAME=value` lines, with the variables of earlier lines put in; what needs a shell to be known is left out. */
function assignments(script: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [, name = '', raw = ''] of script.matchAll(
    /^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)=("[^"\n]*"|'[^'\n]*'|[^\s;#&|"'`]+)/gm,
  )) {
    const value = expand(raw, values);
    if (value !== null && !values.has(name)) values.set(name, value);
  }
  return values;
}

function expand(raw: string, values: ReadonlyMap<string, string>): string | null {
  if (raw.startsWith("'")) return raw.slice(1, -1);
  const text = raw.startsWith('"') ? raw.slice(1, -1) : raw;
  let known = true;
  // `${PIDFILE:-/run/x.pid}` and `${PIDFILE-...}`: the default, which is what holds unless a configuration file says
  // otherwise.
  const expanded = text.replace(
    /\$\{(\w+)(?::?-([^}$]*))?\}|\$(\w+)/g,
    (_, braced?: string, otherwise?: string, bare?: string) => {
      const value = values.get(braced ?? bare ?? '') ?? otherwise;
      if (value === undefined) known = false;
      return value ?? '';
    },
  );
  return known && !/[$`]/.test(expanded) ? expanded : null;
}

/** The first number of a pid file's text; Postfix pads it with spaces. */
export function pidOf(text: string): number | null {
  const pid = Number(/^\s*(\d{1,10})\b/.exec(text)?.[1] ?? 0);
  return pid > 1 ? pid : null;
}

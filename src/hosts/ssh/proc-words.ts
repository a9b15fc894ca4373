import { quoteWord } from '../../model/text/quote.ts';

/**
 * Words of a POSIX shell for scripts that look at /proc, to be said once at a script's head. What is needed at the
 * moment of an act is made of builtins alone: it needs no process slot, and nothing lies between the look and the act.
 */
export const PROC_WORDS = `cd /proc || exit 9
# state, ppid, session, flags and start of process $1. Its name may hold any byte: the fields begin behind the last parenthesis.
stat_of() {
  line= all= start=
  while IFS= read -r line || [ -n "$line" ]; do all="$all$line "; done <"$1/stat" || return 1
  set -- \${all##*) }
  state=$1 ppid=$2 session=$4 flags=$7
  # Its first thread has ended, and others live.
  case $state\${18:-1} in Z1 | [!Z]*) ;; *) state=S ;; esac
  [ $# -ge 20 ] && start=\${20}
} 2>/dev/null
# Adds process $1 and those above it to $want.
above() {
  up=$1
  while [ "\${up:-0}" -gt 0 ]; do
    eval "[ -z \\"\\$seen_$up\\" ]" || return 0
    eval "seen_$up=1"
    want="$want $up"
    stat_of "$up" || return 0
    sessions="$sessions $session"
    up=$ppid
  done
} 2>/dev/null
# The number that /proc has for this very shell, which may be a subshell of $$.
IFS=' ' read -r here rest <self/stat
`;

/** What the tools over there can do; asked for once, as part of the first question. */
export interface FarTools {
  /** find has -printf: all links with one process. */
  readonly find: boolean;
  /** grep has -z: all arguments with one process. */
  readonly grep: boolean;
  readonly ticksPerSecond: number;
}

export function toolWords(tools: FarTools | null): string {
  if (tools !== null) return `find=${tools.find ? 1 : ''} grep=${tools.grep ? 1 : ''} ticks=${tools.ticksPerSecond}`;
  return `find=; [ "$(find / -maxdepth 0 -printf x 2>/dev/null)" != x ] || find=1
grep=; case $(printf 'x\\0y\\0' | grep -azc '' 2>/dev/null) in 2) grep=1 ;; esac
ticks=$(getconf CLK_TCK 2>/dev/null) || ticks=100`;
}

export const TELL_TOOLS = 'mark tools "${find:-0} ${grep:-0} ${ticks:-100}"';

export function readTools(word: string): FarTools | null {
  const [, find, grep, ticks] = /^([01]) ([01]) (\d{1,5})$/.exec(word) ?? [];
  return ticks === undefined ? null : { find: find === '1', grep: grep === '1', ticksPerSecond: Number(ticks) };
}

/** More arguments than this together: the rest is read process by process, and cut. */
export const MOST_ARGUMENTS = 4 * 1024 * 1024;
/** Of one process, as on this machine. */
export const MOST_ARGUMENT_BYTES = 16 * 1024;

/**
 * `describe PID...`: what tells each process, as few processes as the tools allow. `self` goes first in every list and
 * proves that the tool has run: without it nothing said would pass for nothing there. An exe may hold newlines and an
 * argument any text, hence NUL between them, or od(1).
 */
export const DESCRIBE_WORDS = `describe() {
  [ $# -gt 0 ] || return 0
  lines= links= args=
  for pid; do lines="$lines $pid/status $pid/cgroup" links="$links $pid/exe" args="$args $pid/cmdline"; done
  mark lines
  grep -HE '^(Uid:|NSpid:|[0-9]+:)' self/status $lines
  mark links
  if [ -n "$find" ]; then find self/exe $links -maxdepth 0 -printf '%p\\0%l\\0'
  else for link in self/exe $links; do printf '%s\\0' "$link"; readlink -n "$link" 2>/dev/null || readlink -v "$link" >/dev/null; printf '\\0'; done; fi
  mark args "\${grep:-0}"
  if [ -n "$grep" ]; then grep -azH '' self/cmdline $args | head -c ${MOST_ARGUMENTS}
  else for arg in self/cmdline $args; do printf '=%s ' "$arg"; od -An -v -tx1 -N${MOST_ARGUMENT_BYTES} "$arg"; done; fi
}
`;

/** All of them with one process where the list may be so long, which is counted in bytes. */
export const ALL_STATS = `mark stats
set -- [0-9]*/stat
if [ $# -le 20000 ]; then cat "$@"; worst=$?
else worst=0; for digit in 1 2 3 4 5 6 7 8 9; do cat $digit*/stat || [ $? -le 1 ] || worst=9; done; fi
mark read $worst`;

export function someStats(pids: readonly number[]): string {
  return `mark stats; cat ${pids.map((pid) => `${pid}/stat`).join(' ')}; mark read $?`;
}

/**
 * Words for a script: scripts are bytes, what we know is text. No name over there holds a NUL, so one that does is made
 * to be nobody's.
 */
export const wordList = (values: readonly string[]): string =>
  values.map((value) => quoteWord(Buffer.from(value.replaceAll('\0', '\u{fffd}')).toString('latin1'))).join(' ');

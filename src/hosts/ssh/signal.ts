import type { ProcessCounters, Processes, ProcessIdentity, SignalResult } from '../../model/host.ts';
import { parseStat } from '../linux/proc-text.ts';
import { PROC_WORDS, wordList } from './proc-words.ts';
import type { Remote } from './remote.ts';
import { askSections, type ToldSections } from './sections.ts';

/**
 * `same PID START EXE`: the process that was listed, and one that may be signalled; else `found` says what it is.
 * Builtins alone, so between this and the `kill` behind it lie some ten microseconds of one shell: a pid would have to
 * end, be reaped and be given away again in them, which takes a whole turn of pid_max. sh has no pidfd_send_signal(2).
 * Only where the program's file is another one now (an upgrade: ` (deleted)`) readlink(1) is asked.
 */
const SAME_WORDS = `same() {
  if ! stat_of "$1"; then
    if [ -e "$1" ] && [ ! -r "$1/stat" ]; then found='refused it may not be looked at'; else found=gone; fi
    return 1
  fi
  if [ "$start" != "$2" ]; then found=other; return 1; fi
  case $state in [ZXx]) found=gone; return 1 ;; esac
  if [ $((flags & 0x200000)) -ne 0 ]; then found='refused a kernel thread'; return 1; fi
  [ -n "$3" ] && ! [ "$1/exe" -ef "$3" ] || return 0
  real=$(readlink -n "$1/exe" 2>/dev/null; echo .)
  real=\${real%.} real=\${real% (deleted)}
  # Null or unreadable on either side: pid and start time must do.
  [ -n "$real" ] && [ "$real" != "$3" ] || return 0
  found=other
  return 1
}
# Whether process $1 is in a pid namespace below ours.
elsewhere() {
  ! [ "$1/ns/pid" -ef self/ns/pid ] || return 1
  [ ! -e "$1/ns/pid" ] || [ ! -e self/ns/pid ] || return 0
  # The namespace may not be looked at: status tells.
  while read -r key pids; do
    case $key in NSpid:) set -- $pids; [ $# -gt 1 ]; return ;; esac
  done <"$1/status"
  return 1
} 2>/dev/null
`;

/** `depth PID`: how many lie above it. Parents that see a child end may start the next one, so the deepest go first. */
const ORDER_WORDS = `parent_of() {
  eval "ppid=\\$parent_$1"
  [ -z "$ppid" ] || return 0
  stat_of "$1" || ppid=0
  eval "parent_$1=$ppid"
}
deepest=0
depth() {
  deep=0 up=$1
  while parent_of "$up"; up=$ppid; [ "$up" -gt 0 ] && [ $deep -lt 100 ]; do deep=$((deep + 1)); done
  eval "depth_$1=$deep"
  [ $deep -le $deepest ] || deepest=$deep
}
# This shell, the one it may be a subshell of, and those above it.
ours=' ' up=$here
while [ "$up" -gt 0 ]; do ours="$ours$up "; parent_of "$up"; up=$ppid; done
foreign=
case $ours in *" $$ "*) ;; *) foreign=1 ;; esac
`;

function oneWords(signal: string): string {
  return `one() {
  eval "[ \\$depth_$1 -eq $deepest ]" || return 0
  if [ -n "$foreign" ]; then said="$said$1 refused /proc belongs to another pid namespace|"; return; fi
  case $ours in *" $1 "*) said="$said$1 refused firebreak itself runs below it|"; return ;; esac
  if ! same "$1" "$2" "$3"; then said="$said$1 $found|"; return; fi
  if elsewhere "$1"; then said="$said$1 refused in another pid namespace|"; return; fi
  if kill -${signal} "$1" 2>/dev/null; then said="$said$1 sent|"
  elif stat_of "$1" && [ "$start" = "$2" ] && [ "$state" != Z ]; then said="$said$1 refused not permitted|"
  else said="$said$1 gone|"; fi
}
said=
`;
}

type Target = ProcessIdentity;

/**
 * One round trip; nothing is said before all are signalled, so that a connection that ends meanwhile does not end it
 * half-way.
 */
export async function farSignal(
  remote: Remote,
  targets: readonly Target[],
  signal: Parameters<Processes['signal']>[1],
): Promise<readonly SignalResult[]> {
  const refused = targets.filter((target) => !isProcess(target));
  const wanted = targets.filter(isProcess);
  const never = refused.map(({ pid }) => ({ pid, outcome: 'refused' as const, reason: 'PID 1 is never signalled' }));
  return wanted.length === 0 ? never : [...(await signalAll(remote, wanted, signal)), ...never];
}

/** 0 and negative numbers mean whole process groups to kill(2). */
const isProcess = ({ pid, start }: Target): boolean =>
  Number.isSafeInteger(pid) && pid > 1 && Number.isSafeInteger(start) && start >= 0;

async function signalAll(remote: Remote, targets: readonly Target[], signal: string): Promise<readonly SignalResult[]> {
  const pids = [...new Set(targets.map(({ pid }) => pid))];
  const script = `${PROC_WORDS}${SAME_WORDS}${ORDER_WORDS}${oneWords(signal)}${pids.map((pid) => `depth ${pid}`).join('\n')}
while [ $deepest -ge 0 ]; do
${targets.map((target) => `one ${wordsOf(target)}`).join('\n')}
deepest=$((deepest - 1))
done
mark said "$said"`;
  const told = await askSections(remote, script, { effect: 'write', timeout: timeoutFor(targets) });
  return told.ok
    ? readOutcomes(told, targets)
    : targets.map(({ pid }) => ({ pid, outcome: 'refused', reason: told.message }));
}

const OUTCOMES = ['sent', 'gone', 'other', 'refused'] as const;

function readOutcomes({ sections }: ToldSections, targets: readonly Target[]): readonly SignalResult[] {
  const said = sections.word('said').split('|').filter(Boolean).map(readOutcome);
  const answered = new Set(said.map(({ pid }) => pid));
  const silent = targets.filter(({ pid }) => !answered.has(pid));
  return [
    ...said,
    ...silent.map(({ pid }) => ({ pid, outcome: 'refused' as const, reason: 'nothing was said of it over there' })),
  ];
}

function readOutcome(text: string): SignalResult {
  const [pid, word, ...reason] = text.split(' ');
  const outcome = OUTCOMES.find((each) => each === word) ?? 'refused';
  return { pid: Number(pid), outcome, ...(reason.length > 0 && { reason: reason.join(' ') }) };
}

/** Where the host does not answer nobody is called gone. */
export async function farAlive(remote: Remote, targets: readonly Target[]): Promise<readonly Target[]> {
  const wanted = targets.filter(isProcess);
  if (wanted.length === 0) return [];
  const lines = wanted.map((target, at) => `alive ${at} ${wordsOf(target)}`);
  const script = `${PROC_WORDS}${SAME_WORDS}living=
alive() { at=$1; shift; found=; same "$@" || case $found in gone | other) return ;; esac; living="$living $at"; }
${lines.join('\n')}
mark living "$living"`;
  const told = await askSections(remote, script, { effect: 'read', timeout: timeoutFor(targets) });
  if (!told.ok) return targets;
  const living = new Set(told.sections.word('living').split(' ').filter(Boolean).map(Number));
  return wanted.filter((_, at) => living.has(at));
}

export async function farCounters(remote: Remote, pid: number): Promise<ProcessCounters | null> {
  if (!Number.isSafeInteger(pid) || pid < 1) return null;
  const told = await askSections(remote, `${PROC_WORDS}mark stat; stat_of ${pid} && printf '%s' "$all"`, {
    effect: 'read',
  });
  const stat = told.ok ? parseStat(told.sections.text('stat')) : undefined;
  // A zombie's counters stand still for ever; whoever watches it must look for its successor.
  if (stat === undefined || stat.state === 'Z') return null;
  return { pid, start: stat.start, minflt: stat.minflt, cminflt: stat.cminflt };
}

const wordsOf = ({ pid, start, exe }: Target): string => `${pid} ${start} ${wordList([exe ?? ''])}`;

/** Reading the stat of one with builtins takes some tenths of a millisecond. */
const timeoutFor = (targets: readonly unknown[]): number => 30_000 + 10 * targets.length;

import { isObject, type Json } from '../../model/json.ts';
import { CLOSE_WORDS, LIKE_INIT_WORDS } from './like-init.ts';
import type { ProcStat } from './proc-text.ts';

/** The name of the watchdog in `ps`. It distinguishes the watchdog from other shells. */
export const WATCHDOG_LABEL = 'firebreak-lease';

/**
 * Waits for a moment of CLOCK_BOOTTIME (/proc/uptime, hundredths of a second), then starts a service and tries again
 * until it runs. No temporary file, no log, nothing but builtins and sleep(1); its parameters: this text, `new` or
 * `again`, the lease's id, the moment, words that define `lives` (or none), and what starts the service but for the
 * verb. The first sleep is forked before it says `armed`, so that waiting needs no process slot any more; with the word
 * goes its pid. A shell that cannot fork ends itself, hence the EXIT trap: exec needs no slot. It gives up only where
 * the init script itself is gone, and is content only where the daemon itself runs: a script's word counts where nobody
 * else's process can have misled it. `sleep` may know whole seconds only (busybox), may be killed, or may wake early:
 * what counts is the next look at the clock.
 */
export const WATCHDOG = `${CLOSE_WORDS}
text=$1 mode=$2; shift 2; set -- "$text" again "$@"
stub='eval "$1"'
again='exec /bin/sh -c "$stub" "$0" "$@"'
armed() { mode=again; trap "$again" EXIT; exec 9>&1 >/dev/null 2>&1; echo armed $$ >&9; exec 9>&-; }
if [ $mode = new ]; then
${LIKE_INIT_WORDS}
like_init; else trap "$again" EXIT; fi
while read -r up rest </proc/uptime; left=$(($4 - \${up%.*} * 100 - 1\${up#*.} + 100)); [ $left -gt 0 ]; do
  part=$((left % 100 + 100))
  sleep $((left / 100)).\${part#1} >/dev/null 2>&1 &
  [ $mode = again ] || armed
  wait $! || sleep $((left / 100 + 1))
done
[ $mode = again ] || armed
lives() { [ $ended = 0 ] || (shift 5; exec "$@" status) || return 1; }
eval "$5"
while :; do
  (shift 5; exec "$@" start); ended=$?
  lives "$@"; now=$?
  [ $now != 0 ] || break
  [ $ended != 0 ] || [ $now = 2 ] || break
  case $6 in (/*) [ -e "$6" ] || break ;; esac
  sleep 2
done
trap - EXIT`;

/**
 * A pid alone would be a mistake waiting to happen: start time and boot make it this process, and its arguments carry
 * the id.
 */
export interface Watchdog {
  readonly kind: 'process';
  readonly id: string;
  readonly pid: number;
  readonly start: number;
  readonly boot: string;
}

/** What `/bin/sh` is started with. The moment: hundredths of a second since boot. */
export function watchdogArgs({ id, moment, starter, lives }: Watch): readonly string[] {
  // Once: its id must be within what is read of a process's arguments.
  return ['-c', 'eval "$1"', WATCHDOG_LABEL, WATCHDOG, 'new', id, String(moment), lives, ...starter];
}

interface Watch extends WatchdogStarter {
  readonly id: string;
  readonly moment: number;
}

export interface WatchdogStarter {
  /** What starts the service, without the verb at its end. */
  readonly starter: readonly string[];
  /** Words that define `lives`, see daemon-words.ts; empty: only its script can tell. */
  readonly lives: string;
}

export const momentOf = (uptime: number, within: number): number => Math.ceil((uptime + within) / 10);

export function readWatchdog(handle: Json): Watchdog | null {
  if (!isObject(handle) || handle.kind !== 'process') return null;
  const { id, pid, start, boot } = handle;
  if (typeof id !== 'string' || typeof pid !== 'number' || typeof start !== 'number' || typeof boot !== 'string')
    return null;
  return { kind: 'process', id, pid, start, boot };
}

export function handleOf({ pid, start }: Pick<ProcStat, 'pid' | 'start'>, id: string, boot: string): Json {
  return { kind: 'process', id, pid, start, boot };
}

/** `/bin/sh -c 'eval "$1"' firebreak-lease TEXT new ID MOMENT ...`; null: no watchdog. */
export function leaseIn(args: readonly string[]): string | null {
  return args[3] === WATCHDOG_LABEL ? (args[6] ?? null) : null;
}

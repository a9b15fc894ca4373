import { type Failure, failure, type Result } from '../../model/host.ts';
import { quoteWord } from '../../model/quote.ts';
import type { Remote } from './remote.ts';

export interface LockThere {
  /** Null: it is held. Else why it could not be, and what that means. */
  readonly note: string | null;
  readonly release: () => Promise<void>;
}

const NO_FLOCK = 69;

/**
 * A connection that was cut without a word is alive to the other end, for hours perhaps, and its shell holds the lock. Only whoever has our own lock calls a shell
 * over there by our tag, so one that is not this one is nobody's any more. One that is still at work is left to its end.
 */
const FORMER = `former() (
  exec 9<&-
  for one in $(grep -ls -- "$1" /proc/[0-9]*/cmdline); do
    pid=\${one#/proc/}; pid=\${pid%%/*}
    [ "$pid" != $$ ] && [ -n "$(readlink /proc/$pid/fd/9)" ] && kill -s TERM "$pid" && ended=1
  done
  [ -n "$ended" ] && sleep 1
)`;

/** Nothing is written for it, and it is gone with the connection. */
const hold = (folder: string, tag: string): string => `${FORMER}
if command -v flock; then
  if [ -d ${folder} ] && [ -r ${folder} ]; then command exec 9<${folder}; else command exec 9</; fi && { flock -n 9 || { former ${tag} && flock -n 9; } || { exec 9<&-; (exit 1); }; }
else (exit ${NO_FLOCK}); fi`;
const LET_GO = 'exec 9<&-';

/**
 * One run a host, wherever it is driven from: flock(1) on a folder that every host has, opened for reading by the standing shell. And no run that was started over
 * there: that one holds a socket (journal/lock.ts), and looks for ours once it does, as we do for its.
 */
export async function lockThere(
  remote: Remote,
  { uid, tag, folder: path = '/run' }: { readonly uid: number; readonly tag: string; readonly folder?: string },
): Promise<Result<LockThere>> {
  const folder = quoteWord(path);
  const held = await remote.hold(hold(folder, quoteWord(tag)));
  if (!held.ok) return held;
  const release = async (): Promise<void> => void (await remote.hold(LET_GO));
  if (held.status === 1) return taken(remote, await holderThere(remote, folder));
  const busy = await busyThere(remote, uid);
  if (busy !== null) {
    await release();
    return busy;
  }
  const why = held.status === NO_FLOCK ? 'it has no flock(1)' : `flock ended with ${held.status}`;
  const note =
    held.status === 0 ? null : `${remote.name} could not be locked (${why}): only runs that are started from here are kept apart`;
  return { ok: true, note, release };
}

/** A run of the same user that was started over there, in the same pid namespace. */
async function busyThere(remote: Remote, uid: number): Promise<Failure | null> {
  const name = `"@firebreak-${uid}-$(readlink /proc/self/ns/pid)-"`;
  const answer = await remote.ask(`awk -v name=${name} '$NF == name { found = 1 } END { exit !found }' /proc/net/unix`, { effect: 'read' });
  if (!answer.ok) return answer;
  return answer.status === 0 ? taken(remote, 'it was started over there') : null;
}

const taken = ({ name }: Remote, who: string): Failure => failure('locked', `another run holds ${name}: ${who}; nothing was touched`);

/** Who has the folder open as descriptor 9, and where that login came from: as far as we may look. */
const who = (folder: string): string => `folder=/; [ -d ${folder} ] && [ -r ${folder} ] && folder=${folder}
for fd in $(ls -l /proc/[0-9]*/fd/9 2>/dev/null | awk -v to="$folder" '$NF == to { print $(NF - 2) }'); do
  pid=\${fd#/proc/}; pid=\${pid%%/*}; [ "$pid" != $$ ] || continue
  from=; at=$pid
  for up in 1 2 3 4 5 6 7 8; do
    from=$(tr '\\0' '\\n' <"/proc/$at/environ" 2>/dev/null | sed -n 's/^SSH_CONNECTION=\\([0-9a-fA-F:.%]*\\) .*/\\1/p')
    [ -z "$from" ] || break
    at=$(awk '$1 == "PPid:" { print $2 }' "/proc/$at/status" 2>/dev/null); [ "\${at:-0}" -gt 1 ] || break
  done
  printf '%s %s\\n' "$pid" "$from"; exit 0
done`;

async function holderThere(remote: Remote, folder: string): Promise<string> {
  const answer = await remote.ask(who(folder), { effect: 'read' });
  const [, pid, from] = (answer.ok && /^(\d+) ([\w:.%]*)\n/.exec(answer.stdout.toString('latin1'))) || [];
  if (pid === undefined) return 'it was started elsewhere, and came over ssh';
  return `it came over ssh${from ? ` from ${from}` : ''}, pid ${pid} over there`;
}

import { type Failure, failure, type Result } from '../../model/host.ts';
import { quoteWord } from '../../model/text/quote.ts';
import type { Remote } from './remote.ts';

export interface LockThere {
  /** Null: it is held. Else why it could not be, and what that means. */
  readonly note: string | null;
  readonly release: () => Promise<void>;
}

interface Wanted {
  readonly uid: number;
  readonly tag: string;
  /** In their order; the first that nobody but this user and root can open is locked. */
  readonly folders?: readonly string[];
}

const NO_FLOCK = 69;
const NO_FOLDER = 70;

/** Words of the shell. Every host has root's. */
const foldersOf = (uid: number): readonly string[] =>
  uid === 0 ? ['/proc/1/fd', '/root'] : [`/run/user/${uid}`, '"$HOME/.ssh"', '"$HOME"'];

/**
 * `alone FOLDER`: it is this user's, and nobody else can open it. What anybody can open anybody can lock, and could
 * keep us waiting for ever. (/proc/1/fd is root's, mode 0500, on every host; in a user namespace it may belong to
 * nobody there.)
 */
const ALONE = `alone() {
  [ -d "$1" ] && [ -r "$1" ] || return
  set -- $(LC_ALL=C ls -ldn "$1")
  case $1 in d???-??-*) [ "$3" = "$(id -u)" ] ;; *) false ;; esac
}`;

/**
 * A connection that was cut without a word is alive to the other end, for hours perhaps, and its shell holds the lock.
 * Only whoever has our own lock calls a shell over there by our tag, so one of this user's that is not this one is
 * nobody's any more. One that is still at work is left to its end.
 */
const FORMER = `former() (
  exec 9<&-
  for one in $(grep -ls -- "$1" /proc/[0-9]*/cmdline); do
    pid=\${one#/proc/}; pid=\${pid%%/*}
    [ "$pid" != $$ ] && [ -O "/proc/$pid" ] && [ -n "$(readlink /proc/$pid/fd/9)" ] && kill -s TERM "$pid" && ended=1
  done
  [ -n "$ended" ] && sleep 1
)`;

/** Nothing is written for it, and it is gone with the connection. */
const hold = (folders: readonly string[], tag: string): string => `${FORMER}
${ALONE}
firebreak_folder=
for one in ${folders.join(' ')}; do alone "$one" && { firebreak_folder=$one; break; }; done
if ! command -v flock; then (exit ${NO_FLOCK})
elif [ -z "$firebreak_folder" ]; then (exit ${NO_FOLDER})
else command exec 9<"$firebreak_folder" && { flock -n 9 || { former ${tag} && flock -n 9; } || { exec 9<&-; (exit 1); }; }; fi`;
const LET_GO = 'exec 9<&-';

const WHY: Readonly<Record<number, string>> = {
  [NO_FLOCK]: 'it has no flock(1)',
  [NO_FOLDER]: 'no folder over there is so that nobody else can open it',
};

/**
 * One run a host, wherever it is driven from: flock(1) on a folder that only root, or only this user and root, can
 * open, held by the standing shell. And no run that was started over there: that one has a claim (journal/claim.ts),
 * and looks for ours once it does, as we do for its.
 */
export async function lockThere(remote: Remote, { uid, tag, folders }: Wanted): Promise<Result<LockThere>> {
  const held = await remote.hold(hold(folders?.map(quoteWord) ?? foldersOf(uid), quoteWord(tag)));
  if (!held.ok) return held;
  const release = async (): Promise<void> => void (await remote.hold(LET_GO));
  if (held.status === 1) return taken(remote, await holderThere(remote));
  const busy = await busyThere(remote, uid);
  if (busy !== null) {
    await release();
    return busy;
  }
  const why = WHY[held.status] ?? `flock ended with ${held.status}`;
  const note =
    held.status === 0
      ? null
      : `${remote.name} could not be locked (${why}): only runs that are started from here are kept apart`;
  return { ok: true, note, release };
}

/**
 * A claim of root's or this user's on that host, in the same pid namespace and whatever network namespace; or, for a user, root's lock from afar. Only
 * the kernel's own words are believed: the uid in /proc/net/udp, and a lock on a folder that root alone can open. An
 * engine of 0.1.0 has a socket's name instead, which counts where one of our processes has it open.
 */
const busy = (uid: number): string => `space=$(readlink /proc/self/ns/pid); space=\${space#*[}; space=\${space%]}
lock=$((space % 8388608)); a=$((128 + lock / 65536)) b=$((lock / 256 % 256)) c=$((lock % 256))
low=$(printf '%02X%02X%02X7F' $c $b $a) high=$(printf '7F%02X%02X%02X' $a $b $c)
lists=$(stat -L -c '%i %n' /proc/[0-9]*/ns/net 2>/dev/null | awk '!seen[$1]++ { sub("/ns/net$", "/net/udp", $2); print $2 }')
cat /proc/net/udp $lists 2>/dev/null | awk -v low="$low:" -v high="$high:" -v uid=${uid} '(index($2, low) == 1 || index($2, high) == 1) && ($8 == 0 || $8 == uid) { found = 1 } END { exit !found }' && exit 1
if [ ${uid} != 0 ] && set -- $(stat -c '%d %i' /proc/1/fd) && [ -n "$2" ]; then
  key=$(printf ' %02x:%02x:%s ' $(($1 / 256 % 4096)) $(($1 % 256 + $1 / 1048576 * 256)) "$2")
  grep FLOCK /proc/locks | grep -F -q -- "$key" && exit 2
fi
inode=$(awk -v name="@firebreak-${uid}-pid:[$space]-" '$NF == name { count++; inode = $7 } END { if (count == 1) print inode }' /proc/net/unix)
[ -n "$inode" ] && for one in /proc/[0-9]*; do
  [ -O "$one" ] && ls -l "$one/fd" 2>/dev/null | grep -F -q "socket:[$inode]" && exit 1
done
exit 0`;

async function busyThere(remote: Remote, uid: number): Promise<Failure | null> {
  const answer = await remote.ask(`(${busy(uid)})`, { effect: 'read' });
  if (!answer.ok) return answer;
  if (answer.status === 0) return null;
  return taken(remote, answer.status === 1 ? 'it was started over there' : 'it is of root, and came over ssh');
}

const taken = ({ name }: Remote, who: string): Failure =>
  failure('locked', `another run holds ${name}: ${who}; nothing was touched`);

/**
 * Who of this user's processes has that folder open as descriptor 9, and where that login came from: as far as we may
 * look.
 */
const WHO = `for fd in $(ls -l /proc/[0-9]*/fd/9 2>/dev/null | awk -v to="$firebreak_folder" '$NF == to { print $(NF - 2) }'); do
  pid=\${fd#/proc/}; pid=\${pid%%/*}; [ "$pid" != $$ ] && [ -O "/proc/$pid" ] || continue
  from=; at=$pid
  for up in 1 2 3 4 5 6 7 8; do
    from=$(tr '\\0' '\\n' <"/proc/$at/environ" 2>/dev/null | sed -n 's/^SSH_CONNECTION=\\([0-9a-fA-F:.%]*\\) .*/\\1/p')
    [ -z "$from" ] || break
    at=$(awk '$1 == "PPid:" { print $2 }' "/proc/$at/status" 2>/dev/null); [ "\${at:-0}" -gt 1 ] || break
  done
  printf '%s %s\\n' "$pid" "$from"; exit 0
done`;

async function holderThere(remote: Remote): Promise<string> {
  const answer = await remote.ask(WHO, { effect: 'read' });
  const [, pid, from] = (answer.ok && /^(\d+) ([\w:.%]*)\n/.exec(answer.stdout.toString('latin1'))) || [];
  if (pid === undefined) return 'it was started elsewhere, and came over ssh';
  return `it came over ssh${from ? ` from ${from}` : ''}, pid ${pid} over there`;
}

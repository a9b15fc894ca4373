import { randomBytes } from 'node:crypto';
import type { FileContent } from '../../../model/host.ts';
import type { Remote } from '../remote.ts';
import { contentOf, type HowRead, partsIn, STAT } from './read-answer.ts';
import { broken, pathWord, refusal } from './said.ts';
import { PRELUDE } from './shell.ts';

/** Milliseconds. A read that still hangs (a file of /proc that waits) ends here. */
const DEADLINE = 30_000;

/** Descriptors that every shell can open: a digit, and 9 is the lock's. */
const [FIRST, LAST] = [3, 8];

/**
 * A file is opened once; what is looked at, read and looked at again is what the descriptor holds. A link that was
 * swapped in for it, or for a folder above it, is seen (`opened`): `<` of a shell follows what it meets, and a FIFO has
 * been sorted out before. The mark parts head, bytes and tail: raw bytes may hold anything but a number that was thrown
 * after they were written.
 */
const BYTES = `bytes() (
  exec 3<"$real"
  if ! opened 3; then refuse $odd; mark; mark; mark; exit 9; fi
  before=$(stat -L -c '${STAT}' /proc/self/fd/3) || exit
  printf '+ %s\\0%s\\0' "$before" "$real"; mark
  size=\${before#* * * }; size=\${size%% *}
  [ "$size" -gt "$max" ] || head -c $((max + 1)) <&3
  mark; printf '%s\\0' "$(stat -L -c '${STAT}' /proc/self/fd/3)"; mark
  exit 9
)
single() {
  if regular "$1"; then bytes; [ $? -eq 9 ] || { refuse EIO; mark; mark; mark; }
  else mark; mark; mark; fi
}`;

/**
 * As many as a shell can hold open are looked at, read and looked at again by three processes, where one after the
 * other takes four each. What is odd, and what says that it is empty (a file of /proc may hold more), is left for the
 * singles; so is what lies behind a link, or in a folder that others can change.
 */
const ABREAST = `show() {
  [ -n "$open" ] || return 0
  files=; for fd in $open; do files="$files /proc/self/fd/$fd"; done
  echo $which; stat -L -c '${STAT}' $files; mark
  head -q -c $((max + 1)) $files; mark
  stat -L -c '${STAT}' $files; mark
  which= open= fd=${FIRST}
}
take() { regular "$1" >/dev/null && [ $links -eq 0 ] && closed "\${real%/*}" && { eval "command exec $fd<\\"\\$real\\""; } 2>/dev/null && opened $fd && [ -s "/proc/self/fd/$fd" ]; }
which= open= fd=${FIRST} nth=-1 singles=' '
for each; do
  nth=$((nth + 1))
  if take "$each"; then which="$which $nth" open="$open $fd" fd=$((fd + 1)); else singles="$singles$nth "; fi
  [ $fd -le ${LAST} ] || show
done
show
nth=-1
for each; do
  nth=$((nth + 1))
  case $singles in *" $nth "*) single "$each" ;; esac
done`;

interface HowAsked {
  readonly max: number;
  readonly mark: string;
  readonly abreast: boolean;
}

const scriptOf = (words: readonly string[], { max, mark, abreast }: HowAsked): string => `${PRELUDE}
max=${max}
mark() { printf %s ${mark}; }
${BYTES}
set -- ${words.join(' ')}
${abreast ? ABREAST : 'for each; do single "$each"; done'}`;

/** Of one answer, which is held as a whole; what a connection takes of one is 64 MiB. */
const MOST_AT_ONCE = 60 * 2 ** 20;

/** One question, unless the files could be more together than an answer may hold. */
export async function readFar(remote: Remote, paths: readonly string[], max: number): Promise<readonly FileContent[]> {
  const size = Math.max(1, Math.floor(MOST_AT_ONCE / (max + 1024)));
  const contents: FileContent[] = [];
  for (let at = 0; at < paths.length; at += size)
    contents.push(...(await readTogether(remote, paths.slice(at, at + size), max)));
  return contents;
}

async function readTogether(remote: Remote, paths: readonly string[], max: number): Promise<readonly FileContent[]> {
  const first = await readOnce(remote, paths, { max });
  const restless = paths.filter((_, at) => first[at] === 'changed');
  // What is written all the time (a log) is never still: the second time it is taken as it was read.
  const second = restless.length === 0 ? [] : await readOnce(remote, restless, { max, moving: true });
  return paths.map((path, at) => {
    const once = first[at];
    const content = once === 'changed' ? second[restless.indexOf(path)] : once;
    return content === undefined || content === 'changed' ? refusal(path, 'garbled') : content;
  });
}

async function readOnce(
  remote: Remote,
  paths: readonly string[],
  how: HowRead,
): Promise<readonly (FileContent | 'changed')[]> {
  const words = paths.map(pathWord);
  const known = words.flatMap((each, at) => (each.ok ? [{ at, word: each.word }] : []));
  const mark = randomBytes(16).toString('hex');
  const script = scriptOf(
    known.map(({ word }) => word),
    { max: how.max, mark, abreast: known.length > 1 && how.moving !== true },
  );
  const answer = await remote.ask(script, { effect: 'read', timeout: DEADLINE });
  if (!answer.ok) return paths.map(() => answer);
  const parts = partsIn(
    answer.stdout,
    mark,
    known.map(({ at }) => paths[at] ?? ''),
    how.max,
  );
  const told = new Map(known.map(({ at }, index) => [at, parts[index]]));
  return words.map((each, at) => {
    if (!each.ok) return each;
    const part = told.get(at);
    return part === 'changed' ? part : part === undefined ? broken(paths[at] ?? '', answer) : contentOf(part, how);
  });
}

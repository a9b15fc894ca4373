import { createHash, randomBytes } from 'node:crypto';
import { type FileContent, failure } from '../../../model/host.ts';
import type { Answer, Remote } from '../remote.ts';
import { recordsIn } from './records.ts';
import { broken, pathWord, refusal, refusalOf } from './said.ts';
import { MODIFIED, PRELUDE } from './shell.ts';

export const DEFAULT_MAX = 2 ** 20;

export const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** What could hang for all that (a file of /proc that waits) ends here. */
const DEADLINE = 30_000;

/** Of stat, with the inode: what is the same before and after has not changed in between. */
const STAT = `%d %i %f %s %u %g %h ${MODIFIED} %.3Z`;

/**
 * The file is opened once; what is looked at, read and looked at again is what the descriptor holds. A link that was swapped in for it is seen: what is open
 * must be what lies there, and no link. `<` of a shell follows nothing else, and a FIFO has been sorted out before. The mark parts head, bytes and tail: raw
 * bytes may hold anything but a number that was thrown after they were written.
 */
const scriptOf = (words: readonly string[], { max, mark }: { readonly max: number; readonly mark: string }): string => `${PRELUDE}
mark() { printf %s ${mark}; }
bytes() (
  exec 3<"$real"
  if [ -L "$real" ] || [ ! /proc/self/fd/3 -ef "$real" ] || [ ! -f /proc/self/fd/3 ]; then refuse not-regular; mark; mark; mark; exit 9; fi
  before=$(stat -L -c '${STAT}' /proc/self/fd/3) || exit
  printf '+ %s\\0' "$before"; mark
  size=\${before#* * * }; size=\${size%% *}
  [ "$size" -gt ${max} ] || head -c ${max + 1} <&3
  mark; printf '%s\\0' "$(stat -L -c '${STAT}' /proc/self/fd/3)"; mark
  exit 9
)
for each in ${words.join(' ')}; do
  if regular "$each"; then bytes; [ $? -eq 9 ] || { refuse EIO; mark; mark; mark; }
  else mark; mark; mark; fi
done`;

/** Of one answer, which is held as a whole; what a connection takes of one is 64 MiB. */
const MOST_AT_ONCE = 60 * 2 ** 20;

/** One question, unless the files could be more together than an answer may hold. */
export async function read(remote: Remote, paths: readonly string[], max: number): Promise<readonly FileContent[]> {
  const size = Math.max(1, Math.floor(MOST_AT_ONCE / (max + 1024)));
  const contents: FileContent[] = [];
  for (let at = 0; at < paths.length; at += size) contents.push(...(await readTogether(remote, paths.slice(at, at + size), max)));
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

interface HowRead {
  readonly max: number;
  /** Also taken where it changed meanwhile. */
  readonly moving?: boolean;
}

async function readOnce(remote: Remote, paths: readonly string[], how: HowRead): Promise<readonly (FileContent | 'changed')[]> {
  const words = paths.map(pathWord);
  const known = words.flatMap((each) => (each.ok ? [each.word] : []));
  const mark = randomBytes(16).toString('hex');
  const answer = await remote.ask(scriptOf(known, { max: how.max, mark }), { effect: 'read', timeout: DEADLINE });
  if (!answer.ok) return paths.map(() => answer);
  const parts = partsOf(answer.stdout, mark);
  let at = 0;
  return words.map((each, index) => {
    if (!each.ok) return each;
    const [head, bytes, tail] = parts.slice(at, at + 3);
    at += 3;
    const path = paths[index] ?? '';
    return head && bytes && tail ? contentOf({ path, head, bytes, tail }, how) : broken(path, answer);
  });
}

function partsOf(stdout: Answer['stdout'], mark: string): readonly Buffer[] {
  const parts: Buffer[] = [];
  for (let from = 0; ; ) {
    const end = stdout.indexOf(mark, from, 'latin1');
    if (end === -1) return parts;
    parts.push(stdout.subarray(from, end));
    from = end + mark.length;
  }
}

interface Part {
  readonly path: string;
  readonly head: Buffer;
  readonly bytes: Buffer;
  readonly tail: Buffer;
}

const STATED = /^(?:\+ )?\d+ \d+ ([0-9a-f]{4}) (\d+) (\d+) (\d+) (\d+) (-?\d+)(?:\.(\d{3}))? -?\d+(?:\.\d+)?$/;

function contentOf({ path, head, bytes, tail }: Part, { max, moving }: HowRead): FileContent | 'changed' {
  const records = recordsIn(head);
  const refused = refusalOf(records, path);
  if (refused) return refused;
  const [before] = records;
  const [after] = recordsIn(tail);
  const [, mode, size, uid, gid, links, seconds, fraction] = STATED.exec(after ?? '') ?? [];
  if (before === undefined || mode === undefined) return refusal(path, 'garbled');
  if (bytes.length > max || Number(size) > max) return failure('EFBIG', `${path} is larger than ${max} bytes`);
  // Files of /proc say 0, whatever they hold, and have a new time at every look.
  if (!moving && before !== `+ ${after}` && Number(size) > 0) return 'changed';
  const modified = Number(seconds) * 1000 + Number(fraction ?? 0);
  const permissions = Number.parseInt(mode, 16) & 0o7777;
  return {
    ok: true,
    path,
    bytes: bytes.toString('base64'),
    hash: hashOf(bytes),
    size: bytes.length,
    mode: permissions,
    uid: Number(uid),
    gid: Number(gid),
    links: Number(links),
    modified,
  };
}

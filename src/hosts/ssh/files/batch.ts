import type { FileType } from '../../../model/host.ts';
import { quoteWord } from '../../../model/text/quote.ts';
import type { FarAnswer, Remote } from '../remote.ts';
import { DIGITS, kindOf } from './entries.ts';
import { SEEN } from './heads.ts';
import { recordsIn } from './records.ts';
import { codeOfLine, codeOfText } from './said.ts';
import { CHANGED, MODIFIED, PRELUDE } from './shell.ts';

/** What must still hold of a file at the moment of use: all numbers, so that it can stand in a script. */
export interface BatchConditions {
  /** Quoted for the shell. */
  readonly directory: string;
  readonly device: number;
  readonly inode: number;
  readonly types: readonly FileType[];
  /** Null: anybody's. */
  readonly uids: readonly number[] | null;
  /** Epoch milliseconds between which the content was last changed; null: whenever. */
  readonly after: number | null;
  readonly before: number | null;
  /** What has come since is an arrival. */
  readonly begun: number;
  /** The very files that were judged by what they hold (`SEEN` of heads.ts); null: nothing was asked of it. */
  readonly seen: readonly string[] | null;
}

export interface Batch {
  readonly deleted: number;
  readonly bytes: number;
  readonly arrived: number;
  /** Of the deleted: how many have another name left. */
  readonly linked?: number;
  /** They have become something else. */
  readonly kept: readonly { readonly name: string; readonly type: FileType }[];
  /** They were to go, and did not. */
  readonly stuck: readonly { readonly name: string; readonly code: string }[];
  /** Why the batch failed; `lost`: its end was not seen. Null: it succeeded. */
  readonly broken: string | null;
}

/** A disk that takes longer for one batch does not answer any more. */
const DEADLINE = 120_000;

/**
 * Of stat's lines: how many may go, with how many bytes, how many of them have come since, and whether one may not;
 * then, if so, each one's verdict. What has holes gives back less than its size. mawk prints %d in 32 bits.
 */
const JUDGE = String.raw`BEGIN { split(seen, list, " "); for (at in list) ok[list[at]] = 1 }
{
  digit = substr($1, 1, 1)
  good = length($1) == 4 && index(digits, digit) && (uids == "" || index(uids, " " $3 " ")) && $4 >= after && $4 <= before && (seen == "" || ($6 in ok))
  taken = $8 * $9 < $2 ? $8 * $9 : $2
  if (good) { count++; if ($7 > 1) { names[$6]++; size[$6] = taken; links[$6] = $7 } else bytes += taken; if ($5 >= begun) arrived++ } else bad = 1
  verdict[NR] = good ? "+" : digit
}
END {
  for (at in names) if (names[at] >= links[at]) bytes += size[at]; else linked += names[at]
  printf "%d %.0f %d %d %d\n", count, bytes, arrived, linked, bad
  if (bad) for (at = 1; at <= NR; at++) print verdict[at]
}`;

const second = (at: number): string => (at / 1000).toFixed(3);

/** awk's variables. A file that stat tells in whole seconds only is compared by whole seconds. */
function judgeOf({ types, uids, after, before, begun, seen }: BatchConditions): string {
  const variables = {
    digits: types.map((type) => DIGITS[type]).join(''),
    uids: uids === null ? '' : ` ${uids.join(' ')} `,
    after: after === null ? '-1e18' : String(Math.floor(after / 1000)),
    before: before === null ? '1e18' : second(before),
    begun: second(begun),
    // A space where there is none: an empty text means that nothing was asked.
    seen: seen === null ? '' : ` ${seen.join(' ')}`,
  };
  return Object.entries(variables)
    .map(([name, value]) => `-v ${name}=${quoteWord(value)}`)
    .join(' ');
}

/**
 * What one `sh` does with the names that xargs gives it: looks at all, sorts out what may not go, and unlinks the rest.
 * rm(1) without -r takes no directory and follows no link; without -f it names what it could not unlink (it asks
 * nobody: stdin is no terminal).
 */
const chunkOf = (conditions: BatchConditions): string => String.raw`
look() { stat -c '%f %s %u ${MODIFIED} ${CHANGED} ${SEEN} %h %b %B' "$@" 2>/dev/null; }
judge() { printf '%s\n' "$1" | awk ${judgeOf(conditions)} '${JUDGE}'; }
remove() {
  [ $# -gt 0 ] || return 0
  facts=$(look "$@") || return 1
  judged=$(judge "$facts") || exit 1
  set -f; verdicts=
  case $judged in *' 1
'*) verdicts=${'$'}{judged#*
} ;; esac
  for verdict in $verdicts; do
    name=$1; shift
    if [ "$verdict" = + ]; then set -- "$@" "$name"; else printf 'k %s\0%s\0' "$verdict" "$name"; fi
  done
  set +f; [ $# -gt 0 ] || return 0
  set -- ${'$'}{judged%%
*} "$@"
  count=$1 bytes=$2 arrived=$3 linked=$4; shift 5
  if ! rm -- "$@" </dev/null; then
    for name; do shift; if [ -e "$name" ] || [ -L "$name" ]; then set -- "$@" "$name"; printf 's\0%s\0' "$name"; fi; done
    if [ $# -gt 0 ] && facts=$(look "$@") && judged=$(judge "$facts"); then
      count=$((count - $#)); set -- ${'$'}{judged%%
*}
      bytes=$((bytes - $2)) arrived=$((arrived - $3)) linked=$((linked - $4))
    else count=$((count - $#)); fi
  fi
  printf 'D %s %s %s %s\0' "$count" "$bytes" "$arrived" "$linked"
}
remove "$@" && exit 0
# One has gone meanwhile: the others, and if that goes on, one by one.
for name; do shift; if [ -e "$name" ] || [ -L "$name" ]; then set -- "$@" "$name"; fi; done
remove "$@" || for name; do remove "$name"; done
exit 0`;

function scriptOf(conditions: BatchConditions): string {
  const { directory, device, inode } = conditions;
  return `${PRELUDE}
enter ${directory} || exit 3
[ "$(stat -c '%d %i' .)" = '${device} ${inode}' ] || { refuse swapped; exit 3; }
xargs -0 -n 2000 sh -c ${quoteWord(chunkOf(conditions))} sh
printf '= %s\\0' $?`;
}

/** One round trip: the names cross as bytes on stdin, `./` before each, so that none is taken for an option. */
export async function removeBatch(remote: Remote, names: readonly string[], conditions: BatchConditions) {
  const input = Buffer.from(names.map((name) => `./${name}\0`).join(''), 'latin1');
  return await remote.ask(scriptOf(conditions), { effect: 'write', timeout: DEADLINE, input });
}

/** Numbers are believed only as far as names were sent. */
export function batchIn(answer: Pick<FarAnswer, 'stdout' | 'stderr'>): Batch {
  const records = recordsIn(answer.stdout);
  const sum = { deleted: 0, bytes: 0, arrived: 0 };
  let linked = 0;
  const kept: Batch['kept'][number][] = [];
  const left: string[] = [];
  let status: number | null = null;
  for (let at = 0; at < records.length; at += 1) {
    const record = records[at] ?? '';
    const [, deleted, bytes, arrived, links = 0] = /^D (\d+) (\d+) (\d+)(?: (\d+))?$/.exec(record) ?? [];
    if (arrived !== undefined) {
      sum.deleted += Number(deleted);
      sum.bytes += Number(bytes);
      sum.arrived += Number(arrived);
      linked += Number(links);
    } else if (/^= \d{1,3}$/.test(record)) status = Number(record.slice(2));
    else {
      at += 1;
      const name = (records[at] ?? '').replace(/^\.\//, '');
      if (record === 's') left.push(name);
      else if (record.startsWith('k ')) kept.push({ name, type: kindOf(record[2] ?? '') ?? 'device' });
    }
  }
  const broken = status === 0 ? null : (codeOfText(answer.stderr) ?? (status === null ? 'lost' : 'EIO'));
  return { ...sum, ...(linked > 0 && { linked }), kept, stuck: codesOf(left, answer.stderr), broken };
}

/**
 * rm names what it could not unlink, in quotes of its own where the name is odd; then what it said of another must do.
 */
function codesOf(names: readonly string[], stderr: string): Batch['stuck'] {
  const lines = stderr.split('\n').flatMap((line) => {
    const code = codeOfLine(line);
    return code === undefined || code === 'ENOENT' ? [] : [{ line, code }];
  });
  return names.map((name) => ({
    name,
    code: (lines.find(({ line }) => line.includes(`'./${name}'`)) ?? lines[0])?.code ?? 'EIO',
  }));
}

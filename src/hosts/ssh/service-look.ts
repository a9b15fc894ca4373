import type { Result } from '../../model/host.ts';
import { type DaemonAbout, pidOf } from '../linux/daemon-about.ts';
import type { PidFile, Sight } from '../linux/main-process.ts';
import { idsAmong } from '../linux/passwd.ts';
import { type PidFileEntry, writerOf } from '../linux/pid-file.ts';
import type { ProcStat } from '../linux/proc-text.ts';
import { type DescribedProcess, readDescriptions, readStats, VANISHED } from './proc-answer.ts';
import { type ProcQuestions, unreadableProc } from './proc-look.ts';
import { readTools, wordList } from './proc-words.ts';
import type { Remote } from './remote.ts';
import type { ToldSections } from './sections.ts';

/** What one question tells of a daemon, beside what its manager says. */
export interface DaemonLook {
  readonly told: ToldSections;
  readonly sight: Sight;
  /** By pid file that holds a number: when it was written, epoch milliseconds. */
  readonly written: ReadonlyMap<string, number>;
  /** A daemon that we do not see may still be there: perhaps we may not see it. */
  readonly hidden: boolean;
}

/** No daemon is looked for. */
export const NOTHING: DaemonAbout = {
  programs: [],
  names: [],
  pidFiles: [],
  own: [],
  certain: false,
  users: [],
  rootsOwn: false,
  answersStatus: false,
  restarts: false,
};
const MOST_SCRIPT_BYTES = 256 * 1024;

/** `text FILE`: what it is now, and the text where that is not what is known. */
export function scriptWords(candidates: readonly string[], knownStamp: string): string {
  return `path= stamp=
for file in ${wordList(candidates)}; do [ ! -f "$file" ] || { path=$file; break; }; done
if [ -n "$path" ]; then stamp=$(stat -L -c '%d.%i.%s.%Y.%Z' -- "$path"); fi
mark path; printf '%s' "$path"
mark stamp "$stamp"
if [ -n "$path" ] && [ "$stamp" != ${wordList([knownStamp])} ]; then mark text; head -c ${MOST_SCRIPT_BYTES} -- "$path"; fi
`;
}

/**
 * Pid files, and everybody who may be the daemon: named in one of them, of its program (compared as a file, with
 * builtins), or of its name. A pid file is neither followed nor waited for: /run/NAME may belong to the daemon's user.
 */
function daemonWords(about: DaemonAbout, pids: readonly number[]): string {
  const is = [
    ...about.names.map((name) => `[ "$comm" = ${wordList([name])} ]`),
    ...about.programs.map((program) => `[ "$pid/exe" -ef ${wordList([program])} ]`),
  ];
  return `want=' ${pids.map((pid) => `${pid} `).join('')}' hidden=
add() { case $want in *" $1 "*) ;; *) [ ! -d "$1" ] || want="$want$1 " ;; esac; }
conceals() { up=\${1%/*}; while [ -n "$up" ] && [ ! -d "$up" ]; do up=\${up%/*}; done; if [ -e "$1" ]; then [ ! -r "$1" ]; else [ ! -x "\${up:-/}" ]; fi; }
# Its owner and mode, then those of every folder above it, also behind links.
writer() {
  up=\${1%/*}; set -- "$1" /
  while [ -n "$up" ]; do set -- "$@" "$up"; up=\${up%/*}; done
  real=; cd -P -- "\${1%/*}/" 2>/dev/null && real=$PWD
  while [ -n "\${real#/}" ]; do set -- "$@" "$real"; real=\${real%/*}; done
  stat -c '%u %f %Y' -- "$@"
}
mark files
for file in ${wordList(about.pidFiles)}; do
  if [ -f "$file" ] && [ ! -L "$file" ] && [ -r "$file" ]; then
    number=$(head -c 256 -- "$file")
    printf '%s\\0%s\\0%s\\0' "$file" "$number" "$(writer "$file")"
    set -f; set -- $number; set +f
    case $1 in '' | *[!0-9]* | ???????????*) ;; *) add "$1" ;; esac
  fi
  ! conceals "$file" || hidden=1
done
${is.length === 0 ? '' : `for pid in [0-9]*; do comm=; { IFS= read -r comm <"$pid/comm"; } 2>/dev/null; if ${is.join(' || ')}; then add "$pid"; fi; done`}
mark kinds
for path in ${wordList(about.programs)}; do
  first=; [ ! -f "$path" ] || [ ! -r "$path" ] || IFS= read -r first <"$path"
  case $first in '#!'*) printf 1 ;; *) printf 0 ;; esac
done
while read -r key up now rest; do case $key in Uid:) mark uid "$now"; break ;; esac; done <self/status
mark real; for path in ${wordList(about.programs)}; do readlink -fn -- "$path"; printf '\\0'; done
mark boot "$(grep '^btime ' stat)"
[ ! -r 1/stat ] || hidden=
mark want "$hidden" $want
describe $want
mark stats; [ "$want" = ' ' ] || { files=; for pid in $want; do files="$files $pid/stat"; done; cat $files; }
`;
}

interface Asked {
  readonly about: DaemonAbout;
  /** Of whom else something has to be known. */
  readonly pids?: readonly number[];
  /** Goes first. */
  readonly script?: string;
  /** Names by id, where the script names any. */
  readonly users?: Readonly<Record<string, string>>;
}

/** One round trip. */
export async function lookAtDaemon(
  { remote, questions }: { readonly remote: Remote; readonly questions: ProcQuestions },
  { about, pids = [], script = '', users = {} }: Asked,
): Promise<Result<{ readonly look: DaemonLook }>> {
  const told = await questions.ask(`${script}${daemonWords(about, pids)}`);
  if (!told.ok) return told;
  const { sections } = told;
  const [hidden, ...want] = sections.word('want').split(' ');
  const wanted = want.map(Number).filter((pid) => pid > 0);
  const stats = readStats(sections.text('stats'));
  const described = wanted.length === 0 ? new Map<number, DescribedProcess>() : readDescriptions(told, wanted);
  const ticks = readTools(sections.word('tools'))?.ticksPerSecond;
  const boot = /^btime (\d{1,12})$/.exec(sections.word('boot'))?.[1];
  if (stats === null || described === null || ticks === undefined || boot === undefined)
    return unreadableProc(remote, told);
  const files = filesIn(sections.text('files'));
  const bootTime = Number(boot) * 1000;
  const startedAt = ({ start }: ProcStat): number => bootTime + (start * 1000) / ticks;
  const looker = Number(sections.word('uid') || Number.NaN);
  const [real, kinds] = [sections.text('real').split('\0'), sections.text('kinds')];
  return {
    ok: true,
    look: {
      told,
      sight: {
        ...sightOf({ about, stats, described, files, real }),
        isScript: (path) => kinds[about.programs.indexOf(path)] === '1',
        ids: (names) => new Set([looker, ...idsAmong(users, names)]),
        startedAt,
        bootTime,
      },
      written: new Map([...files].map(([path, { written }]) => [path, written])),
      hidden: hidden === '1',
    },
  };
}

function filesIn(text: string): ReadonlyMap<string, PidFile> {
  const parts = text.split('\0');
  const files = new Map<string, PidFile>();
  for (let at = 0; at + 2 < parts.length; at += 3) {
    const [pid, entries] = [pidOf(parts[at + 1] ?? ''), entriesIn(parts[at + 2] ?? '')];
    const [file, ...folders] = entries;
    if (pid !== null && file) files.set(parts[at] ?? '', { pid, ...writerOf(file, folders), written: file.written });
  }
  return files;
}

/** `UID MODE SECONDS` of stat(1), the mode in hexadecimal. */
function entriesIn(text: string): readonly (PidFileEntry & { readonly written: number })[] {
  const lines = text.matchAll(/^(\d{1,10}) ([0-9a-f]{1,8}) (-?\d{1,12})$/gm);
  return [...lines].map(([, uid, mode = '', seconds]) => ({
    uid: Number(uid),
    mode: Number.parseInt(mode, 16),
    written: Number(seconds) * 1000,
  }));
}

interface Seen {
  readonly about: DaemonAbout;
  readonly stats: ReadonlyMap<number, ProcStat>;
  readonly described: ReadonlyMap<number, DescribedProcess>;
  readonly files: ReadonlyMap<string, PidFile>;
  readonly real: readonly string[];
}

function sightOf({
  about,
  stats,
  described,
  files,
  real,
}: Seen): Omit<Sight, 'isScript' | 'ids' | 'startedAt' | 'bootTime'> {
  const of = (pid: number): DescribedProcess => described.get(pid) ?? VANISHED;
  const known = <T>(seen: T | undefined | 'denied'): T | null =>
    seen === undefined || seen === 'denied' ? null : seen;
  return {
    pidIn: (path) => files.get(path) ?? null,
    stat: (pid) => stats.get(pid) ?? null,
    exe: (pid) => of(pid).exe,
    args: (pid) => known(of(pid).args) ?? [],
    status: (pid) => of(pid).status,
    all: () => [...stats.values()],
    realPath: (path) => real[about.programs.indexOf(path)] || path,
  };
}

import { type Failure, failure, type ProcessSelector, type Result } from '../../model/host.ts';
import { ancestorsOf } from '../linux/lineage.ts';
import type { ProcStat } from '../linux/proc-text.ts';
import { procIsForeign } from '../linux/process-records.ts';
import { ledAway } from './files/said.ts';
import { PRELUDE } from './files/shell.ts';
import { type DescribedProcess, deniedIn, readDescriptions, readStats, VANISHED } from './proc-answer.ts';
import {
  ALL_STATS,
  DESCRIBE_WORDS,
  type FarTools,
  PROC_WORDS,
  readTools,
  someStats,
  TELL_TOOLS,
  toolWords,
  wordList,
} from './proc-words.ts';
import type { Remote } from './remote.ts';
import { askSections, type Sections, type ToldSections } from './sections.ts';

/** All processes of a far host by their stat, and those described that are likely to matter. */
export interface FarLook {
  readonly stats: ReadonlyMap<number, ProcStat>;
  readonly unreadable: number;
  readonly uptime: number;
  readonly ticksPerSecond: number;
  readonly self: number;
  readonly uid: number;
  readonly described: ReadonlyMap<number, DescribedProcess>;
  /** The real paths of those that were asked for. */
  readonly real: ReadonlyMap<string, string>;
}

export interface ProcQuestions {
  /** One round trip. */
  look(selector: ProcessSelector): Promise<Result<FarLook>>;
  /** Describes those that are still the same processes; who has ended is described as such. */
  describe(stats: readonly ProcStat[]): Promise<Result<{ readonly described: ReadonlyMap<number, DescribedProcess> }>>;
  /** Runs a script that may use the words of /proc; what it describes is under `described`. */
  ask(script: string): Promise<Result<ToldSections>>;
}

const TIMEOUT = 60_000;
/** More than these are not described on suspicion: the second question names those that matter. */
const MOST_GUESSED = 300;
const MOST_WITHOUT_NAME = 1000;
const AT_ONCE = 2000;
const ONE_BY_ONE = 200;

export function procQuestions(remote: Remote): ProcQuestions {
  let tools: FarTools | null = null;

  async function ask(script: string, known: FarTools | null = tools): Promise<Result<ToldSections>> {
    const told = await askSections(
      remote,
      `${PROC_WORDS}${DESCRIBE_WORDS}${toolWords(known)}\n${TELL_TOOLS}\n${script}`,
      {
        effect: 'read',
        timeout: TIMEOUT,
      },
    );
    if (told.ok) tools ??= readTools(told.sections.word('tools'));
    return told;
  }

  async function describeSome(
    stats: readonly ProcStat[],
    plain: boolean,
  ): Promise<Result<{ readonly described: Map<number, DescribedProcess> }>> {
    const pids = stats.map(({ pid }) => pid);
    const how = plain && tools ? { ...tools, grep: false } : tools;
    const told = await ask(`describe ${pids.join(' ')}\n${someStats(pids)}`, how);
    if (!told.ok) return told;
    const now = statsIn(told);
    const found = now && readDescriptions(told, pids);
    if (now === null || found === null) return unreadableProc(remote, told);
    return {
      ok: true,
      described: new Map(stats.flatMap((stat) => sameStill(stat, now.get(stat.pid), found.get(stat.pid)))),
    };
  }

  async function describe(stats: readonly ProcStat[]): ReturnType<ProcQuestions['describe']> {
    const described = new Map<number, DescribedProcess>();
    for (const plain of [false, true]) {
      const left = stats.filter(({ pid }) => !described.has(pid));
      for (const some of slicesOf(left, plain || tools?.grep === false ? ONE_BY_ONE : AT_ONCE)) {
        const found = await describeSome(some, plain);
        if (!found.ok) return found;
        for (const [pid, each] of found.described) described.set(pid, each);
      }
    }
    return { ok: true, described };
  }

  return {
    ask,
    describe,
    look: async (selector) => {
      const told = await ask(lookScript(selector));
      return told.ok ? readLook(remote, told, selector) : told;
    },
  };
}

/**
 * Who has one of these names and those above them are described in the same breath; without a name everybody is, where
 * they are not too many.
 */
function lookScript({ name, started_by: starters = [], exe = [] }: ProcessSelector): string {
  const names = [...(name ?? []), ...starters];
  const guess =
    name === undefined
      ? `set -- [0-9]*; [ $# -gt ${MOST_WITHOUT_NAME} ] || want=$*`
      : `set -- $(grep -lxF ${names.map((each) => `-e ${wordList([each])}`).join(' ')} -- [0-9]*/comm 2>/dev/null)
[ $# -gt ${MOST_GUESSED} ] || for found; do above "\${found%/comm}"; done
for found in $sessions; do above "$found"; done`;
  return `want= sessions=
IFS=' ' read -r up rest <uptime
mark clock "$$ $here $up"
while read -r key real up rest; do case $key in Uid:) mark uid "$up"; break ;; esac; done <self/status
mark real
${exe.length === 0 ? '' : realWords(exe)}
${names.length === 0 && name !== undefined ? '' : guess}
mark want "$want"
describe $want
${ALL_STATS}`;
}

function readLook(remote: Remote, told: ToldSections, { exe = [] }: ProcessSelector): Result<FarLook> {
  const { sections } = told;
  const [self = 0, here = 0, seconds = Number.NaN] = sections.word('clock').split(' ').map(Number);
  const ticks = readTools(sections.word('tools'))?.ticksPerSecond;
  const stats = statsIn(told);
  const want = sections.word('want').split(' ').filter(Boolean).map(Number);
  const described = want.length === 0 ? new Map<number, DescribedProcess>() : readDescriptions(told, want);
  if (stats === null || described === null || ticks === undefined || Number.isNaN(seconds))
    return unreadableProc(remote, told);
  if (!isBelow(stats, here, self)) return procIsForeign();
  const real = realPaths(sections, exe);
  if (!real.ok) return real;
  return {
    ok: true,
    stats: withoutOurs(stats, self),
    unreadable: [...deniedIn(told.stderr)].filter((file) => file.endsWith('/stat')).length,
    uptime: seconds * 1000,
    ticksPerSecond: ticks,
    self,
    uid: Number(sections.word('uid') || Number.NaN),
    // Who had no status may have come just then: it is asked for again.
    described: new Map([...described].filter(([, { status }]) => status !== undefined)),
    real: real.paths,
  };
}

/**
 * Between the two looks a pid may have been given to somebody else. Who is there and still has no status may not be
 * looked at.
 */
function sameStill(
  { pid, start }: ProcStat,
  now: ProcStat | undefined,
  found: DescribedProcess | undefined,
): readonly [number, DescribedProcess][] {
  if (now?.start !== start) return [[pid, VANISHED]];
  return found ? [[pid, { ...found, status: found.status ?? 'denied' }]] : [];
}

/** Null: not all that could be read was read. */
function statsIn({ sections }: ToldSections): ReadonlyMap<number, ProcStat> | null {
  return /^[01]$/.test(sections.word('read')) ? readStats(sections.text('stats')) : null;
}

/** The shell's own number of /proc must be that of `$$`, or of a subshell of it. */
function isBelow(stats: ReadonlyMap<number, ProcStat>, pid: number, self: number): boolean {
  return stats.has(self) && (pid === self || ancestorsOf(stats, pid).some((each) => each.pid === self));
}

/** The tools with which we look are no processes of the host: whoever looks for `cat` must not find ours. */
function withoutOurs(stats: ReadonlyMap<number, ProcStat>, self: number): ReadonlyMap<number, ProcStat> {
  const theirs = [...stats].filter(([pid]) => !ancestorsOf(stats, pid).some((each) => each.pid === self));
  return new Map(theirs.toSorted(([a], [b]) => a - b));
}

/**
 * In a subshell: its words are many. Four records a path: why it is refused and the link, its owner, where it leads.
 */
function realWords(exe: readonly string[]): string {
  return `(${PRELUDE}
for each in ${wordList(exe)}; do
  if walk "$each" follow >/dev/null; then printf '\\0\\0\\0%s\\0' "\${real:-/}"
  else printf '%s\\0%s\\0%s\\0%s\\0' "$wary" "$link" "$by" "\${wary:+$real/$todo}"; fi
done)`;
}

/**
 * Whoever can change the link decides which processes are selected. What cannot be told otherwise stays as it is
 * written.
 */
function realPaths(
  sections: Sections,
  exe: readonly string[],
): Failure | { readonly ok: true; readonly paths: ReadonlyMap<string, string> } {
  const records = sections.text('real').split('\0');
  const paths = new Map<string, string>();
  for (const [at, path] of exe.entries()) {
    const [wary = '', link = '', owner = '', real = ''] = records.slice(at * 4);
    if (wary !== '') return ledAway(path, [link, owner, real]);
    paths.set(path, real || path);
  }
  return { ok: true, paths };
}

function* slicesOf<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}

export function unreadableProc({ name }: Remote, { stderr }: ToldSections): Failure {
  const said = stderr.trim().slice(-500);
  return failure('EIO', `the processes of ${name} could not be read${said && `: ${said}`}`);
}

import {
  type ProcStat,
  type ProcStatus,
  parseArgs,
  parseCgroup,
  parseExe,
  parseStat,
  parseStatus,
  type Seen,
} from '../linux/proc-text.ts';
import { MOST_ARGUMENT_BYTES, MOST_ARGUMENTS } from './proc-words.ts';
import type { Sections, ToldSections } from './sections.ts';

/** What is known of a process beside its stat. */
export interface DescribedProcess {
  readonly status: Seen<ProcStatus>;
  readonly exe: Seen<string>;
  readonly args: Seen<readonly string[]>;
  readonly cgroup: string | null;
}

/** Of a process that ended before it was described. */
export const VANISHED: DescribedProcess = { status: undefined, exe: undefined, args: undefined, cgroup: null };

/**
 * One record of stat. They come one behind the other, and a name may hold newlines and other records' beginnings; but
 * it has at most 15 bytes (a kernel thread's 64), and so no room for the 35 numbers and more that end a record: read
 * from the front, no other end can be found than the real one.
 */
const RECORD = /(\d+ \([\s\S]{0,64}?\) [A-Za-z](?: -?\d+){35,})\n/y;

/** Null: this is not what the kernel writes. */
export function readStats(text: string): Map<number, ProcStat> | null {
  const stats = new Map<number, ProcStat>();
  RECORD.lastIndex = 0;
  for (let end = 0; end < text.length; end = RECORD.lastIndex) {
    const stat = parseStat(RECORD.exec(text)?.[1] ?? '');
    if (stat === undefined || stats.has(stat.pid)) return null;
    stats.set(stat.pid, stat);
  }
  return stats;
}

/** What could not be read for want of permission, as `PID/FILE`; what else tools complain of has ended meanwhile. */
export function deniedIn(stderr: string): ReadonlySet<string> {
  const found = stderr.matchAll(/\b([1-9]\d*\/[a-z]+)\b.*(?:Permission denied|Operation not permitted)$/gm);
  return new Set([...found].map((match) => match[1] ?? ''));
}

/** Null: a tool has not run over there. Whose arguments did not fit is left out. */
export function readDescriptions(
  { sections, stderr }: ToldSections,
  pids: readonly number[],
): ReadonlyMap<number, DescribedProcess> | null {
  const lines = grouped(sections.text('lines'));
  const links = linksIn(sections.text('links'));
  const args = argumentsIn(sections);
  if (!lines.has('self/status') || !links.has('self/exe') || !args.texts.has('self/cmdline')) return null;
  const denied = deniedIn(stderr);
  const seen = <T>(file: string, read: () => T | undefined): Seen<T> => (denied.has(file) ? 'denied' : read());
  const describe = (pid: number): DescribedProcess => ({
    status: seen(`${pid}/status`, () => parseStatus(lines.get(`${pid}/status`) ?? '')),
    exe: seen(`${pid}/exe`, () => exeOf(links.get(`${pid}/exe`))),
    args: seen(`${pid}/cmdline`, () =>
      parseArgs((args.texts.get(`${pid}/cmdline`) ?? '').slice(0, MOST_ARGUMENT_BYTES)),
    ),
    cgroup: parseCgroup(lines.get(`${pid}/cgroup`) ?? ''),
  });
  const whole = args.whole ? pids : pids.slice(0, Math.max(0, pids.indexOf(args.last)));
  return new Map(whole.map((pid) => [pid, describe(pid)]));
}

const exeOf = (link: string | undefined): string | undefined =>
  link === undefined || link === '' ? undefined : parseExe(link);

/** `FILE:LINE` of grep -H. Status escapes a newline in a name, and no cgroup may have one. */
function grouped(text: string): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const [, file = '', line = ''] of text.matchAll(/^((?:self|\d+)\/(?:status|cgroup)):(.*)$/gm)) {
    texts.set(file, `${texts.get(file) ?? ''}${line}\n`);
  }
  return texts;
}

/** `FILE NUL LINK NUL`: a link holds no NUL. */
function linksIn(text: string): ReadonlyMap<string, string> {
  const parts = text.split('\0');
  const links = new Map<string, string>();
  for (let at = 0; at + 1 < parts.length; at += 2) links.set(parts[at] ?? '', parts[at + 1] ?? '');
  return links;
}

interface Arguments {
  readonly texts: ReadonlyMap<string, string>;
  readonly whole: boolean;
  /** The process at which it was cut. */
  readonly last: number;
}

function argumentsIn(sections: Sections): Arguments {
  const text = sections.text('args');
  if (sections.word('args') !== '1') return { texts: dumped(text), whole: true, last: 0 };
  const texts = new Map<string, string>();
  let last = 0;
  for (const record of text.split('\0').slice(0, -1)) {
    const [, file = '', arg = ''] = /^((?:self|\d+)\/cmdline):([\s\S]*)$/.exec(record) ?? [];
    const before = texts.get(file);
    texts.set(file, before === undefined ? arg : `${before}\0${arg}`);
    last = Number.parseInt(file, 10);
  }
  return { texts, whole: Buffer.byteLength(text) < MOST_ARGUMENTS, last };
}

/** `=FILE HEX HEX ...` of od(1). */
function dumped(text: string): ReadonlyMap<string, string> {
  const dumps = text
    .split('=')
    .slice(1)
    .map((dump) => /^(\S+)([\s\da-f]*)/.exec(dump));
  return new Map(
    dumps.map((match) => [
      match?.[1] ?? '',
      Buffer.from((match?.[2] ?? '').replace(/\s+/g, ''), 'hex').toString('utf8'),
    ]),
  );
}

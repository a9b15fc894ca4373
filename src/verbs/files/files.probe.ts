import type { Block } from '../../model/block.ts';
import {
  ageOf,
  asideTable,
  asideText,
  FILES_LOOK,
  type FilesSeen,
  fileSelectorOf,
  filesTable,
  handleJson,
  othersText,
  ownersTable,
  shownName,
} from '../../model/host/files.ts';
import type { Host } from '../../model/host.ts';
import type { Infer } from '../../model/runbook/shape.ts';
import { latin1Of } from '../../model/text/bytes.ts';
import { patternOf } from '../../model/text/pattern.ts';
import { plural, showCount, showDuration, showSize } from '../../model/text/quantity.ts';
import { commandLine } from '../../model/text/quote.ts';
import { defineProbe, type Finding, type Look, type MeasureAbout, unknownFinding } from '../../model/verb.ts';
import { findCommand } from './find-command.ts';

const MEASURES = {
  count: { about: 'how many files match', unit: 'count' },
  bytes: { about: 'their sizes added up', unit: 'bytes' },
  oldest: { about: 'how long ago the first of them was last changed; absent where there is none', unit: 'duration' },
  newest: { about: 'how long ago the last of them was changed; absent where there is none', unit: 'duration' },
  owners: { about: 'how many different users own them', unit: 'count' },
  others: {
    about: 'how many match all else and do not hold what `holds` asks for: they stay; needs `holds`',
    unit: 'count',
  },
  growth: { about: 'how many more there are than at the first look; needs `over`, or a watch', unit: 'count' },
  per_minute: { about: 'growth a minute; needs `over`', unit: 'rate' },
  sample_matching: {
    about: 'how many of a sample hold the text of `sample_matches`, as a part of those that were read',
    unit: 'percent',
  },
} as const satisfies Record<string, MeasureAbout>;

/** On the screen and in the finding; `sample_matches` reads as many. */
const SAMPLE = 50;
/** Enough for the head of a mail. */
const SAMPLE_BYTES = 256 * 1024;

type Arg = Infer<typeof FILES_LOOK>;

export default defineProbe({
  summary: 'count the files of a directory',
  about:
    'Counts the direct entries of one directory that match all that is given, with bytes, ages and owners. Nothing is followed and nothing recursed; the directory is pinned by device and inode, so that ' +
    'a later delete refuses another one that was put in its place. `holds` looks into each file, and a delete does so again at the act: what does not hold it is counted and stays. `over` looks twice and measures the growth. ' +
    '`sample_matches` reads up to 50 of the files and says how many hold a text; it chooses nothing.',
  schema: FILES_LOOK,
  example: {
    in: '/var/spool/postfix/maildrop',
    type: 'file',
    name: { matches: '^[0-9A-Za-z_.]+$' },
    holds: { format: 'postfix', header: { subject: '^Cron <(?<owner>[^<>@]+)@' } },
  },
  needs: [],
  measures: MEASURES,
  look,
  explain,
});

interface Growth {
  readonly count: number;
  /** Milliseconds. */
  readonly over: number;
}

interface Sampled {
  readonly matching: number;
  readonly read: number;
}

async function look(look: Look, arg: Arg): Promise<Finding> {
  const { host, clock } = look;
  const selector = fileSelectorOf(arg);
  const started = clock.monotonic();
  const first = await host.files.list(selector, { sample: SAMPLE });
  if (!first.ok) return unknownFinding(MEASURES, first.message);
  const { over = 0 } = arg;
  if (over === 0) return await findingOf(look, arg, first, null);
  await clock.sleep(over, look.signal);
  const second = await host.files.list(selector, { sample: SAMPLE });
  if (!second.ok) return unknownFinding(MEASURES, second.message);
  return await findingOf(look, arg, second, { count: second.count - first.count, over: clock.monotonic() - started });
}

async function findingOf({ host, clock }: Look, arg: Arg, seen: FilesSeen, growth: Growth | null): Promise<Finding> {
  const now = clock.now();
  const { sample_matches: wanted } = arg;
  const sampled = wanted === undefined ? null : await readSample(host, seen, wanted);
  const oldest = ageOf(seen.oldest, now);
  const newest = ageOf(seen.newest, now);
  const unread = unreadOf(seen);
  if (unread !== null) return { ...unknownFinding(MEASURES, unread), blocks: asideTable(seen.aside) };
  return {
    summary: summaryOf(seen, { oldest, newest, growth, sampled }),
    measures: {
      count: seen.count,
      bytes: seen.bytes,
      oldest,
      newest,
      owners: seen.owners.length,
      ...(seen.aside && { others: seen.aside.count }),
      growth: growth?.count ?? null,
      per_minute: growth && perMinute(growth),
      sample_matching: sampled && sampled.read > 0 ? { value: sampled.matching, of: sampled.read } : null,
    },
    detail: {
      handle: handleJson(seen.handle),
      count: seen.count,
      bytes: seen.bytes,
      oldest: seen.oldest,
      newest: seen.newest,
      ...(seen.caught && {
        caught: { values: seen.caught.values.map((each) => ({ ...each })), more: seen.caught.more },
      }),
    },
    blocks: [...ledBlock(arg, seen), ...blocksOf(seen, now)],
  };
}

/** Where links led on the way. */
function ledBlock(arg: Arg, { real }: FilesSeen): readonly Block[] {
  const { in: asked } = fileSelectorOf(arg);
  return asked === real ? [] : [{ kind: 'text', lines: [`${asked} leads to ${real}`] }];
}

/**
 * If only one file in a hundred cannot be read, the others decide. If there are more, they could be the ones that are
 * looked for. Null: the sample may be judged.
 */
function unreadOf({ count, aside }: FilesSeen): string | null {
  const unread = aside?.why.unreadable ?? 0;
  return unread * 100 > count
    ? `${plural(unread, 'file')} may not be read, so nobody can tell what they hold: run it as root`
    : null;
}

const perMinute = ({ count, over }: Growth): number => Math.round(((count * 60_000) / Math.max(1, over)) * 10) / 10;

/** Files that vanish during the read, or that may not be read, prove nothing. */
async function readSample(host: Host, seen: FilesSeen, wanted: string): Promise<Sampled> {
  const regular = seen.sample.filter((record) => record.type === 'file' && isPathSafe(record.name));
  const paths = regular.map((record) => `${seen.handle.selector.in}/${shownName(record.name)}`);
  const contents = (await host.files.read(paths, { max: SAMPLE_BYTES })).flatMap((content) =>
    content.ok ? [content] : [],
  );
  const expression = patternOf(wanted, { lines: true });
  return {
    matching: contents.filter((content) => expression.test(latin1Of(content.bytes))).length,
    read: contents.length,
  };
}

/** A name that is not UTF-8 cannot be written as a path of the `read` port. */
const isPathSafe = (name: string): boolean => !shownName(name).includes('\ufffd');

interface Shown {
  readonly oldest: number | null;
  readonly newest: number | null;
  readonly growth: Growth | null;
  readonly sampled: Sampled | null;
}

function summaryOf(seen: FilesSeen, { oldest, newest, growth, sampled }: Shown): string {
  const aside = asideText(seen.aside);
  if (seen.count === 0) return aside === '' ? 'no such file' : `none that holds it; ${aside}`;
  const parts = [
    `${plural(seen.count, 'file')}, ${showSize(seen.bytes)}`,
    `the oldest ${showDuration(oldest ?? 0)} old, the newest ${showDuration(newest ?? 0)}`,
    ...(growth
      ? [`${growth.count < 0 ? '−' : '+'}${showCount(Math.abs(growth.count))} in ${showDuration(growth.over)}`]
      : []),
    ...(aside === '' ? [] : [aside]),
    ...(sampled ? [`${sampled.matching} of ${sampled.read} sampled hold the text`] : []),
  ];
  return parts.join('; ');
}

function blocksOf(seen: FilesSeen, now: number): readonly Block[] {
  const others = othersText(seen.others);
  const aside: Block[] = [
    ...asideTable(seen.aside),
    ...(others === '' ? [] : [{ kind: 'text', lines: [`also there, not selected: ${others}`] } as const]),
  ];
  return seen.count === 0
    ? aside
    : [ownersTable(seen), ...aside, filesTable(`a sample of ${plural(seen.count, 'file')}`, seen.sample, now)];
}

function explain(arg: Arg): readonly string[] {
  const selector = fileSelectorOf(arg);
  return [`${findCommand(selector)} | wc -l`, commandLine(['du', '-sh', '--', selector.in])];
}

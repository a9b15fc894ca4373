import type { FileSystemUsage } from '../../model/host.ts';
import { type Infer, object, path } from '../../model/runbook/shape.ts';
import { showCount, showSize } from '../../model/text/quantity.ts';
import { quoteWord } from '../../model/text/quote.ts';
import { defineProbe, type Finding, type Look, type MeasureAbout, unknownFinding } from '../../model/verb.ts';

const MEASURES = {
  inodes_free: {
    about: 'inodes that can still be taken, as a part of all; all where the file system has no fixed table (btrfs)',
    unit: 'percent',
  },
  inodes_used: { about: 'inodes taken, as a part of all', unit: 'percent' },
  space_free: { about: 'bytes that an ordinary user can still take, as a part of all', unit: 'percent' },
  space_used: { about: 'bytes that an ordinary user cannot take any more, as a part of all', unit: 'percent' },
} as const satisfies Record<string, MeasureAbout>;

const DISK = object('The file system to look at.', { path: path('A path on the file system.') }, ['path']);
type Arg = Infer<typeof DISK>;

export default defineProbe({
  summary: 'look at the space and the inodes of a file system',
  about:
    'Measures the file system that holds a path: always both its blocks and its inodes, because a full inode table says "no space left on device" while df shows space. ' +
    'Free space is what an ordinary user may take: ext4 keeps 5 % for root. A file system without a fixed inode table (btrfs) counts as having all of them free. ' +
    'A network or FUSE mount is not looked at, because a look at a dead one never ends.',
  schema: DISK,
  example: { path: '/var/spool/postfix/maildrop' },
  needs: [],
  measures: MEASURES,
  look,
  explain: (arg) => [`df -h ${quoteWord(arg.path)}`, `df -i ${quoteWord(arg.path)}`],
});

async function look({ host }: Look, arg: Arg): Promise<Finding> {
  const usage = await host.files.usage(arg.path);
  if (!usage.ok) return unknownFinding(MEASURES, usage.message);
  const { path, mount, source, type, space, inodes } = usage;
  return {
    summary: summaryOf(usage),
    measures: measuresOf(usage),
    detail: { path, mount, source, type, space: { ...space }, inodes: { ...inodes } },
    blocks: [tableOf(usage)],
  };
}

interface Part {
  readonly value: number;
  readonly of: number;
}

/** A file system without a fixed table cannot run out of inodes, so we report 1 of 1. 0 of 0 would read as full. */
const inodesFree = ({ inodes }: FileSystemUsage): Part =>
  inodes.total === 0 ? { value: 1, of: 1 } : { value: inodes.free, of: inodes.total };
const spaceFree = ({ space }: FileSystemUsage): Part =>
  space.total === 0 ? { value: 1, of: 1 } : { value: space.free, of: space.total };
const rest = ({ value, of }: Part): Part => ({ value: of - value, of });

function measuresOf(usage: FileSystemUsage) {
  const [inodes, space] = [inodesFree(usage), spaceFree(usage)];
  return { inodes_free: inodes, inodes_used: rest(inodes), space_free: space, space_used: rest(space) };
}

/** Never 0 % while one is left, never 100 % while one is taken. */
function percentOf({ value, of }: Part): string {
  const percent = (value / of) * 100;
  if (percent > 0 && percent < 1) return 'below 1 %';
  return `${percent > 99 && percent < 100 ? 99 : Math.round(percent)} %`;
}

const SCARCE = 0.05;

function summaryOf(usage: FileSystemUsage): string {
  const [inodes, space] = [inodesFree(usage), spaceFree(usage)];
  const both = `${inodesText(usage, inodes)}, ${percentOf(space)} of the space free`;
  const scarce = (part: Part) => part.value / part.of < SCARCE;
  return scarce(inodes) && !scarce(space) ? `${both}: df shows the space, df -i the truth` : both;
}

function inodesText({ inodes }: FileSystemUsage, free: Part): string {
  if (inodes.total === 0) return 'inodes without a limit';
  const of = `of ${showCount(inodes.total)}`;
  return inodes.free === 0
    ? `no inode free (0 ${of})`
    : `${showCount(inodes.free)} ${of} inodes free (${percentOf(free)})`;
}

function tableOf(usage: FileSystemUsage) {
  const { space, inodes, mount, source, type } = usage;
  return {
    kind: 'table',
    title: `${mount} (${type} on ${source})`,
    columns: ['', 'total', 'free', 'free %'],
    rows: [
      ['space', showSize(space.total), showSize(space.free), percentOf(spaceFree(usage))],
      inodes.total === 0
        ? ['inodes', 'no limit', 'no limit', percentOf(inodesFree(usage))]
        : ['inodes', showCount(inodes.total), showCount(inodes.free), percentOf(inodesFree(usage))],
    ],
  } as const;
}

import { lstatSync, type Stats } from 'node:fs';
import type { FileList, FileRecord, FileSelector, FileType } from '../../model/host.ts';
import { latin1OfText } from '../../model/text/bytes.ts';
import { type FileMatches, fileMatches, uidsIn } from '../files/matches.ts';
import { emptyTally, leaveOut, putAside, summaryOf, type Tally, take, type Users } from '../files/tally.ts';
import { failureOf } from '../linux/errno.ts';
import { createSlices } from '../linux/slices.ts';
import { type Directory, fileTypeOf, nameOf, openDirectory } from './directory.ts';
import { withOpened } from './head.ts';
import { holdersOf } from './holders.ts';
import { eachInside, windowsOf } from './windows.ts';

interface Asking {
  readonly sample: number;
  readonly users: Users;
  /** Who has files of the directory open is looked up too. */
  readonly held?: boolean;
}

export async function listFiles(selector: FileSelector, asking: Asking): Promise<FileList> {
  const directory = openDirectory(selector.in);
  if (!directory.ok) return directory;
  try {
    const seen = await listIn(directory, selector, asking);
    if (!seen.ok || !asking.held || seen.count === 0) return seen;
    const held = await holdersOf({ real: latin1OfText(directory.real), deleted: false });
    return held.files === 0 ? seen : { ...seen, held };
  } catch (error) {
    return failureOf(error, selector.in);
  } finally {
    directory.close();
  }
}

async function listIn(directory: Directory, selector: FileSelector, { sample, users }: Asking): Promise<FileList> {
  const at = Date.now();
  const slices = createSlices();
  const matches = fileMatches(selector, at, uidsIn(users));
  const tally = emptyTally(matches.head !== null);
  const wants = (name: string, type: FileType | undefined) => matches.entry(name, type) || leaveOut(tally, type);
  for await (const names of windowsOf({ directory, slices, wants })) {
    await eachInside(directory, slices, names.length, (index) => {
      const name = names[index] ?? '';
      const stat = lstatSync(nameOf(name), { throwIfNoEntry: false });
      if (!stat) return;
      const facts = { type: fileTypeOf(stat) ?? 'device', modified: Math.trunc(stat.mtimeMs), uid: stat.uid };
      if (!matches.facts(facts) || (matches.head && facts.type !== 'file')) return void leaveOut(tally, facts.type);
      if (tally.aside && !holdsWhat(name, { uid: stat.uid, matches, aside: tally.aside })) return;
      take(tally, { size: stat.size, ...facts });
      if (tally.sample.length < sample) tally.sample.push(recordOf(name, stat, facts.type, users));
    });
  }
  const { device, inode, real, vital } = directory;
  return {
    ...summaryOf(tally, users),
    ...matches.caught(),
    real,
    vital,
    handle: { selector: { ...selector, in: real }, device, inode, at, count: tally.count },
  };
}

interface Asked {
  readonly uid: number;
  readonly matches: FileMatches;
  readonly aside: NonNullable<Tally['aside']>;
}

/**
 * Looks into the file. One that does not hold what it must is put aside; one that has gone, or is another by now, is
 * neither.
 */
function holdsWhat(name: string, { uid, matches: { head }, aside }: Asked): boolean {
  if (!head) return true;
  const verdict = withOpened(name, (opened) => opened.judge(head));
  if (verdict === null) return false;
  const why = typeof verdict === 'object' ? 'unreadable' : verdict;
  if (why === 'holds') return true;
  putAside(aside, name, { why: why === 'more' ? 'no-header' : why, uid });
  return false;
}

function recordOf(name: string, stat: Stats, type: FileType, users: Users): FileRecord {
  return {
    name,
    type,
    size: stat.size,
    uid: stat.uid,
    user: users[stat.uid] ?? String(stat.uid),
    mode: stat.mode & 0o7777,
    links: stat.nlink,
    modified: Math.trunc(stat.mtimeMs),
    inode: stat.ino,
  };
}

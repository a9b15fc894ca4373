import type { Failure, FileHandle, FileList, FileRecord, FileSelector } from '../../../model/host.ts';
import { type FileMatches, fileMatches, uidsIn } from '../../files/matches.ts';
import { emptyTally, leaveOut, putAside, summaryOf, type Tally, take, type Users } from '../../files/tally.ts';
import type { Remote } from '../remote.ts';
import type { EntryFacts, FarEntry } from './entries.ts';
import { HEADS_AT_ONCE, judgeHeads } from './heads.ts';
import { Cut, type Listing, openListing } from './listing.ts';
import { pathWord } from './said.ts';

/** The listing is processed as it comes, so the names are never all in memory. */
export async function listFar(
  remote: Remote,
  { selector, sample, users }: { readonly selector: FileSelector; readonly sample: number; readonly users: Users },
): Promise<FileList> {
  const listing = await openListing(remote, selector.in, { brief: false });
  if (!listing.ok) return listing;
  const matches = fileMatches(selector, listing.now, uidsIn(users));
  const tally = emptyTally(matches.head !== null);
  const asked: Wanted = { remote, path: selector.in, listing, matches, sample, users };
  try {
    let waiting: readonly FarEntry[] = [];
    for await (const entries of listing.entries) {
      waiting = waiting.concat(entries.filter((entry) => isWanted(tally, entry, asked)));
      for (; waiting.length >= HEADS_AT_ONCE; waiting = waiting.slice(HEADS_AT_ONCE)) {
        await count(tally, waiting.slice(0, HEADS_AT_ONCE), asked);
      }
    }
    await count(tally, waiting, asked);
  } catch (error) {
    if (error instanceof Cut) return error.failure;
    throw error;
  }
  const { real, vital } = listing;
  return {
    ...summaryOf(tally, users),
    ...matches.caught(),
    real,
    vital,
    handle: handleOf(listing, { ...selector, in: real }, tally.count),
  };
}

function handleOf({ device, inode, now }: Listing, selector: FileSelector, count: number): FileHandle {
  return { selector, device, inode, at: now, count };
}

interface Wanted {
  readonly remote: Remote;
  readonly path: string;
  readonly listing: Listing;
  readonly matches: FileMatches;
  readonly sample: number;
  readonly users: Users;
}

function isWanted(tally: Tally, { name, type, facts }: FarEntry, { matches }: Wanted): boolean {
  if (!matches.entry(name, type) || facts === null || !matches.facts(facts)) return leaveOut(tally, type);
  return matches.head === null || facts.type === 'file' || leaveOut(tally, facts.type);
}

async function count(tally: Tally, entries: readonly FarEntry[], asked: Wanted): Promise<void> {
  const { sample, users } = asked;
  for (const { name, facts } of await thatHold(tally, entries, asked)) {
    if (facts === null) continue;
    take(tally, facts);
    if (tally.sample.length < sample) tally.sample.push(recordOf(name, facts, users));
  }
}

async function thatHold(
  tally: Tally,
  entries: readonly FarEntry[],
  { remote, path, listing, matches }: Wanted,
): Promise<readonly FarEntry[]> {
  const word = pathWord(path);
  if (matches.head === null || tally.aside === null || entries.length === 0 || !word.ok) return entries;
  const ground = { path, directory: word.word, device: listing.device, inode: listing.inode };
  const names = entries.map(({ name }) => name);
  const heads = await judgeHeads(remote, ground, names, matches.head);
  if (!Array.isArray(heads)) throw new Cut(heads as Failure);
  const { aside } = tally;
  return entries.filter((entry, at) => {
    const verdict = heads[at]?.verdict ?? 'gone';
    if (verdict !== 'holds' && verdict !== 'gone')
      putAside(aside, entry.name, { why: verdict, uid: entry.facts?.uid ?? 0 });
    return verdict === 'holds';
  });
}

function recordOf(name: string, facts: EntryFacts, users: Users): FileRecord {
  const { type, size, uid, mode, links, modified, inode } = facts;
  return { name, type, size, uid, user: users[uid] ?? String(uid), mode, links, modified, inode };
}

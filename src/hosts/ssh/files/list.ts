import type { FileHandle, FileList, FileRecord, FileSelector } from '../../../model/host.ts';
import { type FileMatches, fileMatches, uidsIn } from '../../file-matches.ts';
import { emptyTally, leaveOut, summaryOf, type Tally, take, type Users } from '../../tally.ts';
import type { Remote } from '../remote.ts';
import type { Entry, EntryFacts } from './entries.ts';
import { Cut, type Listing, openListing } from './listing.ts';

/** Folded as it comes: however many names there are, at no time are they all here. */
export async function list(
  remote: Remote,
  { selector, sample, users }: { readonly selector: FileSelector; readonly sample: number; readonly users: Users },
): Promise<FileList> {
  const listing = await openListing(remote, selector.in, { brief: false });
  if (!listing.ok) return listing;
  const matches = fileMatches(selector, listing.now, uidsIn(users));
  const tally = emptyTally();
  try {
    for await (const entries of listing.entries) for (const entry of entries) count(tally, entry, { matches, sample, users });
  } catch (error) {
    if (error instanceof Cut) return error.failure;
    throw error;
  }
  const { real, vital } = listing;
  return { ...summaryOf(tally, users), real, vital, handle: handleOf(listing, { ...selector, in: real }, tally.count) };
}

function handleOf({ device, inode, now }: Listing, selector: FileSelector, count: number): FileHandle {
  return { selector, device, inode, at: now, count };
}

interface Wanted {
  readonly matches: FileMatches;
  readonly sample: number;
  readonly users: Users;
}

function count(tally: Tally, { name, type, facts }: Entry, { matches, sample, users }: Wanted): void {
  if (!matches.entry(name, type) || facts === null || !matches.facts(facts)) return void leaveOut(tally, type);
  take(tally, facts);
  if (tally.sample.length < sample) tally.sample.push(recordOf(name, facts, users));
}

function recordOf(name: string, facts: EntryFacts, users: Users): FileRecord {
  const { type, size, uid, mode, links, modified, inode } = facts;
  return { name, type, size, uid, user: users[uid] ?? String(uid), mode, links, modified, inode };
}

import type { FileList, FileRecord, FileType } from '../model/host.ts';

/** uid to name. */
export type Users = Readonly<Record<string, string>>;

type Listed = Extract<FileList, { ok: true }>;

/** What a listing has seen so far: never the names. */
export interface Tally {
  count: number;
  bytes: number;
  oldest: number | null;
  newest: number | null;
  readonly owners: Map<number, number>;
  readonly others: Partial<Record<FileType, number>>;
  readonly sample: FileRecord[];
}

export function emptyTally(): Tally {
  return { count: 0, bytes: 0, oldest: null, newest: null, owners: new Map(), others: {}, sample: [] };
}

/** Counts an entry that the selector does not want; false, so that it can stand in a condition. */
export function leaveOut(tally: Tally, type: FileType | undefined): false {
  const key = type ?? 'file';
  tally.others[key] = (tally.others[key] ?? 0) + 1;
  return false;
}

export function take(
  tally: Tally,
  { size, modified, uid }: { readonly size: number; readonly modified: number; readonly uid: number },
): void {
  tally.count += 1;
  tally.bytes += size;
  tally.oldest = Math.min(tally.oldest ?? modified, modified);
  tally.newest = Math.max(tally.newest ?? modified, modified);
  tally.owners.set(uid, (tally.owners.get(uid) ?? 0) + 1);
}

/** All that the entries tell; the folder itself is told beside it. */
export function summaryOf(tally: Tally, users: Users): Omit<Listed, 'handle' | 'real' | 'vital'> {
  return { ok: true, ...tally, owners: ownersOf(tally, users) };
}

function ownersOf(tally: Tally, users: Users): Listed['owners'] {
  return [...tally.owners].toSorted(([, a], [, b]) => b - a).map(([uid, count]) => ({ user: users[uid] ?? String(uid), count }));
}

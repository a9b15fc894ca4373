import type { AsideWhy } from '../../model/host/holds.ts';
import type { Aside, FileList, FileRecord, FileType } from '../../model/host.ts';

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
  /** Null: nothing was asked of the content. */
  readonly aside: AsideTally | null;
  readonly sample: FileRecord[];
}

export function emptyTally(judged: boolean): Tally {
  return {
    count: 0,
    bytes: 0,
    oldest: null,
    newest: null,
    owners: new Map(),
    others: {},
    aside: judged ? emptyAside() : null,
    sample: [],
  };
}

/** Counts an entry that the selector does not want. It returns false, so that it can be used in a condition. */
export function leaveOut(tally: Tally, type: FileType | undefined): false {
  const key = type ?? 'file';
  tally.others[key] = (tally.others[key] ?? 0) + 1;
  return false;
}

/** What matches all but `holds`. */
export interface AsideTally {
  count: number;
  readonly owners: Map<number, number>;
  readonly why: Partial<Record<AsideWhy, number>>;
  readonly names: string[];
}

const MOST_NAMES = 5;

export function emptyAside(): AsideTally {
  return { count: 0, owners: new Map(), why: {}, names: [] };
}

export function putAside(
  aside: AsideTally,
  name: string,
  { why, uid }: { readonly why: AsideWhy; readonly uid: number },
): void {
  aside.count += 1;
  aside.owners.set(uid, (aside.owners.get(uid) ?? 0) + 1);
  aside.why[why] = (aside.why[why] ?? 0) + 1;
  if (aside.names.length < MOST_NAMES) aside.names.push(name);
}

export function asideOf({ count, owners, why, names }: AsideTally, users: Users): Aside {
  return { count, owners: ownersOf(owners, users), why: { ...why }, names };
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
  const { aside, owners, ...rest } = tally;
  return { ok: true, ...rest, owners: ownersOf(owners, users), ...(aside && { aside: asideOf(aside, users) }) };
}

function ownersOf(owners: ReadonlyMap<number, number>, users: Users): Listed['owners'] {
  return [...owners]
    .toSorted(([, a], [, b]) => b - a)
    .map(([uid, count]) => ({ user: users[uid] ?? String(uid), count }));
}

import { createHash } from 'node:crypto';
import { type AsideWhy, LONGEST_HEAD } from '../../model/host/holds.ts';
import {
  type Aside,
  type Failure,
  type FileContent,
  type FileHandle,
  type FileList,
  type FileRecord,
  type Files,
  type FileType,
  failure,
} from '../../model/host.ts';
import { latin1Of } from '../../model/text/bytes.ts';
import { deletable, type FileMatches, fileMatches, uidsIn } from '../files/matches.ts';
import { namedLink } from '../files/strangers.ts';
import { vitalRefused } from '../files/sweep.ts';
import { asideOf, emptyAside, putAside } from '../files/tally.ts';
import { vitalAt } from '../files/vital.ts';
import { walk } from './walk.ts';
import type { FakeFile, FakeWorld } from './world.ts';

/**
 * Paths are keys of `world.files`; a folder exists where it has an entry of its own or anything below it. Names are
 * latin1, as everywhere.
 */
export function fakeFiles(world: FakeWorld): Files {
  return {
    resolve: async (path) => {
      const walked = walk(world, path, 'follow');
      return walked.ok ? { ok: true, real: walked.real } : walked;
    },
    usage: async (path) => {
      const walked = walk(world, path, 'follow');
      return walked.ok ? { ok: true, ...world.usage, path } : walked;
    },
    list: async (selector, { sample }) => list(world, selector, sample),
    delete: async (handle, options) => remove(world, handle, options),
    read: async (paths, { max = 2 ** 20 } = {}) => paths.map((path) => read(world, path, max)),
    writable: async (paths) => paths.map((path) => writable(world, path)),
    replace: async (path, change) => {
      const seen = read(world, path, Number.POSITIVE_INFINITY);
      const file = seen.ok ? world.files.get(seen.real) : undefined;
      if (!seen.ok || !file) return seen.ok ? failure('ENOENT', `${path}: there is no such file`) : seen;
      if (seen.hash !== change.before)
        return failure('changed', `${path} is not as it was seen: somebody has changed it since`);
      if (file.immutable) return failure('EPERM', `${path}: not permitted`);
      file.bytes = change.bytes;
      file.modified = world.now;
      world.log.push(`replace ${seen.real}`);
      return { ok: true, hash: hashOf(change.bytes) };
    },
  };
}

const DEVICE = 1;
const hashOf = (base64: string): string => createHash('sha256').update(Buffer.from(base64, 'base64')).digest('hex');
const sizeOf = (file: FakeFile): number => Buffer.from(file.bytes, 'base64').length;

interface Entry {
  readonly name: string;
  readonly path: string;
  readonly file: FakeFile;
}

function entriesOf(world: FakeWorld, folder: string): readonly Entry[] {
  return [...world.files].flatMap(([path, file]) => {
    const cut = path.lastIndexOf('/');
    return path.slice(0, cut) === folder ? [{ name: path.slice(cut + 1), path, file }] : [];
  });
}

type Folder = { readonly ok: true; readonly inode: number; readonly real: string; readonly vital: string | null };

/** The inode of a folder; a folder that is only implied by what is in it has 2, the root's. */
function folderOf(world: FakeWorld, path: string): Folder | Failure {
  const walked = walk(world, path, 'keep');
  if (!walked.ok) return walked;
  const { real, file } = walked;
  if (file?.type === 'symlink') return linkInstead(world, path);
  const found = { ok: true, real, vital: vitalIn(world, real) } as const;
  if (file)
    return file.type === 'directory'
      ? { ...found, inode: file.inode }
      : failure('ENOTDIR', `${path} is not a directory`);
  const implied = [...world.files.keys()].some((key) => key.startsWith(`${real}/`));
  return implied ? { ...found, inode: 2 } : failure('ENOENT', `${path}: there is no such file or folder`);
}

function vitalIn(world: FakeWorld, real: string): string | null {
  const names = real.split('/').filter(Boolean);
  const isSystem = (up: number): boolean => {
    const root = ['', ...names.slice(0, names.length - up)].join('/');
    return (
      world.files.has(`${root}/etc/passwd`) && [...world.files.keys()].some((path) => path.startsWith(`${root}/usr/`))
    );
  };
  const systems = names.map((_, up) => up).filter(isSystem);
  return vitalAt({ real, chain: [], known: [], mounts: [], systems });
}

function linkInstead(world: FakeWorld, path: string): Failure {
  const led = walk(world, path, 'follow');
  return namedLink(path, led);
}

function matching(world: FakeWorld, folder: string, matches: FileMatches) {
  const chosen = ({ name, file }: Entry) => matches.entry(name, file.type) && matches.facts(file);
  // The files of a storm are alike, so each kind is judged once.
  const judged = new Map<string, { readonly file: FakeFile; readonly verdict: 'holds' | AsideWhy }>();
  const judge = (entry: Entry) => {
    const { file } = entry;
    const before = judged.get(file.bytes);
    if (before?.file.mode === file.mode && before.file.uid === file.uid) return before.verdict;
    const verdict = verdictOf(entry, matches);
    judged.set(file.bytes, { file, verdict });
    return verdict;
  };
  return Map.groupBy(entriesOf(world, folder), (entry) => {
    if (!chosen(entry) || (matches.head && entry.file.type !== 'file')) return 'out';
    return judge(entry) === 'holds' ? 'in' : 'aside';
  });
}

/** What lies here is not longer than what is read of a file. */
function verdictOf({ file }: Entry, { head }: FileMatches): 'holds' | AsideWhy {
  const { mode, uid } = file;
  const verdict =
    head?.({ bytes: latin1Of(file.bytes).slice(0, LONGEST_HEAD), size: sizeOf(file), mode, uid }) ?? 'holds';
  return verdict === 'more' ? 'no-header' : verdict;
}

function asideIn(world: FakeWorld, entries: readonly Entry[], matches: FileMatches): { readonly aside?: Aside } {
  if (!matches.head) return {};
  const aside = emptyAside();
  for (const entry of entries) {
    const why = verdictOf(entry, matches);
    if (why !== 'holds') putAside(aside, entry.name, { why, uid: entry.file.uid });
  }
  return { aside: asideOf(aside, world.users) };
}

function list(world: FakeWorld, selector: FileHandle['selector'], sample: number): FileList {
  const folder = folderOf(world, selector.in);
  if (!folder.ok) return folder;
  const { real, vital } = folder;
  const matches = fileMatches(selector, world.now, uidsIn(world.users));
  const groups = matching(world, real, matches);
  const records = (groups.get('in') ?? []).map((entry) => recordOf(world, entry));
  const times = records.map((record) => record.modified);
  const owners = [...Map.groupBy(records, (record) => record.user)].map(([user, of]) => ({ user, count: of.length }));
  return {
    ok: true,
    count: records.length,
    bytes: records.reduce((sum, record) => sum + record.size, 0),
    oldest: times.length === 0 ? null : Math.min(...times),
    newest: times.length === 0 ? null : Math.max(...times),
    owners: owners.toSorted((a, b) => b.count - a.count),
    others: countTypes((groups.get('out') ?? []).map((entry) => entry.file.type)),
    ...asideIn(world, groups.get('aside') ?? [], matches),
    ...matches.caught(),
    sample: records.slice(0, sample),
    real,
    vital,
    handle: {
      selector: { ...selector, in: real },
      device: DEVICE,
      inode: folder.inode,
      at: world.now,
      count: records.length,
    },
  };
}

function countTypes(types: readonly FileType[]): Partial<Record<FileType, number>> {
  return Object.fromEntries([...Map.groupBy(types, (type) => type)].map(([type, of]) => [type, of.length]));
}

function recordOf(world: FakeWorld, { name, file }: Entry): FileRecord {
  const { type, uid, mode, modified, inode } = file;
  return {
    name,
    type,
    size: sizeOf(file),
    uid,
    user: world.users[uid] ?? String(uid),
    mode,
    links: file.links ?? 1,
    modified,
    inode,
  };
}

async function remove(
  world: FakeWorld,
  handle: FileHandle,
  options: Parameters<Files['delete']>[1],
): ReturnType<Files['delete']> {
  const { selector } = handle;
  const folder = folderOf(world, selector.in);
  if (!folder.ok) return folder;
  const vital = vitalRefused(folder);
  if (vital) return vital;
  if (handle.device !== DEVICE || handle.inode !== folder.inode) {
    return failure(
      'swapped',
      `${selector.in} is another directory than the one that was looked at: nothing was deleted`,
    );
  }
  const types = deletable(selector);
  const matches = fileMatches({ ...selector, type: types }, world.now, uidsIn(world.users));
  const groups = matching(world, folder.real, matches);
  const all = groups.get('in') ?? [];
  const gone = await removeInBatches(world, all, options);
  if (gone.length > 0) world.log.push(`delete ${selector.in} ${gone.length}`);
  const left = all.length - gone.length;
  return {
    ok: true,
    deleted: gone.length,
    bytes: gone.reduce((sum, entry) => sum + sizeOf(entry.file), 0),
    arrived: 0,
    skipped: entriesOf(world, folder.real)
      .filter(({ name, file }) => !types.includes(file.type) && matches.entry(name, undefined))
      .slice(0, 20)
      .map(({ name, file }) => ({ name, reason: `a ${file.type}` })),
    left,
    ...asideIn(world, groups.get('aside') ?? [], matches),
    ended: left === 0 ? 'clean' : options.signal.aborted ? 'interrupted' : 'limit',
  };
}

async function removeInBatches(
  world: FakeWorld,
  all: readonly Entry[],
  options: Parameters<Files['delete']>[1],
): Promise<readonly Entry[]> {
  const most = Math.min(all.length, options.limit);
  let done = 0;
  while (done < most && !options.signal.aborted) {
    const next = Math.min(most, done + options.batch);
    await options.reserve?.(next);
    for (const entry of all.slice(done, next)) world.files.delete(entry.path);
    done = next;
    options.progress({ done, total: all.length, rate: 0 });
    await Promise.resolve();
  }
  return all.slice(0, done);
}

function writable(world: FakeWorld, path: string): ReturnType<typeof folderOf> | { readonly ok: true } {
  const file = world.files.get(path);
  if (file?.immutable) return failure('EPERM', `${path}: not permitted`);
  if (folderOf(world, path).ok) return { ok: true };
  const seen = read(world, path, Number.POSITIVE_INFINITY);
  return seen.ok ? { ok: true } : seen;
}

function read(world: FakeWorld, path: string, max: number): FileContent {
  const walked = walk(world, path, 'follow');
  if (!walked.ok) return walked;
  const { real, file } = walked;
  if (!file) return failure('ENOENT', `${path}: there is no such file or folder`);
  if (file.type !== 'file') return failure('not-regular', `${path} is not a regular file`);
  const size = sizeOf(file);
  if (size > max) return failure('EFBIG', `${path} is larger than ${max} bytes`);
  const { bytes, mode, uid, gid, modified } = file;
  return { ok: true, path, real, bytes, hash: hashOf(bytes), size, mode, uid, gid, links: file.links ?? 1, modified };
}

import type { Block } from '../block.ts';
import type { Aside, FileHandle, FileList, FileRecord, FileSelector, FileType, Held } from '../host.ts';
import { FILE_TYPES } from '../host.ts';
import { isObject, type Json } from '../json.ts';
import { either, type Infer, object, oneOrMore, path, pattern, quantity, text, word } from '../runbook/shape.ts';
import { latin1OfText, shownText } from '../text/bytes.ts';
import { plural, showCount, showDuration, showSize } from '../text/quantity.ts';
import { withoutEnd } from '../text/trim.ts';
import { ASIDE_WHYS, type AsideWhy } from './holds.ts';
import { HOLDS, holdsOf } from './holds-shape.ts';

export type FilesSeen = Extract<FileList, { ok: true }>;

/** What the probe `files` and the action `delete` both say of files: one selector, one way to show them. */
export const FILE_SELECTOR = {
  in: path(
    'The directory itself, not a link to it. Its direct entries only: nothing is followed and nothing recursed.',
  ),
  type: oneOrMore(word('A type of file.', ...FILE_TYPES), 'One type or several.'),
  name: either(
    'The whole name, several, or a pattern that is found in the name.',
    oneOrMore(text('The whole name of a file.'), 'One name or several, compared as a whole.'),
    object(
      'What the name must look like.',
      { matches: pattern('A regular expression over the bytes of the name; `^` and `$` are its ends.') },
      ['matches'],
    ),
  ),
  older_than: quantity('duration', 'Only those whose content was last changed at least so long ago.'),
  newer_than: quantity('duration', 'Only those whose content was last changed at most so long ago.'),
  user: oneOrMore(text('A user name or numeric id.'), 'One owner or several, by name or id.'),
  holds: HOLDS,
};

export const FILES = object('Which files: all that is given must hold.', FILE_SELECTOR, ['in']);
/** The argument of the probe `files`. */
export const FILES_LOOK = object(
  'Which files: all that is given must hold.',
  {
    ...FILE_SELECTOR,
    over: quantity('duration', 'Look twice, so long apart, and measure how many came.'),
    sample_matches: pattern(
      'Superseded by `holds`, which judges each file. A regular expression that is sought in up to 50 of the files of at most 256 KiB; only for a step of which nothing is deleted.',
    ),
  },
  ['in'],
);

type Selected = Infer<typeof FILES>;

/** As the port takes it. Slashes at the end go: the kernel follows a symbolic link that is named with one. */
export function fileSelectorOf({
  in: folder,
  type,
  name,
  older_than,
  newer_than,
  user,
  holds,
}: Selected): FileSelector {
  return {
    in: withoutEnd(folder ?? '', '/') || '/',
    ...(type && { type }),
    ...(name && { name: namePattern(name) }),
    ...(older_than !== undefined && { older_than }),
    ...(newer_than !== undefined && { newer_than }),
    ...(user && { user }),
    ...(holds && { holds: holdsOf(holds) }),
  };
}

const namePattern = (name: NonNullable<Selected['name']>): string =>
  'matches' in name ? name.matches : `^(?:${name.map(latin1Pattern).join('|')})$`;

/** A literal name as a pattern over its bytes. */
function latin1Pattern(name: string): string {
  return latin1OfText(name).replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

/** A file's name for people; what is not UTF-8 becomes the replacement character, and views escape the rest. */
export function shownName(latin1: string): string {
  return shownText(latin1);
}

/** A few names are enough to see what kind of files these are. */
const SAMPLE_SHOWN = 5;

export function filesTable(title: string, records: readonly FileRecord[], now: number): Block {
  return {
    kind: 'table',
    title,
    first: SAMPLE_SHOWN,
    columns: ['name', 'type', 'size', 'owner', 'age'],
    rows: records.map((each) => [
      shownName(each.name),
      each.type,
      showSize(each.size),
      each.user,
      showAge(each.modified, now),
    ]),
  };
}

/** Only the first owners: a spool that every user can write to may have thousands. */
const MOST_OWNERS = 20;

/** One owner fits in a line. */
export function ownersTable(seen: FilesSeen): Block {
  const [only, another] = seen.owners;
  if (only && !another) return { kind: 'text', lines: [`all of ${only.user}`] };
  const rows = seen.owners.slice(0, MOST_OWNERS).map(({ user, count }) => [user, showCount(count)]);
  return {
    kind: 'table',
    title: `by owner (${showCount(seen.owners.length)})`,
    columns: ['owner', 'files'],
    rows,
    first: SAMPLE_SHOWN,
  };
}

/** `3 directories, 1 FIFO`; empty where there is nothing else. */
export function othersText(others: FilesSeen['others']): string {
  return FILE_TYPES.flatMap((type) => {
    const count = others[type] ?? 0;
    return count === 0 ? [] : [`${showCount(count)} ${count === 1 ? TYPE_NAMES[type][0] : TYPE_NAMES[type][1]}`];
  }).join(', ');
}

const TYPE_NAMES: Readonly<Record<FileType, readonly [string, string]>> = {
  file: ['file', 'files'],
  directory: ['directory', 'directories'],
  symlink: ['symbolic link', 'symbolic links'],
  fifo: ['FIFO', 'FIFOs'],
  socket: ['socket', 'sockets'],
  device: ['device', 'devices'],
};

const WHY_TEXTS: Readonly<Record<AsideWhy, string>> = {
  other: 'it holds something else',
  owner: 'its header names another user than its owner',
  'no-header': 'it has no whole header',
  unfinished: 'it may still be written',
  unreadable: 'it could not be read',
};

const MOST_TOLD = 3;

/** `137 others stay (136 of www-data, 1 of root)`; empty where there is nothing else. */
export function asideText(aside: Aside | undefined, verb: 'stay' | 'stayed' = 'stay'): string {
  if (!aside || aside.count === 0) return '';
  const by = aside.owners.slice(0, MOST_TOLD).map(({ user, count }) => `${showCount(count)} of ${user}`);
  const more = aside.owners.length > MOST_TOLD ? ' and others' : '';
  const does = verb === 'stay' && aside.count === 1 ? 'stays' : verb;
  return `${showCount(aside.count)} ${aside.count === 1 ? 'other' : 'others'} ${does} (${by.join(', ')}${more})`;
}

/** `2 of them (3 MiB) are held open by tail(4711), so their space is not free yet`; empty where nobody holds any. */
export function heldText(held: Held | undefined, deleted: boolean): string {
  if (!held || held.files === 0) return '';
  const by = held.by.slice(0, MOST_TOLD).map(({ pid, name }) => `${shownName(name)}(${pid})`);
  const more = held.by.length > MOST_TOLD ? ` and ${held.by.length - MOST_TOLD} more` : '';
  const blind = held.whole ? '' : 'not every process could be looked at: there may be more';
  const files = `${plural(held.files, 'file')} (${showSize(held.bytes)})`;
  const tail = blind === '' ? '' : `; ${blind}`;
  return deleted
    ? `${files} of this directory ${held.files === 1 ? 'is' : 'are'} deleted and still held open by ${by.join(', ')}${more}: the space is free once it is closed${tail}`
    : `${files} of this directory ${held.files === 1 ? 'is' : 'are'} held open by ${by.join(', ')}${more}: deleting frees nothing of it before it is closed${tail}`;
}

/** What stays, and why. */
export function asideTable(aside: Aside | undefined): readonly Block[] {
  if (!aside || aside.count === 0) return [];
  const rows = ASIDE_WHYS.flatMap((why) =>
    aside.why[why] === undefined ? [] : [[showCount(aside.why[why] ?? 0), WHY_TEXTS[why]]],
  );
  const names = aside.names.map(shownName).join(', ');
  return [{ kind: 'table', title: `${asideText(aside)}; for example ${names}`, columns: ['files', 'why'], rows }];
}

/** A clock that was set back would give an age below zero. */
export function ageOf(modified: number | null, now: number): number | null {
  return modified === null ? null : Math.max(0, now - modified);
}

export function showAge(modified: number, now: number): string {
  return showDuration(Math.max(0, now - modified));
}

/** For a finding's or an observation's detail. */
export function handleJson(handle: FileHandle): Json {
  const { holds, ...rest } = handle.selector;
  return { ...handle, selector: { ...rest, ...(holds && { holds: { ...holds } }) } };
}

/** The handle in a `files` finding's detail, or null where the step has not looked. */
export function handleIn(found: Json): FileHandle | null {
  const handle = isObject(found) ? found.handle : undefined;
  return isObject(handle) && typeof handle.inode === 'number' && typeof handle.device === 'number'
    ? (handle as unknown as FileHandle)
    : null;
}

import type { Caught, FileSelector, FileType } from '../../model/host.ts';
import { patternOf } from '../../model/text/pattern.ts';
import { catchIn, caughtIn, emptyNet } from './caught.ts';
import { type HeadJudge, headJudge } from './holds.ts';

/** What an lstat tells of an entry beyond its name. */
export interface FileFacts {
  readonly type: FileType;
  /** Epoch milliseconds. */
  readonly modified: number;
  readonly uid: number;
}

/** A selector made ready. The name and the type come free with the directory's entry, the rest costs an lstat. */
export interface FileMatches {
  /** `type` undefined: the file system does not tell it with the entry. */
  readonly entry: (name: string, type: FileType | undefined) => boolean;
  /** Holds of an lstat, the type included: the entry may have become something else since. */
  readonly facts: (facts: FileFacts) => boolean;
  /** Of what else matches: whether the file holds what it must. Null: nothing is asked of its content. */
  readonly head: HeadJudge | null;
  /** What the named groups of `holds` have caught so far; empty where nothing is asked. */
  readonly caught: () => { readonly caught?: Caught };
}

/** Ages are counted at `now`. `uidOf` names of users; ids stand for themselves. */
export function fileMatches(
  selector: FileSelector,
  now: number,
  uidsOf: (user: string) => readonly number[],
): FileMatches {
  const name = selector.name === undefined ? undefined : patternOf(selector.name);
  const types = selector.type;
  const uids =
    selector.user && new Set(selector.user.flatMap((user) => (/^\d+$/.test(user) ? [Number(user)] : uidsOf(user))));
  const net = emptyNet();
  const { older_than: older, newer_than: newer } = selector;
  return {
    entry: (given, type) =>
      (types === undefined || type === undefined || types.includes(type)) && (name === undefined || name.test(given)),
    facts: ({ type, modified, uid }) =>
      (types === undefined || types.includes(type)) &&
      (uids === undefined || uids.has(uid)) &&
      (older === undefined || now - modified >= older) &&
      (newer === undefined || now - modified <= newer),
    head: selector.holds ? headJudge(selector.holds, uidsOf, (groups) => catchIn(net, groups)) : null,
    caught: () => (selector.holds ? { caught: caughtIn(net) } : {}),
  };
}

/** The ids that have a name, from the table of passwd(5). */
export function uidsIn(users: Readonly<Record<string, string>>): (user: string) => readonly number[] {
  let byName: ReadonlyMap<string, readonly number[]> | null = null;
  return (user) => {
    byName ??= new Map(
      [...Map.groupBy(Object.entries(users), ([, name]) => name)].map(([name, of]) => [
        name,
        of.map(([id]) => Number(id)),
      ]),
    );
    return byName.get(user) ?? [];
  };
}

/**
 * What may be deleted: what the selector says, but never a directory, and other than regular files only where their
 * type is asked for by name.
 */
export function deletable(selector: FileSelector): readonly FileType[] {
  return (selector.type ?? ['file']).filter((type) => type !== 'directory');
}

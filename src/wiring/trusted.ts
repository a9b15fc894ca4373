import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Mistrust, readTrusted, rootSeenAs, suspectPlace, type TrustedText } from '../hosts/trusted.ts';
import type { Result } from '../model/host.ts';

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));

export interface TrustedReader {
  readonly uid: number;
  /** The text, or why there is none: an errno. */
  readonly readText: (path: string) => string | { readonly code: string };
  /** The same, with the reason in words. A file is opened once: what was looked at is what is used. */
  readonly read: (path: string) => Result<TrustedText>;
  /** Looks at a file or a folder that somebody else will read. */
  readonly look: (path: string) => void;
  /** Of all that was read so far: each file that others could have written, and why. */
  readonly suspected: () => ReadonlyMap<string, readonly Mistrust[]>;
}

/** Files of the package are trusted as the program is: whoever could write to them could write to it. */
export function trustedReader(uid: number): TrustedReader {
  const reader = { uid, root: rootSeenAs() };
  const before = new Map<string, Result<TrustedText>>();
  const looked = new Map<string, readonly Mistrust[]>();
  const readNow = (path: string): Result<TrustedText> => {
    const found = readTrusted(path, reader);
    return found.ok && found.suspicions.length > 0 && isPartOfProgram(path) ? { ...found, suspicions: [] } : found;
  };
  const read = (path: string): Result<TrustedText> => {
    const found = before.get(path) ?? readNow(path);
    before.set(path, found);
    return found;
  };
  return {
    uid,
    read,
    readText: (path) => {
      const found = read(path);
      return found.ok ? found.text : { code: found.code };
    },
    look: (path) => void looked.set(path, suspectPlace(path, reader)),
    suspected: () => {
      const found = [...before].map(([path, one]) => [path, one.ok ? one.suspicions : []] as const);
      return new Map([...looked, ...found].filter(([, suspicions]) => suspicions.length > 0));
    },
  };
}

export function isPartOfProgram(path: string): boolean {
  return realpathSync(path).startsWith(realpathSync(PACKAGE).replace(/\/?$/, '/'));
}

/** Whoever is asked to change something is told what to type; a line each. */
export function saySuspected(suspected: ReadonlyMap<string, readonly Mistrust[]>, before = ''): readonly string[] {
  const all = [...suspected.values()].flat();
  const each = new Map(all.map(({ path, says, fix }) => [`${path} ${says}`, fix]));
  return [
    `${before}others could have written ${[...suspected.keys()].join(', ')}:`,
    ...[...each.keys()].map((says) => `  ${says}`),
    'to trust what is written there, read it, then type:',
    ...[...new Set(each.values())].map((fix) => `  ${fix}`),
  ];
}

import type { HeadFormat } from './mail-head.ts';

/** What a file must hold, judged file by file. A header is read up to its first empty line; a body proves nothing. */
export interface Holds {
  readonly format: HeadFormat;
  /** Alternatives. Of one, every field must be there, and each that has its name must match its pattern. */
  readonly header?: readonly Readonly<Record<string, string>>[];
  /** Fields that the header must not have. */
  readonly without: readonly string[];
  /** Sought in the first 64 KiB. */
  readonly text?: string;
}

/** Why a file that matches all else does not hold it. */
export const ASIDE_WHYS = ['other', 'owner', 'no-header', 'unfinished', 'unreadable'] as const;
export type AsideWhy = (typeof ASIDE_WHYS)[number];

/** So much of a file is read at the most: a header that is longer is nobody's of ours. */
export const LONGEST_HEAD = 65_536;
/** So much at first: it is enough for nearly all. */
export const FIRST_HEAD = 4096;

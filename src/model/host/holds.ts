import type { HeadFormat } from './mail-head.ts';

/**
 * What a file must contain; each file is judged by itself. A header ends at the first empty line. The body proves
 * nothing, because anybody can write into it.
 */
export interface Holds {
  readonly format: HeadFormat;
  /**
   * Alternatives: one of them must fit. It fits if each of its fields is there, and every field of that name matches
   * the pattern.
   */
  readonly header?: readonly Readonly<Record<string, string>>[];
  /** Fields that the header must not have. */
  readonly without: readonly string[];
  /** Sought in the first 64 KiB. */
  readonly text?: string;
}

/** Why a file that matches everything else is left alone. */
export const ASIDE_WHYS = ['other', 'owner', 'no-header', 'unfinished', 'unreadable'] as const;
export type AsideWhy = (typeof ASIDE_WHYS)[number];

/** The most that is read of a file. No mail of cron's has a longer header. */
export const LONGEST_HEAD = 65_536;
/** The bytes that are read first. They are enough for nearly every file. */
export const FIRST_HEAD = 4096;

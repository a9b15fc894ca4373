/** Not from Intl, which takes ten milliseconds to wake up. */
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec'.split(' ');

/** `23 Nov 2026, 16:55:04 UTC` */
export function dayText(at: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return at;
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}, ${clockText(at)} UTC`;
}

/** `16:55:04` */
export const clockText = (at: string): string => /T(\d\d:\d\d:\d\d)/.exec(at)?.[1] ?? at;

/** `2026-11-23T02:59:30Z` */
export const secondOf = (at: string): string => at.replace(/\.\d+Z$/, 'Z');

/** `2026-11-23 02:59:30` */
export const spacedOut = (at: string): string => at.replace('T', ' ').replace(/(\.\d+)?Z$/, '');

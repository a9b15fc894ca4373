import { md } from '../markdown.ts';

/** `23 Nov 2026, 16:55:04 UTC` */
export function dayText(at: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return md(at);
  const month = date.toLocaleString('en-GB', { month: 'short', timeZone: 'UTC' });
  return `${date.getUTCDate()} ${month} ${date.getUTCFullYear()}, ${clockText(at)} UTC`;
}

/** `16:55:04` */
export function clockText(at: string): string {
  return md(/T(\d\d:\d\d:\d\d)/.exec(at)?.[1] ?? at);
}

import { escaped } from './escape.ts';

/**
 * Markdown (CommonMark with GitHub's tables) in which everything that came from a host, a runbook or a person is text:
 * a file named `](http://x)`, a process named `<img>`, an argument with a newline stay what they are. Nothing is
 * escaped that would only make the raw text harder to read.
 */
export function md(text: string): string {
  return lineStart(inline(text).trim());
}

/** In the middle of a line. */
export function inline(text: string): string {
  return escaped(text)
    .replace(/[\\`*<>[\]~]/g, '\\$&')
    .replace(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, '\\_')
    .replace(/&(?=#?[A-Za-z0-9]+;)/g, '&amp;')
    .replace(/:(?=\/\/)|(?<=\bwww)\.|(?<=\bmailto):/gi, '\\$&');
}

/** What would begin a heading, a list or a table there. */
export function lineStart(markup: string): string {
  return markup
    .replace(/^[#+=-]/, '\\$&')
    .replace(/^(\d+)(?=[.)](?: |$))/, '$1\\')
    .replace(/^\|/, '&#124;');
}

/** A cell of a table. A pipe becomes an entity: behind a backslash some readers end the cell at it. */
export const inCell = (markup: string): string => markup.replaceAll('|', '&#124;');

/** For what people copy: ids, paths, hashes, commands. Not in tables. */
export function code(text: string): string {
  const shown = escaped(text);
  const ticks = '`'.repeat(longestRun(shown) + 1);
  const space = /^[` ]|[` ]$/.test(shown) || shown === '' ? ' ' : '';
  return `${ticks}${space}${shown}${space}${ticks}`;
}

/** Lines as they are. They are escaped by whoever made them. */
export function fence(language: string, lines: readonly string[]): readonly string[] {
  const ticks = '`'.repeat(Math.max(3, longestRun(lines.join('\n')) + 1));
  return [`${ticks}${language}`, ...lines, ticks];
}

/** Cells are markup already: `cell(...)` around what is data. */
export function mdTable(columns: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(columns), `|${columns.map(() => ' --- |').join('')}`, ...rows.map(line)];
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}

import { escaped } from './escape.ts';
import { cutHard, fit, fitEnd, padEnd, padStart, width, wrap } from './layout.ts';
import type { Paper } from './style.ts';

/** What a screen shows of a long list, unless all is asked for. */
export const SHOWN = 20;
const GAP = 2;
const NARROWEST = 4;
const NUMBER = /^-?[\d .,]+%?$/;
/** Numbers with a unit, dates, times: cut short they say something else. */
const EXACT = /^-?[\d .,:/TZ-]+ ?(?:%|[KMGT]?i?B|ms|s|min|h|d)?(?: \d+ (?:s|min|h))?$/;
/** A path without arguments: what tells two apart stands at the end. */
const PATH = /^\/\S+$/;

interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly first?: number;
}

/**
 * Columns fitted to the paper: numbers and dates keep their width, the widest texts give way first. With `all` nothing
 * is left out: a long cell goes on below itself.
 */
export function renderTable(table: Table, paper: Paper): readonly string[] {
  const rows = (paper.all ? table.rows : table.rows.slice(0, table.first ?? SHOWN)).map((row) =>
    table.columns.map((_, at) => escaped(row[at] ?? '')),
  );
  const titles = table.columns.map(escaped);
  const every = (pattern: RegExp, at: number): boolean =>
    rows.length > 0 && rows.every((row) => pattern.test(row[at] ?? ''));
  const exact = titles.map((_, at) => every(EXACT, at));
  const numeric = titles.map((_, at) => every(NUMBER, at));
  const widths = columnWidths(titles, rows, exact, paper.columns);
  const pad = (cell: string, at: number): string => (numeric[at] ? padStart : padEnd)(cell, widths[at] ?? 0);
  const line = (cells: readonly string[]): string => cells.map(pad).join(' '.repeat(GAP)).trimEnd();
  const head = sideBySide(titles.map((title, at) => wrap(title, widths[at] ?? 1)));
  return [
    ...head.map((cells) => paper.style.dim(line(cells))),
    ...rows.flatMap((row) => rowLines(row, widths, paper.all).map(line)),
  ];
}

/** `… 402 more: ${paper.toSeeAll ?? '--all'}`, or nothing. */
export function moreLine(total: number, paper: Paper, shown = SHOWN): readonly string[] {
  if (paper.all || total <= shown) return [];
  return [paper.style.yellow(`… ${total - shown} more: ${paper.toSeeAll ?? '--all'}`)];
}

/** A title is broken between its words before any cell is cut. */
function columnWidths(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  exact: readonly boolean[],
  columns: number,
): readonly number[] {
  const cells = titles.map((_, at) => rows.reduce((most, row) => Math.max(most, width(row[at] ?? '')), 0));
  const whole = titles.map((title, at) => Math.max(cells[at] ?? 0, width(title)));
  if (whole.reduce((sum, wide) => sum + wide + GAP, -GAP) <= columns) return whole;
  const words = titles.map((title, at) => Math.max(cells[at] ?? 0, ...title.split(' ').map(width)));
  return share(words, exact, columns);
}

/** The largest cap on the columns that may shrink under which all fit. */
function share(natural: readonly number[], fixed: readonly boolean[], columns: number): readonly number[] {
  const room = columns - GAP * (natural.length - 1);
  const capped = (cap: number): readonly number[] =>
    natural.map((wide, at) => (fixed[at] ? wide : Math.min(wide, cap)));
  const total = (widths: readonly number[]): number => widths.reduce((sum, wide) => sum + wide, 0);
  let cap = Math.max(NARROWEST, ...natural);
  while (cap > NARROWEST && total(capped(cap)) > room) cap -= 1;
  return giveBack(natural, capped(cap), room - total(capped(cap)));
}

/** What the last step of the cap left over goes to the first column that was cut. */
function giveBack(natural: readonly number[], widths: readonly number[], spare: number): readonly number[] {
  const at = widths.findIndex((wide, index) => wide < (natural[index] ?? 0));
  return spare <= 0 || at < 0
    ? widths
    : widths.map((wide, index) => (index === at ? Math.min(natural[at] ?? wide, wide + spare) : wide));
}

function rowLines(cells: readonly string[], widths: readonly number[], all: boolean): readonly (readonly string[])[] {
  const room = (at: number): number => Math.max(1, widths[at] ?? 1);
  if (!all) return [cells.map((cell, at) => (PATH.test(cell) ? fitEnd : fit)(cell, room(at)))];
  return sideBySide(cells.map((cell, at) => cutHard(cell, room(at))));
}

function sideBySide(parts: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const height = Math.max(1, ...parts.map((part) => part.length));
  return Array.from({ length: height }, (_, line) => parts.map((part) => part[line] ?? ''));
}

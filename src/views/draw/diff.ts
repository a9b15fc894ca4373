import { structuredPatch } from 'diff';
import { escaped } from './escape.ts';
import { cutHard } from './layout.ts';
import type { Paper } from './style.ts';

/** More lines of one diff than a screen can hold. */
const LINES_SHOWN = 60;

/**
 * A unified diff with three lines around each change. Lines are shown to the byte: a long one goes on below itself,
 * escaped.
 */
export function renderDiff(path: string, before: string, after: string, paper: Paper): readonly string[] {
  const { style } = paper;
  if (before === after) return [style.dim(`${escaped(path)}: no change`)];
  const { hunks } = structuredPatch(path, path, before, after, '', '', { context: 3 });
  const lines = hunks.flatMap((hunk) => [
    style.cyan(`@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`),
    ...hunk.lines.flatMap((line) => renderLine(line, paper)),
  ]);
  const shown = paper.all ? lines : lines.slice(0, LINES_SHOWN);
  const more =
    lines.length > shown.length
      ? [style.yellow(`… ${lines.length - shown.length} more lines: ${paper.toSeeAll ?? '--all'}`)]
      : [];
  return [
    ...heading('---', `${escaped(path)} (now)`, paper),
    ...heading('+++', `${escaped(path)} (after)`, paper),
    ...shown,
    ...more,
  ];
}

type Sides = { readonly before: string; readonly after: string };

/**
 * Both sides with every line emptied that a diff of them does not show: the same diff, and no more of the file than a
 * reader sees.
 */
export function shownPart({ before, after }: Sides): Sides {
  const hunks = hunksOf(before, after);
  const blank = (text: string, ranges: readonly (readonly [start: number, lines: number])[]) =>
    text
      .split('\n')
      .map((line, at) => (ranges.some(([start, lines]) => at + 1 >= start && at + 1 < start + lines) ? line : ''));
  const emptied = {
    before: blank(
      before,
      hunks.map(({ oldStart, oldLines }) => [oldStart, oldLines]),
    ).join('\n'),
    after: blank(
      after,
      hunks.map(({ newStart, newLines }) => [newStart, newLines]),
    ).join('\n'),
  };
  const same = JSON.stringify(hunksOf(emptied.before, emptied.after)) === JSON.stringify(hunks);
  // Emptied lines can be paired otherwise: then the hunks alone, whose line numbers are lost.
  const side = (mark: string) =>
    hunks
      .flatMap(({ lines }) => lines.filter((line) => ` ${mark}`.includes(line.slice(0, 1))))
      .map((line) => line.slice(1));
  return same ? emptied : { before: side('-').join('\n'), after: side('+').join('\n') };
}

const hunksOf = (before: string, after: string) => structuredPatch('', '', before, after, '', '', { context: 3 }).hunks;

function heading(mark: string, text: string, paper: Paper): readonly string[] {
  return cutHard(`${mark} ${text}`, paper.columns).map(paper.style.bold);
}

function renderLine(line: string, paper: Paper): readonly string[] {
  const mark = line.slice(0, 1);
  const paint =
    mark === '+'
      ? paper.style.green
      : mark === '-'
        ? paper.style.red
        : mark === '\\'
          ? paper.style.dim
          : (text: string) => text;
  return cutHard(escaped(line.slice(1)), paper.columns - 1).map((part, at) =>
    paint(`${at === 0 ? mark : ' '}${part}`).trimEnd(),
  );
}

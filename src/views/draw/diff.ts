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
    ...heading('---', `${escaped(path)} (${paper.past ? 'before' : 'now'})`, paper),
    ...heading('+++', `${escaped(path)} (after)`, paper),
    ...shown,
    ...more,
  ];
}

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

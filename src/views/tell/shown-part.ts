import { structuredPatch } from 'diff';

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

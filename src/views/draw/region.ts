import { width } from './layout.ts';

/** What a region is drawn on. */
export interface Canvas {
  write(text: string): void;
  /** Of the terminal as it is now: it may have been resized since. */
  columns(): number;
  rows(): number;
  /** The terminal takes no more (Ctrl-S, a dead ssh peer), so lines that would be overwritten are not drawn. */
  frozen(): boolean;
}

/** The last lines of a terminal, drawn over in place. Everything else goes above them, and stays. */
export interface Region {
  /** The lines as they are to stand there now; only those that have changed are written. */
  draw(lines: readonly string[]): void;
  /** Above the region, for good. */
  print(lines: readonly string[]): void;
  /** Leaves nothing of it on the screen. */
  clear(): void;
}

/**
 * Each line ends with a newline, so that the cursor rests below the region: whatever else is printed, a `^C` too, comes
 * there and is drawn over. A line never fills the last column: the terminal would wrap it or not as it likes.
 */
export function regionOn(canvas: Canvas): Region {
  let drawn: readonly string[] = [];
  let drawnAt = 0;

  /** A terminal that became narrower has wrapped what stood there. */
  function rowsTaken(): number {
    const columns = canvas.columns();
    if (columns >= drawnAt) return drawn.length;
    return drawn.reduce((rows, line) => rows + Math.max(1, Math.ceil(width(line) / columns)), 0);
  }
  const up = (rows: number): string => (rows === 0 ? '\r' : `\r\x1b[${rows}A`);
  function write(lines: readonly string[], before: string): void {
    const columns = canvas.columns();
    const same = columns === drawnAt && before === '';
    const body = lines.map((line, at) => (same && drawn[at] === line ? '\n' : `\x1b[2K${line}\n`)).join('');
    canvas.write(`${up(rowsTaken())}${same ? '' : '\x1b[J'}${before}${body}\x1b[J`);
    drawn = lines;
    drawnAt = columns;
  }
  return {
    draw: (lines) => {
      if (canvas.frozen()) return;
      const shown = lines.slice(-Math.max(1, canvas.rows() - 2));
      if (
        canvas.columns() === drawnAt &&
        shown.length === drawn.length &&
        shown.every((line, at) => line === drawn[at])
      )
        return;
      write(shown, '');
    },
    print: (lines) => write(drawn, lines.map((line) => `${line}\n`).join('')),
    clear: () => {
      if (drawn.length > 0) write([], '');
    },
  };
}

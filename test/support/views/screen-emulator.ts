import { stripVTControlCharacters } from 'node:util';

/**
 * A terminal that knows what a region is drawn with: newline, carriage return, cursor up, erase line, erase below. What
 * it does not know is an error.
 */
export function emulator(columns: number, rows: number) {
  /** All that was ever on it, the scrolled off lines first. */
  const lines: string[] = [''];
  let [row, column] = [0, 0];
  const top = (): number => Math.max(0, lines.length - rows);
  const put = (character: string): void => {
    const line = (lines[row] ?? '').padEnd(column);
    lines[row] = line.slice(0, column) + character + line.slice(column + 1);
    column += 1;
  };
  const down = (): void => {
    row += 1;
    column = 0;
    if (lines[row] === undefined) lines[row] = '';
  };
  const obey = (token: string): void => {
    const up = /^\x1b\[(\d+)A$/.exec(token);
    if (token === '\n') down();
    else if (token === '\r') column = 0;
    else if (up) row = Math.max(top(), row - Number(up[1]));
    else if (token === '\x1b[2K') lines[row] = '';
    else if (token === '\x1b[J') {
      lines[row] = (lines[row] ?? '').slice(0, column);
      lines.length = row + 1;
    } else throw new Error(`the terminal does not know ${JSON.stringify(token)}`);
  };
  return {
    write: (text: string): void => {
      for (const token of text.match(/\x1b\[[\d;?]*[A-Za-z]|[\s\S]/gu) ?? []) {
        if (/^\x1b\[[\d;]*m$/.test(token)) continue;
        if (token.startsWith('\x1b') || token === '\n' || token === '\r') obey(token);
        else {
          if (column >= columns) throw new Error(`a line is wider than the terminal: ${JSON.stringify(lines[row])}`);
          put(stripVTControlCharacters(token));
        }
      }
    },
    /** What is to be seen, from the beginning of the scrollback, without empty lines at the end. */
    text: (): string =>
      lines
        .map((line) => line.trimEnd())
        .join('\n')
        .trimEnd(),
    /** What is to be seen without scrolling back. */
    seen: (): readonly string[] => lines.slice(top()),
  };
}

import * as fs from 'node:fs';

/**
 * The lines of a file of /proc, one after the other: however long a stranger makes a list there, it is never in memory
 * as a whole.
 */
export function* linesOf(path: string): Generator<string> {
  const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  try {
    const bytes = Buffer.alloc(64 * 1024);
    let rest = '';
    for (let read = fs.readSync(fd, bytes); read > 0; read = fs.readSync(fd, bytes)) {
      const lines = (rest + bytes.toString('latin1', 0, read)).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
    if (rest !== '') yield rest;
  } finally {
    fs.closeSync(fd);
  }
}

import { PassThrough, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { eventually } from '../hosts/programs.ts';

/**
 * Two streams that say they are a terminal, for tests without one: what is typed goes in by `type`, what was drawn is
 * in `drawn`.
 */
export function fakeTerminal({ columns = 80, rows = 24 }: { readonly columns?: number; readonly rows?: number } = {}) {
  const input = new PassThrough();
  const stdin = Object.assign(input, {
    isTTY: true as const,
    isRaw: false,
    setRawMode: (raw: boolean) => {
      stdin.isRaw = raw;
      return stdin;
    },
  });
  let drawn = '';
  const output = new Writable({
    write: (chunk, _encoding, done) => {
      drawn += String(chunk);
      done();
    },
  });
  // `_isStdio`: a piped stream that ends must not end stderr (stream.js of Node asks for it).
  const stderr = Object.assign(output, { isTTY: true as const, columns, rows, _isStdio: true });
  return {
    streams: { stdin: stdin as unknown as NodeJS.ReadStream, stderr: stderr as unknown as NodeJS.WriteStream },
    stdin,
    stderr,
    drawn: () => drawn,
    type: (keys: string) => void input.write(keys),
  };
}

/** Waits until the screen shows it; a screen that never does fails with what it showed. */
export async function shows(drawn: () => string, what: string): Promise<void> {
  const screen = () => stripVTControlCharacters(drawn());
  await eventually(
    () => screen().includes(what),
    () => `${what}\n${screen()}`,
  );
  await sleep(5);
}

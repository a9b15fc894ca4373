import type { Io } from '../../src/commands/_command.ts';
import { manualInterrupts } from '../../src/wiring/interrupts.ts';

/** An Io without a terminal that remembers what was said. */
export function testIo(given: Partial<Io> = {}): {
  readonly io: Io;
  readonly out: () => string;
  readonly err: () => string;
} {
  let out = '';
  let err = '';
  const io: Io = {
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
    env: {},
    cwd: '/',
    uid: process.getuid?.() ?? 0,
    pid: process.pid,
    user: 'ada',
    home: '/nonexistent',
    streams: { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr },
    tty: { stdin: false, stdout: false, stderr: false },
    columns: 80,
    color: { stdout: false, stderr: false },
    interrupts: manualInterrupts(),
    ...given,
  };
  return { io, out: () => out, err: () => err };
}

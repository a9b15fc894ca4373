import type { ChildProcess } from 'node:child_process';
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs';
import type { Readable } from 'node:stream';
import type { Captured } from '../model/host.ts';
import { boundedCapture } from './capture.ts';

/** Where a command's output goes. */
export interface CommandOutput {
  readonly stdout: 'pipe' | 'ignore' | number;
  readonly stderr: 'pipe' | 'ignore' | number;
  attach(child: ChildProcess): void;
  /** After the command's end: what came, without waiting for a grandchild that holds the other end. */
  collect(): Promise<{ readonly stdout: Captured; readonly stderr: Captured }>;
}

const IDLE = 250;
const AT_MOST = 2000;

export function pipeOutput(): CommandOutput {
  const streams = { stdout: drained(), stderr: drained() };
  return {
    stdout: 'pipe',
    stderr: 'pipe',
    attach(child) {
      streams.stdout.attach(child.stdout);
      streams.stderr.attach(child.stderr);
    },
    async collect() {
      const [stdout, stderr] = await Promise.all([streams.stdout.collect(), streams.stderr.collect()]);
      return { stdout, stderr };
    },
  };
}

function drained(): { attach(stream: Readable | null | undefined): void; collect(): Promise<Captured> } {
  const capture = boundedCapture();
  let stream: Readable | null = null;
  let last = 0;
  let over = true;
  let finished = (): void => {};
  return {
    attach(readable) {
      if (!readable) return;
      stream = readable;
      over = false;
      const close = (): void => {
        over = true;
        finished();
      };
      readable.on('data', (chunk: Buffer) => {
        last = performance.now();
        capture.push(chunk);
        giveBack(chunk);
      });
      readable.once('end', close).once('close', close).once('error', close);
    },
    async collect() {
      const until = performance.now() + AT_MOST;
      last = performance.now();
      while (!over && performance.now() < until && performance.now() - last < IDLE) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, IDLE);
          finished = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      stream?.destroy();
      return capture.done();
    },
  };
}

/**
 * Frees the memory of a chunk at once: a gigabyte of output is sixteen thousand chunks. Memory that is shared with
 * other chunks stays.
 */
function giveBack({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}

const FILE_LIMIT = 4 * 1024 * 1024;

/**
 * For commands that start a daemon: a file without a name in memory. A pipe would end a daemon that kept it (SIGPIPE,
 * once we are gone) or hold it up (once the pipe is full). Where no such file can be made (no inode left), the output
 * is thrown away.
 */
export function fileOutput(): CommandOutput {
  const file = namelessFile();
  const capture = boundedCapture();
  const watch = file === null ? undefined : setInterval(() => cutBack(file, (bytes) => capture.skip(bytes)), 200);
  return {
    stdout: file ?? 'ignore',
    stderr: file ?? 'ignore',
    attach() {},
    async collect() {
      clearInterval(watch);
      if (file !== null) readBack(file, (chunk) => capture.push(chunk));
      return { stdout: boundedCapture().done(), stderr: capture.done() };
    },
  };
}

function namelessFile(): number | null {
  for (const folder of ['/run', '/dev/shm', '/tmp']) {
    const file = namelessFileIn(folder);
    if (file !== null) return file;
  }
  return null;
}

function namelessFileIn(folder: string): number | null {
  let made: string | null = null;
  let path: string | null = null;
  try {
    made = mkdtempSync(`${folder}/firebreak-`);
    const wanted = `${made}/output`;
    const file = openSync(
      wanted,
      constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND | constants.O_NOFOLLOW,
      0o600,
    );
    path = wanted;
    return file;
  } catch {
    return null;
  } finally {
    if (path !== null) unlinkSync(path);
    if (made !== null) rmdirSync(made);
  }
}

/** A start script that prints without end must not fill the memory. */
function cutBack(file: number, dropped: (bytes: number) => void): void {
  const { size } = fstatSync(file);
  if (size <= FILE_LIMIT) return;
  ftruncateSync(file, 0);
  dropped(size);
}

function readBack(file: number, push: (chunk: Uint8Array) => void): void {
  const chunk = Buffer.alloc(64 * 1024);
  for (let at = 0; at < 2 * FILE_LIMIT; ) {
    const read = readSync(file, chunk, 0, chunk.length, at);
    if (read === 0) break;
    push(Buffer.from(chunk.subarray(0, read)));
    at += read;
  }
  closeSync(file);
}

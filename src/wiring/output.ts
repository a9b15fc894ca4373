import * as fs from 'node:fs';

/** Standard output. */
export interface Output {
  write(text: string): void;
  /** Why not all of it was written, as the system says it; null: it was, or whoever read it wants no more. */
  lost(): string | null;
  /** Resolves once what was written is out of our hands. */
  flush(): Promise<void>;
}

/**
 * To a file Node's stream writes once, and takes a short write on a full disk for the whole: what it may cut off is
 * written here until all of it is there.
 */
export function outputTo(stream: NodeJS.WriteStream, fd: number): Output {
  let lost: string | null = null;
  const failed = (error: NodeJS.ErrnoException): void => {
    // A reader that has read enough closes its pipe, and a terminal may hang up: nobody misses the rest.
    if (error.code !== 'EPIPE' && stream.isTTY !== true && error.code !== 'ERR_STREAM_DESTROYED')
      lost ??= sayError(error);
  };
  stream.on('error', failed);
  if (!isFile(stream, fd))
    return {
      write: (text) => void stream.write(text),
      lost: () => lost,
      flush: () => new Promise((done) => void stream.write('', () => done())),
    };
  return {
    write: (text) => {
      // After an error nothing more: a text with a hole in it is worse than one that ends.
      if (lost === null) writeWhole(fd, text, failed);
    },
    lost: () => lost,
    flush: async () => {},
  };
}

/** Also /dev/full and its like. */
function isFile(stream: NodeJS.WriteStream, fd: number): boolean {
  try {
    const found = fs.fstatSync(fd);
    return found.isFile() || (found.isCharacterDevice() && stream.isTTY !== true);
  } catch {
    return false;
  }
}

function writeWhole(fd: number, text: string, failed: (error: NodeJS.ErrnoException) => void): void {
  const bytes = Buffer.from(text);
  try {
    for (let from = 0; from < bytes.length; ) {
      const taken = fs.writeSync(fd, bytes, from);
      if (taken <= 0) throw Object.assign(new Error('no byte was taken'), { code: 'EIO' });
      from += taken;
    }
  } catch (error) {
    failed(error as NodeJS.ErrnoException);
  }
}

const MEANS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left',
  EDQUOT: 'the quota is used up',
  EIO: 'input/output error',
};

function sayError({ code = 'EIO', message }: NodeJS.ErrnoException): string {
  const means = MEANS[code];
  return means === undefined ? message : `${code}: ${means}`;
}

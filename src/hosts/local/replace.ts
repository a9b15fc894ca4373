import { closeSync, constants, fsyncSync, ftruncateSync } from 'node:fs';
import { type Commands, type Failure, failure, type Result } from '../../model/host.ts';
import { hashOf } from '../files/content.ts';
import { codeOf, failureOf, saidOf } from '../linux/errno.ts';
import { openRegular, readAll } from './read.ts';
import { exchange, type Replaced, writeWhole } from './replace-atomic.ts';

const MOST = 16 * 2 ** 20;

/**
 * Two ways, because neither is right everywhere. A new file renamed over the old is whole at every moment, but needs an
 * inode and a fork (Node cannot copy an ACL or an SELinux label, `cp` can), and breaks hard links. Overwriting keeps
 * everything and needs neither inode nor fork, but a power cut may tear it. So: the first where it can be done safely,
 * else the second, in an order that never empties the file. Measured on ext4 and tmpfs with no inode and no block.
 */
export async function replaceFile(
  path: string,
  change: { readonly before: string; readonly bytes: string },
  commands?: Pick<Commands, 'run'>,
): Promise<Result<{ readonly hash: string }>> {
  const opened = openRegular(path, constants.O_RDWR);
  if (!opened.ok) return opened;
  try {
    const old = readAll(opened.fd, MOST);
    if (old === null) return failure('EFBIG', `${path} is larger than ${MOST} bytes`);
    if (hashOf(old) !== change.before) return changed(path);
    const target: Replaced = { ...opened, old, bytes: Buffer.from(change.bytes, 'base64') };
    if (target.bytes.equals(old)) return { ok: true, hash: change.before };
    const atomic = await exchange(target, commands);
    if (atomic === 'changed') return changed(path);
    if (atomic === 'not-possible') overwrite(target);
    return { ok: true, hash: hashOf(target.bytes) };
  } catch (error) {
    return error instanceof NotRestored ? failure(error.code, `${path}: ${error.message}`) : failureOf(error, path);
  } finally {
    closeSync(opened.fd);
  }
}

function changed(path: string): Failure {
  return failure('changed', `${path} is not as it was seen: somebody has changed it since`);
}

/** The file is torn: neither the old content nor the new. */
class NotRestored extends Error {
  override readonly name = 'NotRestored';
  readonly code: string;
  constructor(code: string) {
    super(
      `${saidOf(code)}, in the middle of the write, and the old content could not be put back: it is torn; its bytes are kept in the run's record`,
    );
    this.code = code;
  }
}

/**
 * In place. Room is taken first, as empty lines at the end, which no configuration minds: without a free block that
 * fails with the old content whole. Then all bytes in one write over blocks that are there already. Truncating comes
 * last; to truncate first, as writeFileSync does, is to lose the file.
 */
function overwrite({ fd, old, bytes }: Pick<Replaced, 'fd' | 'old' | 'bytes'>): void {
  const room = Math.max(0, bytes.length - old.length);
  const padding = Buffer.alloc(Math.max(0, old.length - bytes.length), '\n');
  try {
    if (room > 0) {
      writeWhole(fd, Buffer.alloc(room, '\n'), old.length);
      // Blocks may only be promised (delayed allocation); the sync makes the promise true or says that it cannot.
      fsyncSync(fd);
    }
    writeWhole(fd, Buffer.concat([bytes, padding]), 0);
    ftruncateSync(fd, bytes.length);
    fsyncSync(fd);
  } catch (error) {
    putBack(fd, old, codeOf(error));
    throw error;
  }
}

function putBack(fd: number, old: Buffer, code: string): void {
  try {
    writeWhole(fd, old, 0);
    ftruncateSync(fd, old.length);
    fsyncSync(fd);
  } catch {
    if (!readAll(fd, MOST)?.equals(old)) throw new NotRestored(code);
  }
}

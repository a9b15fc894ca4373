import { createHash } from 'node:crypto';
import type { FileContent } from '../../model/host.ts';

/** Bytes of a file that is read, unless told. */
export const DEFAULT_MAX = 2 ** 20;

export const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

type Facts = Pick<Extract<FileContent, { readonly ok: true }>, 'mode' | 'uid' | 'gid' | 'links' | 'modified'>;

/** As it was asked for, and without links. */
type Named = Pick<Extract<FileContent, { readonly ok: true }>, 'path' | 'real'>;

/** What was read of a file, wherever it lies; `mode` may have the type's bits. */
export function fileContent(
  { path, real }: Named,
  bytes: Buffer,
  { mode, uid, gid, links, modified }: Facts,
): FileContent {
  return {
    ok: true,
    path,
    real,
    bytes: bytes.toString('base64'),
    hash: hashOf(bytes),
    size: bytes.length,
    mode: mode & 0o7777,
    uid,
    gid,
    links,
    modified,
  };
}

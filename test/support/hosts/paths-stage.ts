import { chmodSync, lchownSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Files } from '../../../src/model/host.ts';
import type { PathsUnderTest } from '../../contracts/paths.ts';
import { temporaryFolder } from '../folder.ts';

/** Only root can give a file to somebody else. */
export const ROOT_ONLY = process.getuid?.() === 0 ? {} : { skip: 'only root can give files to other users' };

/** This machine's own files, in a folder of root's. */
export function pathsHere(test: TestContext, files: Files): PathsUnderTest {
  const folder = temporaryFolder(test);
  return { files, folder, put: putHere, state: () => stateOf(folder) };
}

export const putHere: PathsUnderTest['put'] = (path, { type, bytes = '', uid = 0, mode }) => {
  if (path === '/etc') return;
  if (type === 'directory') mkdirSync(path, { recursive: true });
  if (type === 'file') writeFileSync(path, bytes);
  if (type === 'symlink') symlinkSync(bytes, path);
  else chmodSync(path, mode ?? (type === 'directory' ? 0o755 : 0o644));
  lchownSync(path, uid, uid);
};

export function stateOf(folder: string): Readonly<Record<string, string>> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    entries.map((entry) => [
      join(entry.parentPath, entry.name),
      entry.isFile() ? readFileSync(join(entry.parentPath, entry.name), 'utf8') : '',
    ]),
  );
}

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { localFiles } from '../../src/hosts/local/files.ts';
import { localMachine } from '../../src/hosts/local/machine.ts';
import type { FilesUnderTest } from '../contracts/files.ts';

/** A folder of one's own, gone after the test. */
export function temporaryFolder(test: TestContext): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'firebreak-files-')));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A path whose last part is bytes. */
export const bytePath = (folder: string, name: string): Buffer =>
  Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]);

/** The real thing in a temporary folder. */
export function localUnderTest(test: TestContext): FilesUnderTest {
  const root = temporaryFolder(test);
  const folder = join(root, 'spool');
  mkdirSync(folder);
  return {
    files: localFiles({ machine: localMachine() }),
    folder,
    make: (name, { type = 'file', bytes = 'x', age = 0, mode } = {}) => {
      const path = bytePath(folder, name);
      if (type === 'file') writeFileSync(path, bytes);
      if (type === 'directory') mkdirSync(path);
      if (type === 'symlink') symlinkSync('/etc/passwd', path);
      if (type === 'fifo') execFileSync('mkfifo', ['--', `${folder}/${name}`]);
      const modified = (Date.now() - age) / 1000;
      if (type === 'file' && mode !== undefined) chmodSync(path, mode);
      if (type === 'file') utimesSync(path, modified, modified);
    },
    names: () => readdirSync(folder, 'latin1'),
    swap: () => {
      renameSync(folder, join(root, 'moved'));
      mkdirSync(folder);
    },
  };
}

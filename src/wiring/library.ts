import { readdirSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readPlainText, sayUnread } from '../hosts/read-text.ts';
import { loadRunbook } from '../load/load.ts';
import type { FindUsed } from '../load/runbook/compose.ts';
import { closest } from '../load/text/suggest.ts';
import type { Catalogue } from '../model/ports.ts';
import type { Checked } from '../model/problem.ts';
import type { Runbook } from '../model/runbook.ts';
import { folderCatalogue } from './catalogue.ts';

const LIBRARY = fileURLToPath(new URL('../../runbooks/', import.meta.url));

/** No such file, or it cannot be read: not the author's mistake, so not a Problem. */
export interface Missing {
  readonly ok: 'missing';
  readonly message: string;
}

export function libraryNames(): readonly string[] {
  return readdirSync(LIBRARY)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => basename(file, '.yaml'))
    .sort();
}

function isPath(nameOrPath: string): boolean {
  return nameOrPath.includes('/') || /\.ya?ml$/.test(nameOrPath);
}

/**
 * A bare name is one of the library's; anything with a slash or `.yaml` is a path. Never a file of the working folder
 * by accident.
 */
export function runbookPath(nameOrPath: string, cwd: string): string {
  return isPath(nameOrPath) ? resolve(cwd, nameOrPath) : `${LIBRARY}${nameOrPath}.yaml`;
}

interface Reading {
  readonly catalogue?: Catalogue;
  /** How files are read: those of a run by a reader that looks who could have written them. */
  readonly readText?: ReadText;
}
export type ReadText = (path: string) => string | { readonly code: string };

export async function readRunbook(
  nameOrPath: string,
  cwd: string,
  reading: Reading = {},
): Promise<Checked<Runbook> | Missing> {
  const { catalogue = folderCatalogue(), readText: read = readText } = reading;
  const path = runbookPath(nameOrPath, cwd);
  const text = read(path);
  if (typeof text !== 'string') return { ok: 'missing', message: sayMissing(nameOrPath, path, text.code) };
  return loadRunbook({ path, text, catalogue, findUsed: findUsedIn(cwd, read) });
}

/** A runbook that another one uses: of the library, or beside the file that uses it. */
export function findUsedIn(cwd: string, read: ReadText = readText): FindUsed {
  return (name, from) => {
    const path = !isPath(name) || isAbsolute(name) ? runbookPath(name, cwd) : join(dirname(from), name);
    const text = read(resolve(cwd, path));
    return typeof text === 'string' ? { path, text } : sayMissing(name, path, text.code);
  };
}

export function readText(path: string): string | { readonly code: string } {
  const read = readPlainText(path);
  return read.ok ? read.text : { code: read.code };
}

function sayMissing(asked: string, path: string, code: string): string {
  if (code !== 'ENOENT') return sayUnread(path, code);
  const near = path.startsWith(LIBRARY) ? closest(asked, libraryNames()) : undefined;
  const hint =
    near === undefined
      ? '`firebreak list` names the runbooks of the library; a path needs a slash or .yaml'
      : `did you mean ${near}?`;
  return `there is no runbook ${asked} (${path}); ${hint}`;
}

import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { codePlaces } from '../hosts/ansible-code.ts';
import { configPlaces, listInventory, ownProgram } from '../hosts/ansible-inventory.ts';
import { type BesideFile, type Inventory, inventoryKind, loadInventory, loadListed } from '../load/inventory.ts';
import { failure, type Result } from '../model/host.ts';
import type { Json } from '../model/json.ts';
import type { Checked } from '../model/problem.ts';
import type { TrustedReader } from './trusted.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface InventoryFile {
  /** Absolute. A folder is Ansible's own: it reads every file in it. */
  readonly path: string;
  /** The text from the trusted reader; empty for a folder. */
  readonly text: string;
  /** What stands in group_vars and host_vars beside it. */
  readonly beside: readonly BesideFile[];
  /**
   * Of Ansible, where it has to read the file itself: the configuration that it will read. It, and what it names as
   * code, was looked at by the trusted reader.
   */
  readonly config: string | null;
}

/** More files than this is no inventory. */
const MOST_FILES = 10_000;

/** Reads every file of an inventory once, so that we know who could have written each of them before we use any. */
export function openInventory(path: string, env: Env, reader: TrustedReader): Result<{ readonly file: InventoryFile }> {
  if (isFolder(path)) {
    for (const file of filesBelow(path)) reader.read(file);
    return { ok: true, file: { path, text: '', beside: [], config: configOf(env, reader) } };
  }
  const read = reader.read(path);
  if (!read.ok) return read;
  const file = { path, text: read.text, beside: [], config: null };
  const beside = inventoryKind(path, read.text) === 'ours' ? [] : besideOf(path, reader);
  return { ok: true, file: isForeign(file) ? { ...file, config: configOf(env, reader) } : { ...file, beside } };
}

export interface Asking {
  readonly env: Env;
  readonly signal: AbortSignal;
}

/** The hosts of a file: ours, Ansible's YAML and plain lists are read here; the rest is Ansible's own. */
export async function readInventory(
  file: InventoryFile,
  { env, signal }: Asking,
): Promise<Result<{ readonly inventory: Checked<Inventory> }>> {
  if (!isForeign(file)) return { ok: true, inventory: await loadInventory(file) };
  const listed = await listInventory({ file: file.path, config: file.config, env, signal });
  if (!listed.ok && file.text.startsWith('\u{feff}')) return failure(listed.code, `${listed.message}; ${MARKED}`);
  if (!listed.ok) return listed;
  const json = jsonOf(listed.text);
  if (json === undefined) return failure('not-json', `what ansible-inventory -i ${file.path} prints is not JSON`);
  return { ok: true, inventory: loadListed(file.path, json) };
}

const MARKED = 'it begins with a byte order mark, which Ansible takes for a part of its first name: save it without';

/**
 * A program has a first line `#!` or the mode of a program. If the disk gives every file that mode, the content
 * decides.
 */
function isForeign({ path, text }: InventoryFile): boolean {
  if (isFolder(path)) return true;
  const kind = inventoryKind(path, text);
  if (kind === 'ours') return false;
  return kind === 'foreign' || text.startsWith('#!') || (statSync(path).mode & 0o111) !== 0;
}

function jsonOf(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

// ---------------------------------------------------------------- what else is read

/**
 * The first there is of the files that Ansible would take, as it looks for them; with it everything that would be run
 * as code is looked at.
 */
function configOf(env: Env, reader: TrustedReader): string | null {
  const path = configPlaces(env).find((each) => existsSync(each)) ?? null;
  const read = path === null ? null : reader.read(path);
  const program = ownProgram(env);
  const code = codePlaces(env, path === null || !read?.ok ? null : { path, text: read.text }, reader.uid);
  for (const each of [...(program === null ? [] : [program]), ...code]) reader.look(each);
  return path;
}

const FOLDERS = [
  ['group_vars', 'group'],
  ['host_vars', 'host'],
] as const;

/** group_vars/NAME, NAME.yml, NAME.yaml, NAME.json, or a folder NAME of them. */
function besideOf(path: string, reader: TrustedReader): readonly BesideFile[] {
  return FOLDERS.flatMap(([folder, of]) =>
    entriesOf(join(dirname(path), folder)).flatMap((entry) =>
      filesBelow(entry).flatMap((file) => {
        const read = reader.read(file);
        const name = isFolder(entry)
          ? basename(entry)
          : basename(entry, ENDINGS.find((ending) => ending === extname(entry)) ?? '');
        return read.ok && isVariables(file) ? [{ of, name, path: file, text: read.text }] : [];
      }),
    ),
  );
}

const ENDINGS = ['.yml', '.yaml', '.json'];
const isVariables = (file: string): boolean => extname(file) === '' || ENDINGS.includes(extname(file));

/** In the order of their names, as Ansible reads them; none that is hidden or a copy. */
function entriesOf(folder: string): readonly string[] {
  try {
    const names = readdirSync(folder).filter((name) => !name.startsWith('.') && !name.endsWith('~'));
    return names.sort().map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function filesBelow(path: string, left = { files: MOST_FILES }): readonly string[] {
  if (left.files <= 0) return [];
  if (isFolder(path)) return entriesOf(path).flatMap((entry) => filesBelow(entry, left));
  left.files -= 1;
  return [path];
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

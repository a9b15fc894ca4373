import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { listInventory } from '../hosts/ansible-inventory.ts';
import { type Inventory, inventoryKind, loadInventory, loadListed } from '../load/inventory.ts';
import { failure, type Result } from '../model/host.ts';
import type { Json } from '../model/json.ts';
import type { Checked } from '../model/problem.ts';

export interface InventoryFile {
  /** Absolute. */
  readonly path: string;
  /** As the trusted reader has read it. */
  readonly text: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** The hosts of a file: ours, Ansible's YAML and plain lists are read here; the rest is Ansible's own. */
export async function readInventory(file: InventoryFile): Promise<Result<{ readonly inventory: Checked<Inventory> }>> {
  if (!isForeign(file)) return { ok: true, inventory: await loadInventory(file) };
  const listed = await listInventory({ file: file.path, env: file.env, signal: file.signal });
  if (!listed.ok) return listed;
  const json = jsonOf(listed.text);
  if (json === undefined) return failure('not-json', `what ansible-inventory -i ${file.path} prints is not JSON`);
  return { ok: true, inventory: loadListed(file.path, json) };
}

/** A program is one by its first line or by its mode; where a disk gives every file the mode of a program, what is in it decides. */
function isForeign({ path, text }: InventoryFile): boolean {
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

/** Folders beside an Ansible inventory in which variables stand that only Ansible reads; none for a file of ours. */
export function unreadFolders(file: InventoryFile): readonly string[] {
  if (isForeign(file) || inventoryKind(file.path, file.text) !== 'yaml') return [];
  return ['group_vars', 'host_vars'].map((name) => join(dirname(file.path), name)).filter((path) => existsSync(path));
}

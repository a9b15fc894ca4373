import { isObject, type Json } from '../model/json.ts';
import type { Checked } from '../model/problem.ts';
import { ansibleInventory } from './inventory-ansible.ts';
import type { Inventory } from './inventory-hosts.ts';
import { listedHosts } from './inventory-list.ts';
import { ownInventory } from './inventory-ours.ts';
import { parse } from './parse.ts';
import { problemAt, type Source } from './source.ts';

export type { Inventory } from './inventory-hosts.ts';

/** How a file says who is there. `foreign`: only Ansible can read it (its INI form, a plug-in's settings, a vault). */
export type InventoryKind = 'ours' | 'yaml' | 'list' | 'foreign';

/** A section, a note, a variable behind a host. */
const INI = [/^[ \t]*\[[^\]:]+(?::(?:vars|children|hosts))?\][ \t]*(?:[#;].*)?$/m, /^[ \t]*;/m, /^[ \t]*[^\s#]+[ \t]+[\w.-]+[ \t]*=/m];

/** By what stands in it; the name decides only where that is not enough. */
export function inventoryKind(path: string, text: string): InventoryKind {
  if (/^firebreak_hosts\s*:/m.test(text)) return 'ours';
  if (/^plugin[ \t]*:|^\$ANSIBLE_VAULT;/m.test(text)) return 'foreign';
  if (/\.(?:ya?ml|json)$/i.test(path) || /^(?:---|[ \t]*\{|[^\s#[:]+:[ \t]*(?:#.*)?$)/m.test(text)) return 'yaml';
  return INI.some((sign) => sign.test(text)) ? 'foreign' : 'list';
}

/** More than a runbook may have: a thousand hosts are as many lines, and each has some marks. */
const MOST_MARKS = 150_000;

/** Text to hosts: every mistake at once. Not for what is `foreign`. */
export async function loadInventory({ path, text }: { readonly path: string; readonly text: string }): Promise<Checked<Inventory>> {
  const kind = inventoryKind(path, text);
  if (kind === 'list') return listedHosts(path, text);
  const parsed = parse(path, text, { marks: MOST_MARKS });
  if (!parsed.source) return { ok: false, problems: parsed.problems };
  if (!isObject(parsed.source.value)) return { ok: false, problems: [...parsed.problems, notHosts(parsed.source)] };
  return kind === 'ours' ? ownInventory(parsed.source, parsed.problems) : ansibleInventory(parsed.source, parsed.problems);
}

/** What `ansible-inventory --list` printed. Nobody wrote it, so nothing in it has a place. */
export function loadListed(file: string, value: Json): Checked<Inventory> {
  const nowhere = () => ({ file, line: 1, column: 1, length: 1 });
  const source: Source = { file, value, placeOf: nowhere, placeIn: nowhere, written: () => undefined };
  return isObject(value) ? ansibleInventory(source, []) : { ok: false, problems: [notHosts(source)] };
}

function notHosts(source: Source) {
  return problemAt(source, [], 'value', {
    code: 'wrong-type',
    message: 'an inventory is a map of keys',
    hint: 'it starts with `firebreak_hosts: 1`, or with `all:` as Ansible has it',
  });
}

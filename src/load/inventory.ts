import { isObject, type Json } from '../model/json.ts';
import type { Checked, Problem } from '../model/problem.ts';
import { ansibleInventory, type Beside } from './inventory/ansible.ts';
import type { Inventory } from './inventory/hosts.ts';
import { listedHosts } from './inventory/list.ts';
import { ownInventory } from './inventory/ours.ts';
import { parse } from './text/parse.ts';
import { problemAt, type Source } from './text/source.ts';

export type { Inventory } from './inventory/hosts.ts';

/**
 * The form of an inventory file. `foreign`: only Ansible can read it (its INI form, the settings of a plug-in, a
 * vault).
 */
export type InventoryKind = 'ours' | 'yaml' | 'list' | 'foreign';

/** A section, a note, a variable behind a host. */
const INI = [
  /^[ \t]*\[[^\]:]+(?::(?:vars|children|hosts))?\][ \t]*(?:[#;].*)?$/m,
  /^[ \t]*;/m,
  /^[ \t]*[^\s#]+[ \t]+[\w.-]+[ \t]*=/m,
];

/** Recognised by the content. The name of the file decides only if the content does not. */
export function inventoryKind(path: string, written: string): InventoryKind {
  const text = written.replace(/^\u{feff}/u, '');
  if (/^firebreak_hosts\s*:/m.test(text)) return 'ours';
  if (/^plugin[ \t]*:|^\$ANSIBLE_VAULT;/m.test(text)) return 'foreign';
  if (/\.(?:ya?ml|json)$/i.test(path) || /^(?:---|[ \t]*\{|[^\s#[:]+:[ \t]*(?:#.*)?$)/m.test(text)) return 'yaml';
  return INI.some((sign) => sign.test(text)) ? 'foreign' : 'list';
}

/** Higher than for a runbook: a thousand hosts take a thousand lines, and each line has several marks. */
const MOST_MARKS = 150_000;

/** A file of group_vars or host_vars: the variables of one group or host. */
export interface BesideFile {
  readonly of: 'group' | 'host';
  readonly name: string;
  readonly path: string;
  readonly text: string;
}

export interface InventoryText {
  readonly path: string;
  readonly text: string;
  readonly beside?: readonly BesideFile[];
}

/** Text to hosts: every mistake at once. Not for what is `foreign`. */
export async function loadInventory({ path, text, beside = [] }: InventoryText): Promise<Checked<Inventory>> {
  const kind = inventoryKind(path, text);
  if (kind === 'list') return listedHosts(path, text);
  const parsed = parse(path, text, kind === 'ours' ? { marks: MOST_MARKS } : ANSIBLE);
  if (!parsed.source) return { ok: false, problems: parsed.problems };
  if (!isObject(parsed.source.value)) return { ok: false, problems: [...parsed.problems, notHosts(parsed.source)] };
  return kind === 'ours'
    ? ownInventory(parsed.source, parsed.problems)
    : ansibleInventory(parsed.source, { known: parsed.problems, beside: beside.flatMap(variablesOf) });
}

/** The output of `ansible-inventory --list`. No person wrote it, so its parts have no place. */
export function loadListed(file: string, value: Json): Checked<Inventory> {
  const nowhere = () => ({ file, line: 1, column: 1, length: 1 });
  const source: Source = { file, value, placeOf: nowhere, placeIn: nowhere, written: () => undefined };
  return isObject(value)
    ? ansibleInventory(source, { known: [], beside: [] })
    : { ok: false, problems: [notHosts(source)] };
}

/**
 * What Ansible's files may contain: tags that only Ansible can read, hundreds of anchors, all the variables of a
 * company.
 */
const ANSIBLE = { marks: 1_000_000, characters: 16 << 20, aliases: 10_000, tags: 'left-out' } as const;

function lockedUp(file: string): Problem {
  const message = 'a vault, which only Ansible itself can open: its variables are not known';
  return { code: 'unreadable', message, place: { file, line: 1, column: 1, length: 1 } };
}

/** The variables of a file beside the inventory. A file that is a vault has none that we can read. */
function variablesOf({ of, name, path, text }: BesideFile): readonly Beside[] {
  if (text.startsWith('$ANSIBLE_VAULT;')) return [{ of, name, path, source: null, problems: [lockedUp(path)] }];
  if (text.trim() === '') return [];
  const { source, problems } = parse(path, text, ANSIBLE);
  return [{ of, name, path, source, problems }];
}

function notHosts(source: Source) {
  return problemAt(source, [], 'value', {
    code: 'wrong-type',
    message: 'an inventory is a map of keys',
    hint: 'it starts with `firebreak_hosts: 1`, or with `all:` as Ansible has it',
  });
}

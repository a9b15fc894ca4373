import { nameFault, parsePort, userFault } from '../../model/fleet/target.ts';
import type { Target } from '../../model/fleet.ts';
import { isObject, type Json } from '../../model/json.ts';
import type { Problem } from '../../model/problem.ts';
import { type Complaint, type Path, problemAt, type Source } from '../text/source.ts';
import { isLabel } from './hosts.ts';

export const JINJA = 'only Ansible itself works such values out: write the value';

const SSH_CONFIG = 'what ssh needs stands in ssh_config(5), or in the file of --ssh-config';
const SUDO = "where sudo's password is says --become-password, and no inventory holds it";
const UNUSED: Readonly<Record<string, string>> = {
  ansible_ssh_common_args: SSH_CONFIG,
  ansible_ssh_extra_args: SSH_CONFIG,
  ansible_ssh_args: SSH_CONFIG,
  ansible_ssh_executable: 'ssh is the one in PATH',
  ansible_password: 'ssh uses keys',
  ansible_ssh_pass: 'ssh uses keys',
  ansible_ssh_password: 'ssh uses keys',
  ansible_become_password: SUDO,
  ansible_become_pass: SUDO,
};

/** The place of a variable, and its value. */
export interface Variable {
  readonly path: Path;
  readonly value: Json;
  /** Where it was read, if not in the inventory itself. */
  readonly source?: Source;
}

interface Look {
  readonly source: Source;
  readonly vars: ReadonlyMap<string, Variable>;
  readonly problems: Problem[];
  /** By variable, so that each unused variable is reported once. */
  readonly warnings: Map<string, Problem>;
}

/** What the variables of one host say of it. */
export function targetParts(look: Look): Pick<Target, 'address' | 'port' | 'user' | 'identity' | 'become' | 'labels'> {
  for (const [name, about] of Object.entries(UNUSED)) {
    const seen = look.vars.get(name);
    const complaint = { code: 'not-used', message: `\`${name}\` is not used: ${about}` };
    if (seen && !look.warnings.has(name))
      look.warnings.set(name, problemAt(seen.source ?? look.source, seen.path, 'key', complaint));
  }
  onlySsh(look);
  return {
    address: textOf(look, ['ansible_host', 'ansible_ssh_host'], nameFault),
    port: portOf(look),
    user: textOf(look, ['ansible_user', 'ansible_ssh_user'], userFault),
    identity: textOf(look, ['ansible_ssh_private_key_file', 'ansible_private_key_file'], identityFault),
    become: becomeOf(look),
    labels: labelsOf(look),
  };
}

function tell(look: Look, { path, source = look.source }: Variable, complaint: Complaint): null {
  look.problems.push(problemAt(source, path, 'value', complaint));
  return null;
}

/** The first of these variables that is set, as a text that may stand there. */
function textOf(look: Look, names: readonly string[], fault: (text: string) => string | null): string | null {
  const name = names.find((each) => (look.vars.get(each)?.value ?? null) !== null);
  const variable = name === undefined ? undefined : look.vars.get(name);
  if (!variable) return null;
  const text = written(look, variable);
  const tag = isObject(variable.value) ? variable.value.$tag : undefined;
  if (typeof tag === 'string')
    return tell(look, variable, {
      code: 'unreadable',
      message: `\`${name}\` is ${tag}, which only Ansible itself can open`,
    });
  if (text === null) return tell(look, variable, { code: 'wrong-type', message: `\`${name}\` takes a text` });
  if (isJinja(text)) return tell(look, variable, { code: 'jinja', message: `\`${name}\` is \`${text}\``, hint: JINJA });
  const says = fault(text);
  return says === null
    ? text
    : tell(look, variable, { code: 'bad-value', message: `\`${name}\` is \`${text}\`: ${says}` });
}

function portOf(look: Look): number | null {
  const text = textOf(look, ['ansible_port', 'ansible_ssh_port'], (port) =>
    parsePort(port) === undefined ? 'a port is a number from 1 to 65535' : null,
  );
  return text === null ? null : (parsePort(text) ?? null);
}

function identityFault(path: string): string | null {
  if (/[\p{Cc}]/u.test(path)) return 'it holds a character that cannot be seen';
  return /^(?:\/|~\/)/.test(path)
    ? null
    : 'it has to begin with / or ~/: from here nobody knows what it is relative to';
}

/** Ansible's own words for it, which YAML 1.2 reads as texts. */
const YES = /^(?:true|yes|on|y|t|1)$/i;
const NO = /^(?:false|no|off|n|f|0)$/i;

function becomeOf(look: Look): boolean | null {
  const text = textOf(look, ['ansible_become'], (word) =>
    YES.test(word) || NO.test(word) ? null : 'it is true or false',
  );
  const become = text === null ? null : YES.test(text);
  if (become !== true) return become;
  textOf(look, ['ansible_become_user'], (user) => (user === 'root' ? null : 'a run acts as root or as who logs in'));
  textOf(look, ['ansible_become_method'], (method) => (method === 'sudo' ? null : 'root is become through sudo'));
  return true;
}

/** If Ansible does not use ssh for a host, ssh might reach another machine by this name. */
function onlySsh(look: Look): void {
  textOf(look, ['ansible_connection'], (name) =>
    /^(?:ssh|smart|paramiko|paramiko_ssh|(?:ansible\.builtin\.)?ssh)$/.test(name)
      ? null
      : 'hosts are reached over ssh, and this one is not',
  );
}

function labelsOf(look: Look): Readonly<Record<string, string>> {
  const labels = [...look.vars].flatMap(([name, variable]) => {
    const text = name.startsWith('ansible_') || name === 'name' || name === 'group' ? null : written(look, variable);
    return text === null || isJinja(text) || !isLabel(name, text) ? [] : [[name, text] as const];
  });
  return Object.fromEntries(labels);
}

/** A scalar as it was typed (`1.10`); null: it is none. */
function written(look: Look, { path, value, source = look.source }: Variable): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? (source.written(path) ?? String(value)) : null;
}

export function isJinja(text: string): boolean {
  return /\{[{%]/.test(text);
}

import type { Target } from '../fleet.ts';

/** `deploy@web1:2222` as the target it is; else why it is none. */
export type Destination =
  | { readonly ok: true; readonly target: Target }
  | { readonly ok: false; readonly says: string };

/**
 * Reads a target as ssh does: a name from ssh_config(5) or an address, with or without user and port, also as `ssh://`.
 * A text that ssh or a shell could read as something else (an option, a command, a folder) is refused.
 */
export function parseDestination(text: string): Destination {
  const uri = text.startsWith('ssh://');
  const rest = uri ? text.slice('ssh://'.length).replace(/\/$/, '') : text;
  const at = rest.lastIndexOf('@');
  const user = at < 0 ? null : rest.slice(0, at);
  const place = placeOf(rest.slice(at + 1));
  const fault =
    textFault(text) ??
    (user === null ? null : userFault(user)) ??
    ('says' in place ? place.says : nameFault(place.name));
  if (fault !== null) return { ok: false, says: fault };
  return 'says' in place
    ? { ok: false, says: place.says }
    : { ok: true, target: targetNamed(place.name, { user, port: place.port }) };
}

export function targetNamed(name: string, more: Partial<Target> = {}): Target {
  return { name, address: null, port: null, user: null, identity: null, groups: [], labels: {}, become: null, ...more };
}

type Location = { readonly name: string; readonly port: number | null } | { readonly says: string };

/** `name`, `name:port`, `[::1]`, `[::1]:port`, `::1`. */
function placeOf(text: string): Location {
  const [, inBrackets, after] = /^\[([^\]]*)\](?::(.*))?$/s.exec(text) ?? [];
  if (inBrackets !== undefined) {
    return isIpv6(inBrackets) ? withPort(inBrackets, after) : { says: 'what stands in brackets is no IPv6 address' };
  }
  if (text.split(':').length > 2) return { name: text, port: null };
  const [name = '', port] = text.split(':');
  return withPort(name, port);
}

function withPort(name: string, text: string | undefined): Location {
  if (text === undefined) return { name, port: null };
  const port = parsePort(text);
  return port === undefined
    ? { says: `${text === '' ? 'nothing' : text} is no port: it is a number from 1 to 65535` }
    : { name, port };
}

export function parsePort(text: string): number | undefined {
  return /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
}

function textFault(text: string): string | null {
  if (text === '') return 'it is empty';
  if (text.startsWith('-')) return 'it begins with `-`: ssh would take it for an option';
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text)) return 'it holds a character that cannot be seen';
  return /\s/.test(text) ? 'it holds a space' : null;
}

/** Why it cannot be the name of a host; null: it can. */
export function nameFault(name: string): string | null {
  const fault = textFault(name);
  if (fault !== null) return fault;
  if (name.length > 253) return 'it is longer than 253 characters';
  if (name === 'all') return '`all` means every host';
  if (name.includes(',')) return 'it holds a comma: several hosts are `--hosts a,b,c`';
  if (isIpv6(name)) return null;
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name)
    ? null
    : 'a host is a name or an address: letters, digits, `.`, `-`, `_`, or an IPv6 address in brackets';
}

/** Why it cannot be a login name; null: it can. */
export function userFault(user: string): string | null {
  if (user.includes(':')) return 'no password belongs into it: ssh uses keys';
  return /^[\p{L}\p{N}_][\p{L}\p{N}_.@+\\-]*$/u.test(user) && !user.endsWith('\\')
    ? null
    : `\`${user}\` is no login name`;
}

/** Close enough to tell it from a name with a port: ssh decides what it means. */
function isIpv6(text: string): boolean {
  return /^[0-9A-Fa-f:.]+(?:%[\w.-]+)?$/.test(text) && text.split(':').length > 2;
}

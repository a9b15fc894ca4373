import type { Target } from '../fleet.ts';
import type { SecretReference } from '../secret.ts';
import { wildcard } from '../text/wildcard.ts';
import type { Strategy } from './strategy.ts';

/** How all hosts of a selection are reached. */
export interface SshChoice {
  /** For `ssh -F`; null: ssh's own. `none`: no file at all. */
  readonly config: string | null;
  /** Whether to become root through sudo, if the target itself does not tell. */
  readonly become: boolean;
  /** sudo's password, from the vault of this process (`reveal`). Null: sudo must not ask for one. */
  readonly password: SecretReference | null;
}

/** What the host options of a command line mean. */
export interface Selection {
  /** In the order given, each once. Never empty. */
  readonly targets: readonly Target[];
  /** Chosen, and left out by --skip. */
  readonly skipped: readonly string[];
  readonly ssh: SshChoice;
  /** From the flags only. They override the runbook. */
  readonly strategy: Partial<Strategy>;
  /** For the journal: the files that were trusted only because a person said so. */
  readonly notes: readonly string[];
}

/** The patterns of `--limit` narrow one after the other; those of `--skip` each leave out. */
export interface Patterns {
  readonly limit: readonly string[];
  readonly skip: readonly string[];
}

export type Selected =
  | { readonly ok: true; readonly targets: readonly Target[]; readonly skipped: readonly string[] }
  /** `word`: what matches nothing; `known`: what could have been meant. */
  | { readonly ok: false; readonly says: string; readonly word?: string; readonly known?: readonly string[] };

/**
 * A pattern is a list of words in any order: `web*,db1` means either, `&role=web` keeps only hosts that match it too,
 * `!db1` leaves hosts out. Each word must match something: a misspelt word would choose or spare the wrong hosts.
 */
export function select(known: readonly Target[], { limit, skip }: Patterns): Selected {
  let chosen = known;
  for (const pattern of limit) {
    const found = matching(known, pattern);
    if (!found.ok) return found;
    chosen = chosen.filter((target) => found.names.has(target.name));
    if (chosen.length === 0)
      return { ok: false, says: `${pattern} leaves no host; each further --limit narrows, a comma widens` };
  }
  const left = new Set<string>();
  for (const pattern of skip) {
    const found = matching(known, pattern);
    if (!found.ok) return found;
    for (const name of found.names) left.add(name);
  }
  const targets = chosen.filter(({ name }) => !left.has(name));
  if (targets.length === 0) return { ok: false, says: 'every host that was chosen is skipped' };
  return { ok: true, targets, skipped: chosen.flatMap(({ name }) => (left.has(name) ? [name] : [])) };
}

type Matched = { readonly ok: true; readonly names: ReadonlySet<string> } | Extract<Selected, { readonly ok: false }>;

function matching(known: readonly Target[], pattern: string): Matched {
  const either: Target[] = [];
  const both: ReadonlySet<Target>[] = [];
  const without: ReadonlySet<Target>[] = [];
  const words = pattern.split(',').map((word) => word.trim());
  for (const word of words) {
    const sign = /^[&!]/.exec(word)?.[0];
    const found = wordMatches(known, sign === undefined ? word : word.slice(1));
    if (!Array.isArray(found)) return found as Extract<Selected, { readonly ok: false }>;
    if (sign === '&') both.push(new Set(found));
    else if (sign === '!') without.push(new Set(found));
    else either.push(...found);
  }
  const from = new Set(words.every((word) => /^[&!]/.test(word)) ? known : either);
  const names = known.filter(
    (one) => from.has(one) && both.every((set) => set.has(one)) && without.every((set) => !set.has(one)),
  );
  return { ok: true, names: new Set(names.map(({ name }) => name)) };
}

/** What one word chooses, or why it chooses nothing. */
function wordMatches(
  known: readonly Target[],
  word: string,
): readonly Target[] | Extract<Selected, { readonly ok: false }> {
  if (word === '')
    return { ok: false, says: 'a pattern has an empty word; write web1,web2 without spaces or commas at its end' };
  if (word.startsWith('~'))
    return { ok: false, says: `${word}: there are no regular expressions here; \`*\` and \`?\` stand for characters` };
  const equals = word.indexOf('=');
  const found = equals > 0 ? labelled(known, word.slice(0, equals), word.slice(equals + 1)) : called(known, word);
  if (!Array.isArray(found)) return found as Extract<Selected, { readonly ok: false }>;
  return found.length > 0
    ? found
    : { ok: false, says: `${word} matches no host, group or label`, word, known: wordsOf(known) };
}

/** `all`, a group, a host, or a wildcard over the names of both. */
function called(known: readonly Target[], word: string): readonly Target[] | Extract<Selected, { readonly ok: false }> {
  if (word === 'all' || word === '*') return known;
  if (/[*?]/.test(word)) {
    const [name, group] = [wildcard(word, { cases: false }), wildcard(word)];
    return known.filter((one) => name.test(one.name) || one.groups.some((each) => group.test(each)));
  }
  const named = known.filter((one) => sameHostName(one.name, word));
  const grouped = known.filter((one) => one.groups.includes(word));
  const differ = grouped.some((one) => !named.includes(one));
  if (named.length > 0 && grouped.length > 0 && differ) {
    return { ok: false, says: `${word} is a host and a group of other hosts: write name=${word} or group=${word}` };
  }
  return named.length > 0 ? named : grouped;
}

/** `role=web`, `role=w*`; `name=` and `group=` where a bare word could mean both. */
function labelled(known: readonly Target[], label: string, value: string): readonly Target[] {
  const fits = wildcard(value, { cases: label !== 'name' });
  if (label === 'name') return known.filter((one) => fits.test(one.name));
  if (label === 'group') return known.filter((one) => one.groups.some((group) => fits.test(group)));
  return known.filter(({ labels }) => Object.hasOwn(labels, label) && fits.test(labels[label] ?? ''));
}

/** Upper and lower case do not matter in host names (RFC 4343): two names that differ only in case are one machine. */
export function sameHostName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** All that a word may name, for the message about a misspelt one. */
function wordsOf(known: readonly Target[]): readonly string[] {
  const labels = known.flatMap((one) => Object.entries(one.labels).map(([label, value]) => `${label}=${value}`));
  return [...new Set([...known.map(({ name }) => name), ...known.flatMap(({ groups }) => groups), ...labels])];
}

import { LIMITS, RESERVED_LIMITS } from '../model/runbook.ts';
import type { CommandOption } from './_command.ts';

type Options = Readonly<Record<string, unknown>>;

/** One flag, two meanings that cannot be confused: left of `=` in `kill=100` stands the name of a limit. */
export const LIMIT_OPTION: CommandOption = {
  flags: '--limit <limit|hosts>',
  about:
    'raise a limit for this run: kill=10000, stopped_for=1h; attended runs only. Anything else is a pattern of hosts: web*, a group, role=web, all,!db1; each further one narrows',
  repeatable: true,
};

/** What was given to an option: none, one, or several times. */
export const wordsOf = (given: unknown): readonly string[] =>
  Array.isArray(given) ? (given as readonly string[]) : typeof given === 'string' ? [given] : [];

/** Whether other hosts than this machine were named. */
export function hostsChosen({ host, hosts, inventory }: Options): boolean {
  return [host, hosts, inventory].some((given) => given !== undefined);
}

/**
 * Whether a fleet is meant, be it of one host: a list of hosts, an inventory, or several names. One `--host` alone is a
 * run on that host.
 */
export function isFleet({ host, hosts, inventory }: Options): boolean {
  return hosts !== undefined || inventory !== undefined || wordsOf(host).length > 1;
}

/** `--limit` in its two meanings. */
export interface LimitWords {
  readonly limits: readonly string[];
  readonly patterns: readonly string[];
}

/**
 * Without hosts every word is meant for a limit, so that a misspelt one is told. With hosts a label of one of them goes
 * before a limit of its name, but for the four names that no label may have.
 */
export function limitWords(options: Options, labels: ReadonlySet<string> = new Set()): LimitWords {
  const words = wordsOf(options.limit);
  if (!hostsChosen(options)) return { limits: words, patterns: [] };
  const names = LIMITS.filter((name) => RESERVED_LIMITS.includes(name) || !labels.has(name));
  const isLimit = (word: string): boolean => names.some((name) => word.startsWith(`${name}=`));
  return { limits: words.filter(isLimit), patterns: words.filter((word) => !isLimit(word)) };
}

const WITH_VALUE = {
  host: '--host',
  hosts: '--hosts',
  inventory: '--inventory',
  skip: '--skip',
  sshConfig: '--ssh-config',
  becomePassword: '--become-password',
  batches: '--batches',
  atOnce: '--at-once',
  pause: '--pause',
  maxFailures: '--max-failures',
  order: '--order',
} as const;
const ALONE = { become: '--become', askBecomePassword: '--ask-become-password' } as const;

/** The host options as they were typed, for a command line to type next; without patterns of --limit. */
export function hostWords(options: Options): readonly string[] {
  if (!hostsChosen(options)) return [];
  const valued = Object.entries(WITH_VALUE).flatMap(([name, flag]) =>
    wordsOf(options[name]).flatMap((word) => [flag, word]),
  );
  return [...valued, ...Object.entries(ALONE).flatMap(([name, flag]) => (options[name] === true ? [flag] : []))];
}

/** The first option that says nothing without hosts, as it was typed; undefined: there is none. */
export function strayHostOption(options: Options): string | undefined {
  const names = [...Object.entries(WITH_VALUE), ...Object.entries(ALONE)];
  return names.find(([name]) => options[name] !== undefined && !['host', 'hosts', 'inventory'].includes(name))?.[1];
}

import { resolve } from 'node:path';
import type { Vault } from '../../hosts/vault.ts';
import { type Selection, type SshChoice, sameHostName, select } from '../../model/fleet/selection.ts';
import {
  batchFault,
  ORDERS,
  parseAtOnce,
  parseBatchSize,
  parseFailures,
  parsePause,
  type Size,
  type Strategy,
} from '../../model/fleet/strategy.ts';
import { parseDestination } from '../../model/fleet/target.ts';
import type { Target } from '../../model/fleet.ts';
import { LIMITS } from '../../model/runbook.ts';
import { parseSecretSource, type SecretReference, secretReference } from '../../model/secret.ts';
import type { Reach } from '../../wiring/host.ts';
import type { InventoryFile } from '../../wiring/inventory.ts';
import type { TrustedReader } from '../../wiring/trusted.ts';
import type { CommandOption, Io } from '../_command.ts';
import { hostsChosen, limitWords, strayHostOption, wordsOf } from '../_limit.ts';
import { refuseProblems } from '../_prepare.ts';
import { type CommandResult, hasEnded, refuse, told } from '../_result.ts';
import { trustNotes, whyUntrusted } from '../_trust.ts';

type Options = Readonly<Record<string, unknown>>;

/** Which hosts, and how they are reached. `--limit` is one of REQUEST_OPTIONS, and means hosts too. */
const WHICH_HOSTS: readonly CommandOption[] = [
  {
    flags: '--host <name>',
    about: 'a host over ssh: a name of ssh_config, user@host:port, ssh://user@host:port, [::1]:22; may be given again',
    repeatable: true,
  },
  { flags: '--hosts <names>', about: 'several hosts: web1,web2,deploy@db1:2222' },
  {
    flags: '--inventory <file>',
    about: 'hosts with groups and labels: hosts.yaml (examples/hosts.yaml), an Ansible inventory, or a list of names',
  },
  { flags: '--skip <pattern>', about: 'leave these of the chosen hosts out; may be given again', repeatable: true },
  { flags: '--ssh-config <file>', about: 'read by ssh instead of ~/.ssh/config, as by `ssh -F`' },
];

const BECOME: readonly CommandOption[] = [
  { flags: '--become', about: 'act as root through sudo' },
  { flags: '--ask-become-password', about: "ask for sudo's password, once for all hosts" },
  { flags: '--become-password <from>', about: "where sudo's password is: file:/path or env:NAME" },
];

const HOW: readonly CommandOption[] = [
  {
    flags: '--batches <sizes>',
    about: 'how many hosts are done after each batch: 1,5%,25%,rest; the first is the canary',
  },
  { flags: '--at-once <number>', about: 'hosts at work at once in a batch (default 10)' },
  { flags: '--pause <time>', about: 'between two batches: 30s' },
  {
    flags: '--max-failures <size>',
    about: 'begin no further host once more than so many have failed: 2, 5% (default 0)',
  },
  { flags: '--order <order>', about: 'of the hosts', choices: ORDERS },
];

export const CHOICE_OPTIONS: readonly CommandOption[] = [...WHICH_HOSTS, ...HOW];
export const HOST_OPTIONS: readonly CommandOption[] = [...WHICH_HOSTS, ...BECOME, ...HOW];

/** With the words of --limit that mean no hosts, but limits of the run. */
interface ChosenHosts extends Selection {
  readonly limits: readonly string[];
}

/** The hosts of an earlier run, and how they were reached. */
export interface Earlier extends Pick<Selection, 'targets' | 'skipped'> {
  readonly config: string | null;
  readonly become: boolean;
  /** Where sudo's password was; `typed`: a person was asked. */
  readonly password: string | null;
}

/** Null: no host was named, so it is this machine. */
export async function targetsOf(
  io: Io,
  given: Options,
  earlier?: Earlier,
): Promise<ChosenHosts | null | CommandResult> {
  const stray = earlier || hostsChosen(given) ? undefined : strayHostOption(given);
  if (stray !== undefined)
    return refuse(`${stray} is for hosts over ssh: name them with --host, --hosts or --inventory`, 'usage');
  if (!earlier && !hostsChosen(given)) return null;
  if (io.scene !== undefined) return refuse(`this is a drill in ${io.scene}: it acts on this machine alone`, 'usage');
  const options = earlier ? asBefore(given, earlier) : given;
  const strategy = strategyFrom(options);
  if (typeof strategy === 'string') return refuse(strategy, 'usage');
  const { trustedReader } = await import('../../wiring/trusted.ts');
  const reader = trustedReader(io.uid);
  const files = await filesOf(io, options, reader);
  if (hasEnded(files)) return files;
  const untrusted = whyUntrusted(io, reader, options);
  if (untrusted !== null) return untrusted;
  const which = earlier
    ? { ...earlier, limits: limitWords(given).limits }
    : await whichOf(io, options, files.inventory);
  if (hasEnded(which)) return which;
  const password = await becomePassword(io, options);
  if (hasEnded(password)) return password;
  const { targets, skipped, limits } = which;
  const ssh: SshChoice = { config: files.config, become: options.become === true, password };
  return { targets, skipped, ssh, strategy, limits, notes: trustNotes(reader) };
}

/** Who the hosts are the journal tells; how they are reached it tells where nothing is said of it now. */
function asBefore(options: Options, { config, become, password }: Earlier): Options {
  const given = options.askBecomePassword !== undefined || options.becomePassword !== undefined;
  return {
    ...{ ...options, inventory: undefined },
    ...(options.sshConfig === undefined && config !== null && { sshConfig: config }),
    ...(become && { become }),
    ...(!given &&
      password !== null &&
      (password === 'typed' ? { askBecomePassword: true } : { becomePassword: password })),
  };
}

async function whichOf(
  io: Io,
  options: Options,
  inventory: InventoryFile | null,
): Promise<Pick<ChosenHosts, 'targets' | 'skipped' | 'limits'> | CommandResult> {
  const known = await knownHosts(io, options, inventory);
  if (hasEnded(known)) return known;
  const { limits, patterns } = limitWords(options, new Set(known.flatMap((one) => Object.keys(one.labels))));
  const selected = select(known, { limit: patterns, skip: wordsOf(options.skip) });
  return selected.ok ? { ...selected, limits } : refuse(await sayUnmatched(selected), 'usage');
}

/** How the hosts of a selection are reached, for `hostsFor`. */
export function reachOf(io: Io, { ssh: { config, become, password } }: Selection): Reach {
  const reveal = async (): Promise<string | null> => (password && io.secrets?.reveal(password.from)) ?? null;
  return { config, become, password: password && reveal, uid: io.uid, env: io.env };
}

// ---------------------------------------------------------------- files

interface Files {
  readonly inventory: InventoryFile | null;
  readonly config: string | null;
}

/**
 * ssh does not look who could have written a file that it is given, and what stands there, or in an inventory, can run
 * any command.
 */
async function filesOf(
  io: Io,
  { inventory, sshConfig }: Options,
  reader: TrustedReader,
): Promise<Files | CommandResult> {
  const config = typeof sshConfig === 'string' && sshConfig !== 'none' ? resolve(io.cwd, sshConfig) : null;
  const read = config === null ? null : reader.read(config);
  if (read && !read.ok) return refuse(`--ssh-config: ${read.message}`, 'no-such-file');
  const path = typeof inventory === 'string' ? resolve(io.cwd, inventory) : null;
  const hosts = path === null ? null : (await import('../../wiring/inventory.ts')).openInventory(path, io.env, reader);
  if (hosts && !hosts.ok) return refuse(`--inventory: ${hosts.message}`, 'no-such-file');
  return { config: sshConfig === 'none' ? 'none' : config, inventory: hosts ? hosts.file : null };
}

// ---------------------------------------------------------------- who is known

/** With an inventory, names choose from it: one that is not there is misspelt. */
async function knownHosts(
  io: Io,
  options: Options,
  file: Files['inventory'],
): Promise<readonly Target[] | CommandResult> {
  const named = namedHosts(options);
  if (hasEnded(named) || file === null) return named;
  const all = await hostsIn(io, file);
  if (hasEnded(all) || named.length === 0) return all;
  const unknown = named.find(({ name }) => !all.some((one) => sameHostName(one.name, name)));
  if (unknown) return refuse(await sayUnknown(unknown.name, all, file.path), 'usage');
  return named.flatMap(({ name, user, port }) =>
    all
      .filter((one) => sameHostName(one.name, name))
      .map((one) => ({ ...one, user: user ?? one.user, port: port ?? one.port })),
  );
}

async function hostsIn(io: Io, given: InventoryFile): Promise<readonly Target[] | CommandResult> {
  const { readInventory } = await import('../../wiring/inventory.ts');
  const read = await readInventory(given, { env: io.env, signal: io.interrupts.signal });
  if (!read.ok)
    return refuse(`--inventory: ${read.message}`, read.code === 'interrupted' ? 'interrupted' : 'no-such-file');
  const { inventory } = read;
  if (!inventory.ok) return refuseProblems(io, inventory.problems, () => given.text);
  for (const { message, place } of inventory.value.warnings)
    io.stderr(told([`${place.file}:${place.line}:${place.column}: ${message}`]));
  return inventory.value.targets;
}

async function sayUnknown(name: string, all: readonly Target[], path: string): Promise<string> {
  const { closest } = await import('../../load/text/suggest.ts');
  const near = closest(
    name,
    all.map((one) => one.name),
  );
  return `${name} is not in ${path}${near === undefined ? '' : `; did you mean ${near}?`}`;
}

/** Those of --host and --hosts. The same twice is once; the same in two ways is a mistake. */
function namedHosts(options: Options): readonly Target[] | CommandResult {
  const given = [
    ...wordsOf(options.host).map((text) => ({ flag: '--host', text })),
    ...wordsOf(options.hosts)
      .flatMap((list) => list.split(','))
      .map((text) => ({ flag: '--hosts', text: text.trim() })),
  ];
  const targets: Target[] = [];
  for (const { flag, text } of given) {
    const read = parseDestination(text);
    if (!read.ok) return refuse(`${flag} ${text}: ${read.says}`, 'usage');
    const same = targets.find(({ name }) => sameHostName(name, read.target.name));
    if (!same) targets.push(read.target);
    else if (same.user !== read.target.user || same.port !== read.target.port)
      return refuse(
        `${flag} ${text}: ${same.name} is named twice, in two ways; in an inventory each can have a name`,
        'usage',
      );
  }
  return targets;
}

/** A word that no host, group or label has, with what was probably meant: a limit too. */
async function sayUnmatched({
  says,
  word,
  known = [],
}: {
  says: string;
  word?: string;
  known?: readonly string[];
}): Promise<string> {
  const { closest } = await import('../../load/text/suggest.ts');
  if (word === undefined) return says;
  const [name = '', value] = word.split('=', 2);
  const limit = value !== undefined && /^\d/.test(value) ? closest(name, LIMITS) : undefined;
  const near = limit === undefined ? closest(word, known) : `--limit ${limit}=${value}`;
  return near === undefined ? `${says}; \`firebreak hosts\` shows what there is` : `${says}; did you mean ${near}?`;
}

// ---------------------------------------------------------------- how

/** A sentence: what is wrong with a flag. */
function strategyFrom({ batches, atOnce, pause, maxFailures, order }: Options): Partial<Strategy> | string {
  const sizes = batches === undefined ? undefined : batchesFrom(String(batches));
  if (typeof sizes === 'string') return sizes;
  const most = atOnce === undefined ? undefined : parseAtOnce(String(atOnce));
  if (atOnce !== undefined && most === undefined) return `--at-once ${String(atOnce)}: write a whole number, 1 or more`;
  const between = pause === undefined ? undefined : parsePause(String(pause));
  if (pause !== undefined && between === undefined) return `--pause ${String(pause)}: write 30s or 5m`;
  const failures = maxFailures === undefined ? undefined : parseFailures(String(maxFailures));
  if (maxFailures !== undefined && failures === undefined)
    return `--max-failures ${String(maxFailures)}: write a number or a share: 2, 5%`;
  const ordered = ORDERS.find((word) => word === order);
  return {
    ...(sizes && { batches: sizes }),
    ...(most !== undefined && { atOnce: most }),
    ...(between !== undefined && { pause: between }),
    ...(failures && { failures }),
    ...(ordered && { order: ordered }),
  };
}

function batchesFrom(text: string): readonly Size[] | string {
  const sizes: Size[] = [];
  for (const word of text.split(',').map((part) => part.trim())) {
    const size = parseBatchSize(word);
    if (!size) return `--batches ${text}: \`${word}\` is no size; write 1,5%,25%,rest`;
    sizes.push(size);
  }
  const fault = batchFault(sizes);
  return fault === null ? sizes : `--batches ${text}: ${fault.says}`;
}

const PASSWORD = "sudo's password";

/** Known to the vault of this process from here on. */
async function becomePassword(io: Io, options: Options): Promise<SecretReference | null | CommandResult> {
  const { askBecomePassword: ask, becomePassword: from } = options;
  if (ask === undefined && from === undefined) return null;
  if (ask !== undefined && from !== undefined)
    return refuse('--ask-become-password or --become-password, not both', 'usage');
  if (!io.secrets) throw new Error('bug: a command is run without a vault');
  if (ask !== undefined) return askedPassword(io, io.secrets, options);
  const kind = parseSecretSource(String(from))?.kind;
  if (kind !== 'file' && kind !== 'env')
    return refuse('--become-password says where it is, never what it is: file:/path or env:NAME', 'usage');
  const reference = secretReference(PASSWORD, String(from));
  const wrong = await io.secrets.learnPassword(reference, { signal: io.interrupts.signal });
  return wrong === null ? reference : refuse(wrong, 'no-such-file');
}

async function askedPassword(io: Io, vault: Vault, { unattended }: Options): Promise<SecretReference | CommandResult> {
  if (unattended === true || !io.tty.stdin || !io.tty.stderr)
    return refuse('--ask-become-password needs a person at a terminal; else: --become-password file:/path', 'usage');
  const { askHidden } = await import('../../views/terminal.ts');
  const typed = await askHidden({ ...io, color: io.color.stderr }, `${PASSWORD}, for all hosts:`);
  if (typed === null) return refuse('no password was given; nothing was looked at', 'interrupted');
  const reference = secretReference(PASSWORD, 'typed');
  const wrong = await vault.learnPassword(reference, { signal: io.interrupts.signal, typed });
  return wrong === null ? reference : refuse(wrong, 'usage');
}

import { batchesOf, inBatchOrder } from '../model/fleet/batches.ts';
import type { Selection } from '../model/fleet/selection.ts';
import { type Strategy, strategyOf } from '../model/fleet/strategy.ts';
import type { Target } from '../model/fleet.ts';
import type { HostsShown, Way } from '../views/tell/hosts.ts';
import { type Command, defineCommand, type Io } from './_command.ts';
import { LIMIT_OPTION } from './_limit.ts';
import { refuseProblems } from './_prepare.ts';
import { print } from './_print.ts';
import { type CommandResult, DONE, hasEnded, refuse } from './_result.ts';
import { TRUST_OPTION } from './_trust.ts';
import { CHOICE_OPTIONS, targetsOf } from './fleet/hosts.ts';

type Options = Readonly<Record<string, unknown>>;

/** Processes of `ssh -G` at a time. */
const AT_ONCE = 8;

async function hostsHere(io: Io, runbook: string | undefined, options: Options): Promise<CommandResult> {
  const selection = await targetsOf(io, options);
  if (selection === null) return refuse('name hosts with --host, --hosts or --inventory', 'usage');
  if (hasEnded(selection)) return selection;
  const [limit] = selection.limits;
  if (limit !== undefined)
    return refuse(`--limit ${limit} raises a limit of a run; no host, group or label is meant by it`, 'usage');
  const strategy = await strategyFor(io, runbook, selection);
  if (hasEnded(strategy)) return strategy;
  const { tellHosts, FEW_HOSTS } = await import('../views/tell/hosts.ts');
  const each = options.all === true || options.json === true || selection.targets.length <= FEW_HOSTS;
  const ways = each ? await waysTo(io, selection) : null;
  if (io.interrupts.signal.aborted) return { outcome: 'interrupted' };
  const shown: HostsShown = { ...selection, strategy, batches: batchesFor(strategy, selection.targets), ways };
  await print(io, tellHosts(shown), { json: options.json });
  return sayRefused(ways ?? new Map());
}

/** The runbook's own, where one is named, under the flags. */
async function strategyFor(
  io: Io,
  name: string | undefined,
  { strategy }: Selection,
): Promise<Strategy | CommandResult> {
  if (name === undefined) return strategyOf(strategy);
  const { readRunbook, readText } = await import('../wiring/library.ts');
  const read = await readRunbook(name, io.cwd);
  if (read.ok === 'missing') return refuse(read.message, 'no-such-file');
  if (read.ok) return strategyOf(read.value.fleet, strategy);
  return refuseProblems(io, read.problems, readText);
}

/** The batches as they would be if something had to be done on every host. */
function batchesFor(strategy: Strategy, targets: readonly Target[]): readonly (readonly string[])[] {
  if (strategy.order === 'shuffled') return [];
  return batchesOf(
    strategy,
    inBatchOrder(strategy.order, targets, () => 0).map(({ name }) => name),
  );
}

type Ways = NonNullable<HostsShown['ways']>;

async function waysTo(io: Io, { targets, ssh }: Selection): Promise<Ways> {
  const { resolveTarget } = await import('../hosts/ssh/resolve.ts');
  const { atMost } = await import('../operations/at-most.ts');
  const ways = new Map<string, Way | string>();
  let missing: string | null = null;
  await atMost(AT_ONCE, targets, async (target) => {
    if (io.interrupts.signal.aborted || missing !== null) return;
    const found = await resolveTarget(target, { config: ssh.config, home: io.home });
    if (!found.ok && found.code === 'ENOENT') missing = found.message;
    ways.set(target.name, found.ok ? found.way : found.message);
  });
  return ways;
}

/** These failures of ssh concern all hosts: its configuration cannot be read, or ssh is missing. */
function sayRefused(ways: Ways): CommandResult {
  const said = [...ways.values()].find((way) => typeof way === 'string');
  if (said === undefined) return DONE;
  return refuse(`ssh says: ${said}`, 'unsupported-machine');
}

const command: Command = defineCommand({
  name: 'hosts',
  summary: 'show which hosts a selection means, before anything runs',
  about:
    'Shows the hosts that --host, --hosts or --inventory, --limit and --skip choose: where ssh would go for each (`ssh -G`), as whom, in which groups, with ' +
    'which labels, and in which batch it would be if something were to be done on all of them. Connects to nobody. A pattern is a name, a group, `role=web` (a ' +
    'label), a wildcard (`web*`), or `all`; a comma means either of both, `&` in front only those too, `!` without: `web*,db1`, `web,&role=canary`, `all,!db1`, in single quotes, since a shell knows such signs. ' +
    'Each further --limit narrows. What matches nothing is an error. With a runbook its own `fleet:` counts, under the flags.',
  args: [{ syntax: '[runbook]', about: 'whose batches: a name of the library, or a path' }],
  options: [
    ...CHOICE_OPTIONS,
    {
      ...LIMIT_OPTION,
      flags: '--limit <pattern>',
      about: 'only these: web*, a group, role=web, all,!db1; each further one narrows',
    },
    TRUST_OPTION,
    { flags: '--all', about: 'a line for every host, however many' },
    { flags: '--json', about: 'print JSON: every host, with its batch and what ssh makes of it' },
  ],
  examples: [
    ['firebreak hosts --inventory examples/hosts.yaml', 'who is there, and in which order?'],
    ["firebreak hosts --inventory examples/hosts.yaml --limit 'web,!web3' --skip role=canary", 'who would be left?'],
    ['firebreak hosts cron-mail-storm --hosts web1,deploy@web2:2222 --batches 1,rest --at-once 5', 'which batches?'],
  ],
  run: (io, args, options) => hostsHere(io, args[0], options),
});
export default command;

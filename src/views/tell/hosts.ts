import { type Document, type DocumentNode, sentence, type Telling } from '../../model/document.ts';
import { type Strategy, sizeText } from '../../model/fleet/strategy.ts';
import type { Target } from '../../model/fleet.ts';
import { plural, showCount } from '../../model/text/quantity.ts';
import { strategyText } from './fleet/plan-words.ts';

/** Where ssh would go for a host. */
export interface Way {
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
  readonly via: string | null;
}

/** What a selection means, before anything runs. */
export interface HostsShown {
  readonly targets: readonly Target[];
  readonly skipped: readonly string[];
  readonly strategy: Strategy;
  /** Names; in the order of the run. Empty where the order is a new one each time. */
  readonly batches: readonly (readonly string[])[];
  /** By name; a text: what ssh has against it. Null: it was not asked. */
  readonly ways: ReadonlyMap<string, Way | string> | null;
}

/** What fits on a screen or two with an address each. */
export const FEW_HOSTS = 40;

export function tellHosts(shown: HostsShown): Telling {
  return { document: () => hostsDocument(shown), record: () => hostsRecord(shown) };
}

function hostsDocument(shown: HostsShown): Document {
  const { targets, skipped, ways } = shown;
  const left = skipped.length === 0 ? '' : `, ${showCount(skipped.length)} skipped`;
  return [
    sentence(`${plural(targets.length, 'host')}${left}`, 'bold'),
    ...(ways === null ? batchNodes(shown) : [table(shown, ways)]),
    ...(skipped.length === 0 ? [] : [nameNode('skipped  ', skipped)]),
    ...groups(targets),
    ...sameMachine(shown),
    sentence(`${sizesText(shown)}; ${strategyText(shown.strategy)}.`),
    ...(ways === null ? [sentence('Addresses, labels, a line each: --all', 'yellow')] : []),
  ];
}

function sizesText({ strategy, batches }: HostsShown): string {
  const sizes = `Batches ${strategy.batches.map(sizeText).join(', ')}`;
  const turn = batches.length === 0 ? ', shuffled anew for each run' : '';
  return `${sizes}${turn}, of those on which something is to be done`;
}

const batchesOf = (batches: HostsShown['batches']): ReadonlyMap<string, number> =>
  new Map(batches.flatMap((hosts, at) => hosts.map((host) => [host, at + 1] as const)));

/** The table is one line a host, however narrow the terminal. */
function table({ targets, batches }: HostsShown, ways: NonNullable<HostsShown['ways']>): DocumentNode {
  const batchOf = batchesOf(batches);
  const byName = new Map(targets.map((target) => [target.name, target]));
  const inOrder = batches.length === 0 ? targets : batches.flat().flatMap((name) => byName.get(name) ?? []);
  const said = COLUMNS.filter(({ of }) => inOrder.some((target) => of(target, ways) !== ''));
  const rows = inOrder.map((target) => [
    String(batchOf.get(target.name) ?? '-'),
    ...said.map(({ of }) => of(target, ways)),
  ]);
  return { kind: 'rows', columns: ['batch', ...said.map(({ title }) => title)], rows };
}

interface Column {
  readonly title: string;
  readonly of: (target: Target, ways: NonNullable<HostsShown['ways']>) => string;
}

/** One of which there is nothing to say of any host is left out. */
const COLUMNS: readonly Column[] = [
  { title: 'host', of: ({ name }) => name },
  { title: 'reached as', of: ({ name }, ways) => wayText(ways.get(name)) },
  { title: 'root', of: ({ become }) => (become === null ? '' : become ? 'sudo' : 'no') },
  { title: 'groups', of: ({ groups }) => groups.join(' ') },
  { title: 'labels', of: ({ labels }) => labelsText(labels) },
];

function wayText(way: Way | string | undefined): string {
  if (way === undefined || typeof way === 'string') return `?  ${way ?? ''}`.trimEnd();
  const place = way.hostname.includes(':') ? `[${way.hostname}]` : way.hostname;
  return `${way.user}@${place}${way.port === 22 ? '' : `:${way.port}`}${way.via === null ? '' : ` via ${way.via}`}`;
}

function labelsText(labels: Target['labels']): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

function batchNodes({ targets, batches }: HostsShown): Document {
  const all = targets.map(({ name }) => name);
  if (batches.length === 0) return [nameNode('hosts  ', all)];
  const most = String(Math.max(...batches.map(({ length }) => length))).length;
  return batches.map((hosts, at) => nameNode(`batch ${at + 1}  ${String(hosts.length).padStart(most)}  `, hosts));
}

const nameNode = (label: string, names: readonly string[]): DocumentNode => ({
  ...{ kind: 'hosts', label, names, lines: 12, cut: true },
});

/** The largest groups first. */
function groups(targets: readonly Target[]): Document {
  const sizes = new Map<string, number>();
  for (const { groups: own } of targets) for (const group of own) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  const said = [...sizes]
    .sort(([, one], [, other]) => other - one)
    .map(([group, size]) => `${group} ${showCount(size)}`);
  return said.length === 0 ? [] : [sentence(said.join(', '), undefined, 'groups   ')];
}

/** One machine under several names would be acted on as often. */
function sameMachine({ targets, ways }: HostsShown): Document {
  const direct = targets.flatMap(({ name }) => {
    const way = ways?.get(name);
    return way === undefined || typeof way === 'string' || way.via !== null
      ? []
      : [{ name, place: `${way.hostname} port ${way.port}` }];
  });
  const places = Map.groupBy(direct, ({ place }) => place);
  const same = [...places].filter(([, hosts]) => hosts.length > 1);
  return same.slice(0, 5).flatMap(([place, hosts]) => {
    const names = hosts
      .slice(0, 5)
      .map(({ name }) => name)
      .join(', ');
    const rest = hosts.length > 5 ? ` and ${hosts.length - 5} more` : '';
    return [sentence(`! ${names}${rest} are all ${place}: one machine, or several behind one address?`, 'warn')];
  });
}

/** For programs: every host with its batch, and where ssh would go. */
function hostsRecord({ targets, skipped, strategy, batches, ways }: HostsShown): object {
  const batchOf = batchesOf(batches);
  const hosts = targets.map((target) => {
    const way = ways?.get(target.name);
    return {
      ...target,
      batch: batchOf.get(target.name) ?? null,
      ssh: typeof way === 'string' ? { error: way } : (way ?? null),
    };
  });
  return { hosts, skipped, strategy, batches };
}

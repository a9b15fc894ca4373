import { type Strategy, sizeText } from '../model/fleet/strategy.ts';
import type { Target } from '../model/fleet.ts';
import { plural, showCount } from '../model/text/quantity.ts';
import { escaped, escapeJson } from './draw/escape.ts';
import { hang, narrower, width } from './draw/layout.ts';
import type { Paper } from './draw/style.ts';
import { renderTable } from './draw/table.ts';
import { strategyText } from './fleet/plan-words.ts';
import { hostLines } from './fleet/words.ts';

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

export function renderHosts(shown: HostsShown, paper: Paper): string {
  const { targets, skipped, ways } = shown;
  const lines = [
    paper.style.bold(
      `${plural(targets.length, 'host')}${skipped.length === 0 ? '' : `, ${showCount(skipped.length)} skipped`}`,
    ),
    ...(ways === null ? batchLines(shown, paper) : tableLines(shown, ways, paper)),
    ...(skipped.length === 0 ? [] : nameLines('skipped  ', skipped, paper)),
    ...groupLines(targets, paper),
    ...sameLines(shown, paper),
    ...hang('', `${sizesText(shown)}; ${strategyText(shown.strategy)}.`, paper.columns),
    ...(ways === null ? hang('', 'Addresses, labels, a line each: --all', paper.columns, paper.style.yellow) : []),
  ];
  return `${lines.join('\n')}\n`;
}

function sizesText({ strategy, batches }: HostsShown): string {
  const sizes = `Batches ${strategy.batches.map(sizeText).join(', ')}`;
  const turn = batches.length === 0 ? ', shuffled anew for each run' : '';
  return `${sizes}${turn}, of those on which something is to be done`;
}

/** The table is one line a host, however narrow the terminal. */
function tableLines(
  { targets, batches }: HostsShown,
  ways: NonNullable<HostsShown['ways']>,
  paper: Paper,
): readonly string[] {
  const batchOf = new Map(batches.flatMap((hosts, at) => hosts.map((host) => [host, at + 1] as const)));
  const inOrder =
    batches.length === 0
      ? targets
      : batches.flatMap((hosts) => hosts.flatMap((name) => targets.find((one) => one.name === name) ?? []));
  const said = COLUMNS.filter(({ of }) => inOrder.some((target) => of(target, ways) !== ''));
  const rows = inOrder.map((target) => [
    String(batchOf.get(target.name) ?? '-'),
    ...said.map(({ of }) => of(target, ways)),
  ]);
  return renderTable(
    { columns: ['batch', ...said.map(({ title }) => title)], rows, first: rows.length },
    { ...paper, all: false },
  );
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

function batchLines({ targets, batches }: HostsShown, paper: Paper): readonly string[] {
  if (batches.length === 0)
    return nameLines(
      'hosts  ',
      targets.map(({ name }) => name),
      paper,
    );
  const most = String(Math.max(...batches.map(({ length }) => length))).length;
  return batches.flatMap((hosts, at) =>
    nameLines(`batch ${at + 1}  ${String(hosts.length).padStart(most)}  `, hosts, paper),
  );
}

const LINES = 12;

function nameLines(label: string, names: readonly string[], paper: Paper): readonly string[] {
  const lines = hostLines(names, { ...narrower(paper, width(label)), all: false }, LINES);
  return lines.map((line, at) => (at === 0 ? label : ' '.repeat(width(label))) + line);
}

/** The largest groups first. */
function groupLines(targets: readonly Target[], paper: Paper): readonly string[] {
  const sizes = new Map<string, number>();
  for (const { groups } of targets) for (const group of groups) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  const said = [...sizes]
    .sort(([, one], [, other]) => other - one)
    .map(([group, size]) => `${escaped(group)} ${showCount(size)}`);
  return said.length === 0 ? [] : hang('groups   ', said.join(', '), paper.columns);
}

/** One machine under several names would be acted on as often. */
function sameLines({ targets, ways }: HostsShown, paper: Paper): readonly string[] {
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
    return hang(
      '',
      escaped(`! ${names}${rest} are all ${place}: one machine, or several behind one address?`),
      paper.columns,
      paper.style.warn,
    );
  });
}

/** For programs: every host with its batch, and where ssh would go. */
export function hostsJson({ targets, skipped, strategy, batches, ways }: HostsShown): string {
  const batchOf = new Map(batches.flatMap((hosts, at) => hosts.map((host) => [host, at + 1] as const)));
  const hosts = targets.map((target) => {
    const way = ways?.get(target.name);
    return {
      ...target,
      batch: batchOf.get(target.name) ?? null,
      ssh: typeof way === 'string' ? { error: way } : (way ?? null),
    };
  });
  return `${escapeJson(JSON.stringify({ hosts, skipped, strategy, batches }, null, 2))}\n`;
}

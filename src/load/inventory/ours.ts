import { nameFault, targetNamed, userFault } from '../../model/fleet/target.ts';
import type { Target } from '../../model/fleet.ts';
import { isObject, type Json, type JsonObject, listOf } from '../../model/json.ts';
import type { Checked, Problem } from '../../model/problem.ts';
import { read, unchecked, uncheckedEntries } from '../../model/read.ts';
import type { Unchecked } from '../../model/runbook/shape.ts';
import { RESERVED_LIMITS } from '../../model/runbook.ts';
import { checkShape } from '../text/shape-check.ts';
import { type Complaint, inTextOrder, type Path, problemAt, type Source } from '../text/source.ts';
import { spell } from '../text/spell.ts';
import { didYouMean } from '../text/suggest.ts';
import { type Nesting, nestingFault, nestingOf } from './group-nesting.ts';
import { expandRange } from './host-range.ts';
import { doubles, type Inventory } from './hosts.ts';
import { DEFAULTS, GROUP, GROUP_NAME, HOST, HOSTS } from './language.ts';

/** A hosts.yaml: every mistake at once, or its hosts. */
export async function ownInventory(source: Source, known: readonly Problem[]): Promise<Checked<Inventory>> {
  const spelt = spell(source, [{ path: [], shape: HOSTS }]);
  const shape = await checkShape(spelt.source, { path: [], shape: HOSTS }, spelt.holes);
  const found = readAll(spelt.source);
  const told = new Set(shape.problems.map(({ place }) => `${place.line}:${place.column}`));
  const rules = found.problems.filter(({ place }) => !told.has(`${place.line}:${place.column}`));
  const problems = inTextOrder([...known, ...spelt.problems, ...shape.problems, ...rules]);
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: { targets: found.hosts.map(({ target }) => target), warnings: [] } };
}

interface Read {
  readonly hosts: readonly { readonly target: Target; readonly path: Path }[];
  readonly problems: readonly Problem[];
}

function readAll(source: Source): Read {
  const root = unchecked(HOSTS, source.value);
  const groups = new Map(uncheckedEntries(GROUP, root.groups));
  const nesting = nestingOf(new Map([...groups].map(([name, group]) => [name, texts(group.children)])));
  const each = uncheckedEntries(HOST, root.hosts).map(([name, json]) =>
    hostsOf(source, { name, json, root, groups, nesting }),
  );
  const hosts = each.flatMap((one) => one.hosts);
  return {
    hosts,
    problems: [
      ...each.flatMap((one) => one.problems),
      ...groupProblems(source, { groups, nesting, names: new Set(hosts.map(({ target }) => target.name)) }),
      ...doubles(hosts).map(([before, { target, path }]) =>
        problemAt(source, path, 'key', {
          code: 'duplicate-host',
          message: `${target.name} is a host already${before.target.name === target.name ? '' : `, as ${before.target.name}: names have no case`}`,
        }),
      ),
    ],
  };
}

// ---------------------------------------------------------------- hosts

interface Entry {
  readonly name: string;
  readonly json: Unchecked<typeof HOST>;
  readonly root: Unchecked<typeof HOSTS>;
  readonly groups: ReadonlyMap<string, Unchecked<typeof GROUP>>;
  readonly nesting: Nesting;
}

function hostsOf(source: Source, entry: Entry): Read {
  const { name, json } = entry;
  const path = ['hosts', name];
  const names = expandRange(name);
  if (typeof names === 'string')
    return { hosts: [], problems: [problemAt(source, path, 'key', { code: 'bad-range', message: names })] };
  const fault = nameFault(names[0] ?? '');
  const several = names.length > 1 && json.address !== undefined;
  const sameAddress = {
    code: 'one-address',
    message: `${names.length} hosts cannot have one address`,
    hint: 'name each of them',
  };
  return {
    hosts: names.map((each) => ({ target: buildHost(source, each, entry), path })),
    problems: [
      ...(fault === null ? [] : [problemAt(source, path, 'key', badName(name, fault))]),
      ...(several ? [problemAt(source, [...path, 'address'], 'value', sameAddress)] : []),
      ...valueProblems(source, json, path),
      ...unknownGroups(source, texts(json.groups), {
        path: [...path, 'groups'],
        list: Array.isArray(json.groups),
        groups: entry.groups,
      }),
      ...labelProblems(source, json.labels, [...path, 'labels']),
    ],
  };
}

function badName(name: string, fault: string): Complaint {
  const destination =
    /[@:]/.test(name) && !/\s/.test(name) ? { hint: 'user, port and address are keys of the host' } : {};
  return { code: 'bad-host', message: `\`${name}\` cannot be the name of a host: ${fault}`, ...destination };
}

function valueProblems(source: Source, { address, user }: Entry['json'], path: Path): readonly Problem[] {
  const faults = {
    address: typeof address === 'string' ? nameFault(address) : null,
    user: typeof user === 'string' ? userFault(user) : null,
  };
  return Object.entries(faults).flatMap(([key, says]) =>
    says === null ? [] : [problemAt(source, [...path, key], 'value', { code: `bad-${key}`, message: says })],
  );
}

function buildHost(source: Source, name: string, { name: key, json, root, groups, nesting }: Entry): Target {
  const { address, port, user, identity, become } = { ...read(DEFAULTS, root.defaults), ...read(HOST, json) };
  const own = texts(json.groups);
  const within = new Set(own.flatMap((group) => [group, ...(nesting.outward.get(group) ?? [])]));
  // The outermost group first: a setting nearer to the host wins.
  const inward = [...within].sort((one, other) => (nesting.depth.get(one) ?? 0) - (nesting.depth.get(other) ?? 0));
  const labels = inward.map((group) => labelsAt(source, ['groups', group, 'labels'], groups.get(group)?.labels));
  return targetNamed(name, {
    address: address ?? null,
    port: port ?? null,
    user: user ?? null,
    identity: identity ?? null,
    become: become ?? null,
    groups: [...groups.keys()].filter((group) => within.has(group)),
    labels: Object.assign({}, ...labels, labelsAt(source, ['hosts', key, 'labels'], json.labels)) as Readonly<
      Record<string, string>
    >,
  });
}

function labelsAt(source: Source, path: Path, json: Json | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(objectOf(json)).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : (source.written([...path, name]) ?? String(value)),
    ]),
  );
}

// ---------------------------------------------------------------- groups and labels

interface Groups {
  readonly groups: Entry['groups'];
  readonly nesting: Nesting;
  /** Of hosts. */
  readonly names: ReadonlySet<string>;
}

function groupProblems(source: Source, { groups, nesting, names }: Groups): readonly Problem[] {
  return [...groups].flatMap(([name, group]) => {
    const path = ['groups', name];
    const says = groupFault(name, names);
    const nested = nestingFault(name, nesting);
    return [
      ...(says === null ? [] : [problemAt(source, path, 'key', { code: 'bad-group', message: says })]),
      ...(nested === null ? [] : [problemAt(source, [...path, 'children'], 'key', nested)]),
      ...unknownGroups(source, texts(group.children), { path: [...path, 'children'], list: true, groups }),
      ...labelProblems(source, group.labels, [...path, 'labels']),
    ];
  });
}

function groupFault(name: string, hosts: ReadonlySet<string>): string | null {
  if (name === 'all') return '`all` means every host, whether it is in a group or not';
  if (!new RegExp(GROUP_NAME).test(name)) return `\`${name}\` is no name of a group: letters, digits, _, - and .`;
  return hosts.has(name) ? `\`${name}\` is the name of a host too: which would a pattern mean?` : null;
}

interface Named {
  readonly path: Path;
  readonly list: boolean;
  readonly groups: Entry['groups'];
}

/** A misspelt group name would silently leave a host out of its group. */
function unknownGroups(source: Source, names: readonly string[], { path, list, groups }: Named): readonly Problem[] {
  const known = [...groups.keys()];
  return names.flatMap((name, at) => {
    if (known.includes(name)) return [];
    const hint = known.length === 0 ? { hint: `add \`groups: {${name}: }\`` } : {};
    const complaint = {
      code: 'unknown-group',
      message: `\`${name}\` is not a group of \`groups\``,
      ...didYouMean(name, known),
      ...hint,
    };
    return [problemAt(source, list ? [...path, at] : path, 'value', complaint)];
  });
}

const TAKEN: Readonly<Record<string, string>> = {
  ...Object.fromEntries(RESERVED_LIMITS.map((limit) => [limit, `--limit ${limit}=... is a limit of a run`])),
  name: '`name=` means the name of a host',
  group: '`group=` means a group',
};

function labelProblems(source: Source, labels: Json | undefined, path: Path): readonly Problem[] {
  return Object.keys(objectOf(labels)).flatMap((name) => {
    const why = Object.hasOwn(TAKEN, name) ? TAKEN[name] : undefined;
    const message = `\`${name}\` cannot be a label: ${why}`;
    return why === undefined ? [] : [problemAt(source, [...path, name], 'key', { code: 'bad-label', message })];
  });
}

// ---------------------------------------------------------------- as far as it could be read

function objectOf(json: Json | undefined): JsonObject {
  return isObject(json) ? json : {};
}

function texts(json: Json | undefined): readonly string[] {
  return listOf(json).filter((item) => typeof item === 'string');
}

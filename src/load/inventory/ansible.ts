import { parseDestination, targetNamed } from '../../model/fleet/target.ts';
import type { Target } from '../../model/fleet.ts';
import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import type { Checked, Problem } from '../../model/problem.ts';
import { type Complaint, inTextOrder, type Part, type Path, problemAt, type Source } from '../text/source.ts';
import { didYouMean } from '../text/suggest.ts';
import { isJinja, JINJA, targetParts, type Variable } from './ansible-variables.ts';
import { type Nesting, nestingFault, nestingOf } from './group-nesting.ts';
import { destinationsIn } from './host-range.ts';
import { doubles, type Inventory } from './hosts.ts';

interface FoundHost {
  readonly path: Path;
  readonly groups: Set<string>;
  readonly vars: Map<string, Variable>;
  readonly port: number | null;
}

/** Ansible's groups with their hosts, however they were written down. */
interface Found {
  readonly children: Map<string, string[]>;
  readonly vars: Map<string, Map<string, Variable>>;
  readonly hosts: Map<string, FoundHost>;
  /** Where each group stands first. */
  readonly places: Map<string, Path>;
  /** The parts of the file that could not be read and are left out. */
  readonly problems: Problem[];
  readonly besides: Besides;
}

/**
 * Reads an Ansible inventory in YAML as Ansible does (a setting nearer to the host wins), or the output of
 * `ansible-inventory --list`. Variables that tell how to reach a host are used; other variables become labels if they
 * are short, plain and no secret.
 */
export function ansibleInventory(source: Source, { known, beside }: Reading): Checked<Inventory> {
  const found: Found = {
    children: new Map(),
    vars: new Map(),
    hosts: new Map(),
    places: new Map(),
    problems: [],
    besides: readBeside(beside),
  };
  const root = isObject(source.value) ? source.value : {};
  if (isObject(root._meta)) readList(source, root, found);
  else
    for (const [name, json] of Object.entries(root))
      readGroup(source, { name, json: json ?? null, path: [name] }, found);
  const nesting = nestingOf(underAll(found.children));
  const warnings = new Map<string, Problem>();
  const built = [...found.hosts].map(([name, host]) => buildHost(source, { name, host, found, nesting, warnings }));
  const left = leftOut(built);
  const doubled = sayDoubles(source, left.hosts);
  const problems = inTextOrder([...known, ...placeProblems(source, { found, nesting }), ...doubled]);
  if (problems.length > 0) return { ok: false, problems };
  const told = inTextOrder([...found.problems, ...found.besides.problems, ...left.problems, ...warnings.values()]);
  if (left.hosts.length === 0)
    return { ok: false, problems: left.problems.length + found.problems.length > 0 ? told : [noHosts(source)] };
  return { ok: true, value: { targets: left.hosts.map(({ target }) => target), warnings: told } };
}

interface Built {
  readonly path: Path;
  readonly target: Target;
  /** The part that could not be read: without it nobody knows which machine this is, or which user would log in. */
  readonly problems: readonly Problem[];
}

/** A host of which something cannot be read is left out by its name; the others stay. */
function leftOut(built: readonly Built[]): { readonly hosts: readonly Built[]; readonly problems: readonly Problem[] } {
  return {
    hosts: built.filter(({ problems }) => problems.length === 0),
    problems: built.flatMap(({ target, problems }) =>
      problems.map((problem) => ({ ...problem, message: `${target.name} is left out: ${problem.message}` })),
    ),
  };
}

/** A file of group_vars or host_vars, as far as it could be read. Null: a vault, or nothing at all. */
export interface Beside {
  readonly of: 'group' | 'host';
  readonly name: string;
  readonly path: string;
  readonly source: Source | null;
  readonly problems: readonly Problem[];
}

interface Reading {
  readonly known: readonly Problem[];
  readonly beside: readonly Beside[];
}

interface Besides {
  readonly group: Map<string, Map<string, Variable>>;
  readonly host: Map<string, Map<string, Variable>>;
  readonly problems: readonly Problem[];
}

function readBeside(beside: readonly Beside[]): Besides {
  const read: Besides = { group: new Map(), host: new Map(), problems: beside.flatMap(({ problems }) => problems) };
  for (const { of, name, source } of beside) {
    const vars = varsOf(read[of], name);
    for (const [key, value] of Object.entries(isObject(source?.value) ? source.value : {}))
      if (source && value !== undefined) vars.set(key, { path: [key], value, source });
  }
  return read;
}

interface Building {
  readonly name: string;
  readonly host: FoundHost;
  readonly found: Found;
  readonly nesting: Nesting;
  readonly warnings: Map<string, Problem>;
}

/** A group that stands in no other is in `all`. */
function underAll(children: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, readonly string[]> {
  const inner = new Set([...children.values()].flat());
  return new Map([
    ...children,
    [
      'all',
      [...children.keys()].filter(
        (group) => group !== 'all' && (!inner.has(group) || children.get('all')?.includes(group)),
      ),
    ],
  ]);
}

function noHosts(source: Source): Problem {
  return problemAt(source, [], 'value', {
    code: 'no-hosts',
    message: 'no host stands here',
    hint: 'hosts stand under `hosts:` of a group',
  });
}

function sayDoubles(
  source: Source,
  built: readonly { readonly path: Path; readonly target: Target }[],
): readonly Problem[] {
  return doubles(built).map(([before, { target, path }]) => {
    const message = `${target.name} is a host already, as ${before.target.name}: names have no case`;
    return problemAt(source, path, 'key', { code: 'duplicate-host', message });
  });
}

// ---------------------------------------------------------------- groups

const GROUP_KEYS = ['hosts', 'children', 'vars'] as const;

interface Group {
  readonly name: string;
  readonly json: Json;
  readonly path: Path;
}

function readGroup(source: Source, { name, json, path }: Group, found: Found): void {
  if (!found.children.has(name)) {
    found.children.set(name, []);
    found.places.set(name, path);
  }
  if (json === null) return;
  if (!isObject(json)) {
    complain(source, found, path, {
      code: 'wrong-type',
      message: `the group \`${name}\` is a map of ${GROUP_KEYS.join(', ')}`,
    });
    return;
  }
  for (const [key, value] of Object.entries(json)) {
    if (!(GROUP_KEYS as readonly string[]).includes(key)) {
      complain(
        source,
        found,
        [...path, key],
        { code: 'unknown-key', message: `\`${key}\` is not a key of a group`, ...didYouMean(key, GROUP_KEYS) },
        'key',
      );
    } else if (key === 'vars')
      readVars(source, varsOf(found.vars, name), { found, json: value ?? null, path: [...path, key] });
    else
      for (const member of membersOf(source, found, { json: value ?? null, path: [...path, key] })) {
        if (key === 'hosts') readHost(source, name, member, found);
        else {
          found.children.get(name)?.push(member.name);
          readGroup(source, member, found);
        }
      }
  }
}

/** A map by name; one name alone is taken too, as Ansible does. */
function membersOf(
  source: Source,
  found: Found,
  { json, path }: { readonly json: Json; readonly path: Path },
): readonly Group[] {
  if (json === null) return [];
  if (typeof json === 'string') return [{ name: json, json: null, path }];
  if (isObject(json))
    return Object.entries(json).map(([name, value]) => ({ name, json: value ?? null, path: [...path, name] }));
  const hint = 'write each name with a colon: `web1:`';
  complain(source, found, path, {
    code: 'wrong-type',
    message: `\`${String(path.at(-1))}\` takes a map of names, not a list`,
    hint,
  });
  return [];
}

function varsOf(all: Map<string, Map<string, Variable>>, name: string): Map<string, Variable> {
  const vars = all.get(name) ?? new Map<string, Variable>();
  all.set(name, vars);
  return vars;
}

function readVars(
  source: Source,
  into: Map<string, Variable>,
  { found, json, path }: { readonly found: Found; readonly json: Json; readonly path: Path },
): void {
  if (json === null) return;
  if (!isObject(json)) {
    complain(source, found, path, {
      code: 'wrong-type',
      message: `\`${String(path.at(-1))}\` takes a map of variables`,
    });
    return;
  }
  for (const [name, value] of Object.entries(json))
    if (value !== undefined) into.set(name, { path: [...path, name], value });
}

function readHost(source: Source, group: string, { name: key, json, path }: Group, found: Found): void {
  const read = placesNamed(key);
  if (typeof read === 'string') {
    const message = `\`${key}\` cannot be the name of a host: ${read}`;
    complain(source, found, path, { code: 'bad-host', message, ...(isJinja(key) && { hint: JINJA }) }, 'key');
    return;
  }
  for (const { name, port } of read) {
    const host = found.hosts.get(name) ?? { path, groups: new Set<string>(), vars: new Map<string, Variable>(), port };
    found.hosts.set(name, host);
    host.groups.add(group);
    readVars(source, host.vars, { found, json, path });
  }
}

// ---------------------------------------------------------------- ansible-inventory --list

function readList(source: Source, root: JsonObject, found: Found): void {
  const meta = isObject(root._meta) && isObject(root._meta.hostvars) ? root._meta.hostvars : {};
  for (const [name, json] of Object.entries(root)) {
    if (name === '_meta' || !isObject(json)) continue;
    found.children.set(name, stringsOf(json.children));
    for (const host of stringsOf(json.hosts)) {
      readHost(source, name, { name: host, json: meta[host] ?? null, path: ['_meta', 'hostvars', host] }, found);
    }
    readVars(source, varsOf(found.vars, name), { found, json: json.vars ?? null, path: [name, 'vars'] });
  }
  for (const [host, json] of Object.entries(meta)) {
    if (!found.hosts.has(host))
      readHost(source, 'ungrouped', { name: host, json: json ?? null, path: ['_meta', 'hostvars', host] }, found);
  }
}

function stringsOf(json: Json | undefined): string[] {
  return Array.isArray(json) ? (json as readonly Json[]).filter((item) => typeof item === 'string') : [];
}

// ---------------------------------------------------------------- hosts

/** A text: why it names no host. */
function placesNamed(key: string): readonly Target[] | string {
  const texts = destinationsIn(key);
  if (typeof texts === 'string') return texts;
  const read = texts.map(parseDestination);
  const wrong = read.find((one) => !one.ok);
  if (wrong) return wrong.says;
  const targets = read.flatMap((one) => (one.ok ? [one.target] : []));
  return targets.some(({ user }) => user !== null) ? 'who logs in is the variable `ansible_user`' : targets;
}

/** Groups that contain every host. They tell nothing. */
const EVERYBODY = ['all', 'ungrouped'];

function buildHost(source: Source, { name, host, found, nesting, warnings }: Building): Built {
  const own = [...host.groups];
  const within = [...new Set(['all', ...own.flatMap((group) => [group, ...(nesting.outward.get(group) ?? [])])])];
  const inward = within.sort(
    (one, other) => (nesting.depth.get(one) ?? 0) - (nesting.depth.get(other) ?? 0) || (one < other ? -1 : 1),
  );
  // The last setting wins, in Ansible's order: groups of the file, group_vars/all, other group_vars, the host in the
  // file, host_vars.
  const { group: besideGroup, host: besideHost } = found.besides;
  const vars = new Map([
    ...inward.flatMap((group) => [...(found.vars.get(group) ?? [])]),
    ...['all', ...inward.filter((group) => group !== 'all')].flatMap((group) => [...(besideGroup.get(group) ?? [])]),
    ...host.vars,
    ...(besideHost.get(name) ?? []),
  ]);
  const problems: Problem[] = [];
  const said = targetParts({ source, vars, problems, warnings });
  const groups = [...found.children.keys()].filter((group) => !EVERYBODY.includes(group) && within.includes(group));
  return { path: host.path, problems, target: targetNamed(name, { ...said, port: said.port ?? host.port, groups }) };
}

function placeProblems(source: Source, { found, nesting }: Pick<Building, 'found' | 'nesting'>): readonly Problem[] {
  return [...found.children.keys()].flatMap((group) => {
    const fault = nestingFault(group, nesting);
    return fault === null ? [] : [problemAt(source, found.places.get(group) ?? [group], 'key', fault)];
  });
}

function complain(source: Source, found: Found, path: Path, complaint: Complaint, part: Part = 'value'): void {
  found.problems.push(problemAt(source, path, part, complaint));
}

import { couldNotFork } from '../../model/host/no-fork.ts';
import { type Commands, capturedText, failure, type Result, type ServiceTies } from '../../model/host.ts';
import { runsOnce, type ShownUnit, unitsIn } from './systemd-show.ts';

/** systemd.unit(5): who has one of these towards a unit is stopped with it, and restarted with it. */
const PROPAGATED = ['RequiredBy', 'BoundBy', 'ConsistsOf', 'RequisiteOf', 'PropagatesStopTo'];
const PROPERTIES = [
  'Id',
  'LoadState',
  'ActiveState',
  'CanStart',
  'CanStop',
  'Type',
  'RemainAfterExit',
  'TriggeredBy',
  'UpheldBy',
  'Conflicts',
  'ConflictedBy',
  'TimeoutStartUSec',
  'TimeoutStopUSec',
  ...PROPAGATED,
].join(',');
const TIMEOUT = 10_000;
const MOST_UNITS = 500;
const UP = ['active', 'activating', 'reloading', 'refreshing'];

/**
 * What systemd does to others when this unit is stopped, restarted or started: asked level by level, as those that need
 * it may be needed themselves.
 */
export async function systemdTies(commands: Commands, unit: string): Promise<Result<{ readonly ties: ServiceTies }>> {
  const own = await show(commands, [unit]);
  if (!own.ok) return own;
  const [first = {}] = own.shown;
  // Debian's postfix.service is /bin/true; its instances are the service itself.
  const isInstance = (name: string): boolean => name.startsWith(`${unit.replace(/\.service$/, '')}@`);
  const seen = new Map<string, ShownUnit>();
  for (let level = wordsOf(first, PROPAGATED); level.length > 0 && seen.size < MOST_UNITS; ) {
    const next = [...new Set(level)]
      .filter((name) => name !== unit && name !== first.Id && !seen.has(name))
      .slice(0, MOST_UNITS);
    if (next.length === 0) break;
    const found = await show(commands, next);
    if (!found.ok) return found;
    for (const [at, each] of found.shown.entries()) seen.set(next[at] ?? '', each);
    // A service that is down already cannot be stopped with this one.
    level = found.shown.filter(isUp).flatMap((each) => wordsOf(each, PROPAGATED));
  }
  const needers = [...seen].filter(([name, each]) => isUp(each) && !isInstance(name));
  const starters = await upAmong(commands, wordsOf(first, ['TriggeredBy', 'UpheldBy']));
  if (!starters.ok) return starters;
  // Every unit conflicts with the shutdown.
  const foes = wordsOf(first, ['Conflicts', 'ConflictedBy']).filter((name) => name !== 'shutdown.target');
  const rivals = await upAmong(commands, foes);
  if (!rivals.ok) return rivals;
  return {
    ok: true,
    ties: {
      needers: needers.map(([name]) => shortOf(name)).toSorted(),
      lost: needers
        .flatMap(([name, each]) => (each.CanStart === 'no' || each.LoadState !== 'loaded' ? [shortOf(name)] : []))
        .toSorted(),
      starters: starters.names,
      rivals: rivals.names.map(shortOf).toSorted(),
      refuses: refusedBy(first),
      once: runsOnce(first),
      endless: [
        ...(spanOf(first.TimeoutStartUSec) === null ? (['start'] as const) : []),
        ...(spanOf(first.TimeoutStopUSec) === null ? (['stop'] as const) : []),
      ],
    },
  };
}

async function upAmong(
  commands: Commands,
  names: readonly string[],
): Promise<Result<{ readonly names: readonly string[] }>> {
  const wanted = [...new Set(names)].slice(0, MOST_UNITS);
  if (wanted.length === 0) return { ok: true, names: [] };
  const found = await show(commands, wanted);
  return found.ok ? { ok: true, names: wanted.filter((_, at) => isUp(found.shown[at] ?? {})) } : found;
}

/** Masked and missing units are told of otherwise. */
const refusedBy = ({ LoadState, CanStart, CanStop }: ShownUnit): ServiceTies['refuses'] =>
  LoadState !== 'loaded'
    ? []
    : [...(CanStart === 'no' ? (['start'] as const) : []), ...(CanStop === 'no' ? (['stop'] as const) : [])];

const isUp = ({ ActiveState = '' }: ShownUnit): boolean => UP.includes(ActiveState);

const shortOf = (unit: string): string => unit.replace(/\.service$/, '');

const wordsOf = (shown: ShownUnit, keys: readonly string[]): readonly string[] =>
  keys.flatMap((key) => (shown[key] ?? '').split(' ').filter((name) => name !== ''));

/** As many records as units, in their order. */
async function show(
  commands: Commands,
  units: readonly string[],
): Promise<Result<{ readonly shown: readonly ShownUnit[] }>> {
  const argv = ['systemctl', 'show', '--no-pager', `--property=${PROPERTIES}`, '--', ...units];
  const result = await commands.run(
    { argv, effect: 'read', timeout: TIMEOUT, brief: true },
    new AbortController().signal,
  );
  if (!result.ok) return result;
  if (couldNotFork(result)) return failure('EAGAIN', 'systemctl show could not start a process');
  const shown = unitsIn(capturedText(result.stdout));
  if (result.exit !== 0 || shown.length !== units.length)
    return failure(
      'systemctl',
      `systemctl show ended with ${result.exit ?? result.signal}: ${capturedText(result.stderr).trim().slice(-500)}`,
    );
  return { ok: true, shown };
}

const UNITS: Readonly<Record<string, number>> = {
  y: 31_557_600_000,
  month: 2_629_800_000,
  w: 604_800_000,
  d: 86_400_000,
  h: 3_600_000,
  min: 60_000,
  s: 1000,
  ms: 1,
  us: 0.001,
};

/**
 * `1min 30s` as systemctl(1) shows it (systemd.time(7)), in milliseconds. Null: infinity. Undefined: it says nothing.
 */
export function spanOf(text: string | undefined): number | null | undefined {
  if (text === 'infinity') return null;
  const parts = (text ?? '').split(' ', 20).map((part) => /^(\d{1,15}(?:\.\d{1,6})?)([a-z]{1,5})$/.exec(part));
  const spans = parts.map((part) => Number(part?.[1]) * (UNITS[part?.[2] ?? ''] ?? Number.NaN));
  const sum = spans.reduce((all, each) => all + each, 0);
  return Number.isNaN(sum) ? undefined : sum;
}

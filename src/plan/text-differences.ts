import type { Difference } from '../model/run/saved-plan.ts';

/** A used runbook stands behind the one that uses it, under such a line (load/load.ts). */
const USED = /^--- # (.*)$/m;

/** Which lines were changed in a runbook and in those that it uses. */
export function runbookDifferences(path: string, then: string, now: string): readonly Difference[] {
  const [before, after] = [partsOf(path, then), partsOf(path, now)];
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.flatMap((name) => textDifferences(name, before.get(name) ?? '', after.get(name) ?? ''));
}

/** The same of the runbook's own file alone, as it is read now: those that it uses are not known yet. */
export function ownDifferences(path: string, then: string, now: string): readonly Difference[] {
  const own = partsOf(path, then).get(path) ?? '';
  const ended = own === then || now.endsWith('\n') ? now : `${now}\n`;
  return textDifferences(path, own, ended);
}

/** Texts by the file that they are of. */
function partsOf(path: string, whole: string): ReadonlyMap<string, string> {
  const [own = '', ...used] = whole.split(new RegExp(USED, 'gm'));
  const pairs = used.flatMap((name, at) => (at % 2 === 0 ? [[name, (used[at + 1] ?? '').slice(1)] as const] : []));
  return new Map([[path, own], ...pairs]);
}

/** At most this many lines of a text are named. */
const MOST_LINES = 5;

/** Which lines of a text were changed: `runbook.yaml:47`. */
export function textDifferences(path: string, then: string, now: string): readonly Difference[] {
  if (then === now) return [];
  const [before, after] = [then.split('\n'), now.split('\n')];
  const start = commonStart(before, after);
  const end = commonStart(before.slice(start).reverse(), after.slice(start).reverse());
  const [were, are] = [before.slice(start, before.length - end), after.slice(start, after.length - end)];
  const rows = Array.from({ length: Math.max(were.length, are.length) }, (_, at) => ({
    name: `${path}:${start + at + 1}`,
    planned: quoted(were[at]),
    now: quoted(are[at]),
  })).filter((row) => row.planned !== row.now);
  const rest = rows.length - MOST_LINES;
  return rest <= 0
    ? rows
    : [...rows.slice(0, MOST_LINES), { name: path, planned: `${rest} more lines`, now: 'otherwise' }];
}

const quoted = (text: string | undefined): string | null => (text === undefined ? null : `\`${text}\``);

function commonStart(one: readonly string[], other: readonly string[]): number {
  const at = one.findIndex((text, index) => text !== other[index]);
  return at < 0 ? Math.min(one.length, other.length) : at;
}

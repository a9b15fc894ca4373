import * as fs from 'node:fs';
import { type Failure, failure, type Result } from '../model/host.ts';
import { writtenSize } from './disk.ts';
import { type JournalPlace, runsIn } from './places.ts';

export interface FoundRun {
  readonly id: string;
  readonly folder: string;
  readonly place: JournalPlace;
  /** Bytes of the journal, and when it was last written (epoch milliseconds). */
  readonly size: number;
  readonly written: number;
}

export interface Found {
  /** Newest first. */
  readonly runs: readonly FoundRun[];
  /** Places that are there and were not looked at: somebody else's, or a link. */
  readonly refused: readonly Failure[];
  /** Why the usual place is not looked at; null: it is, or is not there. */
  readonly homeless: string | null;
}

/** A possible name of a run. Names that begin with a dot are moves that did not end. */
const RUN = /^[0-9A-Za-z][0-9A-Za-z._-]*$/;

/** Every run in every place. */
export function findRuns({ places, uid }: { readonly places: readonly JournalPlace[]; readonly uid: number }): Found {
  const runs = new Map<string, FoundRun>();
  const refused: Failure[] = [];
  let homeless: string | null = null;
  for (const place of places) {
    const there = runsIn(place, uid);
    if (!there.ok) {
      if (there.code !== 'ENOENT') refused.push(there);
      if (there.code !== 'ENOENT' && place.home) homeless = there.message;
      continue;
    }
    for (const run of runsOf(place, there.folder)) {
      const known = runs.get(run.id);
      if (known === undefined || run.size > known.size) runs.set(run.id, run);
    }
  }
  return { runs: [...runs.values()].sort(newestFirst), refused, homeless };
}

function runsOf(place: JournalPlace, runs: string): readonly FoundRun[] {
  return fs
    .readdirSync(runs)
    .filter((id) => RUN.test(id))
    .flatMap((id) => {
      const folder = `${runs}/${id}`;
      const journal = lookAt(`${folder}/journal.ndjson`, place);
      return journal === null ? [] : [{ id, folder, place, ...journal }];
    });
}

/** The other copies of the run: a move home that was cut short leaves two. */
export function copiesOf(
  { id, place: own }: FoundRun,
  places: readonly JournalPlace[],
  uid: number,
): readonly FoundRun[] {
  return places.flatMap((place) => {
    const there = runsIn(place, uid);
    if (place.path === own.path || !there.ok) return [];
    const folder = `${there.folder}/${id}`;
    const journal = lookAt(`${folder}/journal.ndjson`, place);
    return journal === null ? [] : [{ id, folder, place, ...journal }];
  });
}

function lookAt(path: string, { ready }: JournalPlace): Pick<FoundRun, 'size' | 'written'> | null {
  try {
    const found = fs.lstatSync(path);
    return found.isFile() ? { size: ready ? writtenSize(path) : found.size, written: found.mtimeMs } : null;
  } catch {
    return null;
  }
}

/** By the time in the id; within one second by the journal's last write. */
function newestFirst(one: FoundRun, other: FoundRun): number {
  const [stamp, otherStamp] = [one.id.slice(0, 15), other.id.slice(0, 15)];
  if (stamp !== otherStamp) return stamp < otherStamp ? 1 : -1;
  return other.written - one.written || (one.id < other.id ? 1 : -1);
}

/** `last`, a whole id, the beginning of one, or its last four characters. */
export function pickRun(runs: readonly FoundRun[], wanted: string): Result<{ readonly run: FoundRun }> {
  const [newest] = runs;
  if (newest === undefined) return failure('no-run', 'there is no run yet');
  if (wanted === 'last') return { ok: true, run: newest };
  const exact = runs.filter(({ id }) => id === wanted);
  const fitting =
    exact.length > 0 ? exact : runs.filter(({ id }) => id.startsWith(wanted) || id.endsWith(`-${wanted}`));
  const [run] = fitting;
  if (run === undefined) return failure('no-run', `no run is called ${wanted}; see: firebreak runs`);
  if (fitting.length > 1)
    return failure('ambiguous', `${wanted} may be any of ${fitting.map(({ id }) => id).join(', ')}`);
  return { ok: true, run };
}

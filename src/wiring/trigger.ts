import { readlinkSync } from 'node:fs';
import { type FoundRun, findRuns } from '../journal/find.ts';
import { lastEvent } from '../journal/peek.ts';
import { placesFor } from '../journal/places.ts';
import { readJournal } from '../journal/read.ts';
import { readTally } from '../journal/tally.ts';
import { lookBack } from '../model/policy/pace.ts';
import { isZone } from '../model/policy/window.ts';
import type { PastRun, Policy, Trigger } from '../model/policy.ts';
import { hasTouched, TOUCHED } from '../model/run/left-off.ts';
import type { Gone } from '../model/run/retention.ts';
import { stateOf } from '../model/state.ts';

export interface Starter {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly home: string;
  readonly user: string;
}

export interface Remembering {
  readonly policy: Policy;
  readonly runbook: string;
  /** The run itself, where it has a journal already. */
  readonly except?: string | undefined;
}

/** Who starts a run that nobody attends to, and the runs of this host that its policy asks about. */
export function triggerOf(starter: Starter, { policy, runbook, except }: Remembering): Trigger {
  const span = lookBack(policy);
  const found = span === 0 ? null : pastRuns(starter, Date.now() - span);
  const past = found?.past.filter((run) => run.id !== except) ?? [];
  return {
    who: starter.user.replace(/ \(sudo\)$/, ''),
    zone: hostZone(),
    past: past.filter((run) => run.runbook === null || run.runbook === runbook),
    ...(found && found.homeless !== null && { forgotten: found.homeless }),
  };
}

/**
 * localtime(5): a link to the zone's file. The environment's TZ is whoever starts the run's, and a window is not theirs
 * to move.
 */
export function hostZone(localtime = '/etc/localtime'): string {
  try {
    const name = readlinkSync(localtime).split('/zoneinfo/')[1];
    if (name !== undefined && isZone(name)) return name;
  } catch {
    // A copy of the zone's file, or none: then the zone that Node makes of it.
  }
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/**
 * Runs that were written to since then; a rehearsal is none. The time of a run's last write is the file's: reading
 * every journal there is would take long on an old host.
 */
function pastRuns(
  starter: Starter,
  since: number,
): { readonly past: readonly PastRun[]; readonly homeless: string | null } {
  const places = placesFor(starter);
  const { runs, homeless } = findRuns({ places, uid: starter.uid });
  const here = runs
    .filter(({ written }) => written >= since)
    .flatMap((run) => (mayCount(run, since) ? (remembered(run) ?? []) : []));
  const ids = new Set(runs.map(({ id }) => id));
  const gone = readTally(places, starter.uid).filter(
    (one) => !ids.has(one.gone) && !(Date.parse(one.ended ?? one.at) < since),
  );
  return { past: [...here, ...gone.map(goneRun)], homeless };
}

/** Of a run that was removed since the tally tells the same. */
function goneRun({ gone, runbook, host, started, ended, acted, held, at }: Gone): PastRun {
  return {
    ...{
      id: gone,
      runbook,
      host,
      started: Date.parse(acted ?? started ?? at),
      acted: acted !== null,
      held: held !== null,
    },
    ended: held === null && ended === null ? null : Date.parse(held ?? ended ?? at),
  };
}

/**
 * Its last event tells: a look that found another incident counts for nothing, and what ended before counts no more.
 * What cannot be told is read.
 */
function mayCount(run: FoundRun, since: number): boolean {
  const last = lastEvent(run);
  return last === null || (TOUCHED.maybe(last) && !(Date.parse(last.at) < since));
}

/** A fleet run asks once for each of its hosts: a journal that was not written to meanwhile is not read again. */
const known = new Map<string, { readonly as: string; readonly run: PastRun | null }>();

function remembered(found: FoundRun): PastRun | null {
  const as = `${found.written} ${found.size}`;
  const before = known.get(found.folder);
  if (before?.as === as) return before.run;
  const run = pastRun(found);
  known.set(found.folder, { as, run });
  return run;
}

function pastRun({ id, folder, written }: FoundRun): PastRun | null {
  const read = readJournal(folder);
  const state = stateOf(read.ok ? read.events : read.before);
  const { meta, finished, held, acted } = state;
  if (meta?.drill) return null;
  return {
    id,
    runbook: meta?.runbook.name ?? null,
    host: meta === null ? null : state.host,
    // Taken up again an hour later, it acts then.
    started: meta === null ? written : Date.parse((acted ?? meta).at),
    // What was taken up or looked at again since it held, and has undone nothing, has held still.
    ended: held !== null ? Date.parse(held.at) : finished === null ? null : Date.parse(finished.at),
    acted: !read.ok || hasTouched(state),
    held: held !== null,
  };
}

import type { FoundRun } from '../../journal/find.ts';
import { whoHolds } from '../../journal/lock.ts';
import { readJournal } from '../../journal/read.ts';
import { fleetStateOf } from '../../model/fleet/state.ts';
import { stateOf } from '../../model/state.ts';
import { plural } from '../../model/text/quantity.ts';
import { type Touched, touchedOf } from '../../views/tell/fleet/follow.ts';
import type { FleetReported } from '../../views/tell/fleet/report.ts';
import { fleetEventsIn, isFleetId } from '../../wiring/journal.ts';
import type { Io } from '../_command.ts';

/** The runs that belong to fleet runs: they are listed with their fleet. Only journals of fleets are read for this. */
export function partsOfFleets(runs: readonly FoundRun[]): ReadonlySet<string> {
  const fleets = runs.filter(({ id }) => isFleetId(id));
  return new Set(fleets.flatMap((found) => eventsOf(found).fleet.hosts.flatMap(({ run }) => run ?? [])));
}

/** A fleet run with the outcomes of its hosts; null: it is the run of one host. */
export async function lookIntoFleet(io: Io, found: FoundRun, runs: readonly FoundRun[]): Promise<FleetReported | null> {
  if (!isFleetId(found.id)) return null;
  const { events, fleet, problem, damaged } = eventsOf(found);
  if (events === null) return null;
  const touched = new Map<string, Touched>();
  const unread = new Map<string, string>();
  for (const { host, run } of fleet.hosts) {
    const own = run === null ? undefined : runs.find(({ id }) => id === run);
    if (own === undefined) {
      if (run !== null) unread.set(host, `the journal of ${run} is not there`);
      continue;
    }
    const read = readJournal(own.folder);
    if (!read.ok) unread.set(host, read.message);
    touched.set(host, touchedOf(stateOf(read.ok ? read.events : read.before)));
  }
  const { id, folder, place } = found;
  return { id, folder, place, events, fleet, touched, unread, problem, damaged, running: await atWork(io, id) };
}

function eventsOf({ folder }: FoundRun) {
  const read = readJournal(folder);
  const events = fleetEventsIn(read.ok ? read.events : read.before);
  const torn =
    read.ok && read.torn !== null
      ? `${plural(read.torn.bytes, 'byte')} of a last line are left out: its write was cut short`
      : null;
  return { events, fleet: fleetStateOf(events ?? []), problem: read.ok ? torn : read.message, damaged: !read.ok };
}

async function atWork(io: Io, id: string): Promise<string | null> {
  const holder = await whoHolds({ uid: io.uid, name: id });
  if (holder === 'silent') return 'by somebody who does not answer just now (busy or stopped)';
  return holder && `pid ${holder.pid}, by ${holder.who} since ${holder.since}`;
}

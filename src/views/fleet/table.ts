import type { FleetState, HostState } from '../../model/fleet/state.ts';
import { showCount } from '../../model/text/quantity.ts';
import { escaped } from '../draw/escape.ts';
import type { Paper } from '../draw/style.ts';
import { moreLine, renderTable } from '../draw/table.ts';
import { batchOf, clock, type Followed, isOver, isTrouble, lastEnd, standingOf, tookOf } from './follow.ts';

const COLUMNS = ['host', 'batch', 'verdict', 'killed', 'deleted', 'edited', 'time', 'run', 'note'] as const;
const RUN = COLUMNS.indexOf('run');
/** Below that many columns a run's id would leave no room for why. */
const ROOM_FOR_RUN = 140;

/** A row a host, those in trouble first; of long lists the first twenty, as of every table. */
export function tablePart(followed: Followed, paper: Paper): readonly string[] {
  const all = paper.columns >= ROOM_FOR_RUN || paper.all;
  const cut = (cells: readonly string[]) => (all ? cells : cells.toSpliced(RUN, 1));
  const rows = tableRows(followed).map(cut);
  const toSeeAll = `firebreak report ${escaped(followed.fleet.run)}`;
  return [...renderTable({ columns: cut(COLUMNS), rows }, paper), ...moreLine(rows.length, { ...paper, toSeeAll })];
}

function tableRows({ fleet, touched }: Followed): readonly (readonly string[])[] {
  const sorted = [...fleet.hosts.filter(isTrouble), ...fleet.hosts.filter((host) => !isTrouble(host))];
  return sorted.map((host) => {
    const mine = touched.get(host.host);
    const took = tookOf(host, mine);
    const counts = mine === undefined ? ['', '', ''] : [mine.killed, mine.deleted, mine.edited].map(showCount);
    const batch = batchOf(fleet, host.host);
    const note = (lastEnd(host)?.reasons ?? []).join('; ');
    return [
      host.host,
      batch === null ? '' : String(batch),
      verdictOf(host, fleet),
      ...counts,
      took === null ? '' : clock(took),
      host.run ?? '',
      note,
    ];
  });
}

/** How a host stands, in the outcome's own words where it has one. */
export function verdictOf(host: HostState, fleet: FleetState): string {
  const standing = standingOf(host, isOver(fleet));
  const end = lastEnd(host);
  return (standing === 'failed' || standing === 'refused' ? (end?.outcome ?? standing) : standing).replaceAll('-', ' ');
}

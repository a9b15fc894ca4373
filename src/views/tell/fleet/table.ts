import type { DocumentNode, Text } from '../../../model/document.ts';
import type { FleetState, HostState } from '../../../model/fleet/state.ts';
import { showCount } from '../../../model/text/quantity.ts';
import { batchOf, clock, type Followed, isOver, isTrouble, lastEnd, standingOf, tookOf } from './follow.ts';

const COLUMNS = ['host', 'batch', 'verdict', 'killed', 'deleted', 'edited', 'time', 'run', 'note'];

/** A row a host, those in trouble first; of long lists a screen shows the first twenty, as of every table. */
export function troubleFirst({ fleet, touched }: Followed): DocumentNode {
  const sorted = [...fleet.hosts.filter(isTrouble), ...fleet.hosts.filter((host) => !isTrouble(host))];
  return {
    ...hostTable(sorted, { fleet, touched }),
    ...{ first: 20, whole: `firebreak report ${fleet.run}`, roomy: 'run' },
  };
}

/** `unread`: hosts whose own journal cannot be read whole, with why. */
export function hostTable(
  hosts: readonly HostState[],
  { fleet, touched }: Pick<Followed, 'fleet' | 'touched'>,
  unread: ReadonlyMap<string, string> = new Map(),
): Extract<DocumentNode, { readonly kind: 'rows' }> {
  const rows = hosts.map((host): readonly Text[] => {
    const mine = touched.get(host.host);
    const took = tookOf(host, mine);
    const counts = mine === undefined ? ['', '', ''] : [mine.killed, mine.deleted, mine.edited].map(showCount);
    const problem = unread.get(host.host);
    const notes = [...(problem === undefined ? [] : [`its journal: ${problem}`]), ...(lastEnd(host)?.reasons ?? [])];
    const verdict = verdictOf(host, fleet);
    return [
      host.host,
      String(batchOf(fleet, host.host) ?? ''),
      isTrouble(host) ? [{ strong: verdict }] : verdict,
      ...counts,
      took === null ? '' : clock(took),
      host.run ?? '',
      notes.join('; '),
    ];
  });
  return { kind: 'rows', columns: COLUMNS, rows };
}

/** How a host stands, in the outcome's own words where it has one. */
function verdictOf(host: HostState, fleet: FleetState): string {
  const standing = standingOf(host, isOver(fleet));
  const end = lastEnd(host);
  return (standing === 'failed' || standing === 'refused' ? (end?.outcome ?? standing) : standing).replaceAll('-', ' ');
}

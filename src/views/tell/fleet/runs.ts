import type { Document } from '../../../model/document.ts';
import { plural, showDuration } from '../../../model/text/quantity.ts';
import { changesCounted, changesSummed } from '../counts.ts';
import { endedText, runPart, whatText } from '../runs.ts';
import { countsText } from './follow.ts';
import type { FleetReported } from './report.ts';

/**
 * Three lines a fleet run, as for the run of one host: how it ended; what, on how many, who, when; what came of the
 * hosts and was changed on them.
 */
export function tellFleetRun(source: FleetReported, verify: boolean): Document {
  const { fleet, events, damaged, running } = source;
  const { meta, hosts, finished } = fleet;
  const took = meta === null || finished === null ? null : Date.parse(finished.at) - Date.parse(meta.at);
  const verified = verify && !damaged ? `verified: ${plural(events.length, 'event')} in an unbroken chain` : null;
  const lines = [
    whatText(meta, plural(hosts.length, 'host'), took === null ? '' : `, took ${showDuration(took)}`),
    `${countsText(fleet)
      .map(([, text]) => text)
      .join(', ')}; ${changedText(source)}`,
  ];
  return runPart({ ...source, verified }, endedText(finished, { damaged, running, unfinished: 'unfinished' }), lines);
}

function changedText({ touched }: FleetReported): string {
  const all = [...touched.values()];
  return all.every(({ acted }) => !acted) ? 'nothing changed' : changesCounted(changesSummed(all));
}

/** One fleet run for programs: its hosts with the ids of their runs, which are rows of their own. */
export function fleetRow({ id, folder, place, fleet, problem, damaged, running, touched }: FleetReported): object {
  const { meta, finished, hosts } = fleet;
  return {
    ...{ run: id, kind: 'fleet', runbook: meta?.runbook.name ?? null, version: meta?.runbook.version ?? null },
    ...{ who: meta?.who ?? null, mode: meta?.mode ?? null, started: meta?.at ?? null, finished: finished?.at ?? null },
    ...{ outcome: finished?.outcome ?? null, exit: finished?.exit ?? null, running: running !== null },
    hosts: hosts.map(({ host, run, status, end }) => ({
      host,
      run,
      status,
      outcome: end?.outcome ?? null,
      acted: touched.get(host)?.acted ?? false,
    })),
    ...{ place: place.path, folder, problem, damaged },
  };
}

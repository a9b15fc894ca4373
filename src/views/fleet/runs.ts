import { exitCode } from '../../model/outcome.ts';
import { plural, showCount, showDuration } from '../../model/text/quantity.ts';
import { escaped } from '../draw/escape.ts';
import { hang } from '../draw/layout.ts';
import type { Paper, Style } from '../draw/style.ts';
import { countsText } from './follow.ts';
import type { FleetReported } from './report.ts';

/**
 * Three lines a fleet run, as for the run of one host: how it ended; what, on how many, who, when; what came of the
 * hosts and was changed on them.
 */
export function fleetRunText(source: FleetReported, paper: Paper, verified: boolean): string {
  const { id, problem, place, folder } = source;
  const line = (text: string, paint?: (part: string) => string): readonly string[] =>
    hang('    ', escaped(text), paper.columns, paint);
  const lines = [
    `${paper.style.bold(escaped(id))}  ${resultText(source, paper.style)}`,
    ...line(whatText(source)),
    ...line(`${hostsText(source)}; ${changedText(source)}`),
    ...(place.home
      ? []
      : line(`journal in ${folder}: not at home, it does not survive a reboot there`, paper.style.yellow)),
    ...(problem === null ? [] : line(problem, paper.style.bad)),
    ...(verified && !source.damaged
      ? line(`verified: ${plural(source.events.length, 'event')} in an unbroken chain`, paper.style.green)
      : []),
  ];
  return `${lines.join('\n')}\n`;
}

function resultText({ fleet, damaged, running }: FleetReported, style: Style): string {
  if (damaged) return style.bad('journal damaged');
  if (running !== null) return style.cyan(`running now, ${escaped(running)}`);
  if (fleet.finished === null) return style.warn('unfinished');
  const { outcome } = fleet.finished;
  const exit = exitCode(outcome);
  const paint =
    outcome === 'held' || outcome === 'looked-only' ? style.good : exit === 2 || exit === 130 ? style.warn : style.bad;
  return paint(`${outcome.replaceAll('-', ' ')} (exit ${exit})`);
}

function whatText({ fleet: { meta, hosts, finished } }: FleetReported): string {
  if (meta === null) return 'nothing was written but the beginning';
  const { name, version } = meta.runbook;
  const took = finished === null ? '' : `, took ${showDuration(Date.parse(finished.at) - Date.parse(meta.at))}`;
  const when = meta.at.replace('T', ' ').replace(/(\.\d+)?Z$/, '');
  return `${name} ${version} on ${plural(hosts.length, 'host')}, ${meta.mode} by ${meta.who}, ${when} UTC${took}`;
}

const hostsText = ({ fleet }: FleetReported): string =>
  countsText(fleet)
    .map(([, text]) => text)
    .join(', ');

function changedText({ touched }: FleetReported): string {
  const all = [...touched.values()];
  if (all.every(({ acted }) => !acted)) return 'nothing changed';
  const sum = (of: 'killed' | 'deleted' | 'edited'): string =>
    showCount(all.reduce((total, one) => total + one[of], 0));
  return `killed ${sum('killed')}, deleted ${sum('deleted')}, edited ${sum('edited')}`;
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

import type { FleetEvent, FleetEventOf } from '../../model/fleet/ports.ts';
import { plural } from '../../model/text/quantity.ts';
import { escaped } from '../draw/escape.ts';
import { fit, hang, width } from '../draw/layout.ts';
import type { Paper } from '../draw/style.ts';
import { countsText, endText, type Followed, isTrouble, touchedText, wholeEnd } from './follow.ts';
import { groupsText } from './plan-words.ts';
import { hostsText } from './words.ts';

/** What an event leaves on the screen for good: batches, and who is in trouble and why. */
export function lastingLines(event: FleetEvent, { fleet, touched }: Followed, paper: Paper): readonly string[] {
  const { style, columns } = paper;
  switch (event.type) {
    case 'fleet.started':
      return startedLines(event, paper);
    case 'fleet.resumed':
      return hang(
        '',
        escaped(`resumed to ${event.to.replace('-', ' ')} on ${plural(event.hosts.length, 'host')}, by ${event.who}`),
        columns,
        style.warn,
      );
    case 'fleet.planned':
      return hang('', groupsText(event.groups), columns);
    case 'batch.started':
      return [
        fit(
          `BATCH ${event.batch} of ${event.of}  ${plural(event.hosts.length, 'host')}: ${hostsText(event.hosts, columns - 34)}`,
          columns,
        ),
      ].map(style.bold);
    case 'host.finished':
    case 'host.rolled-back': {
      const host = fleet.hosts.find((one) => one.host === event.host);
      const rolled = event.type === 'host.rolled-back';
      if (host === undefined || !(rolled || isTrouble(host))) return [];
      const [mark, paint] = rolled && !isTrouble(host) ? (['↶', 'cyan'] as const) : (['✘', 'bad'] as const);
      const done = event.run === null ? '' : ` (${touchedText(touched.get(event.host))})`;
      const text = `${rolled ? endText(event) : wholeEnd(host)}${done}`;
      return marked(style[paint](mark), event.host, text, paper);
    }
    case 'batch.finished':
      return batchLines(event, { fleet, paper });
    case 'fleet.stopped':
      return hang(
        'STOPPED  ',
        escaped(`${event.why}; ${plural(event.notBegun.length, 'host')} not begun`),
        columns,
        style.bad,
      );
    case 'fleet.noted':
      return hang('  ', escaped(event.text), columns, style.yellow);
    case 'host.started':
    case 'fleet.finished':
      return [];
    default:
      return unheardOf(event);
  }
}

function unheardOf(_: never): readonly string[] {
  return [];
}

function startedLines(
  { runbook, hosts, run, who }: FleetEventOf<'fleet.started'>,
  { columns, style }: Paper,
): readonly string[] {
  return [
    ...hang('', escaped(`${runbook.name} ${runbook.version} on ${plural(hosts.length, 'host')}`), columns, style.bold),
    ...hang('', escaped(runbook.title), columns),
    ...hang('', escaped(`run ${run}, by ${who}`), columns, style.dim),
  ];
}

/**
 * `✘ web-7  recurred: mail grew by 2`, its later lines below what the first says; of a very long name below the name.
 */
function marked(mark: string, host: string, text: string, { columns }: Paper): readonly string[] {
  const start = `  ${mark} ${escaped(host)}  `;
  if (width(start) > columns / 2) return hang(`  ${mark} `, `${escaped(host)}  ${escaped(text)}`, columns);
  const [first = '', ...rest] = hang(' '.repeat(width(start)), escaped(text), columns);
  return [start + first.trimStart(), ...rest];
}

function batchLines(
  event: FleetEventOf<'batch.finished'>,
  { fleet, paper }: { readonly fleet: Followed['fleet']; readonly paper: Paper },
): readonly string[] {
  const batch = fleet.batches.findLast(({ batch: number }) => number === event.batch);
  const inBatch = new Set(batch?.hosts ?? []);
  const counts = countsText({ ...fleet, hosts: fleet.hosts.filter(({ host }) => inBatch.has(host)) });
  const [mark, paint] = event.failed.length === 0 ? (['✔', 'green'] as const) : (['✘', 'bad'] as const);
  const text = `batch ${event.batch}: ${counts.map(([, words]) => words).join(', ') || 'no host was touched'}`;
  return hang(`${mark} `, text, paper.columns, paper.style[paint]);
}

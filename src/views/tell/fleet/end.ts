import {
  apart,
  type Document,
  type Item,
  marked,
  section,
  sentence,
  type Tone,
  withCommand,
} from '../../../model/document.ts';
import { isUnfinishedEnd } from '../../../model/fleet/outcome.ts';
import type { FleetState } from '../../../model/fleet/state.ts';
import { OUTCOMES } from '../../../model/outcome.ts';
import { plural, showCount, showDuration } from '../../../model/text/quantity.ts';
import { changesCounted, changesSummed } from '../counts.ts';
import { toneOf, toType } from '../end.ts';
import { type Followed, type HostStanding, isOver, isTrouble, standings, WORDS, wholeEnd } from './follow.ts';
import { toDo } from './to-do.ts';

/**
 * The end of a fleet run, the same for every view: how many stand where, by name; everybody in trouble with the reason
 * and what to type for it; what was touched in all; and the outcome last, where a screen of 24 lines still shows it.
 */
export function tellFleetEnd(followed: Followed): Document {
  return [...hosts(followed), ...trouble(followed), ...touched(followed), ...open(followed), ...result(followed)];
}

const MARKS: Readonly<Record<HostStanding, readonly [mark: string, tone: Tone]>> = {
  held: ['✔', 'green'],
  running: ['?', 'warn'],
  waiting: ['·', 'dim'],
  failed: ['✘', 'bad'],
  'rolled-back': ['↶', 'warn'],
  interrupted: ['!', 'warn'],
  'looked-only': ['✔', 'green'],
  'not-this-incident': ['–', 'yellow'],
  'not-begun': ['·', 'warn'],
  refused: ['✘', 'bad'],
  unreachable: ['?', 'bad'],
};

/** `  ✔ 197 held       web-1 … web-197` */
function hosts({ fleet }: Followed): Document {
  const all = standings(fleet);
  const items = WORDS.flatMap(([standing, word]): readonly Item[] => {
    const names = (all.get(standing) ?? []).map(({ host }) => host);
    const [mark, markTone] = MARKS[standing];
    if (names.length === 0) return [];
    return [{ mark, markTone, name: `${showCount(names.length)} ${word}`, text: '', hosts: { names, lines: 2 } }];
  });
  return section('HOSTS', [{ kind: 'items', items }]);
}

/** Each by name, with its reason and how to go on with it. */
function trouble({ fleet, touched: all }: Followed): Document {
  const bad = fleet.hosts.filter(isTrouble);
  const items = bad.map((host): Item => {
    const lines = toDo(host, all.get(host.host), fleet.run);
    const told = [sentence(wholeEnd(host)), ...(lines.length === 0 ? [] : [{ kind: 'commands', lines } as const])];
    return { mark: '✘', markTone: 'bad', text: host.host, tone: 'bold', inside: told };
  });
  return section('IN TROUBLE', bad.length === 0 ? [] : [{ kind: 'items', items }], {
    aside: plural(bad.length, 'host'),
  });
}

function touched({ touched: all }: Followed): Document {
  const acted = [...all.values()].filter((one) => one.acted);
  if (acted.length === 0) return apart(sentence('Nothing was changed on any host.', 'good'));
  return apart(
    sentence(`${changesCounted(changesSummed(acted))}, on ${plural(acted.length, 'host')}`, 'bold', 'DONE  '),
  );
}

function open({ touched: touchedHosts }: Followed): Document {
  const all = [...touchedHosts].flatMap(([host, { open: items }]) => items.map((say) => ({ say, host })));
  const items = [...Map.groupBy(all, ({ say }) => say)].map(([say, those]): Item => {
    const names = those.map(({ host }) => host);
    const where = sentence([{ hosts: names, less: 0, least: 0 }], 'dim');
    return { mark: '!', text: withCommand(say), tone: 'yellow', inside: [where] };
  });
  const aside = 'what this run has not cured';
  return section('OPEN', items.length === 0 ? [] : [{ kind: 'items', items }], { aside });
}

// ---------------------------------------------------------------- the result

function result({ fleet }: Followed): Document {
  const { meta, finished, stopped } = fleet;
  const { outcome, reasons } = finished ?? { outcome: 'outcome-unknown', reasons: [] };
  const spent = meta === null || finished === null ? null : Math.max(0, Date.parse(finished.at) - Date.parse(meta.at));
  const took = spent === null ? '' : `, ${showDuration(spent)}`;
  const { name, version } = meta?.runbook ?? {};
  const what = meta === null ? '' : `${name} ${version} on ${plural(fleet.hosts.length, 'host')}${took}, `;
  const told = [
    ...(stopped === null ? [] : [`stopped: ${stopped.why}`]),
    ...reasons.filter((reason) => reason !== stopped?.why && !isTold(reason, fleet)),
  ];
  return section(
    'result',
    [
      sentence(outcome.replaceAll('-', ' ').toUpperCase(), toneOf(outcome)),
      ...marked('-', told),
      sentence(`${what}exit ${OUTCOMES[outcome].exit}: ${OUTCOMES[outcome].about}`),
      ...(fleet.run === '' ? [] : commands(fleet)),
    ],
    { look: 'end' },
  );
}

/** The reason of a host that is named above, or that such are left out. */
function isTold(reason: string, { hosts: all }: FleetState): boolean {
  return /^and \d+ more$/.test(reason) || all.some((host) => isTrouble(host) && reason.startsWith(`${host.host}: `));
}

/** Whoever is in trouble has the commands for it beside the name; undoing hosts that held is nothing to be led to. */
function commands(fleet: FleetState): Document {
  const { run, finished, hosts: all } = fleet;
  const unfinished = finished === null || all.some(({ end }) => end === null || isUnfinishedEnd(end));
  return [
    ...(isOver(fleet) && unfinished ? [toType('To go on: ', `firebreak resume ${run}`)] : []),
    toType('The whole story: ', `firebreak report ${run}`),
  ];
}

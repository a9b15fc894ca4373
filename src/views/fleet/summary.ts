import { isUnfinishedEnd } from '../../model/fleet/outcome.ts';
import type { FleetState, HostState } from '../../model/fleet/state.ts';
import { OUTCOMES, type OutcomeName } from '../../model/outcome.ts';
import { plural, showCount, showDuration } from '../../model/text/quantity.ts';
import { escaped } from '../draw/escape.ts';
import { heading, rule } from '../draw/fields.ts';
import { hang, indent, narrower, padEnd, width } from '../draw/layout.ts';
import type { Paper, Style } from '../draw/style.ts';
import { type Followed, isOver, isTrouble, type Standing, standings, type Touched, WORDS, wholeEnd } from './follow.ts';
import { hostLines, hostsText } from './words.ts';

/**
 * The end of a fleet run, the same for every view: how many stand where, by name; everybody in trouble with the reason
 * and what to type for it; what was touched in all; and the outcome last, where a screen of 24 lines still shows it.
 */
export function renderFleetSummary(followed: Followed, paper: Paper): readonly string[] {
  const parts = [
    hostsPart(followed, paper),
    troublePart(followed, paper),
    touchedPart(followed, paper),
    openPart(followed, paper),
  ];
  return [...parts, resultPart(followed, paper)]
    .filter((part) => part.length > 0)
    .flatMap((part, at) => (at === 0 ? part : ['', ...part]));
}

const MARKS: Readonly<Record<Standing, readonly [mark: string, paint: keyof Style]>> = {
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
function hostsPart({ fleet }: Followed, paper: Paper): readonly string[] {
  const all = standings(fleet);
  const rows = WORDS.flatMap(([standing, word]) => {
    const hosts = all.get(standing) ?? [];
    return hosts.length === 0
      ? []
      : [{ standing, text: `${showCount(hosts.length)} ${word}`, hosts: hosts.map(({ host }) => host) }];
  });
  const room = Math.max(0, ...rows.map(({ text }) => width(text)));
  const lines = rows.flatMap(({ standing, text, hosts }) => {
    const [mark, paint] = MARKS[standing];
    const label = `  ${paper.style[paint](mark)} ${padEnd(text, room)}  `;
    const [first = '', ...rest] = hostLines(hosts, narrower(paper, room + 6));
    return [label + first, ...indent(rest, room + 6)];
  });
  return [paper.style.bold('HOSTS'), ...lines];
}

/** Each by name, with its reason and how to go on with it. */
function troublePart({ fleet, touched }: Followed, paper: Paper): readonly string[] {
  const hosts = fleet.hosts.filter(isTrouble);
  if (hosts.length === 0) return [];
  const lines = hosts.flatMap((host) => {
    const told = hang('    ', escaped(wholeEnd(host)), paper.columns);
    const todo = toDo(host, touched.get(host.host), fleet.run).map((line) => `    ${line}`);
    const name = hang(`  ${paper.style.bad('✘')} `, escaped(host.host), paper.columns, paper.style.bold);
    return [...name, ...told, ...todo];
  });
  return [...heading('IN TROUBLE', plural(hosts.length, 'host'), paper), ...lines];
}

/** What to type for a host; nothing where it was never begun. */
export function toDo(
  { host, run, end, rolledBack }: HostState,
  touched: Touched | undefined,
  fleet: string,
): readonly string[] {
  if (end === null || run === null) return [];
  const resumable = isUnfinishedEnd(end) && rolledBack === null;
  const undo = touched?.undoable === true && rolledBack === null;
  return [
    ...(resumable ? [`firebreak resume ${escaped(fleet)} --host ${escaped(host)}`] : []),
    ...(undo ? [`firebreak rollback ${escaped(fleet)} --host ${escaped(host)}`] : []),
    `firebreak report ${escaped(run)}`,
  ];
}

function touchedPart({ touched }: Followed, paper: Paper): readonly string[] {
  const acted = [...touched.values()].filter((one) => one.acted);
  if (acted.length === 0) return [paper.style.good('Nothing was changed on any host.')];
  const sum = (of: keyof Touched & ('killed' | 'deleted' | 'edited')) => acted.reduce((all, one) => all + one[of], 0);
  const text = `killed ${showCount(sum('killed'))}, deleted ${showCount(sum('deleted'))}, edited ${showCount(sum('edited'))}`;
  return hang('DONE  ', `${text}, on ${plural(acted.length, 'host')}`, paper.columns, paper.style.bold);
}

function openPart({ touched }: Followed, paper: Paper): readonly string[] {
  const all = [...touched].flatMap(([host, { open }]) => open.map((say) => ({ say, host })));
  if (all.length === 0) return [];
  const lines = [...Map.groupBy(all, ({ say }) => say)].flatMap(([say, those]) => {
    const hosts = hostsText(
      those.map(({ host }) => host),
      paper.columns - 4,
    );
    return [...hang('  ! ', escaped(say), paper.columns, paper.style.yellow), `    ${paper.style.dim(hosts)}`];
  });
  return [...heading('OPEN', 'what this run has not cured', paper), ...lines];
}

// ---------------------------------------------------------------- the result

const CALM: readonly OutcomeName[] = [
  'not-this-incident',
  'inconclusive',
  'interrupted',
  'rolled-back',
  'needs-a-human',
];

function resultPart({ fleet }: Followed, paper: Paper): readonly string[] {
  const { outcome, reasons } = fleet.finished ?? { outcome: 'outcome-unknown', reasons: [] };
  const paint = outcome === 'held' || outcome === 'looked-only' ? 'good' : CALM.includes(outcome) ? 'warn' : 'bad';
  const { meta, finished } = fleet;
  const took =
    meta === null || finished === null
      ? ''
      : `, ${showDuration(Math.max(0, Date.parse(finished.at) - Date.parse(meta.at)))}`;
  const what =
    meta === null
      ? ''
      : `${meta.runbook.name} ${meta.runbook.version} on ${plural(fleet.hosts.length, 'host')}${took}, `;
  return [
    rule('result', paper),
    ...hang('', outcome.replaceAll('-', ' ').toUpperCase(), paper.columns, paper.style[paint]),
    ...(fleet.stopped === null ? [] : hang('  - ', escaped(`stopped: ${fleet.stopped.why}`), paper.columns)),
    ...reasons
      .filter((reason) => reason !== fleet.stopped?.why && !isTold(reason, fleet))
      .flatMap((reason) => hang('  - ', escaped(reason), paper.columns)),
    ...hang('', escaped(`${what}exit ${OUTCOMES[outcome].exit}: ${OUTCOMES[outcome].about}`), paper.columns),
    ...(fleet.run === '' ? [] : commandLines(fleet, paper)),
  ];
}

/** The reason of a host that is named above, or that such are left out. */
function isTold(reason: string, { hosts }: FleetState): boolean {
  return /^and \d+ more$/.test(reason) || hosts.some((host) => isTrouble(host) && reason.startsWith(`${host.host}: `));
}

/** Whoever is in trouble has the commands for it beside the name; undoing hosts that held is nothing to be led to. */
function commandLines(fleet: FleetState, paper: Paper): readonly string[] {
  const { run, finished, hosts } = fleet;
  const unfinished = finished === null || hosts.some(({ end }) => end === null || isUnfinishedEnd(end));
  const line = (label: string, command: string) =>
    hang(label, `firebreak ${command} ${escaped(run)}`, paper.columns, paper.style.bold);
  return [...(isOver(fleet) && unfinished ? line('To go on: ', 'resume') : []), ...line('The whole story: ', 'report')];
}

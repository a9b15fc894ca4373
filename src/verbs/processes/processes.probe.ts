import type { Block } from '../../model/block.ts';
import {
  countByName,
  impossibleName,
  PROCESSES,
  processTable,
  selectorOf,
  starterText,
  strangersText,
} from '../../model/host/processes.ts';
import type { ProcessList, ProcessRecord } from '../../model/host.ts';
import type { Infer } from '../../model/runbook/shape.ts';
import { plural, showCount, showDuration } from '../../model/text/quantity.ts';
import { defineProbe, type Finding, type Look, type MeasureAbout, unknownFinding } from '../../model/verb.ts';

const MEASURES = {
  count: { about: 'how many there are', unit: 'count' },
  oldest: { about: 'how long ago the first of them was started; 0 where there is none', unit: 'duration' },
  newest: { about: 'how long ago the last of them was started; 0 where there is none', unit: 'duration' },
  per_minute: {
    about: 'how many of those that still live were started a minute, over the last ten minutes at most',
    unit: 'rate',
  },
  users: { about: 'how many different users they belong to', unit: 'count' },
} as const satisfies Record<string, MeasureAbout>;

export default defineProbe({
  summary: 'list processes, and tell who started them',
  about:
    'Lists the processes that match all that is given, with the chain of their parents. A process that has ended and waits for its parent (a zombie) is not counted unless its state is asked for. ' +
    'Give started_by wherever the same program is also run by people: a mail daemon or somebody’s own sendmail is no part of a storm that cron started.',
  schema: PROCESSES,
  example: { name: ['sendmail', 'postdrop'], started_by: ['cron', 'crond'] },
  needs: [],
  measures: MEASURES,
  look,
  explain,
});

async function look({ host }: Look, arg: Infer<typeof PROCESSES>): Promise<Finding> {
  const selector = selectorOf(arg);
  const impossible = impossibleName(selector);
  return impossible === null ? findingOf(await host.processes.list(selector)) : unknownFinding(MEASURES, impossible);
}

function findingOf(list: ProcessList): Finding {
  if (!list.ok) return unknownFinding(MEASURES, list.message);
  const { processes, unreadable, strangers = [] } = list;
  const found: Finding = {
    summary: `${summaryOf(processes)}${strangers.length === 0 ? '' : `; left out ${strangersText(strangers)}`}`,
    measures: measuresOf(processes),
    detail: { processes: processes.map((each) => ({ ...each })) },
    blocks: [
      ...(processes.length === 0 ? [] : [treeOf(processes), processTable(countByName(processes), processes)]),
      ...(strangers.length === 0 ? [] : [processTable(`left out: ${strangersText(strangers)}`, strangers)]),
    ],
  };
  return unreadable === 0 ? found : shortened(found, unreadable);
}

/**
 * An incomplete list does not tell how many processes there are, or that there are none. What was seen is shown all the
 * same.
 */
function shortened(found: Finding, unreadable: number): Finding {
  const reason = `${plural(unreadable, 'process', 'processes')} or more may not be looked at: run it as root (${found.summary} seen)`;
  return { ...unknownFinding(MEASURES, reason), detail: found.detail, blocks: found.blocks };
}

function summaryOf(processes: readonly ProcessRecord[]): string {
  if (processes.length === 0) return 'no such process';
  const { oldest, per_minute } = measuresOf(processes);
  const starters = [
    ...new Set(processes.map((each) => (each.startedBy ? starterText(each).replace(/ by .*$/, '') : ''))),
  ].filter(Boolean);
  const by =
    starters.length > 0
      ? `, started by ${starters.slice(0, 3).join(', ')}${starters.length > 3 ? ' and others' : ''}`
      : '';
  return `${plural(processes.length, 'process', 'processes')}: ${countByName(processes)}${by}; oldest ${showDuration(oldest)}, ${per_minute} a minute`;
}

function measuresOf(processes: readonly ProcessRecord[]) {
  const ages = processes.map((each) => each.age);
  // Not Math.max(...ages): 200 000 arguments overflow the stack.
  const oldest = ages.reduce((most, age) => Math.max(most, age), 0);
  const newest = ages.reduce((least, age) => Math.min(least, age), oldest);
  const users = new Set(processes.map((each) => each.uid)).size;
  return { count: processes.length, oldest, newest, per_minute: startsPerMinute(ages, oldest), users };
}

const MINUTE = 60_000;

/**
 * Over the time since the oldest was started, at least one minute (less would call three quick starts a flood) and at
 * most ten.
 */
function startsPerMinute(ages: readonly number[], oldest: number): number {
  const over = Math.min(Math.max(oldest, MINUTE), 10 * MINUTE);
  return Math.round((ages.filter((age) => age <= over).length / (over / MINUTE)) * 10) / 10;
}

type Link = { readonly pid: number; readonly name: string };
const MOST_CHAINS = 10;

/** The chains of parents, those alike counted: `21 x cron(2011) -> CRON(4121) -> sendmail(4130) -> postdrop(4131)`. */
function treeOf(processes: readonly ProcessRecord[]): Block {
  const alike = Map.groupBy(chainsOf(processes), shapeOf);
  const groups = [...alike.values()].toSorted((a, b) => b.length - a.length);
  const lines = groups.slice(0, MOST_CHAINS).map((group) => chainLine(group[0] ?? [], group.length));
  const rest = groups.length - lines.length;
  return { kind: 'text', lines: [...lines, ...(rest > 0 ? [`and ${plural(rest, 'other chain')}`] : [])] };
}

/** From the first ancestor down to each process that is not itself the parent of another one in the list. */
function chainsOf(processes: readonly ProcessRecord[]): readonly (readonly Link[])[] {
  const parents = new Set(processes.flatMap((each) => each.ancestry.map((ancestor) => ancestor.pid)));
  return processes
    .filter((each) => !parents.has(each.pid))
    .map((each) => [...each.ancestry.toReversed(), ...orphanOf(each), each]);
}

/** A process whose parents have ended still has its session or cgroup to tell where it is from. */
function orphanOf({ startedBy }: ProcessRecord): readonly Link[] {
  return startedBy && startedBy.by !== 'ancestor'
    ? [{ pid: startedBy.pid, name: `${startedBy.by} of ${startedBy.name}` }]
    : [];
}

const shapeOf = (chain: readonly Link[]): string =>
  JSON.stringify([chain[0]?.pid, ...chain.map((link) => link.name)].slice(chain.length > 1 ? 0 : 1));

function chainLine(chain: readonly Link[], times: number): string {
  const line = chain.map((link) => (link.pid > 0 ? `${link.name}(${link.pid})` : link.name)).join(' -> ');
  return times === 1 ? line : `${showCount(times)} x ${line}`;
}

function explain({ name: names = [] }: Infer<typeof PROCESSES>): readonly string[] {
  const list =
    names.length > 0
      ? `ps -o pid,ppid,sid,etime,user,stat,args -C ${quote(names.join(','))}`
      : 'ps -eo pid,ppid,sid,etime,user,stat,args';
  return [list, 'pstree -ap    # who started them'];
}

const quote = (value: string): string => (/^[\w.,/-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`);

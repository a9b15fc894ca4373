import { type Document, type Item, sentence } from '../../../model/document.ts';
import type { FleetEvent, FleetEventOf } from '../../../model/fleet/ports.ts';
import { plural } from '../../../model/text/quantity.ts';
import { names } from '../../fold.ts';
import type { EventTold } from '../event.ts';
import {
  clock,
  countsText,
  endText,
  endWord,
  type Followed,
  isTrouble,
  tookOf,
  touchedText,
  wholeEnd,
} from './follow.ts';
import { groupsText } from './plan-words.ts';
import { toDo } from './to-do.ts';

type FleetLine = readonly [who: string, word: string, text: string];

/** What an event of a fleet is told as: the only place where it gets its words. */
export interface FleetTold extends Pick<EventTold, 'story'> {
  /** Lines of a log. */
  readonly log: readonly FleetLine[];
  /** What it leaves on the screen for good. */
  readonly lasting: Document;
}

type Wording<K extends FleetEvent['type']> = (event: FleetEventOf<K>, now: Followed) => Partial<FleetTold>;

const words = (kind: string): string => kind.replaceAll('-', ' ');
const hostsOf = (hosts: readonly string[]): string => plural(hosts.length, 'host');
const namedIf = (label: string, hosts: readonly string[]): string =>
  hosts.length === 0 ? '' : `${label}${names(hosts)}`;

const WORDING: { readonly [K in FleetEvent['type']]: Wording<K> } = {
  'fleet.started': ({ runbook: { name, version, title }, hosts, mode, who, run }) => {
    const text = `${name} ${version} on ${plural(hosts.length, 'host')}`;
    return {
      log: [['fleet', 'started', `${text}, ${mode}, by ${who}, run ${run}`]],
      story: `started by ${who}, ${mode}, on ${plural(hosts.length, 'host')}`,
      lasting: [
        { kind: 'title', text, page: text, below: [{ text: title }, { text: `run ${run}, by ${who}`, tone: 'dim' }] },
      ],
    };
  },
  'fleet.resumed': ({ to, hosts, who }) => ({
    log: [['fleet', 'resumed', `to ${to}, ${hostsOf(hosts)}, by ${who}`]],
    story: `taken up again by ${who} to ${words(to)}: ${names(hosts)}`,
    lasting: [sentence(`resumed to ${words(to)} on ${hostsOf(hosts)}, by ${who}`, 'warn')],
  }),
  'fleet.planned': ({ groups }) => ({
    log: [
      ['fleet', 'planned', groupsText(groups)],
      ...groups.map(({ kind, hosts, says }): FleetLine => ['plan', kind, `${names(hosts)}: ${says}`]),
    ],
    story: `planned: ${groupsText(groups)}`,
    lasting: [sentence(groupsText(groups))],
  }),
  'batch.started': ({ batch, of, hosts }) => ({
    log: [[`batch ${batch}`, 'started', `of ${of}, ${hostsOf(hosts)}: ${names(hosts)}`]],
    story: `batch ${batch} of ${of}: ${names(hosts)}`,
    lasting: [sentence([`BATCH ${batch} of ${of}  ${hostsOf(hosts)}: `, { hosts, less: 34 }], 'bold')],
  }),
  'host.started': ({ host, run }) => ({ log: [[host, 'begins', `run ${run}`]] }),
  'host.finished': ended,
  'host.rolled-back': ended,
  'batch.finished': ({ batch, failed }, { fleet }) => {
    const inIt = new Set(fleet.batches.findLast((one) => one.batch === batch)?.hosts ?? []);
    const counts = countsText({ ...fleet, hosts: fleet.hosts.filter(({ host }) => inIt.has(host)) });
    const text = counts.map(([, said]) => said).join(', ') || 'no host was touched';
    const [mark, tone] = failed.length === 0 ? (['✔', 'green'] as const) : (['✘', 'bad'] as const);
    return {
      log: [[`batch ${batch}`, failed.length === 0 ? 'ended' : 'failed', `${text}${namedIf('; failed: ', failed)}`]],
      story: `batch ${batch} is over${namedIf('; failed: ', failed)}`,
      lasting: [sentence(`batch ${batch}: ${text}`, tone, `${mark} `)],
    };
  },
  'fleet.stopped': ({ why, notBegun }) => ({
    log: [['fleet', 'stopped', `${why}; ${hostsOf(notBegun)} not begun${namedIf(': ', notBegun)}`]],
    story: `stopped: ${why}${namedIf('; not begun: ', notBegun)}`,
    lasting: [sentence(`${why}; ${hostsOf(notBegun)} not begun`, 'bad', 'STOPPED  ')],
  }),
  'fleet.noted': ({ text }) => ({
    log: [['fleet', 'note', text]],
    story: text,
    lasting: [sentence(text, 'yellow', '  ')],
  }),
  'fleet.finished': ({ outcome, reasons }) => ({
    log: [['fleet', 'ended', [outcome, ...reasons].join('; ')]],
    story: `ended: ${words(outcome)}`,
  }),
};

/** Every kind of event of a fleet that has words. */
export const TOLD_FLEET_EVENTS: readonly string[] = Object.keys(WORDING);

export function tellFleetEvent(event: FleetEvent, now: Followed): FleetTold {
  const wording = (WORDING as Readonly<Record<string, Wording<FleetEvent['type']>>>)[event.type];
  // Without words: a newer version wrote it.
  return { log: [], story: null, lasting: [], ...wording?.(event as never, now) };
}

/** How it ended, what it took, and what to type where that is not well. */
function ended(
  event: FleetEventOf<'host.finished'> | FleetEventOf<'host.rolled-back'>,
  { fleet, touched }: Followed,
): Partial<FleetTold> {
  const rolled = event.type === 'host.rolled-back';
  const story = rolled ? `after its rollback ${endText(event)}` : endText(event);
  const host = fleet.hosts.find((one) => one.host === event.host);
  if (host === undefined) return { story };
  const mine = touched.get(event.host);
  const spent = tookOf(host, mine);
  const what = rolled ? ['after its rollback'] : [touchedText(mine), ...(spent === null ? [] : [`in ${clock(spent)}`])];
  const reasons = endText(event)
    .slice(endWord(event).length)
    .replace(/^[:,] /, '');
  const next = isTrouble(host) ? toDo(host, mine, fleet.run) : [];
  const [mark, markTone] = rolled && !isTrouble(host) ? (['↶', 'cyan'] as const) : (['✘', 'bad'] as const);
  const done = event.run === null ? '' : ` (${touchedText(mine)})`;
  const item: Item = { mark, markTone, name: event.host, text: `${rolled ? endText(event) : wholeEnd(host)}${done}` };
  return {
    story,
    log: [
      [event.host, event.outcome, [...(reasons === '' ? [] : [reasons]), ...what].join('; ')],
      ...next.map((line): FleetLine => [event.host, 'next', line]),
    ],
    lasting: rolled || isTrouble(host) ? [{ kind: 'items', items: [item] }] : [],
  };
}

import {
  apart,
  type Document,
  type DocumentNode,
  fact,
  facts,
  gap,
  type Item,
  onPage,
  onScreen,
  section,
  sentence,
  type Telling,
  type Text,
  withCommand,
} from '../../../model/document.ts';
import type { FleetPlan } from '../../../model/fleet/ports.ts';
import type { HostPlan } from '../../../model/fleet.ts';
import type { Json } from '../../../model/json.ts';
import type { Refusal } from '../../../model/plan.ts';
import { plural, showCount, showDuration } from '../../../model/text/quantity.ts';
import { names } from '../../fold.ts';
import { secondOf } from '../clock.ts';
import { pairsOf, planToJson, refused } from '../plan.ts';
import { costsOf, totalsOf } from './group.ts';
import { groupDocument, MOST } from './plan-groups.ts';
import { decidesText, fleetTimeText, groupsInOrder, groupsText, KINDS, plansOf, strategyText } from './plan-words.ts';

export interface ReviewWords {
  /** What to type to see one host's plan whole. */
  readonly whole?: ((host: string) => string) | undefined;
  /** What to type to run it; absent: it is asked for in the same breath. */
  readonly command?: string;
  /** What is to be known of how it would go: what a policy has lowered, what was trusted at a person's word. */
  readonly notes?: readonly string[];
  /** Why a run would begin on no host; absent: it would. */
  readonly refusal?: Refusal | null;
}

/**
 * One screen for many hosts: what is alike is said once, what is not by name, and nothing in it is said of a host that
 * it was not seen on. For machines every host with its plan, without the bytes that undo would keep.
 */
export function tellReview(review: FleetPlan, words: ReviewWords = {}): Telling {
  return { document: () => reviewDocument(review, words), record: () => reviewRecord(review, words) };
}

export function reviewDocument(review: FleetPlan, words: ReviewWords): Document {
  const { command, refusal } = words;
  const batches = batchesPart(review);
  return [
    ...apart(...header(review)),
    ...groupsInOrder(review.groups).flatMap((group) => groupDocument(group, review, words.whole)),
    ...(refusal ? onPage(batches) : batches),
    ...openPart(review),
    ...section('in short', footer(review, words), { look: 'short' }),
    ...onPage([
      ...section('Hosts', [hostsTable(review)]),
      ...(refusal ? section('It would not run', refused(refusal, 'no host')) : []),
      ...(refusal || command === undefined ? [] : section('To run it', [{ kind: 'commands', lines: [command] }])),
    ]),
  ];
}

function reviewRecord({ plans, ...review }: FleetPlan, { refusal = null, notes = [] }: ReviewWords): Json {
  const hosts = plans.map((one) => (one.kind === 'plan' ? { ...one, plan: planToJson(one.plan) } : one));
  return JSON.parse(JSON.stringify({ v: 1, ...review, refusal, notes, hosts })) as Json;
}

// ---------------------------------------------------------------- the head

function header({ runbook, params, plans, groups, skipped }: FleetPlan): Document {
  const { name, version, title, path, hash } = runbook;
  const allAct = groups.length === 1 && groups[0]?.kind === 'act';
  const pairs = pairsOf(params);
  return [
    {
      kind: 'title',
      label: 'PLAN',
      text: `${name} ${version} on ${plural(plans.length, 'host')}`,
      page: `Plan: ${name} on ${plural(plans.length, 'host')}`,
      below: [{ text: title }, { text: groupsText(groups), tone: allAct ? 'good' : 'warn' }],
    },
    gap,
    ...onPage([
      sentence([`${title}. `, { strong: `${groupsText(groups)}.` }, ' Nothing was changed.']),
      {
        kind: 'card',
        rows: [
          ['Runbook', `${name} ${version}, ${path}`],
          ['Runbook sha256', hash],
          ['Parameters', pairs.length === 0 ? 'none' : [{ pairs }]],
          ['Skipped', names(skipped) || 'none'],
        ],
      },
    ]),
    ...onScreen([
      fact('runbook', `${path}, sha256 ${hash.slice(0, 12)}`),
      fact('looked at', lookedText(plans)),
      ...(pairs.length === 0 ? [] : [fact('params', [{ pairs }])]),
      ...(skipped.length === 0
        ? []
        : [fact('skipped', [`${showCount(skipped.length)}: `, { hosts: skipped, less: 0 }], 'yellow')]),
    ]),
  ];
}

function lookedText(plans: readonly HostPlan[]): string {
  const times = plans.flatMap((one) => (one.kind === 'plan' ? [one.plan.at] : []));
  if (times.length === 0) return 'no host answered';
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const spent = last - first >= 1000 ? `, the last ${showDuration(last - first)} later` : '';
  return `${secondOf(new Date(first).toISOString())}${spent}`;
}

// ---------------------------------------------------------------- how it would go through them

function batchesPart({ batches, strategy }: FleetPlan): Document {
  if (batches.length === 0) return [];
  const room = String(Math.max(...batches.map((hosts) => hosts.length))).length;
  const after = batches.length === 1 ? 'all in one' : 'each begins when every host of the one before has been verified';
  const items = batches.map((hosts, at): Item => {
    const count = `${String(hosts.length).padStart(room)} ${hosts.length === 1 ? 'host ' : 'hosts'}`;
    return { mark: String(at + 1), name: count, text: '', hosts: { names: hosts, lines: 1, cut: true } };
  });
  const how = strategyText(strategy);
  return section(
    'BATCHES',
    [
      { kind: 'items', items },
      { kind: 'sentence', label: '  ', text: how, page: `${how}.` },
    ],
    {
      aside: `${showCount(batches.length)}; ${after}`,
    },
  );
}

function openPart({ plans, groups }: FleetPlan): Document {
  const acting = new Set(groups.flatMap((group) => (group.kind === 'act' ? group.hosts : [])));
  const all = plans.flatMap((one) =>
    one.kind === 'plan' && acting.has(one.host) ? one.plan.open.map((say) => ({ say, host: one.host })) : [],
  );
  const items = [...Map.groupBy(all, ({ say }) => say)].map(([say, those]): Item => {
    const where = those.length === acting.size ? '' : ` (${names(those.map(({ host }) => host))})`;
    return { mark: '!', text: where === '' ? withCommand(say) : `${say}${where}`, tone: 'yellow' };
  });
  return section('OPEN', items.length === 0 ? [] : [{ kind: 'items', todo: true, items, most: MOST, what: 'things' }], {
    aside: 'what this runbook does not cure',
    page: 'Stays open',
  });
}

/** Every host, so that a ticket says of each by name what was meant for it. */
function hostsTable({ plans, groups, batches }: FleetPlan): DocumentNode {
  const rows = plans.map((one): readonly Text[] => {
    const group = groups.find(({ hosts }) => hosts.includes(one.host));
    const batch = batches.findIndex((hosts) => hosts.includes(one.host)) + 1;
    const { kill = 0, delete: files = 0, edit = 0 } = one.kind === 'plan' && batch > 0 ? costsOf(one.plan) : {};
    const says = one.kind === 'plan' ? (one.plan.refusal?.reasons.join('; ') ?? '') : one.reason;
    const kind = group === undefined ? '' : KINDS[group.kind][0].toLowerCase();
    return [one.host, batch === 0 ? '' : String(batch), kind, ...[kill, files, edit].map(showCount), says];
  });
  return { kind: 'rows', columns: ['host', 'batch', 'what', 'kill', 'delete', 'edit', 'note'], rows };
}

// ---------------------------------------------------------------- the end

function footer(review: FleetPlan, { notes = [], refusal = null, command }: ReviewWords): Document {
  const own = review.groups.filter(({ kind }) => kind === 'act').flatMap((group) => plansOf(group, review.plans));
  const { inAll, each, forGood } = totalsOf(own);
  const left = review.plans.length - own.length;
  const out = `${plural(left, 'host')} ${left === 1 ? 'is' : 'are'} not touched: see above`;
  return [
    ...(inAll.length === 0 ? [] : [fact('in all', `${inAll.join(', ')} on ${plural(own.length, 'host')}`, 'bold')]),
    ...(each.length === 0 ? [] : [fact('a host', `at most ${each.join(', ')}`)]),
    ...(forGood.length === 0 ? [] : [fact('for good', `${forGood.join(', ')}: cannot be undone`, 'bad')]),
    ...(left === 0 ? [] : onScreen([fact('left out', out, 'warn')])),
    ...facts('note', notes),
    ...(own.length === 0 ? [] : [fact('decides', decidesText(own)), fact('time', fleetTimeText(own, review))]),
    ...onScreen([
      ...(refusal === null ? [] : refused(refusal, 'no host')),
      sentence('Nothing was changed.', 'good'),
      ...(refusal !== null || own.length === 0 || command === undefined
        ? []
        : [sentence([{ command }], 'bold', 'To run it: ')]),
    ]),
  ];
}

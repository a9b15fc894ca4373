import { type Document, type Item, sentence } from '../../model/document.ts';
import type { FleetAsk, FleetPlan, NextBatch } from '../../model/fleet/ports.ts';
import { plural } from '../../model/text/quantity.ts';
import { askDone, askUndo, type Prompts, put } from '../ask.ts';
import { escaped } from '../draw/escape.ts';
import { hostsText } from '../draw/hosts.ts';
import { fit } from '../draw/layout.ts';
import { drawLines } from '../draw/terminal.ts';
import { endText } from '../tell/fleet/follow.ts';
import { totalsOf } from '../tell/fleet/group.ts';
import { type ReviewWords, reviewDocument } from '../tell/fleet/plan.ts';
import { plansOf } from '../tell/fleet/plan-words.ts';

type Choice = Awaited<ReturnType<FleetAsk['approve']>>;

const GONE: Choice = { choice: 'quit', reason: 'interrupted' };
const QUIT: Choice = { choice: 'quit', reason: null };
const RUN: Choice = { choice: 'run', reason: null };

/** An unclear, interrupted or empty answer counts as the one that changes nothing. */
export function fleetAskWith(prompts: Prompts, words: ReviewWords = {}): FleetAsk {
  return {
    approve: (plan) => approve(plan, words, prompts),
    next: (batch) => next(batch, prompts),
    undo: ({ hosts, ...question }) => {
      const where = hostNodes(`on ${plural(hosts.length, 'host')}:`, hosts);
      const [what, host] = ['on each of these hosts, newest first', 'the hosts as they are now'];
      return askUndo({ ...question, where, what, host }, prompts);
    },
    confirm: ({ step, host, text }) => askDone(`${escaped(step)} on ${escaped(host)}`, text, prompts),
  };
}

const hostNodes = (label: string, names: readonly string[]): Document => [
  sentence(label),
  { kind: 'indent', by: 2, inside: [{ kind: 'hosts', names }] },
];

// ---------------------------------------------------------------- the whole plan

async function approve(plan: FleetPlan, words: ReviewWords, prompts: Prompts): Promise<Choice> {
  await show(plan, words, prompts, false);
  const hosts = plan.batches.flat();
  const first = plan.batches[0] ?? [];
  for (;;) {
    const begins = `begins with ${plural(first.length, 'host')}: ${hostsText(first, 40)}`;
    const word = await prompts.choose({
      message: `${escaped(plan.runbook.name)} on ${plural(hosts.length, 'host')}: what now?`,
      default: 'show all',
      choices: [
        { value: 'run', about: fit(begins, prompts.paper().columns - 20) },
        { value: 'show all', about: 'every host by name, then ask again' },
        { value: 'quit', about: 'end here; no host has been touched' },
      ],
    });
    if (word === null) return GONE;
    if (word === 'quit') return QUIT;
    if (word === 'show all') await show(plan, words, prompts, true);
    else {
      const answer = await reallyRun(plan, hosts.length, prompts);
      if (answer !== 'again') return answer;
    }
  }
}

async function show(plan: FleetPlan, words: ReviewWords, prompts: Prompts, all: boolean): Promise<void> {
  const paper = { ...prompts.paper(), toSeeAll: 'show all' };
  await prompts.print(['', ...drawLines(reviewDocument(plan, words), { ...paper, all: all || paper.all }), '']);
}

/** Many hosts at once, and for good: not a matter of one key. */
async function reallyRun(plan: FleetPlan, hosts: number, prompts: Prompts): Promise<Choice | 'again'> {
  const acting = plan.groups.filter(({ kind }) => kind === 'act');
  const { forGood } = totalsOf(acting.flatMap((group) => plansOf(group, plan.plans)));
  const count = String(hosts);
  const many = `This acts on ${plural(hosts, 'host')}.`;
  const what = forGood.length === 0 ? many : `${escaped(forGood.join(', '))} cannot be undone.`;
  const answer = await prompts.type({
    message: `${what} Type the number of hosts, ${count}, to run it (empty: back):`,
    check: (typed) =>
      ['', count].includes(typed.trim()) ? undefined : `that is not ${count}; no host has been touched`,
  });
  if (answer === null) return GONE;
  return answer.trim() === count ? RUN : 'again';
}

// ---------------------------------------------------------------- the next batch

/** What verify has said of those before is the reason to go on or not. */
async function next({ batch, of, hosts, ended }: NextBatch, prompts: Prompts): Promise<Choice> {
  const items = [...Map.groupBy(ended, endText)].map(([text, those]): Item => {
    const held = those.every(({ outcome }) => outcome === 'held');
    const names = { hosts: those.map(({ host }) => host), less: 24, least: 20 };
    return {
      ...(held ? { mark: '✔', tone: 'green' } : { mark: '✘', tone: 'bad' }),
      text: [names, `: ${text}`],
    };
  });
  await put(prompts, `batch ${batch} of ${of}`, [
    { kind: 'items', items },
    ...hostNodes(`next, ${plural(hosts.length, 'host')}:`, hosts),
  ]);
  const word = await prompts.choose({
    message: `Go on with ${plural(hosts.length, 'host')}?`,
    default: 'stop here',
    choices: [
      { value: 'stop here', about: 'begin no further host; `firebreak resume` goes on later' },
      { value: 'go on', about: `batch ${batch} of ${of}` },
    ],
  });
  return word === null ? GONE : word === 'go on' ? RUN : QUIT;
}

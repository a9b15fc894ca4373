import type { FleetAsk, FleetPlan, FleetUndo, NextBatch } from '../../model/fleet/ports.ts';
import { plural } from '../../model/text/quantity.ts';
import type { Prompts } from '../ask.ts';
import { escaped } from '../draw/escape.ts';
import { rule } from '../draw/fields.ts';
import { fit, hang, indent, narrower } from '../draw/layout.ts';
import { endText } from './follow.ts';
import { totalsOf } from './group.ts';
import { type ReviewWords, reviewOn } from './plan.ts';
import { plansOf } from './plan-words.ts';
import { hostLines, hostsText } from './words.ts';

type Choice = Awaited<ReturnType<FleetAsk['approve']>>;

const GONE: Choice = { choice: 'quit', reason: 'interrupted' };
const QUIT: Choice = { choice: 'quit', reason: null };
const RUN: Choice = { choice: 'run', reason: null };

/** Whatever is unclear, interrupted or left empty is answered with what changes nothing. */
export function fleetAskWith(prompts: Prompts, words: ReviewWords = {}): FleetAsk {
  return {
    approve: (plan) => approve(plan, words, prompts),
    next: (batch) => next(batch, prompts),
    undo: (question) => undo(question, prompts),
    confirm: (manual) => confirm(manual, prompts),
  };
}

// ---------------------------------------------------------------- the whole plan

async function approve(plan: FleetPlan, words: ReviewWords, prompts: Prompts): Promise<Choice> {
  await show(plan, words, prompts, false);
  const hosts = plan.batches.flat();
  const first = plan.batches[0] ?? [];
  for (;;) {
    const word = await prompts.choose({
      message: `${escaped(plan.runbook.name)} on ${plural(hosts.length, 'host')}: what now?`,
      default: 'show all',
      choices: [
        {
          value: 'run',
          about: fit(
            `begins with ${plural(first.length, 'host')}: ${hostsText(first, 40)}`,
            prompts.paper().columns - 20,
          ),
        },
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
  const text = reviewOn({ ...paper, all: all || paper.all }, plan, words);
  await prompts.print(['', ...text.trimEnd().split('\n'), '']);
}

/** Many hosts at once, and for good: not a matter of one key. */
async function reallyRun(plan: FleetPlan, hosts: number, prompts: Prompts): Promise<Choice | 'again'> {
  const { forGood } = totalsOf(
    plan.groups.filter(({ kind }) => kind === 'act').flatMap((group) => plansOf(group, plan.plans)),
  );
  const count = String(hosts);
  const what =
    forGood.length === 0
      ? `This acts on ${plural(hosts, 'host')}.`
      : `${escaped(forGood.join(', '))} cannot be undone.`;
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
  const paper = prompts.paper();
  const told = [...Map.groupBy(ended, endText)].map(([text, those]) => ({
    text,
    hosts: those.map(({ host }) => host),
    held: those.every(({ outcome }) => outcome === 'held'),
  }));
  await prompts.print([
    '',
    rule(`batch ${batch} of ${of}`, paper),
    ...told.flatMap((one) =>
      hang(
        `  ${one.held ? '✔' : '✘'} `,
        `${hostsText(one.hosts, Math.max(20, paper.columns - 24))}: ${escaped(one.text)}`,
        paper.columns,
        one.held ? paper.style.green : paper.style.bad,
      ),
    ),
    `next, ${plural(hosts.length, 'host')}:`,
    ...indent(hostLines(hosts, narrower(paper, 2)), 2),
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

// ---------------------------------------------------------------- undo, and by hand

async function undo(question: FleetUndo, prompts: Prompts): Promise<'undo' | 'leave'> {
  const paper = prompts.paper();
  await prompts.print([
    '',
    rule('undo?', paper),
    ...hang('', escaped(question.why), paper.columns, paper.style.warn),
    `on ${plural(question.hosts.length, 'host')}:`,
    ...indent(hostLines(question.hosts, narrower(paper, 2)), 2),
    ...question.steps.flatMap((step) => hang('  ↶ ', escaped(step), paper.columns)),
    ...(question.dangerous === null ? [] : hang('  ! ', escaped(question.dangerous), paper.columns, paper.style.bad)),
  ]);
  return question.dangerous === null ? chooseUndo(prompts) : typeUndo(prompts);
}

async function chooseUndo(prompts: Prompts): Promise<'undo' | 'leave'> {
  const word = await prompts.choose({
    message: 'Undo what was done?',
    default: 'leave',
    deaf: true,
    choices: [
      { value: 'undo', about: 'on each of these hosts, newest first' },
      { value: 'leave', about: 'leave the hosts as they are now' },
    ],
  });
  return word ?? 'leave';
}

async function typeUndo(prompts: Prompts): Promise<'undo' | 'leave'> {
  const word = await prompts.type({
    message: 'Type the word undo to do it all the same (empty: leave it):',
    deaf: true,
    check: (typed) => (['', 'undo'].includes(typed.trim()) ? undefined : 'undo, or nothing'),
  });
  return word?.trim() === 'undo' ? 'undo' : 'leave';
}

async function confirm(manual: Parameters<FleetAsk['confirm']>[0], prompts: Prompts): ReturnType<FleetAsk['confirm']> {
  const paper = prompts.paper();
  const where = `${escaped(manual.step)} on ${escaped(manual.host)}`;
  await prompts.print([
    '',
    rule(`${where} · by hand`, paper),
    ...indent(hang('', escaped(manual.text), paper.columns - 2), 2),
    '',
  ]);
  const word = await prompts.choose({
    message: `${where}: is it done?`,
    default: 'not done',
    choices: [
      { value: 'done', about: 'I have done it' },
      { value: 'not done', about: 'it cannot or should not be done' },
    ],
  });
  if (word === null) return { done: false, reason: 'interrupted' };
  if (word === 'done') return { done: true, reason: null };
  const reason = await prompts.type({ message: 'Why not? (may be empty)' });
  return { done: false, reason: reason === null ? 'interrupted' : reason.trim() || null };
}

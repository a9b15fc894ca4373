import type { Answer, Ask, Question } from '../model/ports.ts';
import { renderAction } from './action.ts';
import { escaped } from './draw/escape.ts';
import { rule } from './draw/fields.ts';
import { fit, hang, indent, narrower } from './draw/layout.ts';
import type { Paper } from './draw/style.ts';

/** A question put to a person. Null: interrupted, or nobody is there any more. */
export interface Prompts {
  choose<T extends string>(question: Choosing<T>): Promise<T | null>;
  /** `check` gives what is wrong with an answer, or undefined. */
  type(question: Typing): Promise<string | null>;
  /** Prints, once the screen is free. */
  print(lines: readonly string[]): Promise<void>;
  paper(): Paper;
}

/** `deaf`: an interrupt that came before is why it is asked at all. */
export interface Choosing<T extends string> {
  readonly message: string;
  readonly choices: readonly { readonly value: T; readonly about: string }[];
  readonly default: T;
  readonly deaf?: boolean;
}
export interface Typing {
  readonly message: string;
  readonly check?: (answer: string) => string | undefined;
  readonly deaf?: boolean;
  /** A password: what is typed is not shown. */
  readonly hidden?: boolean;
}

const GONE: Answer = { choice: 'quit', reason: 'interrupted' };

/** Whatever is unclear, interrupted or left empty is answered with what changes nothing. */
export function askWith(prompts: Prompts): Ask {
  return {
    approve: (question) => approve(question, prompts),
    undo: (question) => undo(question, prompts),
    confirm: (question) => confirm(question, prompts),
    interrupted: (question) => interrupted(question, prompts),
    failed: (question) => failed(question, prompts),
  };
}

// ---------------------------------------------------------------- before an action

type Word = 'run' | 'skip' | 'show all' | 'done by hand' | 'stop and undo' | 'quit';

async function approve(question: Question, prompts: Prompts): Promise<Answer> {
  await prompts.print(review(question, prompts.paper()));
  for (;;) {
    const word = await prompts.choose(choices(question, prompts.paper()));
    const answer = word === null ? GONE : await meaning(word, question, prompts);
    if (answer !== 'again') return answer;
  }
}

function review({ step, at }: Question, paper: Paper): readonly string[] {
  const sheet = { ...paper, toSeeAll: 'show all' };
  return [
    '',
    rule(`${at.number} of ${at.of}  ${escaped(step.id)} · ${escaped(step.verb)}`, paper),
    ...renderAction(step, sheet),
    '',
  ];
}

function choices({ step, undoable }: Question, paper: Paper): Choosing<Word> {
  const room = paper.columns - 20;
  const back = undoable.length === 0 ? 'nothing to undo yet' : `undoes ${undoable.join('; ')}`;
  return {
    message: `${escaped(step.id)}: what now?`,
    default: 'show all',
    choices: [
      { value: 'run', about: fit(escaped(step.observation?.summary ?? step.verb), room) },
      { value: 'skip', about: 'leave this step out, with a reason' },
      { value: 'show all', about: 'every target, then ask again' },
      { value: 'done by hand', about: 'I have done it myself: look again' },
      { value: 'stop and undo', about: fit(escaped(back), room) },
      { value: 'quit', about: 'end here, leave what was done' },
    ],
  };
}

async function meaning(word: Word, question: Question, prompts: Prompts): Promise<Answer | 'again'> {
  switch (word) {
    case 'run':
      return reallyRun(question, prompts);
    case 'skip':
      return skip(question, prompts);
    case 'show all':
      await prompts.print(review(question, { ...prompts.paper(), all: true }));
      return 'again';
    case 'done by hand':
      return { choice: 'by-hand', reason: null };
    case 'stop and undo':
      return { choice: 'undo', reason: null };
    case 'quit':
      return { choice: 'quit', reason: null };
  }
}

/** What cannot be undone is not a matter of one key: the count is typed, and nothing typed goes back. */
async function reallyRun({ step }: Question, prompts: Prompts): Promise<Answer | 'again'> {
  if (step.observation?.undo.kind !== 'irreversible') return { choice: 'run', reason: null };
  const count = String(step.observation.targets.count);
  const answer = await prompts.type({
    message: `This cannot be undone. Type the count, ${count}, to run it (empty: back):`,
    check: (typed) =>
      typed === '' || digits(typed) === count ? undefined : `that is not ${count}; nothing has been done`,
  });
  if (answer === null) return GONE;
  return digits(answer) === count ? { choice: 'run', reason: null } : 'again';
}

/** `3 977` and `3,977` are the number as the screen shows it. */
const digits = (typed: string): string => typed.trim().replace(/(?<=\d)[ ,.'_](?=\d{3})/g, '');

async function skip({ step }: Question, prompts: Prompts): Promise<Answer | 'again'> {
  const reason = await prompts.type({ message: `Why is ${escaped(step.id)} left out? (empty: back)` });
  if (reason === null) return GONE;
  return reason.trim() === '' ? 'again' : { choice: 'skip', reason: reason.trim() };
}

// ---------------------------------------------------------------- other questions

async function undo(question: Parameters<Ask['undo']>[0], prompts: Prompts): Promise<'undo' | 'leave'> {
  const paper = prompts.paper();
  await prompts.print([
    '',
    rule('undo?', paper),
    ...hang('', escaped(question.why), paper.columns, paper.style.warn),
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
      { value: 'undo', about: 'newest first, as listed above' },
      { value: 'leave', about: 'leave the host as it is now' },
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

async function confirm(question: Parameters<Ask['confirm']>[0], prompts: Prompts): ReturnType<Ask['confirm']> {
  const paper = prompts.paper();
  await prompts.print([
    '',
    rule(`${escaped(question.step)} · by hand`, paper),
    ...indent(hang('', escaped(question.text), paper.columns - 2), 2),
    '',
  ]);
  const word = await prompts.choose({
    message: `${escaped(question.step)}: is it done?`,
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

async function failed(question: Parameters<Ask['failed']>[0], prompts: Prompts): Promise<'continue' | 'undo' | 'quit'> {
  const paper = prompts.paper();
  const steps = question.undoable.flatMap((step) => hang('  ↶ ', escaped(step), paper.columns));
  await prompts.print([
    '',
    rule('failed', paper),
    ...hang('', escaped(question.why), paper.columns, paper.style.warn),
    ...(steps.length === 0 ? ['nothing to undo'] : ['undo would:', ...steps]),
  ]);
  const word = await prompts.choose({
    message: `${escaped(question.step)} failed: how shall it go on?`,
    default: 'quit',
    choices: [
      { value: 'continue', about: 'go on with the next step, without this one' },
      {
        value: 'undo',
        about: steps.length === 0 ? 'end here; there is nothing to undo' : 'undo what was done, newest first, and end',
      },
      { value: 'quit', about: 'end here, leave what was done' },
    ],
  });
  return word ?? 'quit';
}

async function interrupted(
  question: Parameters<Ask['interrupted']>[0],
  prompts: Prompts,
): ReturnType<Ask['interrupted']> {
  const paper = prompts.paper();
  const steps = question.undoable.flatMap((step) => hang('  ↶ ', escaped(step), paper.columns));
  await prompts.print([
    '',
    rule('interrupted', paper),
    ...hang('', `at a safe point: ${escaped(question.doing)}`, paper.columns, paper.style.warn),
    ...(steps.length === 0 ? ['nothing to undo'] : ['undo would:', ...steps]),
  ]);
  const word = await prompts.choose({
    message: 'How shall it go on?',
    default: 'quit',
    deaf: true,
    choices: [
      { value: 'continue', about: 'go on where it was' },
      {
        value: 'undo',
        about: fit(
          steps.length === 0 ? 'end here; there is nothing to undo' : 'undo what was done, newest first, and end',
          narrower(paper, 20).columns,
        ),
      },
      { value: 'quit', about: 'end here, leave what was done' },
    ],
  });
  return word ?? 'quit';
}

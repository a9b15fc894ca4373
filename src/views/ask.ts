import { type Document, gap, marked, section, sentence } from '../model/document.ts';
import type { Answer, Ask, Question } from '../model/ports.ts';
import { escaped } from './draw/escape.ts';
import { fit } from './draw/layout.ts';
import type { Paper } from './draw/style.ts';
import { drawLines } from './draw/terminal.ts';
import { tellAction } from './tell/action.ts';
import { type DeclaredCommand, tellDeclared } from './tell/declared.ts';

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

/** An unclear, interrupted or empty answer counts as the one that changes nothing. */
export function askWith(prompts: Prompts): Ask {
  return {
    approve: (question) => approve(question, prompts),
    undo: (question) =>
      askUndo({ ...question, what: 'newest first, as listed above', host: 'the host as it is now' }, prompts),
    confirm: ({ step, text }) => askDone(escaped(step), text, prompts),
    interrupted: (question) => interrupted(question, prompts),
    failed: (question) => failed(question, prompts),
  };
}

/** Lines that stand before a question, below a line across. */
export function put(prompts: Prompts, title: string, inside: Document, paper = prompts.paper()): Promise<void> {
  return prompts.print(['', ...drawLines(section(title, inside, { look: 'end' }), paper)]);
}

/** What a choice does, in what is left of its line. */
const about = (text: string, { columns }: Paper): string => fit(text, columns - 20);

// ---------------------------------------------------------------- before an action

type Word = 'run' | 'skip' | 'show all' | 'done by hand' | 'stop and undo' | 'quit';

async function approve(question: Question, prompts: Prompts): Promise<Answer> {
  await review(question, prompts, prompts.paper());
  for (;;) {
    const word = await prompts.choose(choices(question, prompts.paper()));
    const answer = word === null ? GONE : await meaning(word, question, prompts);
    if (answer !== 'again') return answer;
  }
}

function review({ step, at }: Question, prompts: Prompts, paper: Paper): Promise<void> {
  const title = `${at.number} of ${at.of}  ${step.id} · ${step.verb}`;
  return put(prompts, title, [...tellAction(step), gap], { ...paper, toSeeAll: 'show all' });
}

function choices({ step, undoable }: Question, paper: Paper): Choosing<Word> {
  const back = undoable.length === 0 ? 'nothing to undo yet' : `undoes ${undoable.join('; ')}`;
  return {
    message: `${escaped(step.id)}: what now?`,
    default: 'show all',
    choices: [
      { value: 'run', about: about(escaped(step.observation?.summary ?? step.verb), paper) },
      { value: 'skip', about: 'leave this step out, with a reason' },
      { value: 'show all', about: 'every target, then ask again' },
      { value: 'done by hand', about: 'I have done it myself: look again' },
      { value: 'stop and undo', about: about(escaped(back), paper) },
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
      await review(question, prompts, { ...prompts.paper(), all: true });
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

// ---------------------------------------------------------------- before it looks

/** Whether the author's commands may run. An empty answer, or none, is a no. */
export async function askDeclared(
  prompts: Prompts,
  runbook: string,
  commands: readonly DeclaredCommand[],
): Promise<boolean> {
  await put(prompts, 'before it looks', [...tellDeclared(runbook, commands), gap]);
  const message = 'Type the word run to let them run (empty: end here):';
  return typeWord(prompts, { message, word: 'run', otherwise: 'run, or nothing; nothing has been run' });
}

interface Wanted {
  readonly message: string;
  readonly word: string;
  readonly otherwise: string;
  readonly deaf?: boolean;
}

/** True: the very word was typed. */
async function typeWord(prompts: Prompts, { message, word, otherwise, deaf = false }: Wanted): Promise<boolean> {
  const check = (typed: string) => (['', word].includes(typed.trim()) ? undefined : otherwise);
  return (await prompts.type({ message, check, ...(deaf && { deaf }) }))?.trim() === word;
}

// ---------------------------------------------------------------- undo, and by hand

interface UndoAsked {
  readonly why: string;
  /** On which hosts, where there are several. */
  readonly where?: Document;
  readonly steps: readonly string[];
  readonly dangerous: string | null;
  /** What is undone, and what is left. */
  readonly what: string;
  readonly host: string;
}

export async function askUndo(question: UndoAsked, prompts: Prompts): Promise<'undo' | 'leave'> {
  const { why, where = [], steps, dangerous, what, host } = question;
  const danger = dangerous === null ? [] : marked('!', [dangerous], 'bad');
  await put(prompts, 'undo?', [sentence(why, 'warn'), ...where, ...marked('↶', steps), ...danger]);
  if (dangerous !== null) {
    const message = 'Type the word undo to do it all the same (empty: leave it):';
    const typed = await typeWord(prompts, { message, word: 'undo', otherwise: 'undo, or nothing', deaf: true });
    return typed ? 'undo' : 'leave';
  }
  const word = await prompts.choose({
    message: 'Undo what was done?',
    default: 'leave',
    deaf: true,
    choices: [
      { value: 'undo', about: what },
      { value: 'leave', about: `leave ${host}` },
    ],
  });
  return word ?? 'leave';
}

/** `where`: the step, and its host where there are several. */
export async function askDone(where: string, text: string, prompts: Prompts): ReturnType<Ask['confirm']> {
  await put(prompts, `${where} · by hand`, [{ kind: 'indent', by: 2, inside: [sentence(text)] }, gap]);
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

// ---------------------------------------------------------------- how it goes on

type OnWord = 'continue' | 'undo' | 'quit';

interface OnAsked {
  readonly title: string;
  readonly text: string;
  readonly message: string;
  readonly goOn: string;
  readonly undoable: readonly string[];
  readonly deaf?: boolean;
}

async function askOn(
  { title, text, message, goOn, undoable, deaf = false }: OnAsked,
  prompts: Prompts,
): Promise<OnWord> {
  const paper = prompts.paper();
  const nothing = undoable.length === 0;
  const would = nothing ? [sentence('nothing to undo')] : [sentence('undo would:'), ...marked('↶', undoable)];
  await put(prompts, title, [sentence(text, 'warn'), ...would]);
  const undo = nothing ? 'end here; there is nothing to undo' : 'undo what was done, newest first, and end';
  const word = await prompts.choose<OnWord>({
    message,
    default: 'quit',
    ...(deaf && { deaf }),
    choices: [
      { value: 'continue', about: goOn },
      { value: 'undo', about: about(undo, paper) },
      { value: 'quit', about: 'end here, leave what was done' },
    ],
  });
  return word ?? 'quit';
}

function failed({ step, why, undoable }: Parameters<Ask['failed']>[0], prompts: Prompts): Promise<OnWord> {
  const message = `${escaped(step)} failed: how shall it go on?`;
  const goOn = 'go on with the next step, without this one';
  return askOn({ title: 'failed', text: why, message, goOn, undoable }, prompts);
}

function interrupted({ doing, undoable }: Parameters<Ask['interrupted']>[0], prompts: Prompts): Promise<OnWord> {
  const [text, message] = [`at a safe point: ${doing}`, 'How shall it go on?'];
  return askOn({ title: 'interrupted', text, message, goOn: 'go on where it was', undoable, deaf: true }, prompts);
}

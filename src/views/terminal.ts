import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Plan } from '../model/plan.ts';
import type { Ask, Interrupts, View } from '../model/ports.ts';
import { askWith, type Choosing, type Prompts, type Typing } from './ask.ts';
import { padEnd } from './draw/layout.ts';
import { type Paper, type PaperAsked, paperOf, type Style } from './draw/style.ts';
import { liveView, type Row, type Screen } from './live.ts';

/**
 * The only file that knows listr2 and inquirer. They are loaded when a run is really shown: together they cost some 90
 * ms.
 */
type Listr2 = typeof import('listr2');
type Inquirer = typeof import('inquirer')['default'];

export interface Terminal extends PaperAsked {
  readonly streams: { readonly stdin: NodeJS.ReadStream; readonly stderr: NodeJS.WriteStream };
  /** Its signal of the moment ends a question; Ctrl-C inside a question does the same. */
  readonly interrupts: Pick<Interrupts, 'signal'> & Partial<Pick<Interrupts, 'raise'>>;
}

/**
 * Rows and questions on stderr, for a person. Never construct it without a terminal on both ends: a prompt without one
 * ends the process with 13 or takes a piped `y` for an answer.
 */
export async function terminalView(terminal: Terminal): Promise<
  View & {
    readonly ask: Ask /** Told the plan, it can say how much proof is still wanted. */;
    readonly planned: (plan: Plan) => void;
  }
> {
  needTerminal(terminal);
  const [listr2, { default: inquirer }] = await Promise.all([import('listr2'), import('inquirer')]);
  const paper = paperOn(terminal);
  const { clear, ...view } = liveView(screenOn(terminal.streams.stderr, paper, listr2));
  return { ...view, ask: askWith(promptsOn(terminal, { paper, clear, inquirer })) };
}

/** Questions alone, for a view that draws by itself; `clear` makes the screen free for them. */
export async function promptsFor(terminal: Terminal, clear: () => Promise<void>): Promise<Prompts> {
  needTerminal(terminal);
  const { default: inquirer } = await import('inquirer');
  return promptsOn(terminal, { paper: paperOn(terminal), clear, inquirer });
}

function needTerminal({ streams }: Terminal): void {
  if (!streams.stdin.isTTY || !streams.stderr.isTTY)
    throw new Error('bug: a terminal view needs a terminal on both ends');
}

/** As wide as the terminal is now. */
export function paperOn(terminal: Terminal): () => Paper {
  return () => paperOf({ ...terminal, columns: terminal.streams.stderr.columns || terminal.columns });
}

/** A password. Null: interrupted, or nobody is there any more. */
export async function askHidden(terminal: Terminal, message: string): Promise<string | null> {
  if (!terminal.streams.stdin.isTTY || !terminal.streams.stderr.isTTY)
    throw new Error('bug: a question needs a terminal on both ends');
  const { default: inquirer } = await import('inquirer');
  const prompts = promptsOn(terminal, { paper: () => paperOf(terminal), clear: async () => {}, inquirer });
  return prompts.type({ message, hidden: true, check: (answer) => (answer === '' ? 'type it, or Ctrl-C' : undefined) });
}

// ---------------------------------------------------------------- rows

/** A frozen terminal (Ctrl-S, a dead ssh peer) takes no more: what would only be drawn over is then not drawn. */
export const FROZEN = 64 * 1024;

function screenOn(stderr: NodeJS.WriteStream, paper: () => Paper, listr2: Listr2): Screen {
  return {
    begin: (line) => beginRow(line, { stderr, style: paper().style, listr2 }),
    print: (lines) => void stderr.write(lines.map((line) => `${line}\n`).join('')),
    every: (milliseconds, tick) => {
      const timer = setInterval(tick, milliseconds).unref();
      return () => clearInterval(timer);
    },
    now: () => performance.now(),
    paper,
  };
}

interface Drawing {
  readonly stderr: NodeJS.WriteStream;
  readonly style: Style;
  readonly listr2: Listr2;
}

/**
 * One Listr a row: what is finished is printed for good, and between two rows the terminal is free for details and
 * questions.
 */
function beginRow(line: string, { stderr, style, listr2 }: Drawing): Row {
  let withdrawn = false;
  const { promise, resolve } = Promise.withResolvers<void>();

  class RowRenderer extends listr2.DefaultRenderer {
    /** listr2 asks stdout whether there is a terminal; the rows are on stderr. */
    static override nonTTY = true;
    override update(): void {
      if (stderr.writableLength < FROZEN) super.update();
    }
    override create(options?: Parameters<InstanceType<Listr2['DefaultRenderer']>['create']>[0]): string {
      return withdrawn ? '' : super.create(options);
    }
  }
  /** Not hijacked: a write to stdout or stderr by anybody else must not wait for the row's end. */
  class Unhijacked extends listr2.ProcessOutput {
    override hijack(): void {
      this.toStdout('\x1b[?25l', false);
    }
    override release(): void {
      this.toStdout('\x1b[?25h', false);
    }
    override toStdout(text: string, eol = true): boolean {
      return text === '' || super.toStdout(text, eol);
    }
  }

  const logger = new listr2.ListrLogger({ useIcons: true, processOutput: new Unhijacked(stderr, stderr) });
  const nothing = { COMPLETED: '', FAILED: '', OUTPUT: ' ', PENDING: '·' } as const;
  const plain = (text = ''): string => text;
  const list = new listr2.Listr([{ title: line, task: () => promise }], {
    renderer: RowRenderer,
    rendererOptions: {
      logger,
      icon: nothing,
      color: { PENDING: (text = '') => style.yellow(text), COMPLETED: plain, OUTPUT: plain, FAILED: plain },
    },
    exitOnError: false,
    registerSignalListeners: false,
  });
  const [task] = list.tasks;
  const drawn = list.run().catch(() => {});
  return {
    text: (text) => {
      if (task) task.title$ = text;
    },
    below: (lines) => {
      if (task) task.output$ = lines.join('\n');
    },
    end: async (text) => {
      // listr2 indents every line but the first by two.
      if (task) task.title$ = text.replaceAll('\n  ', '\n');
      resolve();
      await drawn;
    },
    withdraw: async () => {
      withdrawn = true;
      resolve();
      await drawn;
    },
  };
}

// ---------------------------------------------------------------- questions

interface Asking {
  readonly paper: () => Paper;
  readonly clear: () => Promise<void>;
  readonly inquirer: Inquirer;
}

function promptsOn(terminal: Terminal, { paper, clear, inquirer }: Asking): Prompts {
  const { stdin, stderr } = terminal.streams;
  const gone = hangUp(terminal.streams);
  let last = Number.NEGATIVE_INFINITY;
  async function answered<T>(
    deaf: boolean | undefined,
    prompt: (context: PromptContext) => Promise<T>,
  ): Promise<T | null> {
    await clear();
    // In raw mode Ctrl-C is a key, and no signal: it counts like one.
    const keys = keyboard(stdin, () => terminal.interrupts.raise?.('SIGINT'));
    const { signal } = terminal.interrupts;
    const signals = [gone, keys.closed, ...(deaf && signal.aborted ? [] : [signal])];
    try {
      // In the middle of a dialogue the next answer may already be typed.
      if (!(await keys.ready(performance.now() - last > CONVERSATION ? DRAIN : 0))) return null;
      return await prompt({ input: keys.input, output: stderr, signal: AbortSignal.any(signals) });
    } catch {
      // Aborted, Ctrl-C, or the terminal is gone: nobody has answered. A prompt that breaks has not been answered
      // either.
      return null;
    } finally {
      keys.stop();
      last = performance.now();
    }
  }
  return {
    paper,
    print: async (lines) => {
      await clear();
      stderr.write(lines.map((line) => `${line}\n`).join(''));
    },
    choose: <T extends string>(question: Choosing<T>) =>
      answered(question.deaf, (context) =>
        put<T>(inquirer, { type: 'select', ...selectOf(question, paper().style) }, context),
      ),
    type: ({ message, check, deaf, hidden }: Typing) => {
      const validate = (answer: string): true | string => check?.(answer) ?? true;
      const theme = themeOf(paper().style);
      const question =
        hidden === true
          ? { type: 'password', theme: { ...theme, style: { ...theme.style, keysHelpTip: () => undefined } } }
          : { type: 'input', theme };
      return answered(deaf, (context) => put<string>(inquirer, { ...question, message, validate }, context));
    },
  };
}

/** One question, one answer. */
async function put<T>(inquirer: Inquirer, question: object, context: PromptContext): Promise<T> {
  const prompt = inquirer.createPromptModule(context);
  const { answer } = await prompt<{ answer: T }>([{ name: 'answer', ...question }] as unknown as Parameters<
    typeof prompt
  >[0]);
  return answer as T;
}

interface PromptContext {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

/** inquirer does not settle when stdin ends: the loop would run empty, and Node exit with 13. */
function hangUp({ stdin, stderr }: Terminal['streams']): AbortSignal {
  const gone = new AbortController();
  for (const name of ['end', 'close', 'error']) stdin.on(name, () => gone.abort(name));
  stderr.on('error', () => gone.abort('error'));
  if (stdin.readableEnded || stdin.destroyed) gone.abort('end');
  return gone.signal;
}

/** Milliseconds in which input is thrown away: keys that were pressed before the question must not answer it. */
const DRAIN = 30;
const CONVERSATION = 500;
const CTRL_C = 0x03;

interface Keyboard {
  readonly input: NodeJS.ReadableStream;
  /** Aborted when readline closes by itself. */
  readonly closed: AbortSignal;
  /** Throws away what comes in that time; false: Ctrl-C was among it. */
  ready(drain: number): Promise<boolean>;
  stop(): void;
}

/**
 * stdin for one question. Not stdin itself: readline throws where its input reports an error (EIO once the terminal is
 * gone). And readline closes by itself on Ctrl-D, which inquirer does not settle on either: seen from here its input
 * pauses and leaves raw mode. After Ctrl-Z and fg it pauses too, in raw mode, and waits for somebody to go on.
 */
function keyboard(stdin: NodeJS.ReadStream, pressed: () => void): Keyboard {
  const closed = new AbortController();
  let [open, ahead, interrupted] = [true, true, false];
  const keys = Object.assign(new PassThrough(), { isTTY: true, isRaw: false, setRawMode: rawMode });
  function rawMode(raw: boolean): typeof keys {
    keys.isRaw = raw;
    try {
      stdin.setRawMode(raw);
    } catch {
      closed.abort('no terminal');
    }
    return keys;
  }
  const feed = (chunk: Buffer): void => {
    if (chunk.includes(CTRL_C)) pressed();
    if (!ahead) keys.write(chunk);
    else interrupted ||= chunk.includes(CTRL_C);
  };
  const look = (): void => {
    if (!open) return;
    if (keys.isRaw) keys.resume();
    else closed.abort('closed');
  };
  keys.on('pause', () => void setImmediate(look));
  stdin.on('data', feed);
  return {
    input: keys,
    closed: closed.signal,
    ready: async (drain) => {
      rawMode(true);
      stdin.resume();
      if (drain > 0) await sleep(drain);
      ahead = false;
      return !interrupted;
    },
    stop: () => {
      open = false;
      stdin.off('data', feed);
      stdin.pause();
      rawMode(false);
    },
  };
}

/** Full words: typing one moves to it. The safe one is under the cursor. */
function selectOf<T extends string>({ message, choices, default: safe }: Choosing<T>, style: Style) {
  const room = Math.max(...choices.map(({ value }) => value.length)) + 3;
  return {
    message,
    default: safe,
    loop: false,
    pageSize: choices.length,
    choices: choices.map(({ value, about }) => ({ value, name: `${padEnd(value, room)}${about}`, short: value })),
    theme: { ...themeOf(style), icon: { cursor: '❯' } },
  };
}

/** inquirer colours by what it thinks of stdout; ours are decided in one place. */
function themeOf(style: Style) {
  return {
    prefix: { idle: style.cyan('?'), done: style.green('✔') },
    style: {
      answer: style.cyan,
      message: style.bold,
      error: (text: string) => style.red(`> ${text}`),
      defaultAnswer: style.dim,
      help: style.dim,
      highlight: style.cyan,
      key: style.cyan,
      description: style.dim,
      disabled: style.dim,
      keysHelpTip: () => style.dim('arrows, or type the word; then Enter'),
    },
  };
}

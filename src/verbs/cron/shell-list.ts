import { type Dialect, NotUnderstood, shellTokens, type Token } from './shell-words.ts';

/**
 * A line of shell as a list of pipelines (POSIX.1 XCU 2.9): enough to say where its output goes and how to send it
 * elsewhere.
 */
export interface ShellLine {
  readonly list: readonly Pipeline[];
  /**
   * First and last byte of the commands: without leading blanks and a trailing comment. Both 0 where there are none.
   */
  readonly from: number;
  readonly to: number;
  /** The list ends in `;` or `&`. */
  readonly terminated: boolean;
}

export interface Pipeline {
  readonly negated: boolean;
  /** `|&` after a command sends its standard error into the pipe too. */
  readonly commands: readonly { readonly command: ShellCommand; readonly pipesError: boolean }[];
}

export type Redirect = Token & { readonly kind: 'redirect' };
export type ShellCommand =
  | { readonly kind: 'simple'; readonly words: readonly string[]; readonly redirects: readonly Redirect[] }
  /** `{ }`, `( )`, if, while, until, for: the lists inside it. */
  | {
      readonly kind: 'compound';
      readonly lists: readonly (readonly Pipeline[])[];
      readonly redirects: readonly Redirect[];
    };

export type ParsedShell =
  | { readonly ok: true; readonly line: ShellLine }
  | { readonly ok: false; readonly reason: string };

export function parseShell(text: string, dialect: Dialect): ParsedShell {
  try {
    return { ok: true, line: readLine(text, dialect) };
  } catch (problem) {
    if (problem instanceof NotUnderstood) return { ok: false, reason: problem.message };
    throw problem;
  }
}

function readLine(text: string, dialect: Dialect): ShellLine {
  const { tokens } = shellTokens(text, dialect);
  const cursor: Cursor = { tokens, at: 0 };
  const list = tokens.length === 0 ? [] : readList(cursor, []);
  const rest = peek(cursor);
  if (rest) throw new NotUnderstood(`${wordOf(rest)} stands where the shell does not expect it`);
  const last = tokens.at(-1);
  const terminated = last?.kind === 'operator' && (last.text === ';' || last.text === '&');
  return { list, from: tokens[0]?.at ?? 0, to: last?.end ?? 0, terminated };
}

interface Cursor {
  readonly tokens: readonly Token[];
  at: number;
}

function peek(cursor: Cursor): Token | undefined {
  return cursor.tokens[cursor.at];
}

function wordOf(token: Token | undefined): string {
  return token === undefined ? 'the end' : token.kind === 'redirect' ? token.operator : token.text;
}

function isOperator(token: Token | undefined, ...operators: readonly string[]): boolean {
  return token?.kind === 'operator' && operators.includes(token.text);
}

/** A word or operator that must stand here. */
function expect(cursor: Cursor, text: string): void {
  const token = peek(cursor);
  if (token?.kind === 'redirect' || wordOf(token) !== text)
    throw new NotUnderstood(`${text} is missing before ${wordOf(token)}`);
  cursor.at += 1;
}

/** Up to one of `ends` at the place of a command, or to the end of the line. */
function readList(cursor: Cursor, ends: readonly string[]): readonly Pipeline[] {
  const list: Pipeline[] = [];
  for (;;) {
    list.push(readPipeline(cursor));
    const token = peek(cursor);
    if (!isOperator(token, ';', '&', '&&', '||')) return list;
    cursor.at += 1;
    const mayEnd = isOperator(token, ';', '&');
    const next = peek(cursor);
    if (mayEnd && (next === undefined || ends.includes(wordOf(next)))) return list;
  }
}

function readPipeline(cursor: Cursor): Pipeline {
  const negated = wordOf(peek(cursor)) === '!';
  if (negated) cursor.at += 1;
  const commands: { command: ShellCommand; pipesError: boolean }[] = [];
  for (;;) {
    const command = readCommand(cursor);
    const token = peek(cursor);
    const piped = isOperator(token, '|', '|&');
    commands.push({ command, pipesError: isOperator(token, '|&') });
    if (!piped) return { negated, commands };
    cursor.at += 1;
  }
}

const UNKNOWN = new Set(['case', 'select', 'function', 'coproc', '[[', 'time']);
const MISPLACED = new Set(['then', 'do', 'done', 'fi', 'elif', 'else', 'esac', 'in', '}', '!']);

function readCommand(cursor: Cursor): ShellCommand {
  const token = peek(cursor);
  if (isOperator(token, '(')) return compound(cursor, [['(', [')']]], ')');
  if (token?.kind === 'operator' || token === undefined)
    throw new NotUnderstood(`a command is missing before ${wordOf(token)}`);
  if (token.kind === 'redirect') return readSimple(cursor);
  if (token.text === '{') return compound(cursor, [['{', ['}']]], '}');
  if (token.text === 'if') return readIf(cursor);
  if (token.text === 'while' || token.text === 'until') return compound(cursor, loop(token.text), 'done');
  if (token.text === 'for') return readFor(cursor);
  if (UNKNOWN.has(token.text)) throw new NotUnderstood(`it uses ${token.text}`);
  if (MISPLACED.has(token.text)) throw new NotUnderstood(`${token.text} stands where the shell does not expect it`);
  return readSimple(cursor);
}

type Section = readonly [opens: string, ends: readonly string[]];

function loop(word: string): readonly Section[] {
  return [
    [word, ['do']],
    ['do', ['done']],
  ];
}

function compound(cursor: Cursor, sections: readonly Section[], close: string): ShellCommand {
  const lists = sections.map(([opens, ends]) => {
    expect(cursor, opens);
    return readList(cursor, ends);
  });
  expect(cursor, close);
  return { kind: 'compound', lists, redirects: readRedirects(cursor) };
}

function readIf(cursor: Cursor): ShellCommand {
  const lists: (readonly Pipeline[])[] = [];
  const section = (opens: string, ends: readonly string[]) => {
    expect(cursor, opens);
    lists.push(readList(cursor, ends));
  };
  section('if', ['then']);
  section('then', ['elif', 'else', 'fi']);
  while (wordOf(peek(cursor)) === 'elif') {
    section('elif', ['then']);
    section('then', ['elif', 'else', 'fi']);
  }
  if (wordOf(peek(cursor)) === 'else') section('else', ['fi']);
  expect(cursor, 'fi');
  return { kind: 'compound', lists, redirects: readRedirects(cursor) };
}

function readFor(cursor: Cursor): ShellCommand {
  expect(cursor, 'for');
  const words: string[] = [];
  for (let token = peek(cursor); token?.kind === 'word' && token.text !== 'do'; token = peek(cursor)) {
    words.push(token.text);
    cursor.at += 1;
  }
  if (words.length === 0) throw new NotUnderstood('a name is missing after for');
  if (isOperator(peek(cursor), ';')) cursor.at += 1;
  const body = compound(cursor, [['do', ['done']]], 'done');
  // The words are expanded where the loop stands, outside the redirections of its commands: as if they were a command
  // of their own.
  const expansion: Pipeline = {
    negated: false,
    commands: [{ command: { kind: 'simple', words: [':', ...words], redirects: [] }, pipesError: false }],
  };
  return body.kind === 'compound' ? { ...body, lists: [[expansion], ...body.lists] } : body;
}

function readRedirects(cursor: Cursor): readonly Redirect[] {
  const redirects: Redirect[] = [];
  for (let token = peek(cursor); token?.kind === 'redirect'; token = peek(cursor)) {
    redirects.push(token);
    cursor.at += 1;
  }
  const next = peek(cursor);
  const separated = next === undefined || next.kind === 'operator' || MISPLACED.has(wordOf(next));
  if (!separated || isOperator(next, '('))
    throw new NotUnderstood(`${wordOf(next)} stands where the shell does not expect it`);
  return redirects;
}

function readSimple(cursor: Cursor): ShellCommand {
  const words: string[] = [];
  const redirects: Redirect[] = [];
  for (let token = peek(cursor); token !== undefined && token.kind !== 'operator'; token = peek(cursor)) {
    if (token.kind === 'redirect') redirects.push(token);
    else words.push(token.text);
    cursor.at += 1;
  }
  if (isOperator(peek(cursor), '(')) throw new NotUnderstood('( stands where the shell does not expect it');
  return { kind: 'simple', words, redirects };
}

import type { Problem } from '../model/problem.ts';
import { escaped, escapeJson } from './draw/escape.ts';
import { fit, hang, width } from './draw/layout.ts';
import { type Style, styleOf } from './draw/style.ts';

export interface ProblemView {
  /** The text of a file, for the frame; undefined where there is none (an option of the command line). */
  readonly textOf?: (file: string) => string | undefined;
  readonly color?: boolean;
  /** Width of the terminal; 0 or absent: 100. */
  readonly columns?: number | undefined;
}

/** Every problem with its place, the line it stands in, and what would be right. Ends with a newline. */
export function renderProblems(problems: readonly Problem[], view: ProblemView = {}): string {
  const style = styleOf(view.color ?? false);
  const columns = view.columns !== undefined && view.columns >= 40 ? view.columns : 100;
  const texts = new Map<string, readonly string[] | undefined>();
  const linesOf = (file: string): readonly string[] | undefined => {
    if (!texts.has(file)) texts.set(file, view.textOf?.(file)?.split(/\r?\n/));
    return texts.get(file);
  };
  const parts = problems.map((problem) =>
    renderProblem(problem, { line: linesOf(problem.place.file)?.[problem.place.line - 1], style, columns }),
  );
  const files = new Set(problems.map((problem) => problem.place.file)).size;
  const count = `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}${files > 1 ? ` in ${files} files` : ''}`;
  return problems.length === 0 ? '' : `${parts.join('\n')}\n${style.bad(count)}\n`;
}

/** For programs: the problems as they are, one array. */
export function problemsToJson(problems: readonly Problem[]): string {
  return escapeJson(JSON.stringify(problems, null, 2));
}

interface Paper {
  /** The line of the text that the problem stands in. */
  readonly line: string | undefined;
  readonly style: Style;
  readonly columns: number;
}

function renderProblem(problem: Problem, { line, style, columns }: Paper): string {
  const { place, code, message } = problem;
  const head = `${style.bold(`${escaped(place.file)}:${place.line}:${place.column}:`)} ${style.bad(`error[${code}]:`)} ${style.bold(escaped(message))}`;
  const gutter = String(place.line).length;
  const frame = line === undefined ? [] : frameOf(problem, line, columns - gutter - 3, style);
  const bar = style.dim(`${' '.repeat(gutter)} |`);
  const [shown, carets] = frame;
  const framed = shown === undefined ? [] : [bar, `${style.dim(`${place.line} |`)} ${shown}`, `${bar} ${carets}`];
  const notes = notesOf(problem, style, columns - gutter - 3).map(
    (note) => `${style.dim(`${' '.repeat(gutter)} ${note.startsWith(' ') ? ' ' : '='}`)} ${note}`,
  );
  return [head, ...framed, ...notes, ''].join('\n');
}

function notesOf(problem: Problem, style: Style, columns: number): readonly string[] {
  const { suggestion, allowed, hint } = problem;
  return [
    ...(suggestion === undefined ? [] : [`did you mean ${style.good(escaped(suggestion))}?`]),
    ...(allowed === undefined || allowed.length === 0 ? [] : wordList(allowed, columns)),
    ...(hint === undefined ? [] : [escaped(hint)]),
  ];
}

/**
 * All of them, the likeliest first, on as many lines as it takes. What comes from a file as long as one likes ends
 * somewhere.
 */
function wordList(words: readonly string[], columns: number): readonly string[] {
  const shown = words.slice(0, MOST_WORDS).map((word) => escaped(word));
  const rest = words.length > MOST_WORDS ? ` and ${words.length - MOST_WORDS} more` : '';
  return hang('allowed: ', `${shown.join(', ')}${rest}`, Math.max(columns, 60));
}
const MOST_WORDS = 100;

/** The line and the carets below it. A long line is shown around the place, ends cut off with an ellipsis. */
function frameOf(problem: Problem, line: string, columns: number, style: Style): readonly [string, string] {
  const start = Math.min(problem.place.column - 1, line.length);
  const end = Math.min(start + problem.place.length, Math.max(line.length, start + 1));
  const from = windowStart(line, start, columns);
  const before = printable(line.slice(from, start));
  const marked = printable(line.slice(start, end));
  const after = printable(line.slice(end));
  const lead = from > 0 ? '…' : '';
  const room = Math.max(8, columns - width(lead + before) - 1);
  const shownMark = fit(marked, room);
  const shownAfter = fit(after, Math.max(0, room - width(shownMark)));
  const carets = style.bad('^'.repeat(Math.max(1, width(shownMark))));
  return [`${lead}${before}${shownMark}${shownAfter}`.trimEnd(), `${' '.repeat(width(lead + before))}${carets}`];
}

/** Where a line begins to be shown, so that its marked part is on the screen: 0, or a third of the width before it. */
function windowStart(line: string, start: number, columns: number): number {
  if (width(printable(line.slice(0, start))) <= columns * 0.6) return 0;
  const from = Math.max(0, start - Math.floor(columns / 3));
  // Never in the middle of a surrogate pair.
  return /[\uDC00-\uDFFF]/.test(line[from] ?? '') ? from + 1 : from;
}

/** A tab is two columns here and everywhere; what a terminal would obey is written out. */
function printable(text: string): string {
  return escaped(text.replaceAll('\t', '  '));
}

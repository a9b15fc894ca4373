import { escaped } from './escape.ts';
import { hang, padEnd, wrap } from './layout.ts';
import type { Paper } from './style.ts';

/** Labels stand in one column, so that the eye finds `undo` in the same place at every step. */
export const LABEL = 10;

/** `why       text text` with its later lines below its first. The text is escaped. */
export function field(label: string, text: string, paper: Paper, paint?: (line: string) => string): readonly string[] {
  return hang(padEnd(label, LABEL), escaped(text), paper.columns, paint).map((line, at) =>
    at === 0 ? paper.style.dim(line.slice(0, LABEL)) + line.slice(LABEL) : line,
  );
}

/** The same label for several texts, said once. */
export function fields(
  label: string,
  texts: readonly string[],
  paper: Paper,
  paint?: (line: string) => string,
): readonly string[] {
  return texts.flatMap((text, at) => field(at === 0 ? label : '', text, paper, paint));
}

/** What a person could type: `108 113 117` are three pids here, not one number. */
export function commands(label: string, lines: readonly string[], paper: Paper): readonly string[] {
  const room = Math.max(10, paper.columns - LABEL);
  return lines
    .flatMap((line) => wrap(escaped(line), room, / /))
    .map((line, at) => (at === 0 ? paper.style.dim(padEnd(label, LABEL)) : ' '.repeat(LABEL)) + paper.style.cyan(line));
}

/** `ACTIONS  5, in this order` */
export function heading(title: string, after: string, paper: Paper): readonly string[] {
  return hang(`${title}  `, after, paper.columns).map((line, at) =>
    at === 0 ? paper.style.bold(line.slice(0, title.length)) + line.slice(title.length) : line,
  );
}

/** A thin line across, with a title at its left. */
export function rule(title: string, paper: Paper): string {
  const rest = Math.max(2, paper.columns - title.length - 4);
  return `${paper.style.dim('──')} ${paper.style.bold(title)} ${paper.style.dim('─'.repeat(rest))}`;
}

import { stripVTControlCharacters } from 'node:util';
import type { Paper } from './style.ts';

const PLAIN = /^[\x20-\x7e]*$/;
const NO_WIDTH = /[\p{Mn}\p{Me}]/u;
/** East Asian Wide and Fullwidth (UAX #11), and what terminals draw as emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;

/** Columns that a text takes on a terminal; colours take none. */
export function width(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let columns = 0;
  for (const character of stripVTControlCharacters(text)) columns += widthOf(character);
  return columns;
}

function widthOf(character: string): number {
  if (NO_WIDTH.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** The first part that fits, and the rest. Always takes at least one character, so that loops end. */
function cut(text: string, columns: number): readonly [string, string] {
  let taken = 0;
  let used = 0;
  for (const character of text) {
    const next = used + widthOf(character);
    if (next > columns && taken > 0) break;
    taken += character.length;
    used = next;
  }
  return [text.slice(0, taken), text.slice(taken)];
}

/** Shortened with `…` where it is too long. Plain text only. */
export function fit(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  const [head] = cut(text, columns - 1);
  return width(head) < columns ? `${head.trimEnd()}…` : '…';
}

/** `fit`, for paths: what tells two paths apart stands at their end. */
export function fitEnd(text: string, columns: number): string {
  let rest = text;
  while (width(rest) > columns - 1 && rest !== '') rest = rest.slice([...rest][0]?.length ?? 1);
  return rest === text || width(text) <= columns ? text : `…${rest}`;
}

export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)));
}

export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - width(text))) + text;
}

/** A number stays whole, with its thousands and its unit: `16 777 216`, `95.9 %`, `12 MiB`. */
const BETWEEN_WORDS = / (?!(?<=\d )(?:\d{3}(?!\d)|%|[KMGT]?i?B\b|(?:ms|s|min|h|d)\b))/;

/** Begins what must not be broken; no text has it once it is escaped. */
const WHOLE = '\u2060';

/** For `wrap`: a command that is copied as it stands. It may be longer than the line: a terminal breaks without an end of line. */
export const unbroken = (text: string): string => WHOLE + text.replaceAll(' ', '\u00a0');
const isWhole = (text: string): boolean => text.includes(WHOLE);

/** Broken between words; a word that does not fit is cut. Plain text only: colour the lines, not the text. */
export function wrap(text: string, columns: number, between = BETWEEN_WORDS): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const given of text.split(between)) {
    const whole = isWhole(given);
    const word = whole ? given.replaceAll(WHOLE, '').replaceAll('\u00a0', ' ') : given;
    const longer = line === '' ? word : `${line} ${word}`;
    if (width(longer) <= columns) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (!whole && width(line) > columns) {
      const [head, rest] = cut(line, columns);
      lines.push(head);
      line = rest;
    }
  }
  return [...lines, line];
}

/** Cut at the edge, nothing left out: for what must be shown to the byte. */
export function cutHard(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let rest = text;
  while (width(rest) > columns) {
    const [head, tail] = cut(rest, columns);
    lines.push(head);
    rest = tail;
  }
  return [...lines, rest];
}

/** `text` with its later lines under its first: `label     text text\n          text`. */
export function hang(
  label: string,
  text: string,
  columns: number,
  paint = (line: string): string => line,
): readonly string[] {
  const room = Math.max(10, columns - width(label));
  // A command that has no room beside its label gets a line of its own.
  if (text.startsWith(WHOLE) && label.trim() !== '' && width(text) - 1 > room)
    return [label.trimEnd(), ...wrap(text, columns).map((line) => `    ${paint(line)}`)];
  return wrap(text, room).map((line, at) => `${at === 0 ? label : ' '.repeat(width(label))}${paint(line)}`.trimEnd());
}

export function indent(lines: readonly string[], by: number): readonly string[] {
  return lines.map((line) => (line === '' ? line : ' '.repeat(by) + line));
}

/** Short items side by side, as `ls` lays them out in rows. */
export function grid(items: readonly string[], columns: number): readonly string[] {
  const cell = Math.min(columns, Math.max(0, ...items.map(width)) + 2);
  const across = Math.max(1, Math.floor((columns + 2) / cell));
  const rows: string[] = [];
  for (let at = 0; at < items.length; at += across) {
    rows.push(
      items
        .slice(at, at + across)
        .map((item) => padEnd(fit(item, columns), cell))
        .join('')
        .trimEnd(),
    );
  }
  return rows;
}

/** A narrower sheet, for what stands indented. */
export function narrower(paper: Paper, by: number): Paper {
  return { ...paper, columns: Math.max(20, paper.columns - by) };
}

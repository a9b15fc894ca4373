import type { Document, DocumentNode, Item, Measured, Span, Telling, Text, TextLine } from '../../model/document.ts';
import { showCount } from '../../model/text/quantity.ts';
import { showNumber } from '../number.ts';
import { renderBlocks } from './block.ts';
import { escaped } from './escape.ts';
import { hostLines, hostsText } from './hosts.ts';
import { cutHard, grid, hang, indent, narrower, padEnd, unbroken, width } from './layout.ts';
import { sparkline } from './sparkline.ts';
import { type Paper, type PaperAsked, paperOf } from './style.ts';
import { moreLine, renderTable, SHOWN } from './table.ts';

/** For a person at a screen: as wide as that is, and as far as colours help. */
export function drawTerminal({ document }: Telling, look: PaperAsked): string {
  return drawText(document(), paperOf(look));
}

export function drawText(document: Document, paper: Paper): string {
  return drawLines(document, paper)
    .map((line) => `${line}\n`)
    .join('');
}

/** A blank line stands before each further part, and before each entry. */
export function drawLines(document: Document, paper: Paper): readonly string[] {
  const lines: string[] = [];
  for (const node of document) {
    const drawn = node.on === 'page' ? [] : draw(node, paper);
    const apart = node.kind === 'entry' || (node.kind === 'section' && lines.length > 0);
    if (drawn.length > 0) lines.push(...(apart ? [''] : []), ...drawn);
  }
  return lines;
}

type Node<K extends DocumentNode['kind']> = Extract<DocumentNode, { readonly kind: K }>;
type Drawer<K extends DocumentNode['kind']> = (node: Node<K>, paper: Paper) => readonly string[];

const DRAWERS: { readonly [K in DocumentNode['kind']]: Drawer<K> } = {
  title: ({ label, text, below }, paper) => {
    const start = label === undefined ? '' : `${label}  `;
    return [{ text, tone: 'bold' } as TextLine, ...below].flatMap((line, at) =>
      hungLine({ ...line, label: at === 0 ? start : ' '.repeat(start.length) }, paper),
    );
  },
  section: (node, paper) => [...headingLines(node, paper), ...drawLines(node.inside, paper)],
  entry: entryLines,
  sentence: hungLine,
  warning: ({ text }, paper) => hungLine({ text, tone: 'bad' }, paper),
  fact: ({ label, text, tone }, paper) => factLines(label, flat(text, paper), paper, tone && paper.style[tone]),
  reason: ({ text }, paper) => factLines('why', escaped(text), paper),
  card: ({ rows }, paper) => {
    const room = Math.max(0, ...rows.map(([label]) => width(label))) + 2;
    return rows.flatMap(([label, text]) => hung(paper.style.dim(padEnd(label, room)), flat(text, paper), paper));
  },
  items: itemLines,
  commands: commandLines,
  names: nameLines,
  hosts: ({ label = '', names, lines = 2, cut = false }, paper) => {
    const room = width(label);
    const shown = hostLines(names, { ...narrower(paper, room), all: paper.all && !cut }, lines);
    return shown.map((line, at) => (at === 0 ? label : ' '.repeat(room)) + line);
  },
  rows: rowLines,
  measures: ({ of }, paper) => measureLines(of, paper),
  blocks: ({ blocks, past = false }, paper) => renderBlocks(blocks, { ...paper, past }),
  indent: ({ by, inside }, paper) => indent(drawLines(inside, narrower(paper, by)), by),
  gap: () => [''],
};

function draw<K extends DocumentNode['kind']>(node: Node<K>, paper: Paper): readonly string[] {
  const drawer: Drawer<K> = DRAWERS[node.kind as K];
  return drawer(node, paper);
}

// ---------------------------------------------------------------- text

/** Escaped, in one line; what must not be broken says so to `wrap`. */
function flat(text: Text, paper: Paper): string {
  return typeof text === 'string' ? escaped(text) : text.map((span) => spanText(span, paper)).join('');
}

function spanText(span: Span, { columns, all }: Paper): string {
  if (typeof span === 'string') return escaped(span);
  if ('command' in span) return unbroken(escaped(span.command));
  if ('strong' in span) return escaped(span.strong);
  if ('code' in span) return escaped(span.code);
  if ('list' in span) return span.list.map(escaped).join('  ');
  if ('pairs' in span) return span.pairs.map((pair) => escaped(pair.join('='))).join('  ');
  const { hosts, room = Math.max(span.least ?? 0, columns - (span.less ?? 0)) } = span;
  return hostsText(hosts, all && span.less === 0 ? Number.POSITIVE_INFINITY : room);
}

function hungLine({ label = '', text, tone }: TextLine, paper: Paper): readonly string[] {
  return hang(escaped(label), flat(text, paper), paper.columns, tone && paper.style[tone]);
}

/** `hang` for a label that has colours in it. */
export function hung(
  start: string,
  text: string,
  { columns }: Paper,
  paint?: (line: string) => string,
): readonly string[] {
  const room = width(start);
  const [first = '', ...rest] = hang(' '.repeat(room), text, columns, paint);
  return [(start + first.slice(room)).trimEnd(), ...rest];
}

/** Labels stand in one column, so that the eye finds `undo` in the same place at every step. */
const LABEL = 10;

function factLines(label: string, text: string, paper: Paper, paint?: (line: string) => string): readonly string[] {
  const start = width(label) < LABEL ? padEnd(label, LABEL) : `${label}  `;
  return hung(paper.style.dim(start), text, paper, paint);
}

/** Each stays one line, however long: a terminal breaks it without an end of line, and it is copied whole. */
function commandLines(
  { label, lines }: Node<'commands'>,
  { style, all, toSeeAll = '--all' }: Paper,
): readonly string[] {
  if (label === undefined) return lines.map(escaped);
  const left = all ? 0 : lines.length - SHOWN;
  const shown = left > 0 ? [...lines.slice(0, SHOWN), `# … ${left} more: ${toSeeAll}`] : lines;
  return shown.map(
    (line, at) => (at === 0 ? style.dim(padEnd(label, LABEL)) : ' '.repeat(LABEL)) + style.cyan(escaped(line)),
  );
}

// ---------------------------------------------------------------- headings

function headingLines(node: Node<'section'>, paper: Paper): readonly string[] {
  const { title, aside = '', tone = 'bold', asideTone, look } = node;
  const { columns, style } = paper;
  if (title === '') return [];
  if (look !== undefined) {
    const rest = '─'.repeat(Math.max(2, columns - width(escaped(title)) - 4));
    return [`${style.dim('──')} ${style.bold(escaped(title))} ${style.dim(rest)}`];
  }
  const [heading, text] = [style[tone](escaped(title)), flat(aside, paper)];
  // A verdict is looked for in one line.
  if (asideTone !== undefined) return [`${heading}  ${style[asideTone](text)}`];
  return text === '' ? [heading] : hung(`${heading}  `, text, paper);
}

const isNumber = (mark: string): boolean => /^\d+$/.test(mark);

function entryLines(
  { mark, tone = 'bold', name, status, after, inside }: Node<'entry'>,
  paper: Paper,
): readonly string[] {
  const { style } = paper;
  const lead = isNumber(mark) ? style[tone](padEnd(mark, 3)) : `  ${style[tone](mark)}`;
  const said = after.length === 0 && status !== undefined ? [status] : after;
  const asides = said.map((text, at) => style.dim(`${at === 0 ? '' : ' '}· ${escaped(text)}`)).join('');
  const heading = `${lead} ${style.bold(escaped(name))} ${asides}`.trimEnd();
  return [heading, ...indent(drawLines(inside, narrower(paper, 4)), 4)];
}

// ---------------------------------------------------------------- lists

/** No name is given more room than that. */
const NAMES = 24;

function itemLines(
  { items, most = items.length, what, flush = false }: Node<'items'>,
  paper: Paper,
): readonly string[] {
  const room = Math.min(NAMES, Math.max(0, ...items.map(({ name = '' }) => width(escaped(name)))));
  const shown = paper.all ? items : items.slice(0, most);
  const more = `… ${showCount(items.length - shown.length)} more ${what}: ${paper.toSeeAll ?? '--all'}`;
  const rest = shown.length < items.length ? [`  ${paper.style.yellow(more)}`] : [];
  const lines = shown.flatMap((item) => {
    const lead = leadOf(item, room, paper).slice(flush ? 2 : 0);
    return [
      ...firstLines(item, lead, paper),
      ...indent(
        (item.notes ?? []).flatMap((note) => hungLine(note, { ...paper, columns: paper.columns - width(lead) })),
        width(lead),
      ),
      ...indent(drawLines(item.inside ?? [], narrower(paper, 4)), 4),
    ];
  });
  return [...lines, ...rest];
}

function leadOf({ mark, markTone, name }: Omit<Item, 'text'>, room: number, { style }: Paper): string {
  const painted = isNumber(mark) ? padEnd(mark, 3) : markTone === undefined ? mark : style[markTone](mark);
  return `  ${painted} ${name === undefined ? '' : `${padEnd(escaped(name), room)}  `}`;
}

/** A very long name leaves no room beside it: the text begins behind it and goes on below the name. */
function firstLines({ hosts, text, tone, name, ...item }: Item, lead: string, paper: Paper): readonly string[] {
  const paint = tone && paper.style[tone];
  if (hosts !== undefined) {
    const sheet = { ...narrower(paper, width(lead)), all: paper.all && hosts.cut !== true };
    const [first = '', ...rest] = hostLines(hosts.names, sheet, hosts.lines);
    return [lead + first, ...indent(rest, width(lead))];
  }
  if (name === undefined || width(lead) <= paper.columns / 2) return hung(lead, flat(text, paper), paper, paint);
  return hung(leadOf(item, 0, paper), `${escaped(name)}  ${flat(text, paper)}`, paper, paint);
}

/** How many, how much, and which by name. Never a list that looks whole and is not. */
function nameLines({ label, text, names, count }: Node<'names'>, paper: Paper): readonly string[] {
  const { style, all, columns, toSeeAll = '--all' } = paper;
  const shown = all ? names : names.slice(0, SHOWN);
  const head = (texts: string) => factLines(label, escaped(texts), paper);
  if (shown.length === 0) return head(text);
  const more = names.length > shown.length ? `: ${toSeeAll}` : ' that the same selector matches';
  const rest = shown.length < count ? [style.yellow(`… ${showCount(count - shown.length)} more${more}`)] : [];
  return [...head(`${text}:`), ...indent([...grid(shown.map(escaped), columns - LABEL), ...rest], LABEL)];
}

/** Below that many columns what is long leaves no room for the rest. */
const ROOMY = 140;

function rowLines({ columns, rows, first, whole, roomy }: Node<'rows'>, paper: Paper): readonly string[] {
  const at = columns.indexOf(roomy ?? '');
  const cut = <T>(cells: readonly T[]) =>
    at < 0 || paper.columns >= ROOMY || paper.all ? cells : cells.toSpliced(at, 1);
  const texts = rows.map((cells) => cut(cells.map((cell) => flat(cell, paper))));
  const table = { columns: cut(columns), rows: texts, first: first ?? rows.length };
  const toSeeAll = whole === undefined ? {} : { toSeeAll: escaped(whole) };
  return [...renderTable(table, paper), ...moreLine(rows.length, { ...paper, ...toSeeAll }, table.first)];
}

// ---------------------------------------------------------------- what was measured

/** One line a value: its name, its latest number and how it went; of a text what it was, the latest last. */
function measureLines(of: readonly Measured[], paper: Paper): readonly string[] {
  const latest = of.map(({ values, texts }) => (texts ? '' : showNumber(values.at(-1) ?? null)));
  const nameRoom = Math.max(0, ...of.map(({ name }) => width(escaped(name))));
  const numberRoom = Math.max(0, ...latest.map(width));
  return of.map(({ name, values, texts, wrong }, at) => {
    const paint = paper.style[wrong === null ? 'cyan' : wrong === 'counts' ? 'red' : 'yellow'];
    const loud = wrong === null ? String : paper.style[wrong === 'counts' ? 'bad' : 'warn'];
    const start = `  ${padEnd(escaped(name), nameRoom)}  `;
    if (texts) return (wrong === null ? start : paint(start)) + paint(lastTexts(texts, paper.columns - width(start)));
    const label = `${start}${' '.repeat(numberRoom - width(latest[at] ?? ''))}${latest[at] ?? ''}`;
    const bars = sparkline(values, Math.max(8, Math.min(60, paper.columns - width(label) - 4)));
    return `${loud(label)}  ${paint(bars)}`;
  });
}

/** `stopped → starting → running`, from the left as far as there is room for the latest. */
function lastTexts(texts: readonly string[], room: number): string {
  const shown = texts.map(escaped);
  for (let from = 0; from < shown.length - 1; from += 1) {
    const line = `${from > 0 ? '… → ' : ''}${shown.slice(from).join(' → ')}`;
    if (width(line) <= room) return line;
  }
  return cutHard(shown.at(-1) ?? '', Math.max(8, room))[0] ?? '';
}

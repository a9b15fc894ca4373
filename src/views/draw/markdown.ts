import type { Block } from '../../model/block.ts';
import type { Document, DocumentNode, Item, Measured, Span, Telling, Text, TextLine } from '../../model/document.ts';
import { showCount } from '../../model/text/quantity.ts';
import { names } from '../fold.ts';
import { showNumber } from '../number.ts';
import { renderBlock } from './block.ts';
import { escaped } from './escape.ts';
import { code, fence, inCell, inline, lineStart, md, mdTable } from './markup.ts';
import { sparkline } from './sparkline.ts';
import { styleOf } from './style.ts';

/** For tickets and for whoever reads in the morning: GitHub's Markdown. What decides stands first. */
export function drawMarkdown({ document, whole }: Telling): string {
  const nodes = document().filter(({ on }) => on !== 'screen');
  const isShort = (node: DocumentNode): boolean => node.kind === 'section' && node.look === 'short';
  const [head = [], rest = []] = [nodes.slice(0, 1), nodes.slice(1)];
  const inOrder = [...head, ...rest.filter(isShort), ...rest.filter((node) => !isShort(node))];
  return `${joined(chunksOf(inOrder, { whole: whole ?? 'firebreak report --format json', depth: 2 }))}\n`;
}

interface Sheet {
  readonly whole: string;
  readonly depth: number;
}

/** Lines that belong together; `list`: a list, which goes on in the next chunk if that is one too. */
interface Chunk {
  readonly lines: readonly string[];
  readonly list?: boolean;
}

function joined(chunks: readonly Chunk[]): string {
  return chunks
    .flatMap(({ lines, list }, at) => [...(at === 0 || (list && chunks[at - 1]?.list) ? [] : ['']), ...lines])
    .join('\n');
}

function chunksOf(document: Document, sheet: Sheet): readonly Chunk[] {
  return document.filter(({ on }) => on !== 'screen').flatMap((node) => chunks(node, sheet));
}

type Node<K extends DocumentNode['kind']> = Extract<DocumentNode, { readonly kind: K }>;
type Drawer<K extends DocumentNode['kind']> = (node: Node<K>, sheet: Sheet) => readonly Chunk[];

const one = (...lines: readonly string[]): readonly Chunk[] => [{ lines }];
const list = (lines: readonly string[]): readonly Chunk[] => (lines.length === 0 ? [] : [{ lines, list: true }]);

const DRAWERS: { readonly [K in DocumentNode['kind']]: Drawer<K> } = {
  title: ({ page }) => one(`# ${inlineOf(page)}`),
  section: ({ title, page = worded(title), inside }, sheet) => {
    const body = chunksOf(inside, { ...sheet, depth: title === '' ? sheet.depth : sheet.depth + 1 });
    return title === '' ? body : [...one(`${'#'.repeat(sheet.depth)} ${md(page)}`), ...body];
  },
  entry: ({ mark, name, status, inside }, sheet) => {
    const number = /^\d+$/.test(mark) ? `${mark}. ` : '';
    const reasons = inside.filter((node) => node.kind === 'reason');
    return [
      ...one(`### ${number}${md(name)}${status === undefined ? '' : `: ${md(status)}`}`),
      ...reasons.flatMap(({ text }) => one(`Why: ${md(text)}.`)),
      ...chunksOf(
        inside.filter((node) => node.kind !== 'reason'),
        { ...sheet, depth: 4 },
      ),
    ];
  },
  sentence: (line) => one(lineText(line)),
  warning: ({ text }) => one(`> ${inlineOf(text)}`),
  fact: ({ label, page = label, text }) => list([`- **${md(worded(page))}:** ${inlineOf(text)}`]),
  reason: ({ text }) => one(`Why: ${md(text)}.`),
  card: ({ rows }) =>
    one(
      ...mdTable(
        ['', ''],
        rows.map(([label, text]) => [inCell(md(label)), cellOf(text)]),
      ),
    ),
  items: ({ items, todo = false }, sheet) => list(items.flatMap((item) => itemLines(item, todo, sheet))),
  commands: ({ label = '', page = label === '' ? '' : `${worded(label)}:`, lines }) => [
    ...(page === '' ? [] : one(md(page))),
    ...one(...fence('sh', lines.map(escaped))),
  ],
  names: nameChunks,
  hosts: ({ label = '', names: hosts }) => one(md(`${label}${names(hosts)}`)),
  rows: ({ columns, rows }) =>
    one(
      ...mdTable(
        columns,
        rows.map((cells) => cells.map(cellOf)),
      ),
    ),
  measures: ({ of }) =>
    of.length === 0 ? [] : one(...mdTable(['of', 'series', 'first', 'last', 'lowest', 'highest'], of.map(measured))),
  blocks: ({ blocks, past = false }, { whole }) => blocks.flatMap((block) => blockChunks(block, whole, past)),
  indent: ({ inside }, sheet) => chunksOf(inside, sheet),
  gap: () => [],
};

function chunks<K extends DocumentNode['kind']>(node: Node<K>, sheet: Sheet): readonly Chunk[] {
  const drawer: Drawer<K> = DRAWERS[node.kind as K];
  return drawer(node, sheet);
}

/** `TO UNDO` as a heading, `by hand` as a label. */
const worded = (label: string): string => {
  const text = /[a-z]/.test(label) ? label : label.toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
};

// ---------------------------------------------------------------- text

function inlineOf(text: Text): string {
  return typeof text === 'string' ? md(text) : lineStart(text.map(spanText).join('')).trim();
}

/** What would begin a list or a heading does not in a cell. */
const cellOf = (text: Text): string =>
  inCell(typeof text === 'string' ? inline(text).trim() : text.map(spanText).join(''));

function spanText(span: Span): string {
  if (typeof span === 'string') return inline(span);
  if ('command' in span) return code(span.command);
  if ('strong' in span) return `**${inline(span.strong)}**`;
  if ('code' in span) return code(span.code);
  if ('hosts' in span) return inline(names(span.hosts));
  return ('list' in span ? span.list : span.pairs.map((pair) => pair.join(' = '))).map(md).join('<br>');
}

const lineText = ({ label = '', page, text }: TextLine): string =>
  `${inline(label).trimStart()}${inlineOf(page ?? text)}`;

/** What is told below an item stands in its own column, and so belongs to it. */
function itemLines(item: Item, todo: boolean, sheet: Sheet): readonly string[] {
  const inside = joined(chunksOf(item.inside ?? [], sheet));
  return [
    itemText(item, todo),
    ...(inside === '' ? [] : ['', ...inside.split('\n').map((line) => `  ${line}`.trimEnd()), '']),
  ];
}

function itemText({ mark, name, text, hosts, notes = [] }: Item, todo: boolean): string {
  const lead = todo ? '- [ ] ' : /^\d+$/.test(mark) ? `${mark}. ` : '- ';
  const said = hosts === undefined ? inlineOf(text) : md(names(hosts.names));
  const more = notes.map((note) => `; ${lineText(note)}`).join('');
  return `${lead}${name === undefined ? '' : `${md(name)}: `}${said}${more}`;
}

// ---------------------------------------------------------------- what is long

/** Rows of a table, and members of a list: the JSON has them all. */
const SHOWN = 20;
const FEW = 3;

function more(count: number, whole: string): readonly Chunk[] {
  return count > 0 ? one(`… and ${showCount(count)} more; see ${code(whole)}.`) : [];
}

function nameChunks({ label, text, names: all, count }: Node<'names'>, { whole }: Sheet): readonly Chunk[] {
  if (all.length === 0) return list([`- **${md(worded(label))}:** ${md(text)}`]);
  if (count <= FEW) return list([`- **${md(worded(label))}:** ${all.map(md).join(', ')}`]);
  const lines = all.slice(0, SHOWN).map(escaped);
  return [
    ...one(`${md(worded(label))}: ${md(text)}`),
    ...one(...fence('text', lines)),
    ...more(count - lines.length, whole),
  ];
}

/** Wider than any line, so that nothing is broken or cut: a page is read in a pager or a browser. */
const SHEET = { columns: 100_000, style: styleOf(false), all: true };

function blockChunks(block: Block, whole: string, past: boolean): readonly Chunk[] {
  if (block.kind === 'table') {
    const rows = block.rows.slice(0, SHOWN);
    if (rows.length === 0) return [];
    const title = block.title === '' ? [] : one(`${md(block.title)}:`);
    const body = renderBlock({ ...block, title: '', rows }, SHEET);
    return [...title, ...one(...fence('text', body)), ...more(block.rows.length - rows.length, whole)];
  }
  const body = renderBlock(block, { ...SHEET, past });
  return body.length === 0 ? [] : one(...fence(block.kind === 'diff' ? 'diff' : 'text', body));
}

/** One row a value: how it went, and its numbers. */
function measured({ name, values, texts }: Measured): readonly string[] {
  if (texts) return [name, texts.join(' → '), texts[0] ?? '', texts.at(-1) ?? ''].map(cellOf).concat(['', '']);
  const seen = values.filter((value) => value !== null);
  const [first, last] = [seen.at(0), seen.at(-1)];
  const numbers =
    first === undefined || last === undefined
      ? ['?', '?', '?', '?']
      : [first, last, Math.min(...seen), Math.max(...seen)].map(showNumber);
  return [cellOf(name), sparkline(values), ...numbers];
}

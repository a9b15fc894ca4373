import type { Block } from '../../model/block.ts';
import { showCount } from '../../model/quantity.ts';
import { renderBlock } from '../block.ts';
import { fence, md } from '../markdown.ts';
import { styleOf } from '../style.ts';

/** Rows of a table, and members of a list: the JSON has them all. */
export const SHOWN = 20;
/** Wider than any line, so that nothing is broken or cut: a report is read in a pager or a browser. */
const SHEET = { columns: 100_000, style: styleOf(false), all: true };

export function blocks(shown: readonly Block[]): readonly string[] {
  return shown.flatMap((block) => blockLines(block));
}

function blockLines(block: Block): readonly string[] {
  switch (block.kind) {
    case 'table': {
      const rows = block.rows.slice(0, SHOWN);
      if (rows.length === 0) return [];
      const body = renderBlock({ ...block, title: '', rows }, SHEET);
      const title = block.title === '' ? [] : [`${md(block.title)}:`, ''];
      return ['', ...title, ...fence('text', body), ...more(block.rows.length - rows.length)];
    }
    case 'diff':
      return ['', ...fence('diff', renderBlock(block, SHEET).map(wasNow))];
    case 'text':
    case 'series': {
      const body = renderBlock(block, SHEET);
      return body.length === 0 ? [] : ['', ...fence('text', body)];
    }
  }
}

/** A report is read later: what a plan calls now is before. */
function wasNow(line: string, at: number): string {
  return at === 0 ? line.replace(/ \(now\)$/, ' (before)') : line;
}

export function more(count: number): readonly string[] {
  return count > 0 ? ['', `… and ${showCount(count)} more; see \`firebreak report --format json\`.`] : [];
}

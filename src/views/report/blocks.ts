import type { Block } from '../../model/block.ts';
import { showCount } from '../../model/text/quantity.ts';
import { renderBlock } from '../block.ts';
import { styleOf } from '../draw/style.ts';
import { fence, md } from '../markdown.ts';

/** Rows of a table, and members of a list: the JSON has them all. */
export const SHOWN = 20;
/** Wider than any line, so that nothing is broken or cut: a report is read in a pager or a browser. */
const SHEET = { columns: 100_000, style: styleOf(false), all: true };

/** `whole`: the command that shows what is left out. */
export function blocks(shown: readonly Block[], whole = REPORT): readonly string[] {
  return shown.flatMap((block) => blockLines(block, whole));
}

const REPORT = 'firebreak report --format json';

function blockLines(block: Block, whole: string): readonly string[] {
  switch (block.kind) {
    case 'table': {
      const rows = block.rows.slice(0, SHOWN);
      if (rows.length === 0) return [];
      const body = renderBlock({ ...block, title: '', rows }, SHEET);
      const title = block.title === '' ? [] : [`${md(block.title)}:`, ''];
      return ['', ...title, ...fence('text', body), ...more(block.rows.length - rows.length, whole)];
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

export function more(count: number, whole = REPORT): readonly string[] {
  return count > 0 ? ['', `… and ${showCount(count)} more; see \`${whole}\`.`] : [];
}

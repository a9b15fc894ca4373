import type { Block } from '../../model/block.ts';
import { showNumber } from '../number.ts';
import { renderDiff } from './diff.ts';
import { escaped } from './escape.ts';
import { cutHard, width } from './layout.ts';
import { sparkline } from './sparkline.ts';
import type { Paper } from './style.ts';
import { moreLine, renderTable, SHOWN } from './table.ts';

/** What a verb shows, as lines of text. All of it is data and is escaped. */
export function renderBlock(block: Block, paper: Paper): readonly string[] {
  switch (block.kind) {
    case 'text': {
      const lines = paper.all ? block.lines : block.lines.slice(0, SHOWN);
      return [
        ...lines.flatMap((line) => cutHard(escaped(line), paper.columns)),
        ...moreLine(block.lines.length, paper),
      ];
    }
    case 'table':
      if (block.rows.length === 0) return [];
      return [
        ...title(block.title, paper),
        ...renderTable(block, paper),
        ...moreLine(block.rows.length, paper, block.first),
      ];
    case 'diff':
      return renderDiff(block.path, block.before, block.after, paper);
    case 'series':
      return [...title(block.title, paper), ...series(block.values, paper)];
  }
}

export function renderBlocks(blocks: readonly Block[], paper: Paper): readonly string[] {
  return blocks.flatMap((block) => renderBlock(block, paper));
}

function title(text: string, paper: Paper): readonly string[] {
  return text === '' ? [] : cutHard(escaped(text), paper.columns).map(paper.style.bold);
}

function series(values: readonly number[], paper: Paper): readonly string[] {
  const [first] = values;
  const last = values.at(-1);
  if (first === undefined || last === undefined) return [paper.style.dim('no sample')];
  const numbers = `first ${showNumber(first)}, last ${showNumber(last)}, min ${showNumber(Math.min(...values))}, max ${showNumber(Math.max(...values))}`;
  const room = paper.columns - width(numbers) - 2;
  return room >= 10
    ? [`${sparkline(values, room)}  ${numbers}`]
    : [sparkline(values, paper.columns), ...cutHard(numbers, paper.columns)];
}

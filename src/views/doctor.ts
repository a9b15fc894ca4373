import { escaped } from './draw/escape.ts';
import { padEnd, wrap } from './draw/layout.ts';
import type { Paper } from './draw/style.ts';

interface Shown {
  readonly name: string;
  readonly state: 'well' | 'limited' | 'stuck';
  readonly seen: string;
  readonly instead: string | null;
}

/** One row a check; below it, where something is not as it should be, what is done instead. */
export function doctorText(checks: readonly Shown[], paper: Paper): string {
  const widest = Math.max(...checks.map(({ name }) => name.length));
  const indent = ' '.repeat(widest + 4);
  const lines = checks.flatMap(({ name, state, seen, instead }) => {
    const texts = [...wrap(escaped(seen), paper.columns - indent.length)];
    const more = instead === null ? [] : wrap(escaped(instead), paper.columns - indent.length - 2);
    return [
      `${markOf(state, paper)} ${padEnd(escaped(name), widest)}  ${texts[0] ?? ''}`,
      ...texts.slice(1).map((text) => `${indent}${text}`),
      ...more.map((text, at) => `${indent}${paper.style.dim(`${at === 0 ? '→' : ' '} ${text}`)}`),
    ];
  });
  return `${[...lines, '', verdict(checks, paper)].join('\n')}\n`;
}

function markOf(state: Shown['state'], { style }: Paper): string {
  return { well: style.green('✔'), limited: style.yellow('!'), stuck: style.red('✖') }[state];
}

function verdict(checks: readonly Shown[], { style }: Paper): string {
  return checks.some(({ state }) => state === 'stuck')
    ? style.bad('A run could not act now.')
    : style.good('A run could act now.');
}

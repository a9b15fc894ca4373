import { showCount } from '../../model/text/quantity.ts';
import { foldHosts, naturally } from '../fold.ts';
import { escaped } from './escape.ts';
import { grid, wrap } from './layout.ts';
import type { Paper } from './style.ts';

type Folded = ReturnType<typeof foldHosts>[number];

/** The names of a group in at most `lines` lines, the rest counted; with `all` every one of them. */
export function hostLines(hosts: readonly string[], paper: Paper, lines = 2): readonly string[] {
  if (paper.all) return grid([...hosts].sort(naturally).map(escaped), paper.columns);
  const folds = foldHosts(hosts);
  const { columns, toSeeAll = '--all' } = paper;
  const whole = joined(folds, columns);
  if (whole.length <= lines) return whole;
  const cut = (at: number) => joined([...folds.slice(0, at), left(folds.slice(at), toSeeAll)], columns);
  return cut(
    Math.max(
      0,
      folds.findLastIndex((_, at) => cut(at).length <= lines),
    ),
  );
}

function left(folds: readonly Folded[], toSeeAll: string): Folded {
  const count = folds.reduce((sum, fold) => sum + fold.count, 0);
  return { text: `… ${showCount(count)} more: ${toSeeAll}`, count };
}

function joined(folds: readonly Folded[], columns: number): readonly string[] {
  return wrap(folds.map(({ text }) => escaped(text)).join(', '), columns, /(?<=,) /);
}

/** `web-1, web-2 … 14 more` on one line, where there is no room for more. */
export function hostsText(hosts: readonly string[], columns: number): string {
  const folds = foldHosts(hosts);
  const text = (shown: number): string => {
    const rest = folds.slice(shown).reduce((sum, { count }) => sum + count, 0);
    const names = folds.slice(0, shown).map((fold) => escaped(fold.text));
    return [...names, ...(rest === 0 ? [] : [`… ${showCount(rest)} more`])].join(', ');
  };
  let shown = folds.length;
  while (shown > 0 && text(shown).length > columns) shown -= 1;
  return text(shown);
}

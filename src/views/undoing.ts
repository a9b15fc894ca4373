import { canBeUndone, sayWayBack } from '../model/run/undo.ts';
import { partIn, type UndoPart } from '../model/run/undo-part.ts';
import type { RunState, UndoEntry } from '../model/state.ts';
import { escaped } from './draw/escape.ts';
import { hang } from './draw/layout.ts';
import type { Paper } from './draw/style.ts';

/** Which run a rollback is of, what it undoes, newest first, and what stays. */
export function renderUndoing(state: RunState, part: UndoPart | null, paper: Paper): readonly string[] {
  const entries = partIn(state.undo, part).toReversed();
  const lines = entries.flatMap((entry) => entryLines(entry, paper));
  return [
    ...hang('', escaped(`rollback of ${whichRun(state)}`), paper.columns, paper.style.bold),
    ...lines,
    ...(entries.some(canBeUndone) ? [] : ['  nothing of it is left to undo']),
  ];
}

/** `20261123-165504-paint-3f2a: paint 1.0.0 on lab, 2026-11-23 16:55:04 UTC, by root, held`. */
function whichRun({ run, host, meta, finished }: RunState): string {
  if (meta === null) return run;
  const { name, version } = meta.runbook;
  const when = `${meta.at.replace('T', ' ').replace(/(\.\d+)?Z$/, '')} UTC`;
  const end = finished === null ? 'unfinished' : finished.outcome.replaceAll('-', ' ');
  return `${run}: ${name} ${version} on ${host}, ${when}, by ${meta.who}, ${end}`;
}

function entryLines(entry: UndoEntry, paper: Paper): readonly string[] {
  const { step, undo } = entry;
  const back = sayWayBack(entry);
  if (canBeUndone(entry)) return hang('  undo   ', escaped(`${step}: ${back}`), paper.columns);
  if (undo.kind === 'nothing' && back === null) return [];
  const why = undo.kind === 'irreversible' ? [undo.because] : [];
  return hang('  stays  ', escaped(`${step}: ${[...why, ...(back === null ? [] : [back])].join('; ')}`), paper.columns);
}

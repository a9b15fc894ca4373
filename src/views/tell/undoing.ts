import { type Document, sentence } from '../../model/document.ts';
import { canBeUndone, sayWayBack } from '../../model/run/undo.ts';
import { partIn, type UndoPart } from '../../model/run/undo-part.ts';
import type { RunState, UndoEntry } from '../../model/state.ts';
import { spacedOut } from './clock.ts';

/** Which run a rollback is of, what it undoes, newest first, and what stays. */
export function tellUndoing(state: RunState, part: UndoPart | null): Document {
  const entries = partIn(state.undo, part).toReversed();
  return [
    sentence(`rollback of ${whichRun(state)}`, 'bold'),
    ...entries.flatMap(entryLines),
    ...(entries.some(canBeUndone) ? [] : [sentence('nothing of it is left to undo', undefined, '  ')]),
  ];
}

/** `20261123-165504-paint-3f2a: paint 1.0.0 on lab, 2026-11-23 16:55:04 UTC, by root, held`. */
function whichRun({ run, host, meta, finished }: RunState): string {
  if (meta === null) return run;
  const { name, version } = meta.runbook;
  const end = finished === null ? 'unfinished' : finished.outcome.replaceAll('-', ' ');
  return `${run}: ${name} ${version} on ${host}, ${spacedOut(meta.at)} UTC, by ${meta.who}, ${end}`;
}

function entryLines(entry: UndoEntry): Document {
  const { step, undo } = entry;
  const back = sayWayBack(entry);
  if (canBeUndone(entry)) return [sentence(`${step}: ${back}`, undefined, '  undo   ')];
  if (undo.kind === 'nothing' && back === null) return [];
  const why = undo.kind === 'irreversible' ? [undo.because] : [];
  return [sentence(`${step}: ${[...why, ...(back === null ? [] : [back])].join('; ')}`, undefined, '  stays  ')];
}

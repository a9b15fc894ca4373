import { isUnfinishedEnd } from '../../../model/fleet/outcome.ts';
import type { HostState } from '../../../model/fleet/state.ts';
import type { Touched } from './follow.ts';

/** What to type for a host; nothing where it was never begun. */
export function toDo(
  { host, run, end, rolledBack }: HostState,
  touched: Touched | undefined,
  fleet: string,
): readonly string[] {
  if (end === null || run === null) return [];
  const resumable = isUnfinishedEnd(end) && rolledBack === null;
  const undo = touched?.undoable === true && rolledBack === null;
  return [
    ...(resumable ? [`firebreak resume ${fleet} --host ${host}`] : []),
    ...(undo ? [`firebreak rollback ${fleet} --host ${host}`] : []),
    `firebreak report ${run}`,
  ];
}

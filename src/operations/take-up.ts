import type { RunEvent } from '../model/event.ts';
import { isBeingUndone, type RunState } from '../model/state.ts';
import type { Ending } from '../run/running.ts';
import type { RunParts, RunRequest } from './carry-out.ts';
import { resume } from './resume.ts';
import { rollBack } from './rollback.ts';

/** What the journal of a run tells. */
export interface Told {
  readonly state: RunState;
  readonly events: readonly RunEvent[];
}

/** Goes on where the journal ends: an undo that was cut short goes on as an undo, and is not begun anew as a run. */
export function takeUp(request: RunRequest, parts: RunParts, told: Told): Promise<Ending> {
  return wasUndoing(told) ? rollBack(request, parts, told.state, null) : resume(request, parts, told.state);
}

/** A rollback that was asked for may have been cut short before its first undo. */
export function wasUndoing({ state, events }: Told): boolean {
  const last = events.findLast(({ type }) => type === 'run.resumed' || type === 'run.finished');
  return isBeingUndone(state) || (last?.type === 'run.resumed' && last.to === 'roll-back');
}

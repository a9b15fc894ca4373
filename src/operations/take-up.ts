import { isBeingUndone, type RunState } from '../model/state.ts';
import type { Ending } from '../run/running.ts';
import type { RunParts, RunRequest } from './carry-out.ts';
import { resume } from './resume.ts';
import { rollBack } from './rollback.ts';

/** Goes on where the journal ends: an undo that was cut short goes on as an undo, and is not begun anew as a run. */
export function takeUp(request: RunRequest, parts: RunParts, state: RunState): Promise<Ending> {
  return isBeingUndone(state) ? rollBack(request, parts, state, null) : resume(request, parts, state);
}

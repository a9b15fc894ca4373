import { openJournal } from '../../src/journal/append.ts';
import type { Fact } from '../../src/model/event.ts';
import { isLight } from '../../src/model/event.ts';
import { assertEvent } from './event-schema.ts';
import { stamped } from './story.ts';

/** A real journal below `state`, as a run that had these facts leaves it. Resolves to its folder. */
export async function writeRun(state: string, uid: number, run: string, facts: readonly Fact[]): Promise<string> {
  const opened = await openJournal({ places: [{ path: state, home: true }], uid, run });
  if (!opened.ok) throw new Error(opened.message);
  for (const event of stamped(facts, run)) {
    assertEvent(event);
    await opened.journal.append(event, { light: isLight(event) });
  }
  await opened.journal.close();
  return opened.journal.folder;
}

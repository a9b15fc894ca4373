import { type LocalJournal, openJournal } from '../journal/append.ts';
import { placesFor } from '../journal/places.ts';
import { newRunId } from '../journal/run-id.ts';
import type { Result } from '../model/host.ts';

interface Who {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly home: string;
}

/** A journal for a new run, at the first place that really takes one. */
export function openRun(who: Who, runbook: string): Promise<Result<{ readonly journal: LocalJournal }>> {
  const run = newRunId({ now: Date.now(), runbook, random: Math.random });
  return openJournal({ places: placesFor(who), uid: who.uid, run });
}

import type { Json } from '../model/json.ts';
import { afterUndo, canBeUndone, isCovered, stepsLeft, toRevert } from '../model/run/undo.ts';
import { type Applied, notActed } from '../model/verb.ts';
import { releaseLeases } from './lease.ts';
import { acting, type Done, type Running } from './running.ts';
import { heard } from './severed.ts';
import { undoStep } from './undo-step.ts';

/** What a rollback could not take back, a sentence each. */
export interface Remains {
  /** Things that could be undone and were not, or that a person must undo. The host is between two states. */
  readonly left: readonly string[];
  /** Acts that were confirmed as irreversible and have changed something. */
  readonly irreversible: readonly string[];
  /** Acts that failed; nobody knows whether they changed anything. */
  readonly unsure: readonly string[];
}

/** All is as it was, as far as anybody can tell. */
export const isWhole = ({ left, irreversible }: Remains): boolean => left.length === 0 && irreversible.length === 0;

export const sayRemains = ({ left, irreversible, unsure }: Remains): readonly string[] => [
  ...left,
  ...irreversible,
  ...unsure,
];

interface Options {
  /** What would bring the incident back too. */
  readonly dangerous: boolean;
}

/**
 * Undoes what was done, newest first. What cannot be undone is named, what would bring the incident back is left unless
 * it is allowed.
 */
export async function rollback(running: Running, why: string, options: Options): Promise<Remains> {
  const { book, emit } = running;
  const newestFirst = book.done.toReversed();
  await emit({ type: 'rollback.started', why, steps: newestFirst.map((done) => done.step) });
  const left: string[] = [];
  const irreversible: string[] = [];
  const unsure: string[] = [];
  for (const done of newestFirst) {
    if (isCovered(done, newestFirst)) continue;
    if (canBeUndone(done)) {
      const remains = await undoOne(running, done, options);
      if (remains !== null) left.push(`${done.step}: ${remains}`);
    } else if (done.undo.kind === 'irreversible' || done.declared) {
      const list = done.declared ? left : done.sure ? irreversible : unsure;
      list.push(`${done.step}: ${sayForGood(done)}`);
    } else await forget(running, done);
  }
  const remains = { left, irreversible, unsure };
  await emit({ type: 'rollback.finished', complete: isWhole(remains), left: sayRemains(remains) });
  return remains;
}

function sayForGood(done: Done): string {
  const { undo, declared, sure } = done;
  const why =
    undo.kind === 'irreversible'
      ? `${undo.because}${undo.evidence === '' ? '' : ` (${undo.evidence})`}`
      : 'it has no undo';
  const cannot = sure ? `cannot be undone, ${why}` : `it failed, and what it may have changed cannot be undone, ${why}`;
  return declared?.kind === 'note' ? `${cannot}; by hand: ${declared.text}` : cannot;
}

/** Removes an undone step and its earlier tries from the book, and releases its leases. */
async function forget(running: Running, done: Done): Promise<void> {
  const { book } = running;
  const gone = book.done.filter((one) => one === done || (one.step === done.step && isCovered(one, book.done)));
  for (const one of gone) book.done.splice(book.done.indexOf(one), 1);
  const keys = [...book.leases].filter(([, lease]) => lease.step === done.step).map(([key]) => key);
  await releaseLeases(running, `undo of ${done.step}`, keys);
}

/**
 * Null: undone. Else why it is not. First what the action derived, then the author's steps; where one fails the rest is
 * left.
 */
async function undoOne(running: Running, done: Done, options: Options): Promise<string | null> {
  if (done.dangerous !== null && !options.dangerous) return `left as it is: ${done.dangerous}`;
  let back = done;
  const settle = async (part?: number): Promise<void> => {
    const next = afterUndo(back, part);
    if (next === null) return forget(running, back);
    running.book.done.splice(running.book.done.indexOf(back), 1, next);
    back = next;
  };
  if (back.undo.kind === 'revert' && toRevert(back)) {
    const { say, data } = back.undo;
    await running.emit({ type: 'undo.intended', step: back.step, say });
    const applied = await heard(running.host, `whether ${back.step} was undone is not known`, () =>
      revert(running, back, data),
    );
    await running.emit({ type: 'undo.applied', step: back.step, applied });
    if (applied.outcome !== 'done') return withNote(back, applied.reason ?? applied.summary);
    await settle();
  }
  for (const step of stepsLeft(back)) {
    const part = (back.parts ?? 0) + 1;
    const applied = await undoStep(running, back, { step, part });
    if (applied.outcome !== 'done') return `${step.say}: ${applied.reason ?? applied.summary}`;
    await settle(part);
  }
  return null;
}

/** Adds the author's note for the person who must now undo it by hand. */
const withNote = ({ declared }: Done, why: string): string =>
  declared?.kind === 'note' ? `${why}; by hand: ${declared.text}` : why;

async function revert(running: Running, done: Done, data: Json): Promise<Applied> {
  try {
    const verb = await running.catalogue.action(done.verb);
    // An undo is not cut short by the interrupt that caused it.
    return await verb.revert(acting(running, done.step, done.records, new AbortController().signal), data);
  } catch (error) {
    return notActed(`undo of ${done.step} broke off`, String(error));
  }
}

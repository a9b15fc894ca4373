import type { Json } from '../model/json.ts';
import type { Applied } from '../model/verb.ts';
import { releaseLeases } from './lease.ts';
import { acting, type Done, type Running } from './running.ts';
import { heard } from './severed.ts';

/** What a rollback could not take back, a sentence each. */
export interface Remains {
  /** Could have been undone and was not: the host is between two states. */
  readonly left: readonly string[];
  /** Was named as irreversible before it was confirmed; it does not make a rollback incomplete. */
  readonly irreversible: readonly string[];
}

/** Undoes what was done, newest first. What cannot be undone is named, what would bring the incident back is left unless it is allowed. */
export async function rollback(running: Running, why: string, options: { readonly dangerous: boolean }): Promise<Remains> {
  const { book, emit } = running;
  const newestFirst = book.done.toReversed();
  await emit({ type: 'rollback.started', why, steps: newestFirst.map((done) => done.step) });
  const left: string[] = [];
  const irreversible: string[] = [];
  for (const done of newestFirst) {
    if (done.undo.kind === 'irreversible') {
      irreversible.push(`${done.step}: cannot be undone, ${done.undo.because} (${done.undo.evidence})`);
      continue;
    }
    const remains = await undoOne(running, done, options);
    if (remains === null) await forget(running, done);
    else left.push(`${done.step}: ${remains}`);
  }
  await emit({ type: 'rollback.finished', complete: left.length === 0, left: [...left, ...irreversible] });
  return { left, irreversible };
}

/** What is undone needs no undo and no lease any more. */
async function forget(running: Running, done: Done): Promise<void> {
  running.book.done.splice(running.book.done.indexOf(done), 1);
  const keys = [...running.book.leases].filter(([, lease]) => lease.step === done.step).map(([key]) => key);
  await releaseLeases(running, `undo of ${done.step}`, keys);
}

/** Null: undone. Else why it is not. */
async function undoOne(running: Running, done: Done, options: { readonly dangerous: boolean }): Promise<string | null> {
  if (done.undo.kind !== 'revert') return null;
  if (done.dangerous !== null && !options.dangerous) return `left as it is: ${done.dangerous}`;
  await running.emit({ type: 'undo.intended', step: done.step, say: done.undo.say });
  const { data } = done.undo;
  const applied = await heard(running.host, `whether ${done.step} was undone is not known`, () => revert(running, done, data));
  await running.emit({ type: 'undo.applied', step: done.step, applied });
  return applied.outcome === 'done' ? null : (applied.reason ?? applied.summary);
}

async function revert(running: Running, done: Done, data: Json): Promise<Applied> {
  try {
    const verb = await running.catalogue.action(done.verb);
    // An undo is not cut short by the interrupt that caused it.
    return await verb.revert(acting(running, done.step, done.records, new AbortController().signal), data);
  } catch (error) {
    return { outcome: 'failed', summary: `undo of ${done.step} broke off`, reason: String(error), used: {}, blocks: [] };
  }
}

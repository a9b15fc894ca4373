import type { Failure } from '../model/host.ts';
import type { Json } from '../model/json.ts';
import { isObject } from '../model/json.ts';
import { dangerOf } from '../model/policy/danger.ts';
import { addCosts } from '../model/policy/decide.ts';
import { JournalError } from '../model/ports.ts';
import type { Limits, Step } from '../model/runbook.ts';
import { tookSome } from '../model/state.ts';
import { showDuration } from '../model/text/quantity.ts';
import { type ActionVerb, type Applied, notActed, type Observation } from '../model/verb.ts';
import { declaredUndo } from './declared.ts';
import { armLease, fenceLeases, LEASE_OVER, releaseLeases } from './lease.ts';
import { acting, type Done, type Running } from './running.ts';
import { heard } from './severed.ts';

/** Above this number of targets the journal leaves out their machine-readable form. */
const MEMBERS_KEPT = 1000;

/**
 * One try of one action: bytes kept, intent durable, then the act, then what came of it. A throw leaves an intent
 * without an outcome: unknown. So does a lost connection.
 */
export async function attempt(
  running: Running,
  step: Step,
  tried: { readonly verb: ActionVerb; readonly arg: Json; readonly observation: Observation; readonly number: number },
): Promise<Applied> {
  const { emit, book } = running;
  const { verb, arg, observation } = tried;
  const records = await keepBytes(running, observation.keep);
  const declared = declaredUndo(running, step);
  const costs = costsOf(verb, observation);
  await emit({
    type: 'action.intended',
    step: step.id,
    verb: step.verb,
    attempt: tried.number,
    targets: journaled(observation.targets),
    undo: observation.undo,
    ...(declared && { declared }),
    records,
    costs,
  });
  book.reserved = {};
  // In the book before the act: an act that throws half-way must be undone too.
  const done: Done = {
    step: step.id,
    verb: step.verb,
    undo: observation.undo,
    ...(declared && { declared }),
    records,
    dangerous: dangerOf(running.runbook, step, arg),
    sure: true,
  };
  book.done.push(done);
  const ready = await heard(running.host, `${step.id} was not begun`, async () => ({
    unarmed: await armLease(running, step, observation.lease),
    // The engine may have been frozen while the intent was written.
    late: await fenceLeases(running),
  }));
  const act = () =>
    inTime(running, step, (signal) =>
      verb
        .apply(acting(running, step.id, records, signal), arg, observation)
        .catch((error: unknown) => brokeOff(error, costs)),
    );
  let applied = ready.unarmed
    ? notWithout(ready.unarmed)
    : ready.late
      ? notBegun()
      : await heard(running.host, `whether ${step.id} was done, or how far, is not known`, act);
  applied = counted(applied, book.reserved);
  await emit({ type: 'action.applied', step: step.id, applied });
  book.done.pop();
  if (touched(applied))
    book.done.push({
      ...done,
      undo: applied.undo ?? done.undo,
      sure: applied.outcome !== 'failed' || tookSome(applied.used),
    });
  book.used = addCosts(book.used, applied.used);
  await releaseLeases(running, step.id, applied.releases ?? []);
  return applied;
}

/** The step's `timeout` sends the act to its next safe point, as an interrupt does; but then the step has failed. */
async function inTime(
  running: Running,
  { timeout }: Step,
  act: (signal?: AbortSignal) => Promise<Applied>,
): Promise<Applied> {
  if (timeout === undefined) return act();
  const deadline = AbortSignal.timeout(timeout);
  const applied = await act(AbortSignal.any([running.interrupts.signal, deadline]));
  if (!deadline.aborted || running.interrupts.signal.aborted || applied.outcome === 'done') return applied;
  return { ...applied, outcome: 'failed', reason: `it did not end within ${showDuration(timeout)} (timeout)` };
}

/**
 * A verb that throws has a bug, or a port has: what it changed by then is not known, so its undo stays in the book, and
 * what it may have used counts.
 */
function brokeOff(error: unknown, used: Limits): Applied {
  if (error instanceof JournalError) throw error;
  return { outcome: 'failed', summary: 'broke off', reason: String(error), used, blocks: [] };
}

/** An act that failed half-way may not know how much it has used: then all that it had reserved counts. */
export function counted(applied: Applied, reserved: Limits): Applied {
  return applied.outcome === 'failed' ? { ...applied, used: { ...reserved, ...applied.used } } : applied;
}

/** What it does not reserve itself as it goes. How long it is stopped is watched over by its lease. */
function costsOf({ reserves = [] }: ActionVerb, { costs }: Observation): Limits {
  const own = Object.entries(costs).filter(
    ([name]) => name !== 'stopped_for' && !reserves.some((limit) => limit === name),
  );
  return Object.fromEntries(own);
}

/** A resume does it. */
function notBegun(): Applied {
  return notActed('not begun', LEASE_OVER, { outcome: 'partial', undo: { kind: 'nothing' } });
}

/** Nothing is stopped if nobody would start it again. */
function notWithout({ message }: Failure): Applied {
  const reason = `not stopped, since its lease could not be armed: ${message}`;
  return notActed('not stopped', reason, { undo: { kind: 'nothing' } });
}

/** A failed action may have changed something: its undo tells, and looks before it acts. */
function touched(applied: Applied): boolean {
  return applied.undo?.kind !== 'nothing';
}

export async function keepBytes(
  running: Running,
  keep: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const records: Record<string, string> = {};
  for (const [name, bytes] of Object.entries(keep)) records[name] = await running.journal.keep(bytes);
  return records;
}

export function journaled(targets: Observation['targets']): Observation['targets'] {
  return targets.count <= MEMBERS_KEPT
    ? targets
    : {
        ...targets,
        members: targets.members.slice(0, 20),
        detail: isObject(targets.detail) ? (targets.detail.handle ?? null) : null,
      };
}

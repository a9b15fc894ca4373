import type { Step } from '../model/runbook.ts';
import type { Observation } from '../model/verb.ts';
import { acting, type Lease, type Running } from './running.ts';

/**
 * What is stopped for the remedy runs again when the engine stops, for whatever reason that it can catch. Armed before the stop.
 * The engine renews a lease while it lives, up to `limits.stopped_for`; then the run is fenced: no further act.
 */
export async function armLease(running: Running, step: Pick<Step, 'id' | 'verb'>, lease: Observation['lease']): Promise<void> {
  if (!lease) return;
  const longest = running.plan.limits.stopped_for ?? lease.within;
  const until = running.clock.monotonic() + Math.max(lease.within, longest);
  const armed: Lease = { step: step.id, verb: step.verb, undo: lease.undo, say: lease.say, until };
  running.book.leases.set(lease.key, armed);
  running.book.stopped.push({ key: lease.key, from: running.clock.now(), to: null });
  watchDeadline(running, lease.key, armed);
  await running.emit({ type: 'lease.armed', step: step.id, key: lease.key, within: lease.within, undo: lease.undo, say: lease.say });
}

export async function releaseLeases(running: Running, by: string, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    if (running.book.leases.delete(key)) await running.emit({ type: 'lease.released', key, by });
    runsAgain(running, key);
  }
}

/** Why a run is interrupted when a lease runs out. */
export const LEASE_OVER = 'a lease ran out';

/** Raises the interrupt at the deadline, unless the lease has been released by then: prompts end, actions reach their safe point. */
function watchDeadline(running: Running, key: string, lease: Lease): void {
  void running.clock.sleep(lease.until - running.clock.monotonic(), running.book.over.signal).then(() => {
    if (running.book.leases.get(key) === lease) running.interrupts.raise(LEASE_OVER);
  });
}

function runsAgain(running: Running, key: string): void {
  for (const stopped of running.book.stopped) if (stopped.key === key) stopped.to ??= running.clock.now();
}

/** Starts again what is still stopped. Goes on when the journal is dead: the host matters more than the record of it. Returns whether all run. */
export async function restoreLeases(running: Running): Promise<boolean> {
  let all = true;
  for (const [key, lease] of running.book.leases) {
    running.book.leases.delete(key);
    const restored = await restore(running, lease);
    all &&= restored.ok;
    if (restored.ok) runsAgain(running, key);
    await running.emit({ type: 'lease.restored', key, ...restored }).catch(() => {});
  }
  return all;
}

async function restore(running: Running, lease: Lease): Promise<{ readonly ok: boolean; readonly summary: string }> {
  try {
    const verb = await running.catalogue.action(lease.verb);
    const applied = await verb.revert(acting(running, lease.step, {}, new AbortController().signal), lease.undo);
    return { ok: applied.outcome === 'done', summary: applied.reason ?? applied.summary };
  } catch (error) {
    return { ok: false, summary: String(error) };
  }
}

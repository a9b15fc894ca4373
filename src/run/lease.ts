import { starved } from '../model/host/no-fork.ts';
import type { Failure } from '../model/host.ts';
import { isByDefault } from '../model/policy/decide.ts';
import type { Step } from '../model/runbook.ts';
import type { OpenLease } from '../model/state.ts';
import type { LeaseTerms } from '../model/verb.ts';
import { acting, type Lease, type Running } from './running.ts';
import { heard } from './severed.ts';
import { type Armed, letGo, watchOver } from './watchdog.ts';

/** Why a run is interrupted when a lease runs out. */
export const LEASE_OVER = 'a lease ran out';

/**
 * Milliseconds before the deadline at which we give a lease up. We then start the service alone, so that the watchdog
 * does not start it at the same moment.
 */
const MARGIN = 5000;
const TRY_AGAIN = 5000;

/**
 * A service that is stopped for the remedy runs again even if the engine dies: a watchdog is armed before the stop. The
 * engine renews the lease while it lives, up to `limits.stopped_for`; then no further act is allowed. Only if no
 * process slot is free for a watchdog, the engine alone watches until there is one. A failure means that the step may
 * not act.
 */
export async function armLease(
  running: Running,
  step: Pick<Step, 'id' | 'verb'>,
  terms: LeaseTerms | undefined,
): Promise<Failure | null> {
  if (!terms) return null;
  const lease = leaseOf(running, step, terms);
  const armed = await watchOver(running, lease, terms.within);
  if (!armed.ok && !starved(armed)) return armed;
  await hold(running, lease, armed);
  return null;
}

/**
 * Takes over a service that an earlier engine has stopped. If no new lease can be armed, the earlier one must be
 * enough.
 */
export async function takeOver(running: Running, earlier: OpenLease & { readonly verb: string }): Promise<void> {
  const { step, verb, handle, deadline } = earlier;
  // The time counts from the first stop: a resume does not start the limit again.
  const stopped = Math.max(0, running.clock.now() - Date.parse(earlier.armed.at)) || 0;
  const lease = leaseOf(running, { id: step, verb }, earlier, stopped);
  if (deadline !== null) lease.watch = { handle, deadline };
  const left = Math.max(SOON, lease.until - running.clock.monotonic());
  await hold(running, lease, await watchOver(running, lease, Math.min(earlier.within, left)));
}

/** Milliseconds in which a service is started that may not stay stopped any more. */
const SOON = 1000;

export function leaseOf(
  running: Pick<Running, 'clock' | 'plan' | 'runbook'>,
  step: Pick<Step, 'id' | 'verb'>,
  terms: LeaseTerms,
  stopped = 0,
): Lease {
  const { key, service, also, within, undo, say } = terms;
  const { limits } = running.plan;
  // A default only bounds what the step asks for. Only a written limit may be used up.
  const most = isByDefault('stopped_for', limits, running.runbook.limits) ? within : (limits.stopped_for ?? within);
  const until = running.clock.monotonic() + Math.max(within, most) - stopped;
  return {
    key,
    service,
    ...(also && { also }),
    within,
    undo,
    say,
    step: step.id,
    verb: step.verb,
    until,
    watch: null,
    busy: Promise.resolve(),
  };
}

async function hold(running: Running, lease: Lease, armed: Armed): Promise<void> {
  if (armed.ok) lease.watch = armed.watch;
  const { step, key, service, also, within, undo, say } = lease;
  const { handle = null, deadline = null } = lease.watch ?? {};
  running.book.leases.set(key, lease);
  running.book.stopped.push({ key, from: running.clock.now(), to: null });
  void keep(running, lease);
  await running.emit({
    type: 'lease.armed',
    step,
    key,
    service,
    ...(also && { also }),
    within,
    undo,
    say,
    handle,
    deadline,
  });
  if (!armed.ok) await running.emit({ type: 'note', text: notYet(service, armed) });
}

const notYet = (service: string, { message }: Failure): string =>
  `no new watchdog starts ${service} if this run dies; it is tried again after each step: ${message}`;

/** Arms leases that have no watchdog yet, after a step has freed process slots. */
export async function armTheUnarmed(running: Running): Promise<void> {
  for (const lease of running.book.leases.values()) if (lease.watch === null) await renewed(running, lease);
}

/**
 * Before an act: a lease may have run out while the engine was frozen or the machine asleep, when no timer of ours
 * could tell.
 */
export async function fenceLeases(running: Running): Promise<boolean> {
  let late = false;
  for (const lease of running.book.leases.values()) late ||= (await standing(running, lease)).over;
  if (late) running.interrupts.raise(LEASE_OVER);
  return late;
}

export async function releaseLeases(running: Running, by: string, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    const lease = running.book.leases.get(key);
    runsAgain(running, key);
    if (lease) await release(running, lease, by);
  }
}

/** The journal comes first. If we crash now, the watchdog only starts a service that already runs. */
async function release(running: Running, lease: Lease, by: string): Promise<void> {
  running.book.leases.delete(lease.key);
  try {
    await running.emit({ type: 'lease.released', key: lease.key, by });
  } finally {
    await lease.busy;
    await letGoOf(running, lease);
  }
}

function runsAgain(running: Running, key: string): void {
  for (const stopped of running.book.stopped) if (stopped.key === key) stopped.to ??= running.clock.now();
}

/**
 * Starts every service that is still stopped. It goes on without a journal, because the host matters more than its
 * record. Returns whether all of them run.
 */
export async function restoreLeases(running: Running): Promise<boolean> {
  let all = true;
  for (const [key, lease] of running.book.leases) {
    running.book.leases.delete(key);
    const restored = await heard(running.host, `whether ${lease.service} was started again is not known`, () =>
      restore(running, lease),
    ).catch((error: unknown) => {
      // Still armed over there, and to be told.
      running.book.leases.set(key, lease);
      throw error;
    });
    all &&= restored.ok;
    if (restored.ok) runsAgain(running, key);
    await running.emit({ type: 'lease.restored', key, ...restored }).catch(() => {});
    await lease.busy;
    // What we could not start again, its watchdog still tries to.
    if (restored.ok) await letGoOf(running, lease);
  }
  return all;
}

const letGoOf = (running: Running, lease: Lease): Promise<void> =>
  heard(
    running.host,
    `${lease.service} runs; whether its watchdog was let go is not known, and it starts what runs already`,
    () => letGo(running, lease),
  );

async function restore(running: Running, lease: Lease): Promise<{ readonly ok: boolean; readonly summary: string }> {
  try {
    const verb = await running.catalogue.action(lease.verb);
    const applied = await verb.revert(acting(running, lease.step, {}, new AbortController().signal), lease.undo);
    return { ok: applied.outcome === 'done', summary: applied.reason ?? applied.summary };
  } catch (error) {
    return { ok: false, summary: String(error) };
  }
}

// ---------------------------------------------------------------- while the engine lives

const isHeld = (running: Running, lease: Lease): boolean =>
  running.book.leases.get(lease.key) === lease && !running.book.over.signal.aborted;

/**
 * Renews at half time, as long as the limits leave something to gain; at the end raises the interrupt: prompts end,
 * actions reach their safe point.
 */
async function keep(running: Running, lease: Lease): Promise<void> {
  while (isHeld(running, lease)) {
    await running.clock.sleep((await standing(running, lease)).pause, running.book.over.signal);
    if (!isHeld(running, lease)) return;
    const { over, due } = await standing(running, lease);
    if (over) return running.interrupts.raise(LEASE_OVER);
    if (due) await renewed(running, lease);
  }
}

async function renewed(running: Running, lease: Lease): Promise<void> {
  const before = lease.busy;
  lease.busy = (async () => {
    await before;
    if (!isHeld(running, lease)) return;
    const armed = await watchOver(
      running,
      lease,
      Math.min(lease.within, lease.until - running.clock.monotonic()),
    ).catch(() => null);
    if (!armed?.ok) return;
    lease.watch = armed.watch;
    // If the lease was released meanwhile, its releaser waits for us and then lets go of this watchdog too.
    if (isHeld(running, lease))
      await running.emit({ type: 'lease.renewed', key: lease.key, ...armed.watch }).catch(() => {});
  })();
  await lease.busy;
}

interface Standing {
  /** No further act: the limit is reached, or its watchdog has fired or is about to. */
  readonly over: boolean;
  readonly due: boolean;
  /** Milliseconds until there is something to do about it. */
  readonly pause: number;
}

async function standing(running: Running, lease: Lease): Promise<Standing> {
  const margin = Math.min(MARGIN, lease.within / 10);
  const allowed = lease.until - running.clock.monotonic();
  const watched = await watchedFor(running, lease);
  const end = Math.min(allowed, watched) - margin;
  const toHalf = watched - lease.within / 2;
  const worthIt = lease.watch === null || allowed > watched + margin;
  const again = lease.watch === null || toHalf <= 0;
  const pause = worthIt ? Math.min(again ? Math.min(TRY_AGAIN, margin) : toHalf, end) : end;
  return { over: end <= 0, due: worthIt && again, pause: Math.max(0, pause) };
}

/** Milliseconds that its watchdog still waits; below 0 it has fired, or a reboot has ended it. */
async function watchedFor(running: Running, { watch }: Lease): Promise<number> {
  if (watch === null) return Number.POSITIVE_INFINITY;
  const facts = await running.host.machine.facts().catch(() => null);
  // The host does not answer now. The next act will notice; until then the timers use our own clock.
  if (facts === null || facts.bootId === '') return Date.parse(watch.deadline.at) - running.clock.now();
  const { bootId, uptime } = facts;
  return bootId === watch.deadline.boot ? watch.deadline.uptime - uptime : Number.NEGATIVE_INFINITY;
}

import { identityKey } from '../../model/host/processes.ts';
import type { ProcessIdentity, ProcessRecord, ProcessSelector, SignalResult } from '../../model/host.ts';
import { isObject, type Json } from '../../model/json.ts';
import { plural, showDuration } from '../../model/text/quantity.ts';
import { type Act, type Applied, notActed } from '../../model/verb.ts';

/** What ends a process; the other signals are messages, or stop it. */
export const SIGNALS = ['TERM', 'INT', 'KILL'] as const;
export type KillSignal = (typeof SIGNALS)[number];

export interface KillOrder {
  readonly selector: ProcessSelector;
  readonly signal: KillSignal;
  /** Milliseconds. */
  readonly grace: number;
  readonly thenKill: boolean;
}

/** A target as the observation keeps it. */
type Target = ProcessIdentity & { readonly name: string; readonly state: string };

/** What was done so far; lives for one apply. */
interface Sweep {
  readonly act: Act;
  readonly order: KillOrder;
  readonly planned: ReadonlySet<string>;
  readonly allowance: number;
  /** Every target that was sent a signal, by identity. */
  readonly sent: Map<string, Target>;
  /** Targets that were alive at the last look. Processes that have ended are not looked at again. */
  readonly living: Map<string, Target>;
  /** Those that may not be signalled, with why. */
  readonly refused: Map<string, string>;
  /** New processes for which the limit leaves no room. */
  readonly overLimit: Set<string>;
  /** Processes that were about to be signalled. After a crash nobody knows whether they were. */
  readonly reserved: { count: number };
  readonly started: number;
}

const POLL = 75;
/** Milliseconds between two looks. A list of 20 000 processes takes about half a second. */
const LOOK_AGAIN = 1000;
/** KILL needs no grace; only a process inside the kernel takes longer. */
const KILL_WAIT = 3000;

/** The rounds: the signal, grace, KILL. Between them, and between two looks, is where it stops when it is told to. */
export async function sweep(act: Act, order: KillOrder, detail: Json): Promise<Applied> {
  if (act.signal.aborted)
    return notActed('nothing was signalled', 'told to stop before it began', { outcome: 'partial' });
  const planned = targetsIn(detail);
  const state: Sweep = {
    act,
    order,
    planned: new Set(planned.map(identityKey)),
    allowance: act.allowance('kill'),
    sent: new Map(),
    living: new Map(),
    refused: new Map(),
    overLimit: new Set(),
    reserved: { count: 0 },
    started: act.clock.monotonic(),
  };
  await signalNew(state, planned);
  await round(state, order.grace);
  if (order.thenKill && !act.signal.aborted) await killLeft(state);
  return await outcomeOf(state);
}

function targetsIn(detail: Json): readonly Target[] {
  const listed = isObject(detail) ? detail.processes : null;
  return Array.isArray(listed) ? (listed as unknown as readonly Target[]) : [];
}

/** Signals what was not signalled yet, as far as the limit goes. */
async function signalNew(state: Sweep, found: readonly Target[]): Promise<void> {
  const fresh = found.filter((each) => !state.sent.has(identityKey(each)) && !state.refused.has(identityKey(each)));
  const room = Math.max(0, state.allowance - state.sent.size);
  for (const each of fresh.slice(room)) state.overLimit.add(identityKey(each));
  const now = fresh.slice(0, room);
  if (now.length === 0) return;
  state.reserved.count += now.length;
  await state.act.reserve?.('kill', state.reserved.count, now.map(identityKey));
  record(state, now, await state.act.host.processes.signal(now, state.order.signal));
}

function record(state: Sweep, targets: readonly Target[], results: readonly SignalResult[]): void {
  const byPid = new Map(targets.map((each) => [each.pid, each]));
  for (const { pid, outcome, reason } of results) {
    const target = byPid.get(pid);
    if (target && outcome === 'sent') {
      state.sent.set(identityKey(target), target);
      state.living.set(identityKey(target), target);
    }
    if (target && outcome === 'refused')
      state.refused.set(identityKey(target), `${target.name}(${pid}): ${reason ?? 'refused'}`);
  }
}

/** Until all have ended and nobody new has come, or the time is over. */
async function round(state: Sweep, grace: number): Promise<void> {
  const { act } = state;
  const deadline = act.clock.monotonic() + grace;
  let looked = Number.NEGATIVE_INFINITY;
  while (!act.signal.aborted) {
    const left = await alive(state);
    report(state, left);
    const now = act.clock.monotonic();
    if (left.length === 0 || now - looked >= LOOK_AGAIN) {
      const before = state.sent.size;
      await addNew(state);
      looked = now;
      if (left.length === 0 && state.sent.size === before) return;
    }
    if (now >= deadline || act.signal.aborted) return;
    await act.clock.sleep(Math.min(POLL, deadline - now), act.signal);
  }
}

async function alive({ act, living }: Sweep): Promise<readonly Target[]> {
  const still = new Set((await act.host.processes.alive([...living.values()])).map(identityKey));
  for (const key of living.keys()) if (!still.has(key)) living.delete(key);
  return [...living.values()];
}

/** A look that fails adds no process. The known ones are still ended, and verify looks again. */
async function addNew(state: Sweep): Promise<void> {
  await signalNew(state, await stillMatching(state));
}

async function stillMatching({ act, order }: Sweep): Promise<readonly ProcessRecord[]> {
  const list = await act.host.processes.list(order.selector);
  return list.ok ? list.processes.filter((each) => each.spared === undefined) : [];
}

async function killLeft(state: Sweep): Promise<void> {
  const left = await alive(state);
  if (left.length === 0) return;
  state.act.progress({
    done: state.sent.size - left.length,
    total: state.sent.size,
    text: `KILL for the ${left.length} that are left`,
  });
  record(state, left, await state.act.host.processes.signal(left, 'KILL'));
  await round({ ...state, order: { ...state.order, signal: 'KILL' } }, KILL_WAIT);
}

function report(state: Sweep, left: readonly Target[]): void {
  const done = state.sent.size - left.length;
  state.act.progress({
    done,
    total: state.sent.size,
    text: `${plural(done, 'process', 'processes')} of ${state.sent.size} ended`,
  });
}

async function outcomeOf(state: Sweep): Promise<Applied> {
  const left = await namedStates(state, await alive(state));
  const ended = state.sent.size - left.length;
  const added = [...state.sent.keys()].filter((key) => !state.planned.has(key)).length;
  const problems = [
    ...(left.length > 0 ? [`still there: ${left.map(survivorText).join(', ')}`] : []),
    ...(state.refused.size > 0 ? [`not signalled: ${[...state.refused.values()].join('; ')}`] : []),
    ...(state.overLimit.size > 0
      ? [`${plural(state.overLimit.size, 'process', 'processes')} more than the limit kill allows, left alone`]
      : []),
  ];
  const took = showDuration(state.act.clock.monotonic() - state.started);
  return {
    outcome: outcomeName(state, problems),
    summary: `${plural(ended, 'process', 'processes')} ended in ${took}${added > 0 ? `, ${added} of them new since the plan` : ''}`,
    ...(problems.length > 0 && { reason: problems.join('; ') }),
    used: { kill: state.sent.size },
    blocks: [],
  };
}

function outcomeName(state: Sweep, problems: readonly string[]): Applied['outcome'] {
  if (problems.length === 0) return 'done';
  return state.act.signal.aborted || state.overLimit.size > 0 ? 'partial' : 'failed';
}

/** The state of now: the one that was seen when the plan was made is old. */
async function namedStates(state: Sweep, left: readonly Target[]): Promise<readonly Target[]> {
  if (left.length === 0) return left;
  const list = await state.act.host.processes.list(state.order.selector);
  const now = new Map(list.ok ? list.processes.map((each) => [identityKey(each), each.state]) : []);
  return left.map((each) => ({ ...each, state: now.get(identityKey(each)) ?? each.state }));
}

function survivorText({ name, pid, state }: Target): string {
  return `${name}(${pid})${state === 'D' ? ' in state D, which no signal ends before the kernel lets go' : ''}`;
}

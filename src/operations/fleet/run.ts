import { batchesLeft, batchesOf } from '../../model/fleet/batches.ts';
import { isUnfinishedEnd } from '../../model/fleet/outcome.ts';
import type { FleetPlan } from '../../model/fleet/ports.ts';
import { type FleetState, type HostState, initialFleet } from '../../model/fleet/state.ts';
import type { Target } from '../../model/fleet.ts';
import type { OutcomeName } from '../../model/outcome.ts';
import { runbookMark } from '../../model/runbook.ts';
import { NO_SECRETS } from '../../model/secret.ts';
import { atMost } from '../at-most.ts';
import { goThrough, type Stopped } from './batches.ts';
import { resumeOn, rollBackOn, type Turn } from './host.ts';
import { type FleetEnding, live } from './life.ts';
import { type LookedAt, lookAtAll } from './look.ts';
import type { Fleet, FleetParts, FleetRequest } from './parts.ts';
import { endOf, fleetPlanOf, groupsOf } from './plan.ts';

/**
 * The same runbook on many hosts: every one is planned before any is touched, then they are gone through in batches,
 * the first of them the canary. Each host has a run of its own, with journal, lock and interrupts, held to the plan
 * that was made of it.
 */
export function runFleet(request: FleetRequest, parts: FleetParts): Promise<FleetEnding> {
  const { runbook, params, strategy, hosts, skipped, who, policy, tool, reach } = request;
  const begin = {
    type: 'fleet.started',
    runbook: runbookMark(runbook),
    text: runbook.source.text,
    ...{ params, strategy, hosts, skipped, who, tool, reach },
    mode: policy === null ? 'interactive' : 'unattended',
    policy: policy && { path: policy.source.path, hash: policy.source.hash },
  } as const;
  return live({ request, parts, before: initialFleet }, begin, (fleet) => planAndGo(fleet, hosts));
}

/**
 * Goes on where the journal ends: unfinished runs are resumed first, since something of theirs may be stopped; hosts
 * that were never begun, or could not be reached, are planned anew and go on by the strategy. What has ended stays as
 * it is.
 */
export function resumeFleet(
  request: FleetRequest,
  parts: FleetParts,
  before: FleetState,
  only: ReadonlySet<string> | null,
): Promise<FleetEnding> {
  const mine = before.hosts.filter(({ host }) => only?.has(host) ?? true);
  const canary = !before.hosts.some(({ end }) => end?.outcome === 'held');
  const failed = canary ? before.hosts.filter(({ end, run }) => end?.outcome === 'recurred' && run !== null) : [];
  const unfinished = mine.filter((host) => isUnfinished(host) && !failed.includes(host));
  const anew = mine.filter(isToBegin);
  const hosts = [...unfinished, ...anew].map(({ host }) => host);
  return live(
    { request, parts, before },
    { type: 'fleet.resumed', to: 'finish', who: request.who, hosts },
    async (fleet) => {
      await undoCanaries(fleet, failed);
      const notBegun = await resumeAll(fleet, unfinished, canary);
      const names = new Set([...anew.map(({ host }) => host), ...notBegun]);
      const targets = request.hosts.filter(({ name }) => names.has(name));
      const failing = fleet.brakes.failing();
      if (targets.length === 0 || failing !== null)
        return failing === null ? interrupted(fleet) : { why: failing, outcome: null };
      return interrupted(fleet) ?? planAndGo(fleet, targets);
    },
  );
}

/** Outcomes with a reason that may be gone by now. If the run was begun, its own journal tells whether it has ended. */
const AGAIN: readonly OutcomeName[] = ['outcome-unknown', 'interrupted', 'locked', 'no-journal', 'bug'];

const isUnfinished = ({ status, run, end }: HostState): boolean =>
  status === 'running' ||
  (status === 'ended' && run !== null && end !== null && (AGAIN.includes(end.outcome) || isUnfinishedEnd(end)));

const isToBegin = ({ status, run, end }: HostState): boolean =>
  status === 'waiting' || (run === null && end !== null && AGAIN.includes(end.outcome));

/**
 * A remedy that did not hold is not tried on other hosts. If the engine died before the undo, this life does the undo.
 */
async function undoCanaries(fleet: Fleet, canaries: readonly HostState[]): Promise<void> {
  for (const { host, run, end, rolledBack } of canaries) {
    const target = fleet.request.hosts.find(({ name }) => name === host);
    fleet.brakes.failed(`the canary ${host} did not hold: ${end?.reasons.join('; ')}`);
    if (rolledBack === null && run !== null && target !== undefined)
      await rollBackOn(fleet, { target, run, dangerous: false });
  }
}

/** Returns the hosts whose runs had not begun after all. */
async function resumeAll(fleet: Fleet, hosts: readonly HostState[], canary: boolean): Promise<readonly string[]> {
  const notBegun: string[] = [];
  await atMost(fleet.request.strategy.atOnce, hosts, async ({ host, run }) => {
    const target = fleet.request.hosts.find(({ name }) => name === host);
    if (target === undefined || run === null || fleet.brakes.stopping() !== null) return;
    const end = await resumeOn(fleet, { target, run, canary });
    if (end === null) notBegun.push(host);
  });
  return notBegun;
}

function interrupted({ brakes }: Fleet): Stopped | null {
  const why = brakes.stopping();
  return why === null ? null : { why, outcome: 'interrupted' };
}

// ---------------------------------------------------------------- plan, approve, go

async function planAndGo(fleet: Fleet, targets: readonly Target[]): Promise<Stopped | null> {
  const looked = await lookAtAll(fleet.request, lookParts(fleet), targets);
  if (fleet.brakes.stopping() !== null) return interrupted(fleet);
  await planned(fleet, looked);
  const turns = looked.flatMap(turnOf);
  const again = new Set(turns.map(({ target }) => target.name));
  const begun = fleet.state().hosts.filter(({ host, run }) => run !== null && !again.has(host));
  const going = goingOn(fleet, turns, begun);
  await show(fleet, looked, going.batches);
  if (turns.length === 0) return null;
  return (await refused(fleet, turns)) ?? (await declined(fleet, looked, going.batches)) ?? goThrough(fleet, going);
}

function lookParts({ parts, brakes }: Fleet): Parameters<typeof lookAtAll>[1] {
  const progress = (made: { readonly done: number; readonly of: number; readonly host: string }): void => {
    for (const view of parts.views) view.planning?.(made);
  };
  return { ...parts, signal: brakes.signal, progress };
}

/** If nothing has to be done on a host, this is its outcome. */
async function planned(fleet: Fleet, looked: readonly LookedAt[]): Promise<void> {
  await fleet.emit({ type: 'fleet.planned', groups: groupsOf(looked) });
  for (const { found } of looked) {
    const end = endOf(found);
    if (end) await fleet.emit({ type: 'host.finished', ...end });
  }
}

function turnOf({ target, found, held }: LookedAt): readonly Turn[] {
  if (found.kind !== 'plan' || held === null || found.plan.refusal !== null) return [];
  return [{ target, held, steps: new Set(found.plan.steps.map(({ id }) => id)), canary: false }];
}

function goingOn(
  { request, state }: Fleet,
  turns: readonly Turn[],
  begun: readonly HostState[],
): Parameters<typeof goThrough>[1] {
  const done = begun.map(({ host }) => host);
  const byName = new Map(turns.map((turn) => [turn.target.name, turn]));
  const all = [...done, ...byName.keys()];
  const left = batchesLeft(request.strategy, all, new Set(done));
  return {
    batches: left.map((batch) => batch.flatMap((host) => byName.get(host) ?? [])),
    after: state().batches.at(-1)?.batch ?? 0,
    ended: begun.flatMap(({ end }) => end ?? []),
    all: all.length,
    canary: batchesOf(request.strategy, all)[0]?.length ?? 1,
  };
}

type Batches = readonly (readonly Turn[])[];

function planOf({ request, parts }: Fleet, looked: readonly LookedAt[], batches: Batches): FleetPlan {
  const { redact } = parts.secrets ?? NO_SECRETS;
  const plan = fleetPlanOf(
    request,
    looked,
    batches.map((batch) => batch.map(({ target }) => target.name)),
  );
  return redact(plan);
}

async function show(fleet: Fleet, looked: readonly LookedAt[], batches: Batches): Promise<void> {
  const plan = planOf(fleet, looked, batches);
  for (const view of fleet.parts.views) await view.planned?.(plan);
}

async function refused({ parts }: Fleet, turns: readonly Turn[]): Promise<Stopped | null> {
  const no = await parts.permit(turns.map(({ target }) => target));
  return no && { why: `${no.reason}; nothing was touched`, outcome: no.outcome };
}

/** At a terminal a person approves the plan of them all, once. */
async function declined(fleet: Fleet, looked: readonly LookedAt[], batches: Batches): Promise<Stopped | null> {
  const answer = await fleet.ask?.approve(planOf(fleet, looked, batches));
  if (answer === undefined || answer.choice === 'run') return interrupted(fleet);
  return { why: answer.reason ?? `${fleet.request.who} did not approve the plan`, outcome: 'interrupted' };
}

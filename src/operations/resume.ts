import { clockOn } from '../model/host/far-clock.ts';
import { dangerOf } from '../model/policy/danger.ts';
import type { Emit } from '../model/ports.ts';
import { carryOver } from '../model/run/carry.ts';
import { hasBegunToVerify, hasTouched } from '../model/run/left-off.ts';
import { type Findings, resolveArg } from '../model/runbook/scope.ts';
import { type Runbook, stepsOf } from '../model/runbook.ts';
import type { RunState, UndoEntry } from '../model/state.ts';
import { nothingToDo } from '../model/verb.ts';
import type { Done, Ending } from '../run/running.ts';
import { endSevered, heard, Severed } from '../run/severed.ts';
import { carryOut, type Life, permitFor, type RunParts, type RunRequest, spineOf, unfitSecrets } from './carry-out.ts';
import type { Unfit } from './secrets.ts';

/**
 * Goes on where the journal ends. Finished steps stay finished; an intent without an outcome is unknown: the same
 * observe asks the world. What the run had stopped under a lease and what runs again by now (the lease was kept,
 * somebody started it) is stopped again before anything else.
 */
export async function resume(request: RunRequest, parts: RunParts, state: RunState): Promise<Ending> {
  const emit = spineOf(parts, state.last?.seq);
  const given = permitFor(request, parts);
  if (given.kind === 'denied') return notTakenUp(emit, 'resume', given.reason);
  const unfit = await unfitSecrets(request, parts);
  if (unfit !== null) return notResumed(emit, unfit);
  try {
    await resumed(request, parts, emit, 'finish');
    return await goOn(request, parts, { state, emit, given });
  } catch (error) {
    if (error instanceof Severed) return endSevered({ ...parts, emit }, error, state.leases);
    throw error;
  }
}

interface Resumed extends Pick<Life, 'emit' | 'given'> {
  readonly state: RunState;
}

async function goOn(request: RunRequest, parts: RunParts, { state, emit, given }: Resumed): Promise<Ending> {
  const carried = carryOver(state, request.runbook);
  const left = { state, orphans: request.orphans ?? [] };
  if (!hasTouched(state) && !hasBegunToVerify(state)) return carryOut(request, parts, { emit, given, left });
  const undone = await heard(parts.host, 'nothing more was done', () =>
    fallenBack(state, request.runbook, carried.findings, parts),
  );
  const again = await toLookAtAgain(state, undone, parts);
  const finished = new Set([...carried.finished, ...passed(state, request.runbook)].filter((step) => !again.has(step)));
  const done = doneOf(state, request.runbook, carried.findings).filter((entry) => !undone.has(entry.step));
  const earlier = { ...carried, finished, done, leases: leasesOf(state, request.runbook, undone) };
  return carryOut(request, parts, { emit, given, earlier, left });
}

/**
 * If the watch had begun, all acts are over, also those that failed. Only the verdict is left, except for steps that
 * were undone since.
 */
function passed(state: RunState, { act }: Runbook): readonly string[] {
  if (!hasBegunToVerify(state)) return [];
  const failed = state.steps.filter(
    ({ status, undone }) => (status === 'failed' || status === 'partial') && undone?.outcome !== 'done',
  );
  return failed.flatMap(({ id }) => (act.find((step) => step.id === id)?.onFail === 'continue' ? [id] : []));
}

/** A note, and the run stays what it was: a person can still take it up. */
export async function notTakenUp(emit: Emit, what: 'resume' | 'rollback', reason: string): Promise<Ending> {
  await emit({ type: 'note', text: `an unattended ${what} was refused by the policy: ${reason}` });
  return { outcome: 'refused-by-policy', verdict: null, reasons: [reason] };
}

/** A note, as above: once the secret is there again the run can go on. */
async function notResumed(emit: Emit, { outcome, reason }: Unfit): Promise<Ending> {
  await emit({ type: 'note', text: `not resumed: ${reason}` });
  return { outcome, verdict: null, reasons: [reason] };
}

export async function resumed(
  { runbook, mode, who, tool, notes }: RunRequest,
  parts: RunParts,
  emit: Emit,
  to: 'finish' | 'roll-back',
): Promise<void> {
  const facts = await heard(parts.host, 'nothing more was done', () => parts.host.machine.facts());
  await emit({
    type: 'run.resumed',
    to,
    who,
    tool,
    mode: mode.kind === 'attended' ? 'interactive' : 'unattended',
    policy: mode.kind === 'unattended' ? mode.policy.source : null,
    boot: { id: facts.bootId, at: facts.bootTime },
    hash: runbook.source.hash,
  });
  for (const text of notes ?? []) await emit({ type: 'note', text });
}

/** Steps with an open lease: if their service runs, it must be stopped again under a new lease. */
async function fallenBack(
  state: RunState,
  runbook: Runbook,
  findings: Findings,
  parts: RunParts,
): Promise<ReadonlySet<string>> {
  const back = new Set<string>();
  for (const { step: id, service } of state.leases) {
    const step = runbook.act.find((one) => one.id === id);
    if (!step || wasToRunAgain(state, service)) continue;
    const verb = await parts.catalogue.action(step.verb);
    const look = {
      host: parts.readOnlyHost,
      clock: clockOn(parts.host, parts.clock),
      signal: parts.interrupts.signal,
      progress: () => {},
    };
    const seen = await verb.observe(look, resolveArg(step, runbook, findings)).catch(() => nothingToDo(''));
    if (seen.verdict === 'change') back.add(id);
  }
  return back;
}

/** All that had to be done while it was stopped was done by then: whoever has started it, it runs as it should. */
function wasToRunAgain({ steps }: RunState, service: string): boolean {
  return steps.some(
    ({ verb, attempts, undone, targets }) =>
      STARTS.includes(verb) && attempts > 0 && undone === null && targets?.members.includes(service),
  );
}

/**
 * If the stopped service ran meanwhile (its lease, an undo, somebody), mailers and mail are back. So the steps after
 * the stop are looked at again if acting twice does no harm. This does not apply if the run itself had started the
 * service again.
 */
async function toLookAtAgain(
  state: RunState,
  fallen: ReadonlySet<string>,
  { catalogue }: RunParts,
): Promise<ReadonlySet<string>> {
  const acts = state.steps.filter(({ phase }) => phase === 'act');
  const first = acts.findIndex(({ id, undone }) => fallen.has(id) || undone?.outcome === 'done');
  const startedByUs = acts.some(
    ({ verb, attempts, undone }) => STARTS.includes(verb) && attempts > 0 && undone === null,
  );
  const again = new Set(fallen);
  if (first < 0 || startedByUs) return again;
  for (const { id, verb } of acts.slice(first)) {
    if (catalogue.actions.includes(verb) && (await catalogue.action(verb)).idempotent) again.add(id);
  }
  return again;
}

const STARTS: readonly string[] = ['start', 'restart'];

/** Still stopped: nobody watches over it until it is armed anew. */
function leasesOf(state: RunState, runbook: Runbook, fallen: ReadonlySet<string>) {
  return state.leases
    .filter(({ step }) => !fallen.has(step))
    .map((lease) => ({ ...lease, verb: runbook.act.find(({ id }) => id === lease.step)?.verb ?? 'stop' }));
}

/** What rollback would undo, from the journal; whether that is dangerous the runbook tells. */
export function doneOf(state: RunState, runbook: Runbook, findings: Findings): Done[] {
  return state.undo.map((entry) => ({
    ...entry,
    sure: entry.outcome !== 'failed' || entry.took === true,
    dangerous: dangerousUndo(entry, runbook, findings),
  }));
}

function dangerousUndo({ step: id }: UndoEntry, runbook: Runbook, findings: Findings): string | null {
  const step = stepsOf(runbook).find((one) => one.id === id);
  return step ? dangerOf(runbook, step, resolveArg(step, runbook, findings)) : null;
}

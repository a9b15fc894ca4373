import { isObject, type Json, listOf } from '../model/json.ts';
import type { Plan, PlannedAction } from '../model/plan.ts';
import type { Difference, IdentityLine, StepDrift } from '../model/run/saved-plan.ts';
import { resolveArg, startFindings } from '../model/runbook/scope.ts';
import { LIMITS, type Limits, type Runbook, type Step, stepsOf } from '../model/runbook.ts';
import { showDuration } from '../model/text/quantity.ts';

/** What a plan is, before anything is looked at. */
interface Identity {
  readonly tool: string;
  readonly runbook: Runbook;
  readonly params: Readonly<Record<string, Json>>;
  /** Hash of the policy; null: a person decides. */
  readonly policy: string | null;
}

/**
 * One line for each part, so that a difference can be named. The hash of the runbook comes first; the lines of the
 * steps show what the difference means.
 */
export function identityOf({ tool, runbook, params, policy }: Identity): readonly IdentityLine[] {
  const findings = startFindings(params);
  return [
    line('firebreak', tool),
    line('runbook', `${runbook.name}@${runbook.version}`),
    line('runbook sha256', runbook.source.hash),
    line('policy sha256', policy ?? 'none: a person decides'),
    ...Object.entries(params).map(([name, value]) => line(`parameter ${name}`, showValue(value))),
    ...stepsOf(runbook).map((step, at) =>
      line(`step ${step.id}`, `${at + 1}. ${step.verb} ${stepText(step, resolveArg(step, runbook, findings))}`),
    ),
  ];
}

/** The selector and the keys that steer the step, without the findings. */
function stepText(step: Step, arg: Json): string {
  const { when, expect, hold, onFail, ask, retry, timeout } = step;
  const steering = {
    when,
    expect,
    hold: hold?.map(({ of, condition, when: counts }) => ({ of, condition, ...(counts && { when: counts }) })),
    onFail,
    ask,
    retry,
    timeout,
  };
  return `${JSON.stringify(withoutFound(arg))} ${JSON.stringify(steering)}`;
}

function withoutFound(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutFound);
  if (!isObject(value)) return value;
  if (typeof value.$step === 'string') return `$${value.$step}`;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutFound(inner ?? null)]));
}

/**
 * What the plan found and its run must find again. Processes and files to delete are not in it: they move while one
 * reads.
 */
export function pinnedOf({ limits, steps }: Plan): readonly IdentityLine[] {
  const acting = steps.filter((step): step is PlannedAction => step.kind === 'action' && step.skipped === null);
  return [
    ...limitLines(limits),
    ...acting.flatMap((step) => [line(`act ${step.id}`, step.verb), ...targetLines(step)]),
  ];
}

function limitLines(limits: Limits): readonly IdentityLine[] {
  return LIMITS.flatMap((name) => {
    const limit = limits[name];
    return limit === undefined
      ? []
      : [line(`limit ${name}`, name === 'stopped_for' ? showDuration(limit) : String(limit))];
  });
}

function targetLines({ id, observation }: PlannedAction): readonly IdentityLine[] {
  if (observation?.verdict !== 'change') return [];
  const { kind, members, detail } = observation.targets;
  if (kind === 'processes' || kind === 'files') return [];
  const files = editedFiles(detail);
  return kind === 'file' && files.length > 0
    ? files
    : [line(`target of ${id}`, members.join(', ') || observation.summary)];
}

/** If an earlier step edits the same file, its content is only foreseen. The earlier edit pins it. */
function editedFiles(detail: Json): readonly IdentityLine[] {
  return listOf(detail as Json | readonly Json[]).flatMap((file) => {
    const hash = isObject(file) ? (file.hash ?? file.before) : undefined;
    const seen =
      isObject(file) && typeof file.path === 'string' && typeof hash === 'string' && !hash.startsWith('predicted:');
    return seen ? [line(`file ${String(file.path)}`, `sha256 ${hash}`)] : [];
  });
}

const line = (name: string, value: string): IdentityLine => ({ name, value });

function showValue(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

// ---------------------------------------------------------------- then and now

/** In the order of the plan. Lines that exist only now come last. */
export function differences(then: readonly IdentityLine[], now: readonly IdentityLine[]): readonly Difference[] {
  const [before, after] = [valuesOf(then), valuesOf(now)];
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
    const [was, is] = [before.get(name) ?? null, after.get(name) ?? null];
    return was === is ? [] : [{ name, planned: was, now: is }];
  });
}

const valuesOf = (lines: readonly IdentityLine[]) => new Map(lines.map(({ name, value }) => [name, value]));

/**
 * What a run must not find otherwise than its plan did. To have less to do (a service that is stopped already) is no
 * difference; a file that somebody edited is.
 */
export function pinnedDifferences(
  then: { readonly pinned: readonly IdentityLine[]; readonly plan: Pick<Plan, 'refusal'> },
  now: Plan,
): readonly Difference[] {
  const looked = now.diagnosis.verdict === 'this-incident';
  const differ = differences(then.pinned, pinnedOf(now));
  const refused = then.plan.refusal !== null && now.refusal === null;
  return [
    ...(refused
      ? [{ name: 'the plan', planned: `would touch nothing: ${then.plan.refusal?.outcome}`, now: 'would act' }]
      : []),
    ...differ
      .filter(({ name, now: is }) => name.startsWith('limit ') || (looked && (is !== null || name.startsWith('file '))))
      .map(sayFile),
  ];
}

function sayFile(difference: Difference): Difference {
  if (!difference.name.startsWith('file ')) return difference;
  const { name, planned, now } = difference;
  return { name, planned: planned ?? 'not to be edited', now: now ?? 'nothing to edit there any more' };
}

// ---------------------------------------------------------------- drift

/** How far the targets have moved, for every step that touches processes or deletes files. */
export function driftOf(then: Plan, now: Plan): readonly StepDrift[] {
  return actionsOf(now).flatMap((step) => {
    const before = actionsOf(then).find(({ id }) => id === step.id);
    const kind =
      step.observation?.targets.kind === 'none' ? before?.observation?.targets.kind : step.observation?.targets.kind;
    return before && (kind === 'processes' || kind === 'files') ? [moved(kind, before, step)] : [];
  });
}

const actionsOf = (plan: Plan): readonly PlannedAction[] => plan.steps.filter((step) => step.kind === 'action');

function moved(kind: StepDrift['kind'], before: PlannedAction, step: PlannedAction): StepDrift {
  const [planned, now] = [countOf(before), countOf(step)];
  const common = { step: step.id, kind, planned, now };
  if (kind === 'files') return { ...common, new: Math.max(0, now - planned), gone: Math.max(0, planned - now) };
  const [were, are] = [identitiesOf(before), identitiesOf(step)];
  return { ...common, new: countMissing(are, were), gone: countMissing(were, are) };
}

const countOf = ({ observation }: PlannedAction): number =>
  observation?.verdict === 'change' ? observation.targets.count : 0;

const countMissing = (of: ReadonlySet<string>, from: ReadonlySet<string>): number =>
  [...of].filter((each) => !from.has(each)).length;

/** Pid and start time: a later process with the same number is a new one. */
function identitiesOf({ observation }: PlannedAction): ReadonlySet<string> {
  const detail = observation?.targets.detail;
  const processes = isObject(detail) && Array.isArray(detail.processes) ? (detail.processes as readonly Json[]) : [];
  return new Set(processes.filter(isObject).map(({ pid, start }) => `${String(pid)}@${String(start)}`));
}

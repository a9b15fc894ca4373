import type { Json } from '../json.ts';
import { addCosts } from '../policy/decide.ts';
import { sumOf, type Unsettled } from '../policy/spent.ts';
import { addFinding, type Findings, resolveArg, startFindings } from '../runbook/scope.ts';
import { type Limits, type Runbook, stepsOf } from '../runbook.ts';
import type { RunState, StepState } from '../state.ts';

/** Steps that are finished, whoever did them. */
const FINISHED: readonly StepState['status'][] = ['done', 'nothing-to-do', 'skipped', 'by-hand'];

/** Its undo is partly done: the step is neither done nor undone. */
const isHalfUndone = ({ undone }: Pick<StepState, 'undone'>): boolean => undone?.outcome === 'partial';

/**
 * Its outcome was on disk, and only the line that closes the step was not. A step that lets go of a lease is taken up
 * again: the lease is still open.
 */
function isOver({ status, applied, undone }: StepState): boolean {
  if (undone?.outcome === 'done' || isHalfUndone({ undone })) return false;
  return (
    FINISHED.includes(status) ||
    (status === 'acted' && applied?.outcome === 'done' && (applied.releases ?? []).length === 0)
  );
}

/** What an earlier life of a run leaves to the next, from its journal alone. */
export interface CarriedOver {
  readonly findings: Findings;
  /** With all that may have been used. */
  readonly used: Limits;
  /** By step: what may have been used. The host is asked when the step has its turn. */
  readonly unsettled: ReadonlyMap<string, Unsettled>;
  readonly finished: ReadonlySet<string>;
  readonly unknown: ReadonlySet<string>;
}

export function carryOver(state: RunState, runbook: Runbook): CarriedOver {
  const byStatus = (fits: (step: StepState) => boolean) =>
    new Set(state.steps.filter((step) => step.phase === 'act' && fits(step)).map(({ id }) => id));
  const guards = guardsAhead(state);
  return {
    findings: findingsOf(state, runbook),
    used: addCosts(addCosts({}, state.used), sumOf(state.unsettled)),
    unsettled: new Map(state.unsettled.map((one) => [one.step, one])),
    finished: byStatus((step) => isOver(step) && !guards.has(step.id)),
    unknown: byStatus(
      (step) => !isOver(step) && (isHalfUndone(step) || ['acting', 'acted', 'partial'].includes(step.status)),
    ),
  };
}

/**
 * Looks after the last act that was begun. A resume takes them again, because they guard the next act and time has
 * passed.
 */
function guardsAhead({ steps }: RunState): ReadonlySet<string> {
  const acts = steps.filter(({ phase }) => phase === 'act');
  const last = acts.findLastIndex(
    ({ kind, attempts, status }) => kind === 'action' && (attempts > 0 || status !== 'waiting'),
  );
  return new Set(acts.slice(last + 1).flatMap(({ id, kind }) => (kind === 'probe' ? [id] : [])));
}

/** In the order of the runbook, since an argument may speak of an earlier step. */
function findingsOf(state: RunState, runbook: Runbook): Findings {
  let findings = startFindings(paramsOf(state));
  for (const step of stepsOf(runbook)) {
    const finding = state.steps.find(({ id }) => id === step.id)?.finding;
    if (finding) findings = addFinding(findings, step, resolveArg(step, runbook, findings), finding);
  }
  return findings;
}

export function paramsOf(state: RunState): Readonly<Record<string, Json>> {
  return state.meta?.params ?? {};
}

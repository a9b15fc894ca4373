import type { Condition } from '../../model/condition.ts';
import { isObject, type Json } from '../../model/json.ts';
import { isReference, referenceName } from '../../model/reference.ts';
import { bindCondition } from '../../model/runbook/judge.ts';
import type { AuthoredUndo, OpenItem, Runbook, Step } from '../../model/runbook.ts';

/** What a used runbook's parameters are: values, or references to parameters of the runbook that uses it. */
export type Given = Readonly<Record<string, Json>>;

export interface Grafted {
  readonly steps: readonly Step[];
  readonly open: readonly OpenItem[];
}

/**
 * The steps of a used runbook as steps of the runbook that uses it: `mailers` becomes `storm.mailers`, `$watch` the
 * value that was given.
 */
export function graft(id: string, runbook: Runbook, given: Given): Grafted {
  const renaming: Renaming = { id, given };
  const steps = [...runbook.diagnose, ...runbook.act, ...runbook.verify];
  return {
    steps: steps.map((step) => renameStep(step, renaming)),
    open: runbook.open.map((item) => ({
      ...item,
      ...(item.when && { when: renameCondition(item.when, renaming) }),
      ...(item.of !== undefined && { of: `${id}.${item.of}` }),
    })),
  };
}

interface Renaming {
  readonly id: string;
  readonly given: Given;
}

function renameStep(step: Step, renaming: Renaming): Step {
  const condition = (of: Condition) => renameCondition(of, renaming);
  return {
    ...step,
    id: `${renaming.id}.${step.id}`,
    arg: renameIn(step.arg, renaming),
    ...(step.expect && { expect: condition(step.expect) }),
    ...(step.when && { when: condition(step.when) }),
    ...(step.hold && {
      hold: step.hold.map((line) => ({
        ...line,
        of: `${renaming.id}.${line.of}`,
        condition: condition(line.condition),
        ...(line.when && { when: condition(line.when) }),
      })),
    }),
    ...(step.undo && { undo: renameUndo(step.undo, renaming) }),
  };
}

function renameUndo(undo: AuthoredUndo, renaming: Renaming): AuthoredUndo {
  if (undo.kind === 'note') return undo;
  return { kind: 'steps', steps: undo.steps.map((step) => ({ ...step, arg: renameIn(step.arg, renaming) })) };
}

/** A value that was given takes the place of a reference inside an argument, so it is escaped as an argument is. */
function renameIn(value: Json, renaming: Renaming): Json {
  if (isReference(value)) return renamed(value, renaming, escapedValue);
  if (Array.isArray(value)) return value.map((item: Json) => renameIn(item, renaming));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, item === undefined ? undefined : renameIn(item, renaming)]),
  );
}

function renameCondition(condition: Condition, renaming: Renaming): Condition {
  const bound = bindCondition(condition, (value) =>
    isReference(value) ? renamed(value, renaming, (given) => given) : value,
  );
  return renameSteps(bound, renaming);
}

function renameSteps(condition: Condition, renaming: Renaming): Condition {
  if (condition.kind !== 'clause')
    return { ...condition, conditions: condition.conditions.map((part) => renameSteps(part, renaming)) };
  const { step } = condition.clause;
  return step === undefined
    ? condition
    : { kind: 'clause', clause: { ...condition.clause, step: `${renaming.id}.${step}` } };
}

function renamed(reference: string, { id, given }: Renaming, literal: (value: Json) => Json): Json {
  const name = referenceName(reference);
  const value = Object.hasOwn(given, name) ? given[name] : undefined;
  if (value === undefined) return `$${id}.${name}`;
  return isReference(value) ? value : literal(value);
}

function escapedValue(value: Json): Json {
  if (typeof value === 'string') return value.startsWith('$') ? `$${value}` : value;
  return Array.isArray(value) ? value.map((item: Json) => escapedValue(item)) : value;
}

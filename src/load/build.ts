import type { Condition } from '../model/condition.ts';
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import { parseDuration } from '../model/quantity.ts';
import { isReference, referenceName } from '../model/reference.ts';
import {
  type AuthoredUndo,
  LIMITS,
  type Limits,
  ON_FAIL,
  type OpenItem,
  type Parameter,
  type Phase,
  type Runbook,
  type Step,
} from '../model/runbook.ts';
import { lowest } from './compose.ts';
import type { Draft, DraftStep } from './draft.ts';
import type { Conditions } from './read-conditions.ts';
import type { Mention } from './references.ts';
import { valueRules } from './rules/params.ts';
import { buildStrategy } from './strategy-build.ts';
import { unescapedInside } from './text-references.ts';
import { narrowed } from './uses.ts';

/** All that a runbook is built from. */
export interface Built {
  readonly draft: Draft;
  readonly conditions: Conditions;
  readonly mentions: readonly Mention[];
  /** Of the runbooks that are used. */
  readonly open: readonly OpenItem[];
  readonly limits: readonly Limits[];
}

/** A draft without problems as the runbook it is, frozen to the last part. */
export function build(built: Built, source: Runbook['source']): Runbook {
  const { draft, conditions } = built;
  const { root } = draft;
  const steps = (phase: Phase): readonly Step[] =>
    draft.steps
      .filter((step) => step.phase === phase && step.use?.verb !== 'runbook')
      .map((step) => buildStep(draft, step, conditions));
  return freeze({
    name: text(root.runbook),
    version: text(root.version),
    title: text(root.title),
    about: text(root.about),
    params: objectsIn(root.params).map(([name, json]) => buildParameter(built, name, json)),
    limits: lowest([buildLimits(root.limits), ...built.limits]),
    diagnose: steps('diagnose'),
    act: steps('act'),
    verify: steps('verify'),
    open: [...buildOpen(draft, conditions), ...built.open],
    ...(root.fleet !== undefined && { fleet: buildStrategy(root.fleet) }),
    source,
  });
}

function buildStep(draft: Draft, step: DraftStep, conditions: Conditions): Step {
  if (step.grafted) return underUse(draft, step.grafted, conditions);
  const { json, path, phase, id, use } = step;
  const expect = conditions.expect.get(step);
  const when = conditions.when.get(step);
  const undo = buildUndo(draft, step);
  return {
    id: id ?? '',
    phase,
    verb: use?.verb ?? '',
    arg: withAnswers(unescapedInside(use?.arg ?? null, isName(draft)), step, conditions),
    ...(json.why !== undefined && { why: text(json.why) }),
    ...(expect && { expect }),
    ...(use?.verb === 'watch' && { hold: buildHold(draft, step, conditions) }),
    ...(when && { when }),
    decisive: phase === 'diagnose' && expect !== undefined && json.decisive !== false,
    ask: json.ask !== false,
    ...(undo && { undo }),
    ...(json.until !== undefined && { until: text(json.until) }),
    ...optionalDuration('timeout', json.timeout),
    ...(isObject(json.retry) && { retry: { times: Number(json.retry.times), every: milliseconds(json.retry.every) } }),
    onFail: ON_FAIL.find((word) => word === json.on_fail) ?? 'stop',
    place: draft.source.placeOf(path),
  };
}

/** What the step that uses a runbook says of itself holds for every step that comes from there. */
function underUse(draft: Draft, { use: id, step }: NonNullable<DraftStep['grafted']>, conditions: Conditions): Step {
  const use = draft.steps.find((one) => one.id === id && one.use?.verb === 'runbook');
  if (!use) return step;
  const when = conditions.when.get(use);
  const onFail = ON_FAIL.find((word) => word === use.json.on_fail);
  return {
    ...step,
    ...(when && { when: step.when ? { kind: 'all_of', conditions: [when, step.when] } : when }),
    ...(use.json.why !== undefined &&
      step.phase === 'act' && { why: [text(use.json.why), step.why].filter(Boolean).join(': ') }),
    ask: step.ask && use.json.ask !== false,
    onFail: step.onFail === 'stop' ? (onFail ?? step.onFail) : step.onFail,
  };
}

function buildHold(draft: Draft, step: DraftStep, conditions: Conditions): NonNullable<Step['hold']> {
  const lines = conditions.hold.get(step) ?? [];
  return lines.flatMap(({ of, condition, when, path }) =>
    condition ? [{ of, condition, ...(when && { when }), place: draft.source.placeOf(path) }] : [],
  );
}

function buildUndo(draft: Draft, step: DraftStep): AuthoredUndo | undefined {
  if (typeof step.json.undo === 'string') return { kind: 'note', text: step.json.undo };
  if (step.undo.length === 0) return undefined;
  return {
    kind: 'steps',
    steps: step.undo.map(({ verb, arg, why }) => ({
      verb,
      arg: unescapedInside(arg, isName(draft)),
      ...(why !== undefined && { why }),
    })),
  };
}

function buildParameter({ draft, mentions }: Built, name: string, json: JsonObject): Parameter {
  const rules = narrowed(valueRules(json) ?? { type: 'string' }, name, mentions);
  return {
    name,
    about: text(json.about),
    ...rules,
    ...(json.default !== undefined && { default: json.default }),
    place: draft.source.placeOf(['params', name], 'key'),
  };
}

export function buildLimits(json: Json | undefined): Limits {
  if (!isObject(json)) return {};
  const entries = LIMITS.flatMap((name) => {
    const value = json[name];
    return value === undefined ? [] : [[name, name === 'stopped_for' ? milliseconds(value) : Number(value)] as const];
  });
  return Object.fromEntries(entries);
}

function buildOpen(draft: Draft, conditions: Conditions): readonly OpenItem[] {
  const items = Array.isArray(draft.root.open) ? (draft.root.open as readonly Json[]) : [];
  return items.filter(isObject).map((item, at) => {
    const when = conditions.open.get(at);
    const of = isReference(item.of) ? { of: referenceName(item.of) } : {};
    return { say: text(item.say), ...(when && { when }), ...of, place: draft.source.placeOf(['open', at]) };
  });
}

/**
 * Whoever judges the exit status of a command takes each one for an answer; where nobody does, it only tells whether it
 * could ask.
 */
function withAnswers(arg: Json, step: DraftStep, conditions: Conditions): Json {
  if (
    step.use?.verb !== 'run' ||
    step.use.definition?.kind !== 'probe' ||
    !isObject(arg) ||
    arg.exits_that_answer !== undefined
  )
    return arg;
  const own = conditions.expect.get(step);
  const judged =
    (own !== undefined && speaksOf(own, undefined, 'exit')) ||
    othersOn(conditions).some((one) => speaksOf(one, step.id, 'exit'));
  const held = [...conditions.hold.values()]
    .flat()
    .some((line) => line.of === step.id && line.condition && speaksOf(line.condition, undefined, 'exit'));
  return judged || held ? { ...arg, exits_that_answer: 'any' } : arg;
}

const othersOn = ({ when, open }: Conditions): readonly Condition[] => [...when.values(), ...open.values()];

function speaksOf(condition: Condition, step: string | undefined, measure: string): boolean {
  if (condition.kind !== 'clause') return condition.conditions.some((part) => speaksOf(part, step, measure));
  return condition.clause.step === step && condition.clause.measure === measure;
}

/** Whether a word is the name of a parameter or of a step of this file. */
const isName =
  ({ root, steps }: Draft) =>
  (name: string): boolean =>
    (isObject(root.params) && Object.hasOwn(root.params, name)) || steps.some(({ id }) => id === name);

function objectsIn(json: Json | undefined): readonly (readonly [string, JsonObject])[] {
  return isObject(json)
    ? Object.entries(json).flatMap(([key, value]) => (isObject(value) ? [[key, value] as const] : []))
    : [];
}

function optionalDuration(key: 'timeout', value: Json | undefined) {
  return value === undefined ? {} : { [key]: milliseconds(value) };
}

function milliseconds(value: Json | undefined): number {
  return parseDuration(text(value)) ?? 0;
}

/** `>-` and its kin leave a line break at the end, which no view wants. */
function text(value: Json | undefined): string {
  return typeof value === 'string' ? value.trim() : '';
}

export function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) freeze(part);
  return Object.freeze(value);
}

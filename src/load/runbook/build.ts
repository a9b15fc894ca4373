import type { Condition } from '../../model/condition.ts';
import type { Json } from '../../model/json.ts';
import { read, unchecked } from '../../model/read.ts';
import { referenceName } from '../../model/reference.ts';
import { ANY_EXIT, COMMAND_LOOK } from '../../model/runbook/command.ts';
import type { Infer } from '../../model/runbook/shape.ts';
import type { AuthoredUndo, Limits, OpenItem, Parameter, Phase, Runbook, Step } from '../../model/runbook.ts';
import { valueRules } from '../rules/params.ts';
import { lowest } from './compose.ts';
import { type Draft, type DraftStep, paramsIn } from './draft.ts';
import { type OPEN, type PARAMETER, RUNBOOK, STEP } from './language.ts';
import type { Conditions } from './read-conditions.ts';
import type { Mention } from './references.ts';
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

/** Builds the runbook from a draft without problems, and freezes every part of it. */
export function build(built: Built, source: Runbook['source']): Runbook {
  const { draft, conditions } = built;
  const {
    runbook: name,
    version,
    title,
    about = '',
    params = {},
    limits = {},
    fleet,
    open = [],
  } = read(RUNBOOK, draft.source.value);
  const steps = (phase: Phase): readonly Step[] =>
    draft.steps
      .filter((step) => step.phase === phase && step.use?.verb !== 'runbook')
      .map((step) => buildStep(draft, step, conditions));
  return freeze({
    name,
    version,
    title: title.trim(),
    about: about.trim(),
    params: Object.entries(params).map(([param, json]) => buildParameter(built, param, json)),
    limits: lowest([limits, ...built.limits]),
    diagnose: steps('diagnose'),
    act: steps('act'),
    verify: steps('verify'),
    open: [...open.map((item, at) => buildOpen(built, item, at)), ...built.open],
    ...(fleet && { fleet: buildStrategy(fleet) }),
    source,
  });
}

function buildStep(draft: Draft, step: DraftStep, conditions: Conditions): Step {
  if (step.grafted) return underUse(draft, step.grafted, conditions);
  const { path, phase, id = '', use } = step;
  const { why, until, decisive, ask, timeout, retry, on_fail } = read(STEP, step.json);
  const expect = conditions.expect.get(step);
  const when = conditions.when.get(step);
  const undo = buildUndo(draft, step);
  return {
    id,
    phase,
    verb: use?.verb ?? '',
    arg: withAnswers(unescapedInside(use?.arg ?? null, isName(draft)), step, conditions),
    ...(why !== undefined && { why: why.trim() }),
    ...(expect && { expect }),
    ...(use?.verb === 'watch' && { hold: buildHold(draft, step, conditions) }),
    ...(when && { when }),
    decisive: phase === 'diagnose' && expect !== undefined && decisive,
    ask,
    ...(undo && { undo }),
    ...(until !== undefined && { until: until.trim() }),
    ...(timeout !== undefined && { timeout }),
    ...(retry && { retry }),
    onFail: on_fail,
    place: draft.source.placeOf(path),
  };
}

/** The keys of the step that uses a runbook apply to every step of that runbook. */
function underUse(draft: Draft, { use: id, step }: NonNullable<DraftStep['grafted']>, conditions: Conditions): Step {
  const use = draft.steps.find((one) => one.id === id && one.use?.verb === 'runbook');
  if (!use) return step;
  const when = conditions.when.get(use);
  const { why, ask, on_fail } = read(STEP, use.json);
  return {
    ...step,
    ...(when && { when: step.when ? { kind: 'all_of', conditions: [when, step.when] } : when }),
    ...(why !== undefined && step.phase === 'act' && { why: [why.trim(), step.why].filter(Boolean).join(': ') }),
    ask: step.ask && ask,
    onFail: step.onFail === 'stop' ? on_fail : step.onFail,
  };
}

function buildHold(draft: Draft, step: DraftStep, conditions: Conditions): NonNullable<Step['hold']> {
  const lines = conditions.hold.get(step) ?? [];
  return lines.flatMap(({ of, condition, when, path }) =>
    condition ? [{ of, condition, ...(when && { when }), place: draft.source.placeOf(path) }] : [],
  );
}

function buildUndo(draft: Draft, step: DraftStep): AuthoredUndo | undefined {
  const { undo } = read(STEP, step.json);
  if (typeof undo === 'string') return { kind: 'note', text: undo };
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

function buildParameter({ draft, mentions }: Built, name: string, json: Infer<typeof PARAMETER>): Parameter {
  const rules = narrowed(valueRules(json) ?? { type: 'string' }, name, mentions);
  return {
    name,
    about: (json.about ?? '').trim(),
    ...rules,
    ...(json.default !== undefined && { default: json.default }),
    place: draft.source.placeOf(['params', name], 'key'),
  };
}

function buildOpen({ draft, conditions }: Built, { say, of }: Infer<typeof OPEN>, at: number): OpenItem {
  const when = conditions.open.get(at);
  const step = of === undefined ? {} : { of: referenceName(of) };
  return { say: say.trim(), ...(when && { when }), ...step, place: draft.source.placeOf(['open', at]) };
}

/**
 * If a condition compares the exit status, every status is an answer. Otherwise the status only tells whether the
 * command could look.
 */
function withAnswers(arg: Json, step: DraftStep, conditions: Conditions): Json {
  const written = unchecked(COMMAND_LOOK, arg);
  if (step.use?.verb !== 'run' || step.use.definition?.kind !== 'probe' || written.exits_that_answer !== undefined)
    return arg;
  const own = conditions.expect.get(step);
  const judged =
    (own !== undefined && speaksOf(own, undefined, 'exit')) ||
    othersOn(conditions).some((one) => speaksOf(one, step.id, 'exit'));
  const held = [...conditions.hold.values()]
    .flat()
    .some((line) => line.of === step.id && line.condition && speaksOf(line.condition, undefined, 'exit'));
  const answers: typeof written = { ...written, exits_that_answer: ANY_EXIT };
  return judged || held ? { ...answers } : arg;
}

const othersOn = ({ when, open }: Conditions): readonly Condition[] => [...when.values(), ...open.values()];

function speaksOf(condition: Condition, step: string | undefined, measure: string): boolean {
  if (condition.kind !== 'clause') return condition.conditions.some((part) => speaksOf(part, step, measure));
  return condition.clause.step === step && condition.clause.measure === measure;
}

/** Whether a word is the name of a parameter or of a step of this file. */
const isName =
  (draft: Draft) =>
  (name: string): boolean =>
    paramsIn(draft).some(([param]) => param === name) || draft.steps.some(({ id }) => id === name);

export function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) freeze(part);
  return Object.freeze(value);
}

import { apart, type Document, fact, marked, onScreen, section, sentence, type Telling } from '../../model/document.ts';
import { isObject, type Json } from '../../model/json.ts';
import type { Plan, PlannedStep } from '../../model/plan.ts';
import { sayDifference, sayDrift } from '../../model/run/drift.ts';
import { type Difference, type SavedPlan, type StepDrift, shortId } from '../../model/run/saved-plan.ts';
import { showDuration } from '../../model/text/quantity.ts';
import { secondOf } from './clock.ts';
import { type PlanWords, planDocument, planToJson } from './plan.ts';
import { shownPart } from './shown-part.ts';

/**
 * A plan for a file that lies about: all that is needed to show it again, and no more. What probes gave to later steps
 * is left out, and of a file that would be edited only the lines that a diff shows.
 */
export function shownAgain(plan: Plan): Plan {
  const json = planToJson({ ...plan, steps: plan.steps.map(slim) }) as unknown as Plan & { readonly v: number };
  const { v: _, ...rest } = json;
  return rest;
}

function slim(step: PlannedStep): PlannedStep {
  const arg = withoutFound(step.arg);
  if (step.kind === 'probe') return { ...step, arg, finding: step.finding && { ...step.finding, detail: null } };
  if (step.kind !== 'action' || step.observation === null) return { ...step, arg };
  const blocks = step.observation.blocks.map((block) =>
    block.kind === 'diff' ? { ...block, ...shownPart(block) } : block,
  );
  return { ...step, arg, observation: { ...step.observation, blocks } };
}

function withoutFound(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutFound);
  if (!isObject(value)) return value;
  if (typeof value.$step === 'string') return { ...value, found: null };
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutFound(inner ?? null)]));
}

/** The same review as when it was saved, with who saved it and how long it may be run. */
export function tellSaved(saved: SavedPlan, words: PlanWords): Telling {
  const unattended = saved.asked.policy !== null;
  return {
    document: () => [...onScreen(apart(...heading(saved))), ...planDocument(saved.plan, { ...words, unattended })],
    record: () => saved,
    whole: 'firebreak plan --all',
  };
}

function heading({ id, at, until, by, machine, asked, valid }: SavedPlan): Document {
  return [
    sentence(shortId(id), 'bold', 'SAVED '),
    fact('by', `${by}, ${secondOf(at)}, as uid ${machine.uid}`),
    fact('valid', `${showDuration(valid)}, until ${secondOf(until)}; once, on ${machine.host}, until it is booted`),
    fact('decides', asked.policy === null ? 'a person, before each action' : `the policy ${asked.policy}`),
  ];
}

/** What the plan said beside what is so now. */
export interface Comparison {
  readonly saved: SavedPlan;
  /** Of another host, expired, used: why it cannot be run at all; null: it could. */
  readonly unusable: string | null;
  readonly differences: readonly Difference[];
  readonly drift: readonly StepDrift[];
}

export function tellComparison({ saved, unusable, differences, drift }: Comparison): Telling {
  const same = unusable === null && differences.length === 0;
  const end = same
    ? sentence('The plan still holds.', 'good')
    : sentence('It cannot be run: plan again, and review what it says now.', 'bad');
  return {
    document: () => [
      sentence(`plan ${shortId(saved.id)}, saved ${secondOf(saved.at)} by ${saved.by}`, 'bold'),
      ...(unusable === null ? [] : [sentence(unusable, 'bad')]),
      ...listed('differs:', differences.map(sayDifference)),
      ...listed('what it would touch:', drift.map(sayDrift)),
      { kind: 'indent', by: 0, inside: section('in short', [end], { look: 'end' }) },
    ],
    record: () => ({ v: 1, plan: saved.id, same, unusable, differences, drift }),
  };
}

const listed = (label: string, texts: readonly string[]): Document =>
  texts.length === 0 ? [] : [sentence(label), ...marked('-', texts)];

/** Why a plan is not carried out, a line each. */
export function sayMismatch(differences: readonly Difference[]): readonly string[] {
  const lines = differences.map((one) => `  - ${sayDifference(one)}`);
  return ['this is not what was planned, and nothing was touched:', ...lines];
}

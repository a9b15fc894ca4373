import { isObject, type Json } from '../model/json.ts';
import type { Plan, PlannedStep } from '../model/plan.ts';
import { sayDifference, sayDrift } from '../model/run/drift.ts';
import { type Difference, type SavedPlan, type StepDrift, shortId } from '../model/run/saved-plan.ts';
import { showDuration } from '../model/text/quantity.ts';
import { shownPart } from './draw/diff.ts';
import { escaped, escapeJson } from './draw/escape.ts';
import { field, rule } from './draw/fields.ts';
import { hang } from './draw/layout.ts';
import { type Look, type Paper, paperOf } from './draw/style.ts';
import { planToJson, renderPlan } from './plan.ts';

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

export function savedPlanText(saved: SavedPlan): string {
  return `${escapeJson(JSON.stringify(saved, null, 2))}\n`;
}

/** The same review as when it was saved, with who saved it and how long it may be run. */
export function renderSaved(saved: SavedPlan, look: Look & { readonly command: string }): string {
  const paper = paperOf(look);
  return `${[...heading(saved, paper), '', ''].join('\n')}${renderPlan(saved.plan, { ...look, unattended: saved.asked.policy !== null })}`;
}

function heading({ id, at, until, by, machine, asked, valid }: SavedPlan, paper: Paper): readonly string[] {
  return [
    `${paper.style.bold('SAVED')} ${shortId(id)}`,
    ...field('by', `${by}, ${timeOf(at)}, as uid ${machine.uid}`, paper),
    ...field(
      'valid',
      `${showDuration(valid)}, until ${timeOf(until)}; once, on ${machine.host}, until it is booted`,
      paper,
    ),
    ...field('decides', asked.policy === null ? 'a person, before each action' : `the policy ${asked.policy}`, paper),
  ];
}

export const timeOf = (iso: string): string => iso.replace(/\.\d+Z$/, 'Z');

/** What the plan said beside what is so now. */
export interface Comparison {
  readonly saved: SavedPlan;
  /** Of another host, expired, used: why it cannot be run at all; null: it could. */
  readonly unusable: string | null;
  readonly differences: readonly Difference[];
  readonly drift: readonly StepDrift[];
}

export function renderComparison({ saved, unusable, differences, drift }: Comparison, look: Look): string {
  const paper = paperOf(look);
  const same = unusable === null && differences.length === 0;
  const bullet = (text: string) => hang('  - ', escaped(text), paper.columns);
  const lines = [
    ...hang(
      '',
      `plan ${shortId(saved.id)}, saved ${timeOf(saved.at)} by ${escaped(saved.by)}`,
      paper.columns,
      paper.style.bold,
    ),
    ...(unusable === null ? [] : hang('', escaped(unusable), paper.columns, paper.style.bad)),
    ...(differences.length === 0 ? [] : ['differs:', ...differences.map(sayDifference).flatMap(bullet)]),
    ...(drift.length === 0 ? [] : ['what it would touch:', ...drift.map(sayDrift).flatMap(bullet)]),
    rule('in short', paper),
    same
      ? paper.style.good('The plan still holds.')
      : paper.style.bad('It cannot be run: plan again, and review what it says now.'),
  ];
  return `${lines.join('\n')}\n`;
}

export function comparisonJson({ saved, unusable, differences, drift }: Comparison): string {
  const same = unusable === null && differences.length === 0;
  return `${escapeJson(JSON.stringify({ v: 1, plan: saved.id, same, unusable, differences, drift }, null, 2))}\n`;
}

/** Why a plan is not carried out, for stderr. */
/** A line each; whoever prints them escapes them. */
export function sayMismatch(differences: readonly Difference[]): readonly string[] {
  return [
    'this is not what was planned, and nothing was touched:',
    ...differences.map((one) => `  - ${sayDifference(one)}`),
  ];
}

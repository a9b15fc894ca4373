import type { Decision, PolicyRule } from '../policy.ts';
import { DEFAULT_LIMITS, type LimitName, type Limits, type Runbook, type Step } from '../runbook.ts';
import { showCount, showDuration } from '../text/quantity.ts';
import type { Undo } from '../verb.ts';
import type { Permit } from './permit.ts';

/**
 * The limits in force: the runbook's, a low default where it has none, lowered or raised by the rule that allows the
 * run, or `raised` by the person who attends to it.
 */
export function limitsFor(given: Permit, runbook: Runbook, raised: Limits): Required<Limits> {
  const own = { ...DEFAULT_LIMITS, ...runbook.limits };
  switch (given.kind) {
    case 'attended':
      return { ...own, ...raised };
    case 'allowed':
      return { ...own, ...given.rule.limits };
    case 'denied':
      return own;
  }
}

/** Tells whether a limit is only the default. */
export function isByDefault(name: LimitName, limits: Limits, own: Limits): boolean {
  return own[name] === undefined && limits[name] === DEFAULT_LIMITS[name];
}

/** At a terminal the person is always asked before an act that cannot be undone, whatever `ask` says. */
export const asksFirst = ({ ask, undo: declared }: Pick<Step, 'ask' | 'undo'>, undo: Undo | undefined): boolean =>
  ask || (undo?.kind === 'irreversible' && declared?.kind !== 'steps');

export function decide(given: Permit, step: Step, undo?: Undo): Decision {
  switch (given.kind) {
    case 'attended':
      if (step.ask) return { effect: 'ask', reason: 'a person decides', rule: null };
      if (asksFirst(step, undo))
        return {
          effect: 'ask',
          reason: 'it cannot be undone, so a person decides, whatever the runbook says (ask: false)',
          rule: null,
        };
      return { effect: 'allow', reason: 'the runbook says that this step needs no question (ask: false)', rule: null };
    case 'allowed':
      return { effect: 'allow', reason: `rule ${given.rule.id} allows ${given.rule.runbook}`, rule: given.rule.id };
    case 'denied':
      return { effect: 'deny', reason: given.reason, rule: null };
  }
}

export interface Spending {
  readonly limits: Limits;
  /** By the steps before, and by earlier lives of the run. */
  readonly used: Limits;
  readonly costs: Limits;
  /** The rule that allows the run; null: a person does, who may raise a limit. */
  readonly rule: PolicyRule | null;
  /** The runbook's, as its author wrote them. */
  readonly own: Limits;
}

/**
 * Undefined: within the limits. Else the reason, with the flag that a person needs or with the rule that sets the
 * limit. Nothing is cut down to fit into a limit.
 */
export function overLimit({ limits, used, costs, rule, own }: Spending): string | undefined {
  for (const [name, cost] of Object.entries(costs) as [LimitName, number][]) {
    const limit = limits[name];
    const total = (used[name] ?? 0) + cost;
    if (limit === undefined || total <= limit) continue;
    const show = name === 'stopped_for' ? showDuration : showCount;
    const byDefault = isByDefault(name, limits, own) && rule?.limits[name] === undefined;
    const whence = byDefault ? ` (the default: the runbook has no \`limits.${name}\`)` : '';
    return `${name} ${show(total)} is over the limit of ${show(limit)}${whence}${rule ? whose(rule, name, byDefault) : flag(name, total)}`;
  }
  return undefined;
}

function flag(name: LimitName, total: number): string {
  return `; a person may raise it for this run: --limit ${name}=${name === 'stopped_for' ? `${Math.ceil(total / 1000)}s` : total}`;
}

function whose(rule: PolicyRule, name: LimitName, byDefault: boolean): string {
  if (byDefault) return `; rule ${rule.id} does not raise it`;
  return rule.limits[name] === undefined
    ? `, which is the runbook's: rule ${rule.id} does not raise it`
    : ` of rule ${rule.id}`;
}

/** Costs add up over the steps, but for `stopped_for`: each stop has its own deadline. */
export function addCosts(used: Limits, costs: Limits): Limits {
  const sum: Partial<Record<LimitName, number>> = { ...used };
  for (const [name, cost] of Object.entries(costs) as [LimitName, number][]) {
    if (name !== 'stopped_for') sum[name] = (sum[name] ?? 0) + cost;
  }
  return sum;
}

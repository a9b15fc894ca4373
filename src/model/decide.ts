import type { Decision, Policy, PolicyRule } from './policy.ts';
import { showCount, showDuration } from './quantity.ts';
import type { LimitName, Limits, Runbook, Step } from './runbook.ts';

/** Who is asked: a person before each action, or a policy once for all of them. */
export type Mode = { readonly kind: 'attended' } | { readonly kind: 'unattended'; readonly policy: Policy };

/** The first rule that names the runbook, by `name` or `name@version`; undefined: denied. */
export function ruleFor(policy: Policy, runbook: Pick<Runbook, 'name' | 'version'>): PolicyRule | undefined {
  return policy.rules.find((rule) => rule.runbook === runbook.name || rule.runbook === `${runbook.name}@${runbook.version}`);
}

/** The limits in force: the runbook's, lowered or raised by the policy's rule. */
export function limitsFor(mode: Mode, runbook: Runbook): Limits {
  if (mode.kind === 'attended') return runbook.limits;
  return { ...runbook.limits, ...ruleFor(mode.policy, runbook)?.limits };
}

export function decide(mode: Mode, runbook: Runbook, step: Step): Decision {
  if (mode.kind === 'attended') {
    return step.ask
      ? { effect: 'ask', reason: 'a person decides', rule: null }
      : { effect: 'allow', reason: 'the runbook says that this step needs no question (ask: false)', rule: null };
  }
  const rule = ruleFor(mode.policy, runbook);
  if (!rule) {
    return { effect: 'deny', reason: `no rule of ${mode.policy.source.path} allows ${runbook.name}@${runbook.version}`, rule: null };
  }
  return { effect: 'allow', reason: `rule ${rule.id} allows ${rule.runbook}`, rule: rule.id };
}

/** Undefined: within the limit. Else the reason, with the flag that it would need. Never truncated to fit. */
export function overLimit(limits: Limits, used: Limits, costs: Limits): string | undefined {
  for (const [name, cost] of Object.entries(costs) as [LimitName, number][]) {
    const limit = limits[name];
    const total = (used[name] ?? 0) + cost;
    if (limit === undefined || total <= limit) continue;
    const show = name === 'stopped_for' ? showDuration : showCount;
    return `${name} ${show(total)} is over the limit of ${show(limit)}; a person may raise it for this run: --limit ${name}=${flagValue(name, total)}`;
  }
  return undefined;
}

function flagValue(name: LimitName, total: number): string {
  return name === 'stopped_for' ? `${Math.ceil(total / 1000)}s` : String(total);
}

/** Costs add up over the steps, but for `stopped_for`: each stop has its own deadline. */
export function addCosts(used: Limits, costs: Limits): Limits {
  const sum: Partial<Record<LimitName, number>> = { ...used };
  for (const [name, cost] of Object.entries(costs) as [LimitName, number][]) {
    if (name !== 'stopped_for') sum[name] = (sum[name] ?? 0) + cost;
  }
  return sum;
}

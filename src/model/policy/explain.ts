import type { Json } from '../json.ts';
import type { Refusal } from '../plan.ts';
import type { FleetLimits } from '../policy.ts';
import { tooOften } from './pace.ts';
import { type Asked, frozenBy, judgeRule, type Mode, permit, type RuleFinding, sayFreeze } from './permit.ts';

/** What a policy says of one start of one runbook, and why; data, for a screen and for programs. */
export interface Explanation {
  readonly runbook: { readonly name: string; readonly version: string; readonly hash: string };
  readonly params: Readonly<Record<string, Json>>;
  readonly host: string;
  readonly who: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** The host's, where a rule names none. */
  readonly zone: string;
  readonly policy: { readonly path: string; readonly hash: string };
  /** Why the kill switch keeps it from starting; null: it is off. */
  readonly stop: string | null;
  /** The freeze that denies it; null: none. */
  readonly frozen: string | null;
  /** The rule that decides; null: none allows it. */
  readonly rule: string | null;
  /** Null: it may act. */
  readonly refusal: Refusal | null;
  readonly rules: readonly {
    readonly id: string;
    readonly allows: boolean;
    readonly conditions: readonly RuleFinding[];
    /** What it allows of several hosts, where it says so. */
    readonly fleet?: FleetLimits;
  }[];
}

export function explain(mode: Extract<Mode, { kind: 'unattended' }>, asked: Asked, stop: string | null): Explanation {
  const { policy, trigger } = mode;
  const { name, version, source } = asked.runbook;
  const given = permit(mode, asked);
  const freeze = frozenBy(policy, asked, trigger);
  const denied: Refusal | null =
    given.kind === 'denied' ? { outcome: 'refused-by-policy', reasons: [given.reason] } : null;
  return {
    runbook: { name, version, hash: source.hash },
    params: asked.params,
    host: asked.host,
    who: trigger.who,
    at: new Date(asked.at).toISOString(),
    zone: trigger.zone,
    policy: policy.source,
    stop,
    frozen: freeze ? sayFreeze(freeze) : null,
    rule: given.kind === 'allowed' ? given.rule.id : null,
    refusal:
      stop === null ? (denied ?? tooOften(mode, given, asked)) : { outcome: 'refused-by-policy', reasons: [stop] },
    rules: policy.rules.map((rule) => {
      const conditions = judgeRule(rule, asked, trigger);
      return {
        id: rule.id,
        allows: conditions.every(({ holds }) => holds),
        conditions,
        ...(rule.fleet && { fleet: rule.fleet }),
      };
    }),
  };
}

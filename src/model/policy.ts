import type { Limits } from './runbook.ts';

/** What may be done without asking. It decides, it never observes. Deny by default. */
export interface Policy {
  readonly rules: readonly PolicyRule[];
  readonly source: { readonly path: string; readonly hash: string };
}

export interface PolicyRule {
  readonly id: string;
  /** `name` or `name@version`. */
  readonly runbook: string;
  /** Raises or lowers the runbook's own limits for unattended runs; a limit that the rule leaves out stays the runbook's. */
  readonly limits: Limits;
  /** When an act fails: undo what was done, newest first, or leave it for a person. Leases are restored either way. */
  readonly onFailure: 'undo' | 'leave';
}

export type Decision = {
  readonly effect: 'allow' | 'ask' | 'deny' | 'over-limit';
  readonly reason: string /** The rule that made it. */;
  readonly rule: string | null;
};

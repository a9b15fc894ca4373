import type { Policy, PolicyRule } from '../policy.ts';
import type { Runbook } from '../runbook.ts';
import { declaredReadFault, declaredWriteFault, paramNamesFault } from './permit.ts';

/** What a rule does not allow although it names the runbook. */
export interface RuleNote {
  readonly rule: string;
  readonly say: string;
}

/**
 * Rules that can never allow any of these runbooks: they were written for an older version, or before a right had to be
 * named. A rule for an unknown runbook is left out, because it may be for another file.
 */
export function reviewPolicy({ rules }: Policy, runbooks: readonly Runbook[]): readonly RuleNote[] {
  return rules.flatMap((rule) =>
    runbooks.flatMap((runbook) => reviewRule(rule, runbook).map((say) => ({ rule: rule.id, say }))),
  );
}

function reviewRule(rule: PolicyRule, runbook: Runbook): readonly string[] {
  const [name, version] = rule.runbook.split('@');
  const called = `${runbook.name}@${runbook.version}`;
  const byHash = rule.runbook === `sha256:${runbook.source.hash}`;
  if (name !== runbook.name && !byHash) return [];
  if (version !== undefined && version !== runbook.version)
    return [
      `allows ${rule.runbook} and not ${called}, which is what there is: read what changed, then write ${called}`,
    ];
  const faults = [paramNamesFault(rule, runbook), declaredReadFault(rule, runbook), declaredWriteFault(rule, runbook)];
  return faults.flatMap((fault) => (fault === null ? [] : [`does not allow ${called}: ${fault}`]));
}

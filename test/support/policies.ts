import type { PolicyRule } from '../../src/model/policy.ts';

/** A rule that allows the runbook and leaves everything else as the loader does. */
export function ruleOf(given: Partial<PolicyRule>): PolicyRule {
  return {
    id: 'rule-1',
    who: [],
    runbook: 'test',
    params: {},
    hosts: [],
    during: [],
    deny: [],
    declaredRead: 'deny',
    declaredWrite: 'deny',
    limits: {},
    runs: {},
    coolDown: 0,
    onFailure: 'leave',
    undo: 'safe',
    ...given,
  };
}

import { isObject } from '../model/json.ts';
import type { Policy } from '../model/policy.ts';
import type { Catalogue } from '../model/ports.ts';
import type { Checked, Problem } from '../model/problem.ts';
import { buildPolicy } from './policy/build.ts';
import { POLICY } from './policy/language.ts';
import { policyRules } from './policy/rules.ts';
import { freeze } from './runbook/build.ts';
import { hashOfText } from './text/hash.ts';
import { parse } from './text/parse.ts';
import { checkShape } from './text/shape-check.ts';
import { inTextOrder, problemAt, type Source } from './text/source.ts';
import { spell } from './text/spell.ts';

export interface LoadPolicyRequest {
  /** For messages, and for the policy's `source`; nothing is read from it. */
  readonly path: string;
  readonly text: string;
  /** The actions that a rule can deny. */
  readonly catalogue: Pick<Catalogue, 'actions'>;
}

const TOO_LONG =
  'a policy may have some 1 000 rules; one rule may name many: `hosts` and `params` take patterns, `who` a list';

/** Text to policy: every mistake of the text at once, or a frozen policy. */
export async function loadPolicy({ path, text, catalogue }: LoadPolicyRequest): Promise<Checked<Policy>> {
  const parsed = parse(path, text, { tooLong: TOO_LONG });
  if (!parsed.source) return { ok: false, problems: parsed.problems };
  if (!isObject(parsed.source.value)) return { ok: false, problems: [...parsed.problems, notAPolicy(parsed.source)] };
  const spelt = spell(parsed.source, [{ path: [], shape: POLICY }]);
  const shape = await checkShape(spelt.source, { path: [], shape: POLICY }, spelt.holes);
  const problems = inTextOrder([
    ...parsed.problems,
    ...spelt.problems,
    ...shape.problems,
    ...policyRules(spelt.source, shape.problems, catalogue.actions),
  ]);
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: freeze(buildPolicy(spelt.source.value, { path, hash: hashOfText(text) })) };
}

/** A policy is recognised by its first key, so `check` takes any file. */
export function isPolicyText(text: string): boolean {
  // Rules and no steps: what misses is its first line, and that is the one mistake.
  const rules = /^allow\s*:/m.test(text) && !/^(?:runbook|diagnose|act|verify)\s*:/m.test(text);
  return rules || /^firebreak_policy\s*:/m.test(text);
}

function notAPolicy(source: Source): Problem {
  return problemAt(source, [], 'value', {
    code: 'wrong-type',
    message: 'a policy is a map of keys',
    hint: 'it starts with `firebreak_policy: 1`',
  });
}

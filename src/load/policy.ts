import { isObject, type Json, type JsonObject } from '../model/json.ts';
import type { Policy, PolicyRule } from '../model/policy.ts';
import type { Checked, Problem } from '../model/problem.ts';
import { buildLimits, freeze } from './build.ts';
import { hashOf } from './hash.ts';
import { POLICY } from './language.ts';
import { parse } from './parse.ts';
import { checkShape } from './shape-check.ts';
import { inOrder, problemAt, type Source } from './source.ts';
import { spell } from './spell.ts';

/** Text to policy: every mistake of the text at once, or a frozen policy. */
export async function loadPolicy({ path, text }: { readonly path: string; readonly text: string }): Promise<Checked<Policy>> {
  const parsed = parse(path, text);
  if (!parsed.source) return { ok: false, problems: parsed.problems };
  if (!isObject(parsed.source.value)) return { ok: false, problems: [...parsed.problems, notAPolicy(parsed.source)] };
  const spelt = spell(parsed.source, [{ path: [], shape: POLICY }]);
  const shape = await checkShape(spelt.source, { path: [], shape: POLICY }, spelt.holes);
  const problems = inOrder([...parsed.problems, ...spelt.problems, ...shape.problems, ...duplicateIds(spelt.source)]);
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: freeze({ rules: rulesOf(spelt.source.value).map(buildRule), source: { path, hash: hashOf(text) } }) };
}

/** A policy is known by its first key, so that `check` can be given any file. */
export function isPolicyText(text: string): boolean {
  return /^firebreak_policy\s*:/m.test(text);
}

function rulesOf(value: Json): readonly JsonObject[] {
  const rules = isObject(value) && Array.isArray(value.allow) ? (value.allow as readonly Json[]) : [];
  return rules.filter(isObject);
}

function buildRule(rule: JsonObject, at: number): PolicyRule {
  return {
    id: typeof rule.id === 'string' ? rule.id : `allow-${at + 1}`,
    runbook: String(rule.runbook),
    limits: buildLimits(rule.limits),
    onFailure: rule.on_failure === 'undo' ? 'undo' : 'leave',
  };
}

function duplicateIds(source: Source): readonly Problem[] {
  const ids = rulesOf(source.value).map((rule) => rule.id);
  return ids.flatMap((id, at) => {
    if (typeof id !== 'string' || ids.indexOf(id) === at) return [];
    return [problemAt(source, ['allow', at, 'id'], 'value', { code: 'duplicate-id', message: `\`${id}\` is the name of another rule` })];
  });
}

function notAPolicy(source: Source): Problem {
  return problemAt(source, [], 'value', {
    code: 'wrong-type',
    message: 'a policy is a map of keys',
    hint: 'it starts with `firebreak_policy: 1`',
  });
}

import type { Problem } from '../model/problem.ts';
import type { CheckedDraft, Rule } from './rules/checked.ts';
import { fleetRules } from './rules/fleet.ts';
import { nameRules } from './rules/names.ts';
import { orderRules } from './rules/order.ts';
import { paramRules } from './rules/params.ts';
import { serviceRules } from './rules/services.ts';
import { stepRules } from './rules/steps.ts';
import { textRules } from './rules/texts.ts';
import { unreadRules } from './rules/unread.ts';
import { watchRules } from './rules/watch.ts';

/** The rules of the language that a schema cannot express. They check everything of a runbook that could be read. */
export function checkRules(checked: CheckedDraft): readonly Problem[] {
  return RULES.flatMap((rule) => rule(checked));
}

const RULES: readonly Rule[] = [
  stepRules,
  nameRules,
  paramRules,
  orderRules,
  serviceRules,
  textRules,
  unreadRules,
  watchRules,
  fleetRules,
];

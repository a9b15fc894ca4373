import { exitCode } from '../model/outcome.ts';
import type { Explanation } from '../model/policy/explain.ts';
import type { RuleFinding } from '../model/policy/permit.ts';
import type { RuleNote } from '../model/policy/review.ts';
import { sayWindow } from '../model/policy/window.ts';
import type { FleetLimits, Policy, PolicyRule } from '../model/policy.ts';
import { DEFAULT_LIMITS, LIMITS, type LimitName, type Limits } from '../model/runbook.ts';
import { plural, showCount, showDuration } from '../model/text/quantity.ts';
import { escaped, escapeJson } from './draw/escape.ts';
import { hang } from './draw/layout.ts';
import type { Paper } from './draw/style.ts';

/** Whether it may start, and why; then every rule with every condition. */
export function renderExplanation(explanation: Explanation, paper: Paper): string {
  const { runbook, host, who, at, zone, rules } = explanation;
  const lines = [
    paper.style.bold(
      escaped(
        `${runbook.name} ${runbook.version} on ${host}, unattended by ${who}, ${at.slice(0, 16).replace('T', ' ')} UTC`,
      ),
    ),
    ...answer(explanation, paper),
    ...(rules.length === 0 ? [] : [`The zone of the host is ${escaped(zone)}. Every condition of a rule must hold:`]),
    ...rules.flatMap((rule) => ruleLines(rule, paper)),
  ];
  return `${lines.join('\n')}\n`;
}

function answer({ refusal, rule }: Explanation, paper: Paper): readonly string[] {
  if (refusal === null) return hang('', escaped(`may act: rule ${rule} allows it`), paper.columns, paper.style.good);
  const would =
    rule === null || refusal.outcome === 'refused-by-policy'
      ? 'refused'
      : `rule ${rule} allows it, but if the incident is found`;
  return refusal.reasons.flatMap((reason) =>
    hang('', escaped(`${would} (exit ${exitCode(refusal.outcome)}): ${reason}`), paper.columns, paper.style.bad),
  );
}

function ruleLines({ id, allows, conditions, fleet }: Explanation['rules'][number], paper: Paper): readonly string[] {
  const title = allows ? paper.style.green('allows') : paper.style.yellow('does not allow');
  const several = fleet ? hang('       of a fleet    ', fleetText(fleet), paper.columns) : [];
  return [
    '',
    `rule ${escaped(id)} ${title}`,
    ...conditions.flatMap((condition) => conditionLines(condition, paper)),
    ...several,
  ];
}

function conditionLines({ condition, holds, say }: RuleFinding, paper: Paper): readonly string[] {
  const label = `  ${holds ? 'yes' : 'NO '}  ${condition.padEnd(15)}`;
  return hang(label, escaped(say), paper.columns, holds ? (line) => line : paper.style.bad);
}

export function explanationJson(explanation: Explanation): string {
  return `${escapeJson(JSON.stringify(explanation, null, 2))}\n`;
}

/** A policy that is well, in sentences: what an author meant shows best in other words. */
export function renderPolicy(policy: Policy, notes: readonly RuleNote[], paper: Paper): string {
  const lines = [
    ...policy.freeze.flatMap(({ from, to, why }) =>
      hang('    ', escaped(`frozen from ${from} to ${to}: ${why}`), paper.columns),
    ),
    ...policy.rules.flatMap((rule) => hang('    ', escaped(`${rule.id}: ${sayRule(rule)}`), paper.columns)),
    ...notes.flatMap(({ rule, say }) => hang('  ! ', escaped(`rule ${rule} ${say}`), paper.columns, paper.style.warn)),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function sayRule(rule: PolicyRule): string {
  const { who, runbook, params, hosts, during, deny, declaredRead, declaredWrite } = rule;
  const where = [
    runbook,
    who.length === 0 || who.includes('unattended') ? 'whoever starts it' : `started by ${who.join(' or ')}`,
    ...Object.entries(params).map(([name, comparator]) => `${name} ${sayComparator(comparator)}`),
    hosts.length === 0 ? 'on any host' : `on ${hosts.join(' or ')}`,
    during.length === 0 ? 'at any time' : during.map(sayWindow).join(' and '),
    ...(deny.length === 0 ? [] : [`no ${deny.join(', no ')}`]),
    ...(declaredRead === 'deny' ? [] : ['commands that declare to read']),
    ...(declaredWrite === 'deny' ? [] : ['commands that change what only their author knows']),
  ];
  const fleet = rule.fleet ? ` Of several hosts ${fleetText(rule.fleet)}.` : '';
  return `${where.join(', ')}. At most ${sayLimits(rule)}.${fleet} ${sayAfter(rule)}`;
}

function fleetText({ atOnce, share, hostsADay }: FleetLimits): string {
  const day = hostsADay === null ? '' : `, ${plural(hostsADay, 'different host')} a day`;
  return `${atOnce} at once${share < 100 ? `, ${share}% of a group` : ''}${day}`;
}

function sayComparator(comparator: PolicyRule['params'][string]): string {
  return Object.entries(comparator)
    .map(([word, value]) => `${word.replaceAll('_', ' ')} ${Array.isArray(value) ? value.join(' or ') : String(value)}`)
    .join(' and ');
}

function sayLimits({ limits, runs }: PolicyRule): string {
  const named = LIMITS.flatMap((name) => {
    const limit = limits[name];
    return limit === undefined ? [] : [sayLimit(name, limit)];
  });
  const often = [
    ...(runs.anHour === undefined ? [] : [`${plural(runs.anHour, 'run')} an hour`]),
    ...(runs.aDay === undefined ? [] : [`${plural(runs.aDay, 'run')} a day`]),
  ];
  return [...named, ...(named.length < LIMITS.length ? [elseOwn(limits)] : []), ...often].join(', ');
}

/** What holds where a rule names no limit: nothing is unlimited because nobody wrote it down. */
function elseOwn(limits: Limits): string {
  const rest = LIMITS.filter((name) => limits[name] === undefined);
  return `${rest.length < LIMITS.length ? 'else ' : ''}what the runbook says, and where it says nothing ${rest.map((name) => sayLimit(name, DEFAULT_LIMITS[name])).join(', ')}`;
}

const sayLimit = (name: LimitName, limit: number): string =>
  `${name.replaceAll('_', ' ')} ${name === 'stopped_for' ? showDuration(limit) : showCount(limit)}`;

function sayAfter({ onFailure, undo, coolDown }: PolicyRule): string {
  const what = { safe: 'all but what would bring the incident back', all: 'everything', none: 'nothing' }[undo];
  const failure = onFailure === 'undo' ? 'undo what was done' : 'leave it for a person';
  const again =
    coolDown === 0
      ? ''
      : ` A person is needed when the incident is back within ${showDuration(coolDown)} of a fix that held.`;
  return `On failure ${failure}; may undo ${what}.${again}`;
}

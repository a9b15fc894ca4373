import { apart, type Document, marked, sentence, type Telling } from '../../model/document.ts';
import { exitCode } from '../../model/outcome.ts';
import type { Explanation } from '../../model/policy/explain.ts';
import type { RuleNote } from '../../model/policy/review.ts';
import { sayWindow } from '../../model/policy/window.ts';
import type { FleetLimits, Policy, PolicyRule } from '../../model/policy.ts';
import { DEFAULT_LIMITS, LIMITS, type LimitName, type Limits } from '../../model/runbook.ts';
import { plural, showCount, showDuration } from '../../model/text/quantity.ts';

/** Whether it may start, and why; then every rule with every condition. */
export function tellExplanation(explanation: Explanation): Telling {
  return { document: () => explanationDocument(explanation), record: () => explanation };
}

function explanationDocument(explanation: Explanation): Document {
  const { runbook, host, who, at, zone, rules } = explanation;
  const when = `${at.slice(0, 16).replace('T', ' ')} UTC`;
  return [
    sentence(`${runbook.name} ${runbook.version} on ${host}, unattended by ${who}, ${when}`, 'bold'),
    ...answer(explanation),
    ...(rules.length === 0 ? [] : [sentence(`The zone of the host is ${zone}. Every condition of a rule must hold:`)]),
    ...rules.flatMap(ruleDocument),
  ];
}

function answer({ refusal, rule }: Explanation): Document {
  if (refusal === null) return [sentence(`may act: rule ${rule} allows it`, 'good')];
  const { outcome, reasons } = refusal;
  const isRefused = rule === null || outcome === 'refused-by-policy';
  const would = isRefused ? 'refused' : `rule ${rule} allows it, but if the incident is found`;
  return reasons.map((reason) => sentence(`${would} (exit ${exitCode(outcome)}): ${reason}`, 'bad'));
}

function ruleDocument({ id, allows, conditions, fleet }: Explanation['rules'][number]): Document {
  const held = conditions.map(({ condition, holds, say }) =>
    sentence(say, holds ? undefined : 'bad', `  ${holds ? 'yes' : 'NO '}  ${condition.padEnd(15)}`),
  );
  const several = fleet ? [sentence(fleetText(fleet), undefined, '       of a fleet    ')] : [];
  const title = allows
    ? sentence('allows', 'green', `rule ${id} `)
    : sentence('does not allow', 'yellow', `rule ${id} `);
  return apart(title, ...held, ...several);
}

/** A policy that is well, in sentences: what an author meant shows best in other words. */
export function tellPolicy(policy: Policy, notes: readonly RuleNote[]): Document {
  return [
    ...policy.freeze.map(({ from, to, why }) => sentence(`frozen from ${from} to ${to}: ${why}`, undefined, '    ')),
    ...policy.rules.map((rule) => sentence(`${rule.id}: ${sayRule(rule)}`, undefined, '    ')),
    ...marked(
      '!',
      notes.map(({ rule, say }) => `rule ${rule} ${say}`),
      'warn',
    ),
  ];
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

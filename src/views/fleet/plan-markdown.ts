import type { FleetPlan } from '../../model/fleet/ports.ts';
import type { PlanGroup } from '../../model/fleet.ts';
import { OUTCOMES } from '../../model/outcome.ts';
import { plural, showCount } from '../../model/text/quantity.ts';
import { escaped } from '../draw/escape.ts';
import { cell, code, fence, md, mdTable } from '../markdown.ts';
import { showValue } from '../plan.ts';
import { costsOf, differencesOf, type GroupStep, groupSteps, groupWarnings, totalsOf } from './group.ts';
import type { ReviewLook } from './plan.ts';
import {
  decidesText,
  groupsText,
  inOrder,
  mainGroup,
  names,
  plansOf,
  reasonsOf,
  strategyText,
  timeText,
} from './plan-words.ts';

/** The review of many hosts as Markdown, for a change ticket: the groups in words, then a row for every host. */
export function fleetPlanMarkdown(review: FleetPlan, look: ReviewLook): string {
  const parts = [
    head(review),
    short(review, look),
    ...inOrder(review.groups).map((group) => groupPart(group, review)),
    batches(review),
  ];
  return `${[...parts, open(review), table(review), next(look)]
    .filter((part) => part.length > 0)
    .map((part) => part.join('\n'))
    .join('\n\n')}\n`;
}

function head({ runbook, params, plans, groups, skipped }: FleetPlan): readonly string[] {
  const values = Object.entries(params).map(([name, value]) => `${name} = ${showValue(value)}`);
  const rows = [
    ['Runbook', cell(`${runbook.name} ${runbook.version}, ${runbook.path}`)],
    ['Runbook sha256', cell(runbook.hash)],
    ['Parameters', values.map(cell).join('<br>') || 'none'],
    ['Skipped', cell(names(skipped)) || 'none'],
  ];
  return [
    `# Plan: ${md(runbook.name)} on ${plural(plans.length, 'host')}`,
    '',
    `${md(runbook.title)}. **${md(groupsText(groups))}.** Nothing was changed.`,
    '',
    ...mdTable(['', ''], rows),
  ];
}

function short(review: FleetPlan, { notes = [] }: ReviewLook): readonly string[] {
  const own = review.groups.filter(({ kind }) => kind === 'act').flatMap((group) => plansOf(group, review.plans));
  if (own.length === 0) return [];
  const { inAll, each, forGood } = totalsOf(own);
  return [
    '## In short',
    '',
    `- **In all:** ${inAll.join(', ') || 'nothing that is limited'}, on ${plural(own.length, 'host')}`,
    `- **A host:** at most ${each.join(', ') || 'nothing that is limited'}`,
    `- **Cannot be undone:** ${forGood.map(md).join(', ') || 'nothing'}`,
    `- **Decides:** ${md(decidesText(own))}`,
    ...notes.map((note) => `- **Note:** ${md(note)}`),
    `- **Time:** ${timeText(own, review)}`,
  ];
}

const KINDS: Readonly<Record<PlanGroup['kind'], string>> = {
  act: 'Would act',
  'looked-only': 'Looked only',
  'not-this-incident': 'Not this incident',
  refused: 'Refused',
  unreachable: 'Unreachable',
};

function groupPart(group: PlanGroup, { plans, groups }: FleetPlan): readonly string[] {
  const own = plansOf(group, plans);
  const main = mainGroup(groups);
  const steps = groupSteps(own);
  const told =
    group === main
      ? steps.flatMap(stepText)
      : differencesOf(steps, main === undefined ? [] : groupSteps(plansOf(main, plans))).map(bullet);
  const warnings = groupWarnings(own).map(({ text, hosts, of }) => {
    return `- **Warning:** ${md(text)}${hosts.length === of ? '' : ` (${md(names(hosts))})`}`;
  });
  const title = `## ${KINDS[group.kind]}: ${plural(group.hosts.length, 'host')}`;
  if (group.kind !== 'act')
    return [title, '', ...reasonsOf(group, plans).map(({ reason, hosts }) => bullet(`${names(hosts)}: ${reason}`))];
  const acts = [...told, ...warnings];
  return [title, '', `${md(names(group.hosts))}: ${md(group.says)}`, ...(acts.length === 0 ? [] : ['', ...acts])];
}

const bullet = (text: string): string => `- ${md(text)}`;

function stepText({ id, text, forGood, undo }: GroupStep, at: number): readonly string[] {
  const back = `${forGood !== null ? `; **cannot be undone**, ${md(forGood)}` : ''}${undo !== null ? `; undo: ${md(undo)}` : ''}`;
  return [`${at + 1}. ${md(id)}: ${md(text)}${back}`];
}

function batches({ batches: all, strategy }: FleetPlan): readonly string[] {
  if (all.length === 0) return [];
  return [
    '## Batches',
    '',
    ...all.map((hosts, at) => `${at + 1}. ${plural(hosts.length, 'host')}: ${md(names(hosts))}`),
    '',
    `${md(strategyText(strategy))}.`,
  ];
}

function open({ plans, groups }: FleetPlan): readonly string[] {
  const acting = groups.flatMap((group) => (group.kind === 'act' ? plansOf(group, plans) : []));
  const items = [...new Set(acting.flatMap((plan) => plan.open))];
  return items.length === 0 ? [] : ['## Stays open', '', ...items.map((item) => `- [ ] ${md(item)}`)];
}

/** Every host, so that a ticket says of each by name what was meant for it. */
function table({ plans, groups, batches: all }: FleetPlan): readonly string[] {
  const rows = plans.map((one) => {
    const group = groups.find(({ hosts }) => hosts.includes(one.host));
    const batch = all.findIndex((hosts) => hosts.includes(one.host)) + 1;
    const { kill = 0, delete: files = 0, edit = 0 } = one.kind === 'plan' && batch > 0 ? costsOf(one.plan) : {};
    const says = one.kind === 'plan' ? (one.plan.refusal?.reasons.join('; ') ?? '') : one.reason;
    const kind = group === undefined ? '' : KINDS[group.kind].toLowerCase();
    return [cell(one.host), batch === 0 ? '' : String(batch), kind, ...[kill, files, edit].map(showCount), cell(says)];
  });
  return ['## Hosts', '', ...mdTable(['host', 'batch', 'what', 'kill', 'delete', 'edit', 'note'], rows)];
}

function next({ command, refusal }: ReviewLook): readonly string[] {
  if (!refusal) return command === undefined ? [] : ['## To run it', '', ...fence('sh', [escaped(command)])];
  const { exit, about } = OUTCOMES[refusal.outcome];
  return [
    '## It would not run',
    '',
    `A run would touch no host and exit ${code(String(exit))}, ${md(about)}:`,
    '',
    ...refusal.reasons.map((reason) => `- ${md(reason)}`),
  ];
}

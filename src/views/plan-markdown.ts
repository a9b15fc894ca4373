import { OUTCOMES } from '../model/outcome.ts';
import {
  isForGood,
  type Plan,
  type PlannedAction,
  type PlannedProbe,
  type PlannedWatch,
  sayFound,
} from '../model/plan.ts';
import { addCosts } from '../model/policy/decide.ts';
import { LIMITS, type Limits } from '../model/runbook.ts';
import { showDuration } from '../model/text/quantity.ts';
import { decisionWords, limitText } from './action.ts';
import { escaped } from './draw/escape.ts';
import { cell, code, fence, md, mdTable } from './markdown.ts';
import { proofText, showValue } from './plan.ts';
import { undoText } from './report/actions.ts';
import { blocks } from './report/blocks.ts';
import { dayText } from './report/clock.ts';
import { watchedText } from './watch-words.ts';

/** The command that shows what a ticket has no room for. */
const WHOLE = 'firebreak plan --all';

/**
 * The review as Markdown, for a change ticket: what was found, what would be done to what, how it is undone, how it
 * would be proven.
 */
export function planMarkdown(plan: Plan, { command }: { readonly command: string }): string {
  const parts = [
    head(plan),
    summary(plan),
    diagnosis(plan),
    actions(plan),
    verify(plan),
    open(plan),
    next(plan, command),
  ];
  return `${parts
    .filter((part) => part.length > 0)
    .map((part) => part.join('\n'))
    .join('\n\n')}\n`;
}

function head({ runbook, host, at, params }: Plan): readonly string[] {
  const values = Object.entries(params).map(([name, value]) => `${name} = ${showValue(value)}`);
  const rows = [
    ['Runbook', cell(`${runbook.name} ${runbook.version}, ${runbook.path}`)],
    ['Runbook sha256', cell(runbook.hash)],
    ['Looked at', dayText(new Date(at).toISOString())],
    ['Parameters', values.map(cell).join('<br>') || 'none'],
  ];
  return [
    `# Plan: ${md(runbook.name)} on ${md(host)}`,
    '',
    `${md(runbook.title)}. Nothing was changed.`,
    '',
    ...mdTable(['', ''], rows),
  ];
}

/** What an approver asks first. */
function summary({ steps, limits, estimate }: Plan): readonly string[] {
  const acting = steps.filter((step): step is PlannedAction => step.kind === 'action');
  if (acting.length === 0) return [];
  const used = acting.reduce<Limits>((sum, step) => addCosts(sum, step.observation?.costs ?? {}), {});
  const taken = LIMITS.flatMap((name) => (used[name] ? [limitText(name, used[name], limits[name])] : []));
  const irreversible = acting.filter(isForGood);
  return [
    '## In short',
    '',
    ...acting.map((step, at) => `${at + 1}. ${md(step.id)}: ${md(whatOf(step))}`),
    '',
    `- **In all:** ${taken.join(', ') || 'nothing that is limited'}`,
    `- **Cannot be undone:** ${irreversible.map(({ id }) => md(id)).join(', ') || 'nothing'}`,
    `- **Time:** ${estimate === null ? 'nobody can tell: it depends on a person or a command' : `about ${showDuration(estimate)}, the watch included`}`,
  ];
}

function whatOf({ skipped, observation }: PlannedAction): string {
  if (skipped !== null) return `skipped, ${skipped}`;
  if (observation === null) return 'not looked at yet';
  return observation.verdict === 'nothing' ? `nothing to do, ${observation.summary}` : observation.summary;
}

const VERDICTS = {
  'this-incident': 'This is the incident.',
  'looked-only': '**Looked only:** nothing here decides whether this is an incident.',
  'not-this-incident': '**Not this incident.**',
  unknown: '**Unknown:** it could not look at everything.',
} as const;

function diagnosis(plan: Plan): readonly string[] {
  const probes = plan.steps.filter((step): step is PlannedProbe => step.kind === 'probe' && step.phase === 'diagnose');
  const reasons = plan.diagnosis.reasons.map((reason) => `- ${md(reason)}`);
  return [
    '## Diagnosis',
    '',
    VERDICTS[plan.diagnosis.verdict],
    ...(reasons.length === 0 ? [] : ['', ...reasons]),
    ...probes.flatMap(probe),
  ];
}

function probe(step: PlannedProbe): readonly string[] {
  const { id, why, truth, decisive, finding, judgements } = step;
  const judged = judgements.map(({ truth: is, wanted, seen }) => `- ${is}: wanted ${md(wanted)}, seen ${md(seen)}`);
  return [
    '',
    `### ${md(id)}: ${decisive ? truth.replaceAll('-', ' ') : 'informs only'}`,
    '',
    `**${md(sayFound(step))}**${why === null ? '' : `; ${md(why)}`}`,
    ...(judged.length === 0 ? [] : ['', ...judged]),
    ...blocks(finding?.blocks ?? [], WHOLE),
  ];
}

function actions({ steps }: Plan): readonly string[] {
  const acting = steps.filter((step): step is PlannedAction => step.kind === 'action');
  if (acting.length === 0) return [];
  const inOrder = steps.filter(({ phase }) => phase === 'act');
  return [
    '## Actions',
    ...inOrder.flatMap((step) =>
      step.kind === 'action' ? action(step, acting.indexOf(step)) : step.kind === 'probe' ? atTurn(step) : [],
    ),
  ];
}

/** A look between the actions. */
function atTurn({ id, why, atTurn: says = 'looked at when its turn comes', finding }: PlannedProbe): readonly string[] {
  return [
    '',
    `### ${md(id)}`,
    '',
    ...(why === null ? [] : [`Why: ${md(why)}.`, '']),
    `- **At its turn:** ${md(says)}`,
    ...(finding === null ? [] : [`- **Now:** ${md(finding.summary)}`]),
  ];
}

function action(step: PlannedAction, at: number): readonly string[] {
  const { observation, decision, undoNote, undoSteps = [], why } = step;
  const refused = decision.effect === 'deny' || decision.effect === 'over-limit' ? `, ${md(decision.reason)}` : '';
  return [
    '',
    `### ${at + 1}. ${md(step.id)}`,
    '',
    ...(why === null ? [] : [`Why: ${md(why)}.`, '']),
    `- **Will:** ${md(whatOf(step))}`,
    ...(step.late === undefined ? [] : [`- **When:** ${md(step.late)}`]),
    ...(observation?.reason === undefined ? [] : [`- **Cannot:** ${md(observation.reason)}`]),
    `- **Decided:** ${md(decisionWords(step))}${refused}`,
    ...(observation?.verdict === 'change' ? [`- **Undo:** ${undoText(observation.undo)}`] : []),
    ...undoSteps.map(
      ({ say, why: because, now }) =>
        `- **Undo step:** ${md([say, because, now].filter((part) => part !== null).join('; '))}`,
    ),
    ...(undoNote === null ? [] : [`- **Undo note:** ${md(undoNote)}`]),
    ...(observation?.lease === undefined ? [] : [`- **Lease:** ${md(observation.lease.say)}`]),
    ...(observation?.warnings ?? []).map((warning) => `- **Warning:** ${md(warning)}`),
    ...blocks(observation?.blocks ?? [], WHOLE),
    ...byHand(observation?.explain ?? step.explain),
  ];
}

function byHand(explain: readonly string[]): readonly string[] {
  return explain.length === 0 ? [] : ['', 'By hand:', '', ...fence('sh', explain.map(escaped))];
}

function verify({ steps, diagnosis: { verdict } }: Plan): readonly string[] {
  const watches = steps.filter((step): step is PlannedWatch => step.kind === 'watch');
  const probes = steps.filter((step): step is PlannedProbe => step.kind === 'probe' && step.phase === 'verify');
  if (watches.length + probes.length === 0 || (verdict !== 'this-incident' && verdict !== 'looked-only')) return [];
  return ['## Verification', ...watches.flatMap(watch), ...probes.flatMap(probe)];
}

function watch({ id, why, watch: spec, skipped }: PlannedWatch): readonly string[] {
  return [
    '',
    `### ${md(id)}`,
    '',
    skipped === undefined
      ? `Watched ${watchedText(spec)}${why === null ? '' : `; ${md(why)}`}.`
      : `Not watched: ${md(skipped)}.`,
    '',
    ...spec.hold.map(({ wanted }) => `- must hold: ${md(wanted)}`),
    `- proof: ${md(proofText(spec))}`,
  ];
}

function open(plan: Plan): readonly string[] {
  return plan.open.length === 0 ? [] : ['## Stays open', '', ...plan.open.map((item) => `- [ ] ${md(item)}`)];
}

function next({ refusal }: Plan, command: string): readonly string[] {
  if (refusal === null) return ['## To run it', '', ...fence('sh', [escaped(command)])];
  const { exit, about } = OUTCOMES[refusal.outcome];
  return [
    '## It would not run',
    '',
    `A run would touch nothing and exit ${code(String(exit))}, ${md(about)}:`,
    '',
    ...refusal.reasons.map((reason) => `- ${md(reason)}`),
  ];
}

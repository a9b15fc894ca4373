import { sayLease } from '../../model/host/lease.ts';
import { OUTCOMES } from '../../model/outcome.ts';
import { elapsed, isDrill, lastThing, openLeases, type RunState, unknownSteps } from '../../model/state.ts';
import { plural, showDuration } from '../../model/text/quantity.ts';
import { code, md } from '../markdown.ts';
import type { RunSource } from '../runs.ts';
import { clockText, dayText } from './clock.ts';

export function head({ id, state, problem, damaged, running }: RunSource): readonly string[] {
  const name = state.meta === null ? 'a run that was not started' : state.meta.runbook.name;
  const damage =
    problem === null ? [] : [`> **The journal is not whole:** ${md(problem)}. This report tells what can be read.`, ''];
  return [
    `# ${isDrill(state) ? 'Drill of ' : ''}${md(name)} on ${md(state.host)}: ${damaged ? 'journal damaged' : running === null ? resultOf(state) : 'running'}`,
    '',
    ...damage,
    `${md(state.meta?.runbook.title ?? '')} · run ${code(id)}`.replace(/^ · /, ''),
    '',
    story(state, running).join(' '),
  ];
}

function resultOf({ finished }: RunState): string {
  return finished === null ? 'unfinished' : finished.outcome.replaceAll('-', ' ');
}

function story(state: RunState, running: string | null): readonly string[] {
  const end =
    running === null
      ? [endText(state), openText(state)]
      : [`**It goes on**, ${md(running)}${state.current === null ? '' : `, just now at ${md(state.current)}`}.`];
  return [whenText(state), diagnosisText(state), doneSentence(state), verdictText(state), ...end].filter(
    (sentence) => sentence !== '',
  );
}

function whenText(state: RunState): string {
  const { meta, resumes } = state;
  if (meta === null) return '';
  const took = `${showDuration(elapsed(state))}${resumes === 0 ? '' : `, taken up again ${plural(resumes, 'time')}`}`;
  return `${dayText(meta.at)}, ${took}, ${meta.mode} by ${md(meta.who)}.`;
}

function diagnosisText({ diagnosis }: RunState): string {
  if (diagnosis === null) return 'It was not diagnosed.';
  const because = diagnosis.reasons.length === 0 ? '' : `: ${diagnosis.reasons.map(md).join('; ')}`;
  switch (diagnosis.verdict) {
    case 'this-incident':
      return `It was this incident${because}.`;
    case 'looked-only':
      return 'It was looked at **only**: nothing in the runbook decides whether this is an incident.';
    case 'not-this-incident':
      return `It was **not this incident**${because}.`;
    case 'unknown':
      return `It **could not be told** whether it was this incident${because}.`;
  }
}

function doneSentence(state: RunState): string {
  const { used } = state;
  const counts = [
    ...(used.kill > 0 ? [`killed ${plural(used.kill, 'process', 'processes')}`] : []),
    ...(used.delete > 0 ? [`deleted ${plural(used.delete, 'file')}`] : []),
    ...(used.edit > 0 ? [`edited ${plural(used.edit, 'file')}`] : []),
  ];
  const acted = state.steps.filter(({ attempts, status }) => attempts > 0 && status !== 'acting').length;
  if (state.steps.every(({ attempts }) => attempts === 0)) return '**Nothing was changed.**';
  return counts.length === 0
    ? `${plural(acted, 'action')} ran.`
    : `${plural(acted, 'action')} ran: ${counts.join(', ')}.`;
}

function verdictText({ verdict, verdictReasons }: RunState): string {
  if (verdict === null) return '';
  const because = verdictReasons.length === 0 ? '' : `: ${verdictReasons.map(md).join('; ')}`;
  return `The verdict is **${verdict}**${because}.`;
}

function endText(state: RunState): string {
  if (state.finished === null)
    return `**The run did not finish**; the last thing known is ${md(lastThing(state))}. What was intended and has no outcome is unknown: look before you go on.`;
  const { outcome, reasons } = state.finished;
  if (outcome === state.verdict || outcome === 'not-this-incident') return '';
  return `It ended ${md(OUTCOMES[outcome].about)}${reasons.length === 0 ? '' : `: ${reasons.map(md).join('; ')}`}.`;
}

function openText(state: RunState): string {
  const count = openLines(state).length;
  return count === 0 ? '' : `${plural(count, 'thing')} ${count === 1 ? 'stays' : 'stay'} open.`;
}

/** Of a run that goes on nothing is left to anybody yet. */
export function openItems({ state, running }: RunSource): readonly string[] {
  if (running !== null) return [];
  const lines = openLines(state);
  return lines.length === 0 ? [] : ['## Open', '', ...lines.map((line) => `- [ ] ${line}`)];
}

function openLines(state: RunState): readonly string[] {
  return [
    ...unknownSteps(state).map(
      (step) => `**${md(step)}: its outcome is unknown.** Look at the host before anything is done again.`,
    ),
    ...openLeases(state).map(
      (lease) =>
        `The lease ${md(lease.key)} of ${clockText(lease.armed.at)} is neither released nor restored: ${md(sayLease(lease))}.`,
    ),
    ...(state.rollback?.left ?? []).map((line) => `Not undone: ${md(line)}`),
    ...state.open.map(md),
  ];
}

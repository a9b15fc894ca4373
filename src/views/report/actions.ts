import { canBeUndone, isCovered, sayWayBack } from '../../model/run/undo.ts';
import type { RunState, StepState } from '../../model/state.ts';
import { showCount } from '../../model/text/quantity.ts';
import type { Targets, Undo } from '../../model/verb.ts';
import { escaped } from '../draw/escape.ts';
import { fence, md } from '../markdown.ts';
import { doneText } from '../summary.ts';
import { blocks, more, SHOWN } from './blocks.ts';
import { clockText } from './clock.ts';

export function changes(state: RunState): readonly string[] {
  const actions = state.steps.filter(({ kind, status }) => kind === 'action' && status !== 'waiting');
  return actions.length === 0 ? [] : ['## Actions', ...actions.flatMap(action)];
}

function action(step: StepState, at: number): readonly string[] {
  const { observation, applied } = step;
  const facts = [
    `- **Result:** ${md(doneText(step))}`,
    ...(observation === null ? [] : [`- **Seen before:** ${md(observation.summary)}${stateText(observation.state)}`]),
    ...approvalText(step),
    ...(step.attempts > 1 ? [`- **Attempts:** ${step.attempts}`] : []),
    ...(observation === null || step.attempts === 0
      ? []
      : [`- **Undo:** ${wayBack(step, applied?.undo ?? observation.undo)}`]),
    ...(observation?.warnings ?? []).map((warning) => `- **Warning:** ${md(warning)}`),
  ];
  return [
    '',
    `### ${at + 1}. ${md(step.id)}: ${step.status.replaceAll('-', ' ')}`,
    '',
    ...(step.why === null ? [] : [`Why: ${md(step.why)}.`, '']),
    ...facts,
    ...targets(step),
    ...blocks(observation?.blocks ?? []),
    ...blocks(applied?.blocks ?? []),
    ...byHand(observation?.explain ?? []),
  ];
}

function stateText(state: { readonly now: string; readonly after: string } | undefined): string {
  return state === undefined ? '' : ` (${md(state.now)} → ${md(state.after)})`;
}

function approvalText({ approval, decision }: StepState): readonly string[] {
  if (approval !== null) {
    const reason = approval.reason === null ? '' : `: ${md(approval.reason)}`;
    return [
      `- **Decided:** ${approval.choice.replaceAll('-', ' ')}, by ${md(approval.by)} at ${clockText(approval.at)} UTC${reason}`,
    ];
  }
  return decision === null ? [] : [`- **Decided:** ${decision.effect} by the policy, ${md(decision.reason)}`];
}

function wayBack({ declared }: StepState, undo: Undo): string {
  if (declared === undefined) return undoText(undo);
  if (declared.kind === 'note') return `${undoText(undo)}; by hand: ${md(declared.text)}`;
  const steps = declared.steps.map(({ say }) => md(say)).join(', then ');
  return undo.kind === 'revert' ? `${undoText(undo)}, then ${steps}` : `${steps} (by itself ${undoText(undo)})`;
}

export function undoText(undo: Undo): string {
  switch (undo.kind) {
    case 'revert':
      return md(undo.say);
    case 'irreversible':
      return `irreversible, ${md(undo.because)}. Kept: ${md(undo.evidence)}`;
    case 'nothing':
      return 'nothing to undo';
  }
}

const INLINE = 3;

/**
 * What the intent named: a table of the observation's says the same with more, so the bare list is shown only without
 * one.
 */
function targets({ targets: named, observation }: StepState): readonly string[] {
  if (
    named === null ||
    named.members.length === 0 ||
    observation?.blocks.some(({ kind }) => kind === 'table' || kind === 'diff')
  )
    return [];
  if (named.count <= INLINE) return [`- **Targets:** ${named.members.map(md).join(', ')}`];
  const lines = named.members.slice(0, SHOWN).map(escaped);
  return ['', `Targets: ${targetCount(named)}`, '', ...fence('text', lines), ...more(named.count - lines.length)];
}

function targetCount({ count, kind }: Targets): string {
  return `${showCount(count)} (${kind})`;
}

function byHand(explain: readonly string[]): readonly string[] {
  return explain.length === 0
    ? []
    : ['', 'What a person could have typed instead:', '', ...fence('sh', explain.map(escaped))];
}

export function rollbackNotes(state: RunState): readonly string[] {
  const { rollback, undo } = state;
  const undone = (rollback?.undone ?? []).map(
    ({ step, applied }) => `- ${md(step)}: ${applied.outcome}, ${md(applied.reason ?? applied.summary)}`,
  );
  const open = undo.filter((entry) => !isCovered(entry, undo));
  const left = open.toReversed().map((entry) => {
    const { step, outcome, undo: how } = entry;
    const back = sayWayBack(entry);
    const way = canBeUndone(entry) ? md(back ?? '') : `${undoText(how)}${back === null ? '' : `; ${md(back)}`}`;
    const unsure =
      outcome === 'done' || outcome === 'partial'
        ? ''
        : ` (${outcome === 'intended' ? 'outcome unknown' : 'it failed'}: look first)`;
    return `- ${md(step)}${unsure}: ${way}`;
  });
  if (rollback === null && left.length === 0) return [];
  return [
    '## Rollback notes',
    ...(rollback === null ? [] : ['', `Rolled back because ${md(rollback.why)}: ${rollbackEnd(rollback.complete)}.`]),
    ...(undone.length === 0 ? [] : ['', ...undone]),
    ...(left.length === 0 ? [] : ['', 'What was done and how it is undone, newest first:', '', ...left]),
  ];
}

function rollbackEnd(complete: boolean | null): string {
  return complete === null ? '**it did not finish**' : complete ? 'complete' : '**incomplete**';
}

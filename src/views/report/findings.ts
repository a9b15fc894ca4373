import type { RunState, StepState } from '../../model/state.ts';
import { md } from '../markdown.ts';
import { blocks } from './blocks.ts';

export function diagnosis(state: RunState): readonly string[] {
  const looked = state.steps.filter(({ finding }) => finding !== null);
  return looked.length === 0 ? [] : ['## Findings', ...looked.flatMap(finding)];
}

function finding({ id, why, finding: found, truth, judgements }: StepState): readonly string[] {
  if (found === null) return [];
  return [
    '',
    `### ${md(id)}: ${truth === 'informs' ? 'informs only' : (truth ?? 'not judged')}`,
    '',
    `**${md(found.summary)}**${why === null ? '' : `; ${md(why)}`}`,
    ...(judgements.length === 0
      ? []
      : ['', ...judgements.map(({ truth: is, wanted, seen }) => `- ${is}: wanted ${md(wanted)}, seen ${md(seen)}`)]),
    ...blocks(found.blocks),
  ];
}

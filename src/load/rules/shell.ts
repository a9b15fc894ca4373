import type { Json } from '../../model/json.ts';
import type { Problem } from '../../model/problem.ts';
import { unchecked, uncheckedItems } from '../../model/read.ts';
import { COMMAND } from '../../model/runbook/command.ts';
import type { Unchecked } from '../../model/runbook/shape.ts';
import type { DraftStep } from '../runbook/draft.ts';
import { ACCEPTED } from '../runbook/language.ts';
import { lintShell, type ShellFinding } from '../runbook/shell.ts';
import { FINDINGS } from '../runbook/shell-findings.ts';
import type { Path } from '../text/source.ts';
import { type CheckedDraft, problemOf } from './checked.ts';

/** The findings in texts for a shell, each at its place, without those that the step accepts by name. */
export async function shellProblems(checked: CheckedDraft): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const step of checked.draft.steps.filter(({ grafted }) => !grafted))
    problems.push(...(await ofStep(checked, step)));
  return problems;
}

async function ofStep(checked: CheckedDraft, step: DraftStep): Promise<readonly Problem[]> {
  const texts = textsOf(step);
  const accepted = acceptedBy(step);
  if (texts.length === 0) return accepted.length === 0 ? [] : [nothingToAccept(checked, step)];
  const findings: Found[] = [];
  for (const { text, path } of texts)
    findings.push(...(await lintShell(text)).map((finding) => ({ ...finding, path })));
  return [
    ...findings
      .filter(({ finding }) => !accepted.some((one) => one.finding === finding))
      .map((finding) => findingProblem(checked, finding)),
    ...accepted.flatMap((one, at) => wrongAccept(checked, step, { one, at, findings })),
  ];
}

type Accepted = Unchecked<typeof ACCEPTED>;
type Found = ShellFinding & { readonly path: Path };

/** The step's own text, and those of the steps that undo it. */
function textsOf({ path, use, undo }: DraftStep): readonly { readonly text: string; readonly path: Path }[] {
  return [...(use ? [{ ...use, path }] : []), ...undo].flatMap(({ verb, arg, path: at }) =>
    verb === 'run' ? shellIn(arg, [...at, verb, 'shell']) : [],
  );
}

function shellIn(arg: Json, path: Path) {
  const { shell } = unchecked(COMMAND, arg);
  return typeof shell === 'string' ? [{ text: shell, path }] : [];
}

function acceptedBy({ json }: DraftStep): readonly Accepted[] {
  return uncheckedItems(ACCEPTED, json.accept).filter((one) => one !== null);
}

function findingProblem({ draft }: CheckedDraft, { finding, at, length, message, hint, path }: Found): Problem {
  const way = `or accept it: \`accept: [{finding: ${finding}, because: ...}]\``;
  const place = draft.source.placeIn(path, at, length);
  return { code: finding, message, place, hint: hint === undefined ? way.replace(/^or /, '') : `${hint}, ${way}` };
}

interface Accept {
  readonly one: Accepted;
  readonly at: number;
  readonly findings: readonly ShellFinding[];
}

/** An accepted finding that is not there would hide a later finding of its kind. */
function wrongAccept(checked: CheckedDraft, step: DraftStep, { one, at, findings }: Accept): readonly Problem[] {
  const path = [...step.path, 'accept', at, 'finding'];
  // The schema reports names that are no finding.
  if (typeof one.finding !== 'string' || !Object.hasOwn(FINDINGS, one.finding)) return [];
  if (findings.some(({ finding }) => finding === one.finding)) return [];
  const message = `\`${one.finding}\` is accepted, and there is none in this text`;
  return [problemOf(checked, path, 'value', { code: 'nothing-to-accept', message, hint: 'leave it out' })];
}

function nothingToAccept(checked: CheckedDraft, step: DraftStep): Problem {
  const message = '`accept` is for findings of a `shell` text, which this step has not';
  return problemOf(checked, [...step.path, 'accept'], 'key', { code: 'misplaced-key', message });
}

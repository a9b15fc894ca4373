import { STOP } from '../../model/arguments.ts';
import type { Problem } from '../../model/problem.ts';
import { unchecked } from '../../model/read.ts';
import { COMMAND } from '../../model/runbook/command.ts';
import type { Infer } from '../../model/runbook/shape.ts';
import { type DraftStep, isProbe, usesAction } from '../runbook/draft.ts';
import { pointer } from '../text/source.ts';
import { type CheckedDraft, problemOf, stepsIn } from './checked.ts';

/** Keys that a step needs, and keys without an effect at their place. */
export function stepRules(checked: CheckedDraft): readonly Problem[] {
  return [...checked.draft.steps.flatMap((step) => stepProblems(checked, step)), ...wholeProblems(checked)];
}

function stepProblems(checked: CheckedDraft, step: DraftStep): readonly Problem[] {
  const { json, path, phase, use } = step;
  if (use?.misplaced || step.grafted) return [];
  // The key that is missing here is probably the one that could not be read.
  const whole = !checked.draft.holes.has(pointer(path));
  const problems: Problem[] = [];
  const missing = (code: string, message: string, hint: string): void =>
    void problems.push(problemOf(checked, path, 'key', { code, message, hint }));
  const misplaced = (key: keyof typeof json, message: string, hint?: string): void => {
    if (json[key] !== undefined)
      problems.push(
        problemOf(checked, [...path, key], 'key', {
          code: 'misplaced-key',
          message,
          ...(hint !== undefined && { hint }),
        }),
      );
  };
  if (whole && json.id === undefined) missing('missing-key', '`id` is missing', 'add `id: ...`, the name of the step');
  if (whole && phase === 'act' && json.why === undefined && usesAction(use)) {
    missing(
      'missing-why',
      'an act step says why',
      'add `why: ...`: it is the sentence on the screen and in the report',
    );
  }
  if (whole && use?.verb === 'watch' && json.hold === undefined && json.expect === undefined)
    missing(
      'missing-key',
      '`hold` is missing: the watch has nothing to judge',
      'add `hold:` with lines like `{of: $step, count: {at_most: 0}}`',
    );
  if (use && use.verb !== 'watch')
    misplaced('hold', '`hold` belongs to `watch`; what must hold of this finding stands under `expect`');
  if (use?.verb === 'watch')
    misplaced(
      'expect',
      '`watch` is judged by `hold`',
      'write `hold:` with lines like `{of: $step, count: {at_most: 0}}`',
    );
  for (const undo of step.undo) {
    const strange = (key: keyof Infer<typeof COMMAND> | keyof Infer<typeof STOP>, message: string): void =>
      void problems.push(problemOf(checked, [...undo.path, undo.verb, key], 'key', { code: 'misplaced-key', message }));
    if (undo.verb === 'run' && unchecked(COMMAND, undo.arg).effect === 'read')
      strange('effect', 'a command that only reads undoes nothing');
    if (undo.verb === 'stop' && unchecked(STOP, undo.arg).restore_within !== undefined)
      strange('restore_within', 'what an undo stops stays stopped: a lease has nothing to restore');
  }
  if (usesAction(use)) misplaced('expect', 'an action finds nothing to expect of; put a probe behind it');
  if (phase !== 'diagnose')
    misplaced(
      'decisive',
      phase === 'act'
        ? '`decisive` belongs in diagnose; with an `expect` a look in act stops the run, unless it says `on_fail: continue`'
        : '`decisive` belongs in diagnose',
    );
  if (phase === 'diagnose')
    misplaced(
      'on_fail',
      '`on_fail` says nothing in diagnose: a look that decides ends the run; write `decisive: false` where it only informs',
    );
  if (phase === 'verify' && (json.on_fail === 'continue' || json.on_fail === 'ask'))
    misplaced('on_fail', 'what does not hold in verify is a verdict: here `on_fail` is `stop` or `undo`');
  if (use?.verb === 'runbook') {
    for (const key of ['expect', 'undo', 'until', 'timeout', 'retry'] as const)
      misplaced(key, `\`${key}\` belongs to one verb; the steps of the used runbook have their own`);
  }
  if (use && UNTIMED.includes(use.verb))
    misplaced('timeout', `\`${use.verb}\` keeps no \`timeout\` of its step`, UNTIMED_HINT[use.verb]);
  if (use?.verb === 'watch')
    misplaced('retry', '`watch` is not tried again; `tolerate` says how many samples may be bad');
  if (use?.verb === 'manual') misplaced('retry', 'a person is asked once');
  if (isProbe(use) || use?.verb === 'watch') {
    misplaced('undo', 'a step that only looks has nothing to undo');
    misplaced('ask', 'a step that only looks does not ask');
    misplaced('until', 'a step that only looks changes nothing that could stay');
  }
  if (phase === 'diagnose' && json.decisive === true && json.expect === undefined)
    misplaced('decisive', 'a step decides by its `expect`, which is missing');
  return problems;
}

/** Verbs that cannot be interrupted once they have begun. */
const UNTIMED: readonly string[] = ['watch', 'manual', 'start', 'stop', 'restart', 'edit'];
const UNTIMED_HINT: Readonly<Record<string, string>> = {
  watch: '`for` says how long it watches',
  manual: 'leave it out: a person takes the time that it takes',
  edit: 'leave it out: a file is replaced at once',
  ...Object.fromEntries(
    ['start', 'stop', 'restart'].map((verb) => [verb, "leave it out: the service manager's own time-out holds"]),
  ),
};

function wholeProblems(checked: CheckedDraft): readonly Problem[] {
  const act = stepsIn(checked, 'act');
  const { draft } = checked;
  if (draft.holes.has('')) return [];
  if (draft.steps.length === 0)
    return hasPhase(checked)
      ? []
      : [
          problemOf(checked, [], 'key', {
            code: 'no-steps',
            message: 'this runbook has no step',
            hint: 'add `diagnose:` with what tells this incident',
          }),
        ];
  const undecided = nothingDecides(checked, act);
  if (undecided) return [undecided];
  if (!act.some((step) => usesAction(step.use))) return [];
  if (draft.root.verify !== undefined || stepsIn(checked, 'verify').length > 0) return nothingProves(checked, act);
  return [
    problemOf(checked, ['act'], 'key', {
      code: 'act-without-verify',
      message: 'what was done is never verified',
      hint: 'add `verify:` with a `watch` or with probes',
    }),
  ];
}

function hasPhase({ draft: { root } }: CheckedDraft): boolean {
  return [root.diagnose, root.act, root.verify].some(
    (phase) => phase !== undefined && !(Array.isArray(phase) && phase.length === 0),
  );
}

/** Without a decisive `expect` every host would be this incident. */
function nothingDecides(checked: CheckedDraft, act: readonly DraftStep[]): Problem | undefined {
  const { draft } = checked;
  if (!act.some(({ use }) => usesAction(use) && use.verb !== 'wait') || draft.holes.size > 0) return undefined;
  const diagnosis = stepsIn(checked, 'diagnose');
  // Mistakes in a step or in a used runbook are already reported, so nobody knows whether it decides.
  const unread =
    diagnosis.some(({ use, grafted }) => !grafted && (use === undefined || use.misplaced)) ||
    act.some((step) => step.use?.verb === 'runbook' && !used(checked, step));
  const decides = ({ json, grafted }: DraftStep) =>
    grafted ? grafted.step.decisive : json.expect !== undefined && json.decisive !== false;
  if (unread || diagnosis.some(decides)) return undefined;
  const informs = diagnosis.find(({ json }) => json.expect !== undefined);
  const hint = informs
    ? `take \`decisive: false\` from \`${informs.id ?? 'a step'}\`, or add a step whose \`expect\` tells this incident`
    : 'add to a step of diagnose what it expects: `expect: {count: {at_least: 1}}`';
  const message = 'nothing in `diagnose` decides whether this is the incident, and `act` would change every host';
  return problemOf(checked, draft.root.diagnose === undefined ? ['act'] : ['diagnose'], 'key', {
    code: 'nothing-decides',
    message,
    hint,
  });
}

/** A look without `expect` judges nothing: the run would hold whatever it saw. */
function nothingProves(checked: CheckedDraft, act: readonly DraftStep[]): readonly Problem[] {
  const { draft } = checked;
  const verify = stepsIn(checked, 'verify');
  const unread =
    draft.holes.size > 0 ||
    [...verify, ...act].some(
      (step) =>
        !step.grafted &&
        (step.use === undefined || step.use.misplaced || (step.use.verb === 'runbook' && !used(checked, step))),
    );
  const proves = ({ json, use, grafted }: DraftStep) =>
    grafted
      ? grafted.step.expect !== undefined || grafted.step.verb === 'watch'
      : json.expect !== undefined || use?.verb === 'watch';
  if (unread || verify.some(proves)) return [];
  return [
    problemOf(checked, ['verify'], 'key', {
      code: 'nothing-proves',
      message: 'nothing in `verify` says what must hold, so every run would have held',
      hint: 'add to a step of verify what it expects, `expect: {state: {is: running}}`, or add a `watch`',
    }),
  ];
}

const used = ({ draft }: CheckedDraft, { id }: DraftStep): boolean =>
  draft.steps.some(({ grafted }) => grafted?.use === id);

import { DELETE } from '../../model/arguments.ts';
import { FILES_LOOK } from '../../model/host/files.ts';
import type { Problem } from '../../model/problem.ts';
import { unchecked } from '../../model/read.ts';
import { isReference, referenceName } from '../../model/reference.ts';
import { DEFAULT_LIMITS } from '../../model/runbook.ts';
import { type DraftStep, usesAction } from '../runbook/draft.ts';
import { LIMITS_SHAPE } from '../runbook/language.ts';
import { argOf, argPath, type CheckedDraft, problemOf, stepsIn, verbOf, withDefault } from './checked.ts';

/** The order of an act phase that the founding incident taught: stop the source, kill, delete, edit, start. */
export function orderRules(checked: CheckedDraft): readonly Problem[] {
  const act = stepsIn(checked, 'act');
  return [
    ...act.flatMap((step, at) => [
      ...deleteBeforeKill(checked, step, act.slice(at + 1)),
      ...editBeforeDelete(checked, step, { earlier: act.slice(0, at), later: act.slice(at + 1) }),
    ]),
    ...act.flatMap((step) => sampleDeletes(checked, step)),
    ...limitBelowBatch(checked, act),
  ];
}

/** One freed inode wakes what hangs for lack of one, and the folder fills again. */
function deleteBeforeKill(checked: CheckedDraft, step: DraftStep, later: readonly DraftStep[]): readonly Problem[] {
  const kill = later.find((next) => verbOf(next) === 'kill');
  if (verbOf(step) !== 'delete' || !kill) return [];
  const message = `this deletes before \`${kill.id ?? 'kill'}\` ends what refills it`;
  return [
    problemOf(checked, argPath(step), 'key', {
      code: 'delete-before-kill',
      message,
      hint: 'stop the source, kill, then delete',
    }),
  ];
}

interface Around {
  readonly earlier: readonly DraftStep[];
  readonly later: readonly DraftStep[];
}

/** A sample tells the content of some files, but a delete takes all of them. */
function sampleDeletes(checked: CheckedDraft, step: DraftStep): readonly Problem[] {
  const { targets } = argOf(step, DELETE);
  if (verbOf(step) !== 'delete' || !isReference(targets)) return [];
  const looked = checked.draft.steps.find((each) => each.id === referenceName(targets));
  if (!looked || looked.grafted || verbOf(looked) !== 'files' || argOf(looked, FILES_LOOK).sample_matches === undefined)
    return [];
  return [
    problemOf(checked, argPath(looked, FILES_LOOK, 'sample_matches'), 'key', {
      code: 'sample-deletes',
      message: `\`sample_matches\` looks into 50 of the files, and \`${step.id ?? 'delete'}\` deletes all of them, whatever they hold`,
      hint: "write `holds: {format: postfix, header: {subject: 'Cron <'}}`: each file is judged, at the act as well, and the others stay",
    }),
  ];
}

/** What needs an inode (`crontab` installs a new file) fails with ENOSPC as long as none is free. */
function editBeforeDelete(checked: CheckedDraft, step: DraftStep, { earlier, later }: Around): readonly Problem[] {
  if (earlier.some((before) => verbOf(before) === 'delete')) return [];
  const freeing = later.find((next) => verbOf(next) === 'delete');
  if (!usesAction(step.use) || !step.use.definition.needs.includes('inode') || !freeing) return [];
  const message = `\`${step.use.verb}\` needs a free inode, which only \`${freeing.id ?? 'delete'}\` gives it`;
  return [
    problemOf(checked, argPath(step), 'key', { code: 'edit-before-delete', message, hint: 'delete first, then edit' }),
  ];
}

/** A batch is all or nothing: it would exceed the limit at once. */
function limitBelowBatch(checked: CheckedDraft, act: readonly DraftStep[]): readonly Problem[] {
  const own = unchecked(LIMITS_SHAPE, checked.draft.root.limits).delete;
  // A value that is no number is already reported; a missing one has a default.
  if (own !== undefined && typeof own !== 'number') return [];
  const limit = own ?? DEFAULT_LIMITS.delete;
  return act.flatMap((step) => {
    const batch = withDefault(checked, argOf(step, DELETE).batch);
    if (verbOf(step) !== 'delete' || typeof batch !== 'number' || batch <= limit) return [];
    const where =
      own === undefined ? 'by default' : `(line ${checked.draft.source.placeOf(['limits', 'delete']).line})`;
    return [
      problemOf(checked, argPath(step, DELETE, 'batch'), 'value', {
        code: 'limit-below-batch',
        message: `a batch of ${batch} is more than \`limits.delete\` allows, ${limit} ${where}`,
        ...(own === undefined && { hint: `add \`limits: {delete: ...}\`, as many as a run may delete at the most` }),
      }),
    ];
  });
}

import type { RunState, StepState } from '../../../model/state.ts';
import { plural, showCount, showDuration } from '../../../model/text/quantity.ts';
import { brokenWords } from '../watch-words.ts';

/** What a host is at, in a few words. */
export interface Doing {
  readonly step: string;
  readonly text: string;
  /** Something that a person at the screen should see: a line broke, it undoes, a step failed. */
  readonly trouble: boolean;
}

/** `since`: milliseconds that have passed since its last event. */
export function doing(state: RunState, since: number): Doing {
  if (state.rollback !== null && state.finished === null) return undoing(state);
  const step = state.steps.find(({ id }) => id === state.current);
  if (step === undefined) return between(state);
  if (step.watch !== null) return watching(step, since);
  return { step: step.id, text: stepText(step), trouble: step.status === 'failed' || step.status === 'partial' };
}

function undoing({ rollback }: RunState): Doing {
  return { step: rollback?.undoing ?? 'rollback', text: `undoes what was done: ${rollback?.why ?? ''}`, trouble: true };
}

/** What went wrong last is said until something else begins. */
function between({ meta, steps, notes, last, finished }: RunState): Doing {
  const failed = steps.findLast(({ status }) => status === 'failed' || status === 'partial');
  if (failed !== undefined)
    return { step: failed.id, text: `failed: ${failed.reason ?? 'it does not say why'}`, trouble: true };
  if (finished !== null) return { step: '', text: 'done', trouble: false };
  const note = notes.at(-1);
  // Before the first step a note says how the run was started.
  const began = steps.some(({ started }) => started !== null);
  if (began && note !== undefined && note.at === last?.at) return { step: '', text: note.text, trouble: true };
  return { step: '', text: meta === null ? 'connects' : 'looks', trouble: false };
}

function stepText({ status, verb, targets, progress, observation }: StepState): string {
  if (status === 'asked') return 'waits for a person';
  if (progress !== null && status === 'acting') return progressText(progress);
  if (status === 'acting') return `${verb} ${plural(targets?.count ?? 0, 'target')}`;
  return observation?.summary ?? verb;
}

function progressText({ done, total, rate, text }: NonNullable<StepState['progress']>): string {
  if (total <= 0) return text;
  const counts = `${showCount(done)} of ${showCount(total)}`;
  const left =
    rate === undefined || rate <= 0 || done >= total ? [] : [`${showDuration(((total - done) / rate) * 1000)} left`];
  return [text.includes(counts) || text === '' ? counts : `${counts}: ${text}`, ...left].join(', ');
}

function watching({ id, watch }: StepState, since: number): Doing {
  const sample = watch?.samples.at(-1);
  if (sample === undefined) return { step: id, text: 'watches', trouble: false };
  if (sample.broken.length > 0 && sample.standing === undefined)
    return { step: id, text: sample.broken.join('; '), trouble: true };
  const left = Math.max(0, sample.left - since);
  const minutes = sample.minutes === null ? '' : `, ${plural(sample.minutes, 'cron minute')} seen`;
  const goes = left === 0 ? 'the last look' : `watches, ${showDuration(Math.ceil(left / 1000) * 1000)} left`;
  const mercy = sample.broken.length === 0 ? '' : `; ${brokenWords(sample.broken, sample.standing).join('; ')}`;
  return { step: id, text: `${goes}${minutes}${mercy}`, trouble: false };
}

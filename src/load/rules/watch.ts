import type { Json } from '../../model/json.ts';
import type { Problem } from '../../model/problem.ts';
import { WATCH } from '../../model/run/watch.ts';
import { parseDuration } from '../../model/text/quantity.ts';
import { argOf, argPath, type CheckedDraft, problemOf, stepsIn, verbOf, withDefault } from './checked.ts';

/** A watch that ends before `settle` is over has no sample that counts. */
export function watchRules(checked: CheckedDraft): readonly Problem[] {
  return stepsIn(checked, 'verify')
    .filter((step) => verbOf(step) === 'watch' && !step.grafted)
    .flatMap((step) => {
      const arg = argOf(step, WATCH);
      const [settle, length] = [milliseconds(checked, arg.settle), milliseconds(checked, arg.for)];
      if (settle === undefined || length === undefined || settle < length) return [];
      const message = `\`settle\` is as long as the watch, ${String(withDefault(checked, arg.for))}: no sample would count`;
      return [
        problemOf(checked, argPath(step, WATCH, 'settle'), 'value', {
          code: 'settle-too-long',
          message,
          hint: 'make it shorter than `for`',
        }),
      ];
    });
}

function milliseconds(checked: CheckedDraft, value: Json | undefined): number | undefined {
  const text = withDefault(checked, value);
  return typeof text === 'string' ? parseDuration(text) : undefined;
}

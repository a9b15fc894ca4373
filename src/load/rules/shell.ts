import { isObject } from '../../model/json.ts';
import type { Problem } from '../../model/problem.ts';
import { lintShell } from '../shell.ts';
import { argPath, type Checked, told, verbOf } from './checked.ts';

/** Texts that a shell will read. */
export function shellRules(checked: Checked): readonly Problem[] {
  return checked.draft.steps
    .filter((step) => !step.grafted)
    .flatMap((step) => {
      const arg = step.use?.arg ?? null;
      if (verbOf(step) !== 'run' || !isObject(arg) || typeof arg.shell !== 'string') return [];
      return lintShell(arg.shell).map((complaint) => told(checked, argPath(step, 'shell'), 'value', complaint));
    });
}

import type { ProcessRecord, ProcessSelector } from '../../model/host.ts';
import { patternOf } from '../../model/text/pattern.ts';

/** What one read of /proc/PID/stat tells: enough to leave most processes alone. */
export type CheapFacts = Pick<ProcessRecord, 'name' | 'state' | 'age'>;
export type DearFacts = Pick<ProcessRecord, 'exe' | 'args' | 'uid' | 'user'>;

/**
 * A prepared selector with a cheap and an expensive half: files of a process are read only if the cheap half matches.
 * The host judges `startedBy`.
 */
export interface Matches {
  readonly cheap: (facts: CheapFacts) => boolean;
  readonly dear: (facts: DearFacts) => boolean;
}

const GONE = ['Z', 'X', 'x'];

/**
 * `realPath` resolves the links in a path on the host. A zombie counts as gone unless its state is asked for by name.
 */
export function matchesOf(selector: ProcessSelector, realPath: (path: string) => string): Matches {
  const paths = selector.exe?.map(realPath);
  const args = selector.args === undefined ? undefined : patternOf(selector.args);
  return {
    cheap: ({ name, state, age }) =>
      (selector.name?.includes(name) ?? true) &&
      (selector.state?.includes(state) ?? !GONE.includes(state)) &&
      (selector.older_than === undefined || age >= selector.older_than),
    dear: ({ exe, args: given, uid, user }) =>
      (paths === undefined || (exe !== null && paths.includes(exe))) &&
      (args === undefined || args.test(given.join(' '))) &&
      (selector.user === undefined || selector.user.includes(user) || selector.user.includes(String(uid))),
  };
}

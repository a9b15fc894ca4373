import { sameHost } from '../../model/fleet/selection.ts';
import type { Target } from '../../model/fleet.ts';
import type { Problem } from '../../model/problem.ts';

/** Hosts as a file tells of them. */
export interface Inventory {
  readonly targets: readonly Target[];
  /** What stands there and is not used. */
  readonly warnings: readonly Problem[];
}

/** What is read is longer than what anybody calls a label, and may be a certificate: a label is shown and kept. */
const LONGEST_LABEL = 100;
/** Labels are written into journals and onto screens. */
const SECRET = /pass|secret|token|credential|private|api_?key|vault/i;

/** Whether a variable may be a label. */
export function isLabel(name: string, value: string): boolean {
  return (
    /^[A-Za-z_][\w.-]*$/.test(name) &&
    !SECRET.test(name) &&
    value.length <= LONGEST_LABEL &&
    !/[\p{Cc}\p{Cs}]/u.test(value)
  );
}

/** Two names of one machine are told of: it would be acted on twice. */
export function doubles<T extends { readonly target: Target }>(hosts: readonly T[]): readonly (readonly [T, T])[] {
  const seen = new Map<string, T>();
  return hosts.flatMap((host) => {
    const key = host.target.name.toLowerCase();
    const before = seen.get(key);
    if (!before) seen.set(key, host);
    return before && sameHost(before.target.name, host.target.name) ? [[before, host] as const] : [];
  });
}

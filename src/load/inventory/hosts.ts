import { sameHostName } from '../../model/fleet/selection.ts';
import type { Target } from '../../model/fleet.ts';
import type { Problem } from '../../model/problem.ts';

/** Hosts as a file tells of them. */
export interface Inventory {
  readonly targets: readonly Target[];
  /** Parts that are read and not used. */
  readonly warnings: readonly Problem[];
}

/** Longer values are no labels: they may be certificates, and labels are shown and journaled. */
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

/** Warns of two names for one machine: the run would act on it twice. */
export function doubles<T extends { readonly target: Target }>(hosts: readonly T[]): readonly (readonly [T, T])[] {
  const seen = new Map<string, T>();
  return hosts.flatMap((host) => {
    const key = host.target.name.toLowerCase();
    const before = seen.get(key);
    if (!before) seen.set(key, host);
    return before && sameHostName(before.target.name, host.target.name) ? [[before, host] as const] : [];
  });
}

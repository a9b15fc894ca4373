import type { Caught } from '../../model/host.ts';

/**
 * What the named groups of `holds` caught, of millions of files: each distinct set once, and bounded, since others
 * write what is caught.
 */
export interface Net {
  readonly sets: Map<string, Readonly<Record<string, string>>>;
  /** Kept by owner, so that the inventions of one user cannot push out those of others. */
  readonly counts: Map<string, number>;
  readonly more: Set<string>;
}

const MOST_OF_ONE = 200;
const MOST_OWNERS = 1000;

export function emptyNet(): Net {
  return { sets: new Map(), counts: new Map(), more: new Set() };
}

export function catchIn({ sets, counts, more }: Net, groups: Readonly<Record<string, string>>): void {
  const key = JSON.stringify(groups);
  if (sets.has(key)) return;
  const { owner = '' } = groups;
  const count = counts.get(owner) ?? 0;
  if (count >= MOST_OF_ONE) return void more.add(owner);
  // Stands for all owners beyond the limit, about whom nothing is known.
  if (count === 0 && counts.size >= MOST_OWNERS) return void more.add('');
  counts.set(owner, count + 1);
  sets.set(key, { ...groups });
}

export function caughtIn({ sets, more }: Net): Caught {
  return { values: [...sets.values()], more: [...more] };
}

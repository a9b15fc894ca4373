/** Groups that hold groups. */
export interface Nesting {
  /** Every group that holds this one, however far out. */
  readonly outward: ReadonlyMap<string, readonly string[]>;
  /** The longest way from the outermost group to each group: deeper groups win. */
  readonly depth: ReadonlyMap<string, number>;
  /** A circle of groups that contain each other. Empty: there is none. */
  readonly cycle: readonly string[];
  /** A group that is nested deeper than we accept. */
  readonly tooDeep: string | null;
}

const MOST_DEPTH = 32;

/** `children` by group. Groups that are only named as children count too. */
export function nestingOf(children: ReadonlyMap<string, readonly string[]>): Nesting {
  const parents = new Map<string, string[]>();
  for (const [group, inner] of children) {
    if (!parents.has(group)) parents.set(group, []);
    for (const child of inner) parents.set(child, [...(parents.get(child) ?? []), group]);
  }
  const outward = new Map<string, readonly string[]>();
  const depth = new Map<string, number>();
  let cycle: readonly string[] = [];
  let tooDeep: string | null = null;
  const visit = (group: string, way: readonly string[]): readonly string[] => {
    const seen = way.indexOf(group);
    if (seen >= 0) {
      if (cycle.length === 0) cycle = way.slice(seen).reverse();
      return [];
    }
    if (way.length > MOST_DEPTH) {
      tooDeep ??= way[0] ?? group;
      return [];
    }
    const known = outward.get(group);
    if (known) return known;
    const above = parents.get(group) ?? [];
    const all = new Set(above.flatMap((parent) => [parent, ...visit(parent, [...way, group])]));
    outward.set(group, [...all]);
    depth.set(group, Math.max(0, ...above.map((parent) => (depth.get(parent) ?? 0) + 1)));
    return outward.get(group) ?? [];
  };
  for (const group of parents.keys()) visit(group, []);
  return { outward, depth, cycle, tooDeep };
}

/** What is wrong with the place of a group; told once for all the groups of a circle. */
export function nestingFault(
  group: string,
  { cycle, tooDeep }: Nesting,
): { readonly code: string; readonly message: string } | null {
  if (cycle[0] === group)
    return { code: 'group-cycle', message: `the group holds itself: ${[...cycle, group].join(' > ')}` };
  return tooDeep === group ? { code: 'too-deep', message: `it stands inside of more than ${MOST_DEPTH} groups` } : null;
}

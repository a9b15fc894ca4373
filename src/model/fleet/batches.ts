import type { Size, Strategy } from './strategy.ts';

/** How many of so many hosts: shares are rounded down. */
export function countOf(size: Size, of: number): number {
  switch (size.kind) {
    case 'hosts':
      return Math.min(size.count, of);
    case 'share':
      return Math.floor((of * size.percent) / 100);
    case 'rest':
      return of;
  }
}

/**
 * Cuts the hosts into batches, in the given order. Only hosts that would be changed count, so 5 % of them is never more
 * than 5 % of the chosen hosts. The first batch has at least one host, else there would be no canary.
 */
export function batchesOf(
  { batches }: Pick<Strategy, 'batches'>,
  hosts: readonly string[],
): readonly (readonly string[])[] {
  const ends = batches.map((size, at) => Math.max(countOf(size, hosts.length), at === 0 ? 1 : 0));
  const cut: (readonly string[])[] = [];
  let from = 0;
  // Hosts behind the last size form one more batch: no host is lost by rounding.
  for (const end of [...ends, hosts.length]) {
    if (end <= from || from >= hosts.length) continue;
    cut.push(hosts.slice(from, end));
    from = end;
  }
  return cut;
}

/** The batches that are left when some hosts are already done. The hosts that are done come first in `hosts`. */
export function batchesLeft(
  strategy: Pick<Strategy, 'batches'>,
  hosts: readonly string[],
  done: ReadonlySet<string>,
): readonly (readonly string[])[] {
  return batchesOf(strategy, hosts)
    .map((batch) => batch.filter((host) => !done.has(host)))
    .filter((batch) => batch.length > 0);
}

/**
 * The canary proves the remedy. If none of its hosts has held (it was lost, or it no longer had the incident), the same
 * number of hosts from the next batch take its place.
 */
export function withCanary<T>(left: readonly (readonly T[])[], size: number): readonly (readonly T[])[] {
  const [next, ...rest] = left;
  if (next === undefined || next.length <= size) return left;
  return [next.slice(0, size), next.slice(size), ...rest];
}

/** No further host is begun once more than this have failed. */
export function mayFail({ failures }: Pick<Strategy, 'failures'>, hosts: number): number {
  return countOf(failures, hosts);
}

/** In the order in which the hosts are gone through. `random` as Math.random. */
export function inBatchOrder<T extends { readonly name: string }>(
  order: Strategy['order'],
  hosts: readonly T[],
  random: () => number,
): readonly T[] {
  switch (order) {
    case 'given':
      return hosts;
    case 'reverse':
      return hosts.toReversed();
    case 'name':
      return hosts.toSorted((one, other) => naturally(one.name, other.name));
    case 'shuffled':
      return shuffled(hosts, random);
  }
}

/** `web-9` before `web-10`. */
const { compare: naturally } = new Intl.Collator('en', { numeric: true });

/** Fisher and Yates. */
function shuffled<T>(hosts: readonly T[], random: () => number): readonly T[] {
  const cards = [...hosts];
  for (let last = cards.length - 1; last > 0; last -= 1) {
    const at = Math.floor(random() * (last + 1));
    const [one, other] = [cards[last], cards[at]];
    if (one === undefined || other === undefined) continue;
    cards[last] = other;
    cards[at] = one;
  }
  return cards;
}

interface Fold {
  readonly text: string;
  readonly count: number;
}

/**
 * `web-1 … web-37`: names that differ in one number and follow each other without a gap, by their first and last. Says
 * no name that is not there.
 */
export function foldHosts(hosts: readonly string[]): readonly Fold[] {
  const names = [...hosts].sort(naturally);
  const folds: Fold[] = [];
  for (let from = 0; from < names.length; ) {
    const length = runLength(names, from);
    const taken = length < 3 ? 1 : length;
    const [first = '', last = ''] = [names[from], names[from + taken - 1]];
    folds.push({ text: taken === 1 ? first : `${first} … ${last}`, count: taken });
    from += taken;
  }
  return folds;
}

/** Made with the first names: it takes milliseconds, and most commands show no host. */
let collator: Intl.Collator | undefined;

export function naturally(one: string, other: string): number {
  collator ??= new Intl.Collator('en', { numeric: true });
  return collator.compare(one, other);
}

function runLength(names: readonly string[], from: number): number {
  let at: number | null = null;
  let length = 1;
  for (; from + length < names.length; length += 1) {
    const step = nextBy(names[from + length - 1] ?? '', names[from + length] ?? '');
    if (step === null || (at !== null && step !== at)) break;
    at = step;
  }
  return length;
}

/**
 * Which of the numbers in two names is one more in the second, where nothing else differs; null: they do not follow
 * each other.
 */
function nextBy(one: string, other: string): number | null {
  const [left, right] = [one.split(/(\d+)/), other.split(/(\d+)/)];
  if (left.length !== right.length) return null;
  const different = left.flatMap((part, at) => (part === right[at] ? [] : [at]));
  const [at] = different;
  if (at === undefined || different.length > 1 || at % 2 === 0) return null;
  return follows(left[at] ?? '', right[at] ?? '') ? at : null;
}

/** `09` is followed by `10`, and neither by `010` nor is `9` by `09`: what is left out must be certain. */
function follows(one: string, other: string): boolean {
  if (one.length > 9 || Number(other) !== Number(one) + 1) return false;
  return one.length === other.length || (!one.startsWith('0') && !other.startsWith('0'));
}

/** All of them in one text, folded. */
export const names = (hosts: readonly string[]): string =>
  foldHosts(hosts)
    .map(({ text }) => text)
    .join(', ');

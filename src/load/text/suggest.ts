import { distance } from 'fastest-levenshtein';

/** The one word that was probably meant, or undefined where none is near enough to be worth saying. */
export function closest(typed: string, words: readonly string[]): string | undefined {
  const plain = normal(typed);
  let best: { readonly word: string; readonly far: number } | undefined;
  for (const word of words) {
    const far = distance(plain, normal(word));
    if (far <= reach(plain, normal(word)) && (best === undefined || far < best.far)) best = { word, far };
  }
  return best?.word;
}

/** The allowed words, the one that was probably meant first. */
export function nearestFirst(typed: string, words: readonly string[]): readonly string[] {
  const meant = closest(typed, words);
  return meant === undefined ? words : [meant, ...words.filter((word) => word !== meant)];
}

/** The two parts of a problem about a word that is not one of `words`. */
export function didYouMean(
  typed: string,
  words: readonly string[],
): { readonly allowed: readonly string[]; readonly suggestion?: string } {
  const suggestion = closest(typed, words);
  return { allowed: nearestFirst(typed, words), ...(suggestion !== undefined && { suggestion }) };
}

function normal(word: string): string {
  return word.toLowerCase().replaceAll('-', '_').slice(0, 64);
}

/**
 * How many changes a word may be away; the shorter of the two decides. Two letters that changed places count as two
 * changes.
 */
function reach(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  if (length < 2) return 0;
  // Of four letters two are half of the word: `http` is not a misspelt `stop`.
  if (length < 5) return sameLetters(a, b) || a.includes(b) || b.includes(a) ? 2 : 1;
  return length < 6 ? 2 : 3;
}

function sameLetters(a: string, b: string): boolean {
  return [...a].sort().join('') === [...b].sort().join('');
}

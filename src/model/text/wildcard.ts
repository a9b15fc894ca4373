export interface Wildcard {
  /** Whether the whole text is what the wildcard means. */
  test(text: string): boolean;
}

/** `*` is any characters, `?` one. By hand: as a regular expression, stars upon stars would take for ever. */
export function wildcard(pattern: string, { cases = true }: { readonly cases?: boolean } = {}): Wildcard {
  const fold = (text: string): readonly string[] => [...(cases ? text : text.toLowerCase())];
  const wanted = fold(pattern);
  return { test: (text) => fits(wanted, fold(text)) };
}

function fits(wanted: readonly string[], text: readonly string[]): boolean {
  let [at, from, star, taken] = [0, 0, -1, 0];
  while (from < text.length) {
    if (wanted[at] === '*') {
      [star, taken] = [at, from];
      at += 1;
    } else if (wanted[at] === '?' || wanted[at] === text[from]) {
      at += 1;
      from += 1;
    } else if (star >= 0) {
      // The last star takes one more.
      taken += 1;
      [at, from] = [star + 1, taken];
    } else return false;
  }
  return wanted.slice(at).every((character) => character === '*');
}

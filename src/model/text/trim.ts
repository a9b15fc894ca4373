/**
 * The text without what it ends with of this character. By hand: `/x+$/` tries every x of a text that ends otherwise,
 * the square of a long row.
 */
export function withoutEnd(text: string, character: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === character) end -= 1;
  return text.slice(0, end);
}

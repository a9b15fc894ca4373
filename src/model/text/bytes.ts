/**
 * Bytes as latin1 strings: one character a byte, so that whatever an author's editor wrote into a file survives a
 * change of one line. `atob` and `btoa` speak exactly that.
 */
export function latin1Of(base64: string): string {
  return atob(base64);
}

export function base64Of(latin1: string): string {
  return btoa(latin1);
}

/** For people: read as UTF-8, what is not becomes the replacement character. */
export function shownText(latin1: string): string {
  return new TextDecoder().decode(Uint8Array.from(latin1, (character) => character.charCodeAt(0)));
}

/** A person's text (from a runbook) as the bytes it has in a file. */
export function latin1OfText(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
}

/** How many bytes a text has where the kernel counts them. */
export function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** As much of a text as fits into so many bytes, no character cut in two. */
export function firstBytes(text: string, most: number): string {
  const bytes = new TextEncoder().encode(text).subarray(0, most);
  return new TextDecoder().decode(bytes, { stream: true });
}

/**
 * Everything that comes from a host, a runbook or a person is data: a process may be named with an escape sequence, a
 * file with a newline or a right-to-left override. Whatever a terminal could obey, or would not show, is written out
 * instead. Backslashes stay as they are: doubled ones would make a crontab's `\%` unreadable.
 */
const UNSHOWABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u00a0]/gu;
const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' };

/** One line of printable text: `\n`, `\x1b`, `\u{202e}` stand for what they name. */
export function escaped(text: string): string {
  return text.replace(UNSHOWABLE, (character) => NAMED[character] ?? spell(character.codePointAt(0) ?? 0));
}

function spell(point: number): string {
  const hex = point.toString(16);
  return point < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`;
}

/**
 * JSON with nothing in it that a terminal obeys, and the same value once it is parsed (JSON.stringify leaves DEL, C1
 * and bidi controls as they are).
 */
export function escapeJson(json: string): string {
  return json.replace(/[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

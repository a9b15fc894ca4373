import assert from 'node:assert/strict';

/**
 * Holds a Markdown text to a form: one title, no control character, outside of fences only lines of these kinds, no
 * tag, link or bare address.
 */
export function assertMarkdown(text: string, kinds: readonly RegExp[]): void {
  assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  const lines = text.split('\n');
  assert.equal(lines.filter((line) => line.startsWith('# ')).length, 1);
  for (const line of outsideFences(lines.slice(1))) {
    assert.ok(
      kinds.some((pattern) => pattern.test(line)),
      JSON.stringify(line),
    );
    assert.doesNotMatch(line.replace(/\\./g, '').replaceAll('<br>', ''), /<|\]\(|https?:/);
  }
}

function outsideFences(lines: readonly string[]): readonly string[] {
  const outside: string[] = [];
  let open: string | null = null;
  for (const line of lines) {
    const ticks = /^`{3,}/.exec(line)?.[0] ?? null;
    if (open === null && ticks !== null) open = ticks;
    else if (open !== null && line === open) open = null;
    else if (open === null) outside.push(line);
  }
  assert.equal(open, null, 'a fence was left open');
  return outside;
}

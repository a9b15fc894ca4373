/** XML 1.0: characters that may be there, tags that match, attributes that are quoted, entities that are known. */
export function wellFormed(text: string): boolean {
  if (/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(text)) return false;
  const open: string[] = [];
  const rest = text
    .replace(/^<\?xml [^>]*\?>/, '')
    .replace(/<(\/?)([a-z-]+)((?: [a-z0-9]+="[^"<]*")*)(\/?)>/g, (_, end, name, _attributes, closed) => {
      if (end && open.pop() !== name) open.push('never');
      if (!end && !closed) open.push(name);
      return '';
    });
  return open.length === 0 && !/[<>]/.test(rest) && !/&(?!(?:amp|lt|gt|quot);)/.test(text);
}

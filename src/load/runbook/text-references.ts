import { isObject, type Json } from '../../model/json.ts';

/** `$port`, `${port}`, `{{ port }}`; not `$$port`, which is the text itself. */
const MENTION = /(?<![$\\])\$\{?([a-z][a-z0-9_-]*)|\{\{\s*\$?([a-z][a-z0-9_-]*)(?:\.[a-z0-9_.-]*)?\s*\}\}/g;

/**
 * The names inside of a text that look like references, as far as `isName` knows them: of `$port-old` it may be `port`.
 */
export function mentionedIn(text: string, isName: (name: string) => boolean): readonly string[] {
  return [...text.matchAll(MENTION)].flatMap(([, dollar, braces]) => {
    const word = dollar ?? braces ?? '';
    const parts = word.split('-');
    const names = parts.map((_, at) => parts.slice(0, parts.length - at).join('-'));
    return names.find(isName) ?? [];
  });
}

/** Keys whose text is another language, in which `$$` means something of its own. */
const OTHERS_LANGUAGE = ['shell', 'matches', 'pattern'];

/**
 * `http://x:$$port/` is the text `http://x:$port/` where `port` is a name of this file; elsewhere nobody could have
 * meant a reference.
 */
export function unescapedInside(value: Json, isName: (name: string) => boolean): Json {
  if (typeof value === 'string')
    return value.replace(/(?<=[^$])\$\$(\{?)([a-z][a-z0-9_-]*)/g, (whole, brace, name) =>
      isName(name) ? `$${brace}${name}` : whole,
    );
  if (Array.isArray(value)) return value.map((item: Json) => unescapedInside(item, isName));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      item === undefined || OTHERS_LANGUAGE.includes(key) ? item : unescapedInside(item, isName),
    ]),
  );
}

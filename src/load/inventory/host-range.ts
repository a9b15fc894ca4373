/** More hosts than any inventory has, and few enough for the memory. */
export const MOST_HOSTS = 10_000;

const RANGE = /\[([^[\]]*)\]/;

/**
 * `web[01:03].example` as its three names (Ansible's ranges: numbers keep their zeros, letters, a step at the end). A
 * text: why it cannot be.
 */
export function expandRange(name: string): readonly string[] | string {
  const match = RANGE.exec(name);
  if (!match) return /[[\]]/.test(name) ? `\`${name}\` has a bracket without the other` : [name];
  const items = itemsOf(match[1] ?? '');
  if (typeof items === 'string') return items;
  const rest = expandRange(name.slice(match.index + match[0].length));
  if (typeof rest === 'string') return rest;
  if (items.length * rest.length > MOST_HOSTS) return `\`${name}\` is more than ${MOST_HOSTS} hosts`;
  const head = name.slice(0, match.index);
  return items.flatMap((item) => rest.map((tail) => head + item + tail));
}

interface Ends {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

function itemsOf(range: string): readonly string[] | string {
  const [from = '', to = '', by = '1', ...more] = range.split(':');
  const step = /^[1-9]\d{0,4}$/.test(by) ? Number(by) : 0;
  if (more.length > 0 || step === 0) return sayBad(range);
  if (/^[a-z]$/.test(from) && /^[a-z]$/.test(to)) {
    return numbered({ from: from.charCodeAt(0), to: to.charCodeAt(0), step }, range, (code) =>
      String.fromCharCode(code),
    );
  }
  if (!/^\d{1,9}$/.test(from) || !/^\d{1,9}$/.test(to)) return sayBad(range);
  const digits = from.startsWith('0') ? from.length : 0;
  return numbered({ from: Number(from), to: Number(to), step }, range, (number) =>
    String(number).padStart(digits, '0'),
  );
}

function numbered(
  { from, to, step }: Ends,
  range: string,
  show: (number: number) => string,
): readonly string[] | string {
  const count = Math.floor((to - from) / step) + 1;
  if (count < 1) return `\`[${range}]\` ends before it begins`;
  if (count > MOST_HOSTS) return `\`[${range}]\` is more than ${MOST_HOSTS} hosts`;
  return Array.from({ length: count }, (_, at) => show(from + at * step));
}

function sayBad(range: string): string {
  return `\`[${range}]\` is no range; write it like [01:20], [a:f] or [0:20:5]`;
}

/** A host, or several, with the port that stands behind: `web[01:20]:2222`, `[::1]:22`. A text: why it cannot be. */
export function destinationsIn(text: string): readonly string[] | string {
  const ipv6 = text.startsWith('[') ? text.includes('::') : !text.includes('[') && text.split(':').length > 2;
  if (ipv6) return [text];
  const [, head = text, port = ''] = /^(.*?)(:\d+)?$/s.exec(text) ?? [];
  const names = expandRange(head);
  return typeof names === 'string' ? names : names.map((name) => name + port);
}

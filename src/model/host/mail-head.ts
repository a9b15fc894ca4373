/**
 * How a message is stored in its file. `plain`: the file begins with the header. `postfix`: the file is a list of
 * records, each with a type, a length and its bytes (Postfix's maildrop, incoming, active, deferred).
 */
export const HEAD_FORMATS = ['plain', 'postfix'] as const;
export type HeadFormat = (typeof HEAD_FORMATS)[number];

/** A header field: the name in lower case, the value unfolded and trimmed. Bytes are latin1. */
export type Field = readonly [name: string, value: string];

/** `more`: the bytes end before the header does. `none`: there is no whole header, so it says nothing. */
type Head =
  | { readonly kind: 'header'; readonly fields: readonly Field[] }
  | { readonly kind: 'more' }
  | { readonly kind: 'none' };

const MORE: Head = { kind: 'more' };
const NONE: Head = { kind: 'none' };

/** One line of the message and where the next one begins, or why there is none. */
type Line = { readonly line: string; readonly next: number } | Head;

interface Reader {
  /** Where the message begins in the file. */
  readonly begin: (bytes: string) => number | Head;
  readonly line: (bytes: string, at: number) => Line;
}

/**
 * The fields up to the first empty line. What stands behind it is the body, and proves nothing. A line that is neither
 * a field nor the continuation of one ends a header too (Postfix reads it so): then what follows is body, and there is
 * no whole header. The same where the message ends first.
 */
export function headOf(bytes: string, format: HeadFormat): Head {
  const reader = READERS[format];
  const begin = reader.begin(bytes);
  if (typeof begin !== 'number') return begin;
  const fields: [string, string][] = [];
  for (let at = begin; ; ) {
    const read = reader.line(bytes, at);
    if (!('line' in read)) return read;
    if (read.line === '') return { kind: 'header', fields: fields.map(([name, value]) => [name, value.trim()]) };
    if (!takeLine(fields, read.line)) return NONE;
    at = read.next;
  }
}

const FIELD = /^([!-9;-~]+)[ \t]*:/;

function takeLine(fields: [string, string][], line: string): boolean {
  const last = fields.at(-1);
  if (line.startsWith(' ') || line.startsWith('\t')) {
    if (last) last[1] += line;
    return last !== undefined;
  }
  const [whole = '', name = ''] = FIELD.exec(line) ?? [];
  if (whole !== '') fields.push([name.toLowerCase(), line.slice(whole.length)]);
  return whole !== '';
}

// ---------------------------------------------------------------- plain

function plainLine(bytes: string, at: number): Line {
  const end = bytes.indexOf('\n', at);
  if (end < 0) return MORE;
  return { line: bytes.slice(at, bytes[end - 1] === '\r' && end > at ? end - 1 : end), next: end + 1 };
}

// ---------------------------------------------------------------- postfix (src/global/rec_type.h, record.c)

interface Rec {
  readonly type: string;
  readonly from: number;
  readonly next: number;
}

/** The length is stored in groups of seven bits, the lowest first. The eighth bit tells that another group follows. */
function recordAt(bytes: string, at: number): Rec | Head {
  let length = 0;
  for (let from = at + 1, shift = 0; shift < 32; from += 1, shift += 7) {
    if (from >= bytes.length) return MORE;
    const byte = bytes.charCodeAt(from);
    length += (byte & 0x7f) * 2 ** shift;
    if ((byte & 0x80) === 0) return { type: bytes[at] ?? '', from: from + 1, next: from + 1 + length };
  }
  return NONE;
}

/** The envelope (time, sender, recipients, attributes) up to `M`, behind which the message begins. */
function postfixBegin(bytes: string): number | Head {
  for (let at = 0; at < bytes.length; ) {
    if (!/[A-Za-z<>]/.test(bytes[at] ?? '') || /[NLXE]/.test(bytes[at] ?? '')) return NONE;
    const record = recordAt(bytes, at);
    if ('kind' in record) return record;
    if (record.type === 'M') return record.next;
    at = record.next;
  }
  return MORE;
}

/**
 * A line is one `N`, or pieces `L` and one `N` where it is long. Anything else here (`X`, the end of the message) is
 * the end before an empty line.
 */
function postfixLine(bytes: string, start: number): Line {
  let line = '';
  for (let at = start; at < bytes.length; ) {
    const type = bytes[at] ?? '';
    if (type !== 'N' && type !== 'L') return NONE;
    const record = recordAt(bytes, at);
    if ('kind' in record) return record;
    if (record.next > bytes.length) return MORE;
    line += bytes.slice(record.from, record.next);
    if (type === 'N') return { line, next: record.next };
    at = record.next;
  }
  return MORE;
}

const READERS: Readonly<Record<HeadFormat, Reader>> = {
  plain: { begin: () => 0, line: plainLine },
  postfix: { begin: postfixBegin, line: postfixLine },
};

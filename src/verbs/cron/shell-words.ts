/**
 * One line of shell in words and operators (POSIX.1 XCU 2.3), as far as a crontab needs it. What is not understood for
 * certain is a problem with a reason, never a guess.
 */
export type Dialect = 'sh' | 'bash';

export type Token =
  | { readonly kind: 'word'; readonly text: string; readonly at: number; readonly end: number }
  | { readonly kind: 'operator'; readonly text: string; readonly at: number; readonly end: number }
  | {
      readonly kind: 'redirect';
      /** `>`, `>>`, `>|`, `<`, `<>`, `>&`, `<&`, `&>`, `&>>`, `<<<` */
      readonly operator: string;
      readonly descriptor: number;
      readonly target: string;
      readonly at: number;
      readonly end: number;
    };

/** Thrown and caught only in these files: a reason that stops the reading. */
export class NotUnderstood extends Error {
  override readonly name = 'NotUnderstood';
}

/** Throws NotUnderstood. `comment` is where a trailing comment starts. */
export function shellTokens(
  text: string,
  dialect: Dialect,
): { readonly tokens: readonly Token[]; readonly comment: number | null } {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    while (text[at] === ' ' || text[at] === '\t') at += 1;
    if (at >= text.length) return { tokens, comment: null };
    if (text[at] === '#') return { tokens, comment: at };
    const token = redirectAt(text, at, dialect) ?? operatorAt(text, at, dialect) ?? wordAt(text, at, dialect);
    tokens.push(token);
    at = token.end;
  }
}

const REDIRECT = { sh: /^(\d*)(>>|>\||>&|<&|<>|>|<)/, bash: /^(?:(\d*)(>>|>\||>&|<&|<>|<<<|>|<)|(&>>|&>))/ };

function redirectAt(text: string, at: number, dialect: Dialect): Token | null {
  const rest = text.slice(at);
  if (/^\d*<<(?!<)/.test(rest) || (dialect === 'sh' && /^\d*<<</.test(rest)))
    throw new NotUnderstood('it has a here-document');
  const match = REDIRECT[dialect].exec(rest);
  if (!match) return null;
  if (/^[<>]\(/.test(rest)) throw new NotUnderstood('it has a process substitution');
  const operator = match[2] ?? match[3] ?? '';
  let start = at + match[0].length;
  while (text[start] === ' ' || text[start] === '\t') start += 1;
  const target = wordAt(text, start, dialect);
  const descriptor = match[1] ? Number(match[1]) : operator.startsWith('<') ? 0 : 1;
  return { kind: 'redirect', operator, descriptor, target: target.text, at, end: target.end };
}

function operatorAt(text: string, at: number, dialect: Dialect): Token | null {
  const operator = /^(?:&&|\|\||;;|\|&|[;&|()])/.exec(text.slice(at))?.[0];
  if (operator === undefined) return null;
  if (operator === ';;') throw new NotUnderstood('it has a case statement');
  const known = operator === '|&' && dialect === 'sh' ? '|' : operator;
  return { kind: 'operator', text: known, at, end: at + known.length };
}

function wordAt(text: string, start: number, dialect: Dialect): Token & { readonly kind: 'word' } {
  let at = start;
  while (at < text.length && !/[ \t;&|()<>]/.test(text[at] ?? '')) at = pieceEnd(text, at, dialect);
  if (at === start) throw new NotUnderstood('a word is missing');
  return { kind: 'word', text: text.slice(start, at), at: start, end: at };
}

/** The end of the character, quotation or expansion that starts here. */
function pieceEnd(text: string, at: number, dialect: Dialect): number {
  const character = text[at];
  if (character === '\\') return escapeEnd(text, at);
  if (character === "'") return closing(text, at + 1, "'", 'a single quote is not closed');
  if (character === '"') return doubleQuoteEnd(text, at, dialect);
  if (character === '`') return backtickEnd(text, at);
  if (character === '$') return dollarEnd(text, at, dialect);
  return at + 1;
}

function escapeEnd(text: string, at: number): number {
  if (at + 1 >= text.length) throw new NotUnderstood('it ends in a backslash');
  return at + 2;
}

function closing(text: string, from: number, quote: string, problem: string): number {
  const end = text.indexOf(quote, from);
  if (end < 0) throw new NotUnderstood(problem);
  return end + 1;
}

function doubleQuoteEnd(text: string, start: number, dialect: Dialect): number {
  let at = start + 1;
  while (text[at] !== '"') {
    if (at >= text.length) throw new NotUnderstood('a double quote is not closed');
    // A single quote is an ordinary character here, and so is a `$` before a quote.
    const plain = text[at] === "'" || (text[at] === '$' && /['"]/.test(text[at + 1] ?? ''));
    at = plain ? at + 1 : pieceEnd(text, at, dialect);
  }
  return at + 1;
}

function backtickEnd(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '`') {
    if (at >= text.length) throw new NotUnderstood('a backtick is not closed');
    at += text[at] === '\\' ? 2 : 1;
  }
  return at + 1;
}

function dollarEnd(text: string, at: number, dialect: Dialect): number {
  const next = text[at + 1];
  if (next === '(') return nestedEnd(text, at + 2, ')', dialect);
  if (next === '{') return nestedEnd(text, at + 2, '}', dialect);
  if (next === "'") return dollarQuoteEnd(text, at + 1);
  return at + 1;
}

/** bash reads escapes inside `$'...'`, a plain sh does not: with a backslash in it the two differ. */
function dollarQuoteEnd(text: string, quote: number): number {
  const end = closing(text, quote + 1, "'", 'a single quote is not closed');
  if (text.slice(quote, end).includes('\\')) throw new NotUnderstood("it has a backslash inside $'...'");
  return end;
}

function nestedEnd(text: string, start: number, close: ')' | '}', dialect: Dialect): number {
  let depth = 1;
  let at = start;
  while (depth > 0) {
    if (at >= text.length) throw new NotUnderstood(`an expansion is not closed by ${close}`);
    if (close === ')' && text[at] === '#' && /[\s;&|(]/.test(text[at - 1] ?? '')) {
      throw new NotUnderstood('it has a comment inside a command substitution');
    }
    if (close === ')' && text[at] === '(') depth += 1;
    if (text[at] === close) depth -= 1;
    at = text[at] === close ? at + 1 : pieceEnd(text, at, dialect);
  }
  return at;
}
